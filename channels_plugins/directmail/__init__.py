"""Letters and cards."""
