"""What is measured: a module for each part, with ``measure(options) -> Found``."""
