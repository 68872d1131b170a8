"""Demo traffic that looks like life. It enters by the same doors as anybody's events.

``flows`` and ``campaigns`` are tables; ``journeys`` and ``traffic`` turn them into
events, as pure functions of a seed and the time; ``feed`` sends those.
"""
