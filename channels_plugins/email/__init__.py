"""Email: sending, bounces, engagement and offers."""
