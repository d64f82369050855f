"""All about training: the loop, its epochs, and what may be set, watched, stopped, shown and resumed."""
