"""The latest requests of each source, masked: what its set-up page shows."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet

from liveReport.models import RecentRequest

KEPT = 10
"""Of those that were taken, and of those that were refused."""


@transaction.atomic
def note(request: RecentRequest) -> None:
    """Keep a request in place of the oldest of its kind."""
    request.save()
    alike = _alike(request.source_id, is_refused=bool(request.refused))
    oldest = alike.values_list("pk", flat=True)[KEPT - 1 : KEPT]
    if oldest:
        alike.filter(pk__lt=oldest[0]).delete()


def latest(source: int) -> Sequence[RecentRequest]:
    """The latest of both kinds, newest first."""
    kinds = (_alike(source, is_refused=is_refused)[:KEPT] for is_refused in (False, True))
    return sorted((one for kind in kinds for one in kind), key=lambda one: one.pk, reverse=True)


def _alike(source: int, *, is_refused: bool) -> QuerySet[RecentRequest]:
    found = RecentRequest.objects.filter(source=source).order_by("-pk")
    return found.exclude(refused="") if is_refused else found.filter(refused="")
