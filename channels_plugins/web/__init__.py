"""Web experiences."""
