"""A row for each event, by serializer and ``bulk_create``: what most would write."""
