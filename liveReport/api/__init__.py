"""The REST API: events in, reports out. See docs/api.md."""
