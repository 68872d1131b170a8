"""Messages inside an app."""
