"""What every room may use: files, optional dependencies, and the checks of settings."""
