"""Anyone's network, looked at by measuring."""
