"""Webhooks of providers: a file each, on the cases in ``cases``."""
