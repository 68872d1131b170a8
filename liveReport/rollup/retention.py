"""How long things are kept: what no window will ever show again is deleted."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from liveReport.counts.tiers import TIERS
from liveReport.engines import pruning
from liveReport.events.limits import RETENTION, cutoff
from liveReport.events.moments import microseconds


def prune(now: datetime | None = None) -> None:
    """Delete buckets before the window, and all else that is past its retention."""
    now = now or timezone.now()
    pruning.buckets(cutoff(now) // 1_000_000)
    pruning.feeds(cutoff(now) // 1_000_000)
    pruning.executions(now - RETENTION - timedelta(seconds=max(TIERS)))
    pruning.log(now - settings.LOG_RETENTION)
    pruning.ledgers(microseconds(now - settings.LOG_RETENTION))  # after what they are counted from
    pruning.quarantine(now - settings.QUARANTINE_RETENTION)
    pruning.hooks(now - settings.LOG_RETENTION)
    pruning.files(now - settings.QUARANTINE_RETENTION)
    pruning.set_aside(now - settings.QUARANTINE_RETENTION)
