"""A site with a task that never ends by itself."""
