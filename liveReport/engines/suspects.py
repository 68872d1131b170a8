"""What could not be folded is tried again in ever smaller portions, until the bad one is found.

Whatever was in an attempt that failed is suspected. Suspects are tried apart from the
rest of the log and in turn with it: a few at a time, then each batch by itself, then
parts of it. What cannot be divided and fails again and again is set aside.

An attempt may end the process, or be cut off from outside: so it is noted before it is
made, and whoever takes the lease over finds the note. Outages and pauses are nobody's
fault, and whoever can still say that it was one does so.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from django.db import Error, transaction
from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet

from liveReport.models import EventBatch, Suspect

from .lease import Lease

TOGETHER = 16
"""Suspects that are tried together, as long as they have failed with others only."""
ALONE = 2
"""Failed attempts after which a batch is tried by itself."""
LAST = 5
"""Failed attempts after which what cannot be divided is set aside."""
CAREFUL = 2
"""Holders that came to nothing, after which attempts are noted before they are made."""
DIED = "The process ended, or was paused for too long"
"""The error of an attempt after which nobody could say anything else."""
_SLICE = 5_000
"""Rows to a statement: PostgreSQL takes no more than 65,535 values."""

_unheard: set[int] = set()
"""Fences under which this process was innocent of a failure, and could not tell so yet."""


# -- Before an attempt and after it --------------------------------------------------------


def note(batches: Sequence[EventBatch], lease: Lease, now: datetime) -> None:
    """An attempt to fold these begins; on record on return."""
    with lease.keep(now):
        _suspect(batches, lease, now)


def blame(batches: Sequence[EventBatch], lease: Lease, now: datetime, error: str) -> None:
    """The attempt has failed, and events may be the reason."""
    with lease.keep(now):
        _suspect(batches, lease, now)
        _tried_by(lease.fence).update(attempts=F("attempts") + 1, error=error, trying=False)


def _suspect(batches: Sequence[EventBatch], lease: Lease, now: datetime) -> None:
    rows = [
        Suspect(batch=one, origin=one.pk, tried_at=now, holder=lease.fence, trying=True)
        for one in batches
    ]
    Suspect.objects.bulk_create(
        rows,
        batch_size=_SLICE,
        update_conflicts=True,
        unique_fields=["batch"],
        update_fields=["tried_at", "holder", "trying"],
    )


@transaction.atomic
def acquit() -> None:
    """Forget those that are folded, or gone."""
    pending = EventBatch.objects.filter(pk=OuterRef("batch_id"), folded=False)
    Suspect.objects.filter(~Exists(pending)).delete()


@transaction.atomic
def convict(fence: int) -> None:
    """Whoever held the lease under this fence has not been able to say how its attempt ended."""
    _tried_by(fence).update(
        attempts=F("attempts") + 1, error=DIED, trying=False, blamed=F("holder")
    )


def excuse(fence: int) -> None:
    """Whoever held the lease under this fence lives, and what went wrong was nobody's fault."""
    _unheard.add(fence)
    with suppress(Error):  # the database is still away: next time
        testify()


def testify() -> None:
    """Tell what this process could not tell so far."""
    for fence in sorted(_unheard):
        with transaction.atomic():
            _tried_by(fence).update(trying=False)
            wronged = Suspect.objects.filter(blamed=fence, attempts__gt=0)
            wronged.update(attempts=F("attempts") - 1, blamed=0)
        _unheard.discard(fence)


def _tried_by(fence: int) -> QuerySet[Suspect]:
    return Suspect.objects.filter(holder=fence, trying=True)


# -- Whom to try next ----------------------------------------------------------------------


def group(lease: Lease, events: int) -> list[Suspect]:
    """Those to be tried next, with their batches; several only if they have so many events.

    Nothing that fails by itself and cannot be divided is tried twice under one fence: what
    is wrong at the moment may be right in the next. Those that are probably innocent come
    first; but all in turn if the last tick ended early, as one of them may be why.
    """
    if not Suspect.objects.exists():  # nearly always
        return []
    whole = Q(batch__count=1, attempts__gt=ALONE) | Q(attempts__gt=ALONE + 1)
    rows = Suspect.objects.filter(batch__folded=False)
    rows = rows.exclude(whole, holder=lease.fence, attempts__lt=LAST)
    rows = rows.alias(alone=ExpressionWrapper(Q(attempts__gte=ALONE), BooleanField()))
    rows = rows.order_by(*(() if lease.failures else ("alone",)), "tried_at", "pk")
    chosen: list[int] = []
    for pk, attempts, count in rows.values_list("pk", "attempts", "batch__count")[:TOGETHER]:
        events -= count
        if chosen and (attempts >= ALONE or events < 0):
            continue
        chosen.append(pk)
        if attempts >= ALONE:
            break
    return list(rows.filter(pk__in=chosen).select_related("batch"))


def waiting() -> int:
    """How many there are that are still to be folded."""
    return Suspect.objects.filter(batch__folded=False).count()
