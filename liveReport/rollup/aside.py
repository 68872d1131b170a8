"""Dividing what cannot be folded until there is only the bad part, which is set aside."""

from datetime import datetime

import numpy as np

from liveReport.engines import set_aside, suspects
from liveReport.engines.lease import Lease
from liveReport.engines.suspects import ALONE, LAST
from liveReport.events import former
from liveReport.models import EventBatch, Suspect

PARTS = 16
"""That a batch is divided into: few attempts that fail, as one may cost a process."""


def next_suspects(lease: Lease, now: datetime, events: int) -> list[EventBatch]:
    """Suspects to fold next, several only if they have so many events; empty for none.

    Divides and sets aside until there is one to be tried.
    """
    while chosen := suspects.group(lease, events):
        first = chosen[0]
        if first.attempts >= LAST:
            set_aside.set_aside(first, lease, now)
        elif first.attempts <= ALONE or not divide(first, lease, now):
            return [one.batch for one in chosen]
    return []


def divide(suspect: Suspect, lease: Lease, now: datetime) -> bool:
    """Replace a batch by parts of it, each to be tried by itself; whether it has any."""
    batch = suspect.batch
    if batch.count == 1:
        return False
    suspects.note([batch], lease, now)  # to unpack it may be what is fatal
    try:
        events = former.read(batch.payload, batch.source_id)
        places = np.array_split(np.arange(len(events)), min(PARTS, len(events)))
        parts = [events.take(some) for some in places if len(some)]
    except Exception:  # noqa: BLE001 (whatever it is, it has no parts)
        return False
    if len(parts) < 2:
        return False
    set_aside.replace(suspect, parts, lease, now)
    return True
