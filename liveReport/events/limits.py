"""How old events may be, and how long what is counted of them is kept."""

from datetime import datetime, timedelta

MAX_AGE = timedelta(hours=72)
"""Between the time of an event and that of its arrival; older ones are refused."""
MAX_FUTURE = timedelta(minutes=5)
"""How far an event's clock may be ahead of ours."""
RETENTION = timedelta(hours=26)
"""How long buckets are kept: the window and a margin for clocks that step back."""


def cutoff(now: datetime) -> int:
    """The instant (in microseconds) before which nothing is kept in buckets any more."""
    return int((now - RETENTION).timestamp()) * 1_000_000
