"""Demo traffic that looks like life. It enters by the same doors as anybody's events."""
