"""Who may fold: one holder at a time, told apart by a fencing number.

A holder that was paused beyond its lease finds, in the very transaction that
would commit its work, that the fence has moved on, and nothing of it is written.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Q, When

from liveReport.models import FoldLease

LENGTH = timedelta(seconds=10)
"""Far longer than a chunk takes, yet short enough that a killed holder is soon replaced."""
_ROW = 1
_FREE = datetime(1970, 1, 1, tzinfo=UTC)
"""When a lease expired that nobody holds: in the past of any clock that steps back."""


class Fenced(Exception):
    """The lease was lost: someone else folds now."""


@dataclass(frozen=True)
class Lease:
    """A held lease. Use ``commit`` for every transaction that folds.

    ``failures`` is how many holders came to nothing before this one took it.
    """

    fence: int
    failures: int

    def renew(self, now: datetime) -> None:
        """Extend the lease and lock its row until the transaction ends, or ``Fenced``.

        What is committed with it is a success, which makes up for half of the failures.
        """
        self._extend(now, failures=F("failures") / 2)

    def _extend(self, now: datetime, **changes: object) -> None:
        held = FoldLease.objects.filter(pk=_ROW, fence=self.fence)
        if not held.update(expires_at=now + LENGTH, **changes):
            raise Fenced

    @contextmanager
    def commit(self, now: datetime) -> Iterator[None]:
        """A transaction that is committed only if the lease is still held."""
        with transaction.atomic():
            self.renew(now)
            yield

    @contextmanager
    def keep(self, now: datetime) -> Iterator[None]:
        """The same for a transaction that folds nothing: it proves nothing."""
        with transaction.atomic():
            self._extend(now)
            yield

    def release(self, *, failed: bool = False) -> None:
        """Let the next one in at once. Harmless when the lease is already lost."""
        held = FoldLease.objects.filter(pk=_ROW, fence=self.fence)
        held.update(expires_at=_FREE, failures=F("failures") + int(failed))


def acquire(now: datetime) -> Lease | None:
    """Take the lease if nobody holds it.

    One that expires later than any holder could have asked for is from before the
    clock stepped back. Whoever has not released it counts as a failure.
    """
    with transaction.atomic():
        FoldLease.objects.bulk_create([FoldLease(pk=_ROW, expires_at=_FREE)], ignore_conflicts=True)
        expired = Q(expires_at__lte=now) | Q(expires_at__gt=now + 2 * LENGTH)
        free = FoldLease.objects.filter(expired, pk=_ROW)
        failures = Case(When(expires_at=_FREE, then=F("failures")), default=F("failures") + 1)
        if not free.update(fence=F("fence") + 1, expires_at=now + LENGTH, failures=failures):
            return None
        held = FoldLease.objects.get(pk=_ROW)
        return Lease(held.fence, held.failures)
