"""Out of the quarantine again: by the campaigns, mappings and providers of now."""

from django.db.models import QuerySet
from django.utils import timezone

from liveReport.engines import quarantine
from liveReport.engines.outage import short_transaction
from liveReport.events.sealing import Unsealable
from liveReport.models import QuarantinedBatch

from .append import append
from .intake import HookPoint, raw_of, sort
from .kept import read_again
from .sorting import Sorted

_UNKNOWN = QuarantinedBatch.Reason.UNKNOWN_CAMPAIGN


def replay(batches: QuerySet[QuarantinedBatch]) -> int:
    """Move what can be attributed by now into the log; how many events moved."""
    moved = quarantine.replay(batches.filter(reason=_UNKNOWN))
    for portion in quarantine.in_portions(batches.exclude(reason=_UNKNOWN)):
        moved += sum(_replay_raw(batch) for batch in list(portion))
    return moved


def _replay_raw(batch: QuarantinedBatch) -> int:
    """Read it again, and let what is still not good for anything wait on."""
    found = _sorted(batch)
    if found is None or not found.accepted:
        return 0
    with short_transaction():
        if not quarantine.take_out(QuarantinedBatch.objects.filter(pk=batch.pk)):
            return 0
        left = raw_of(found, batch.received_at)
        append(batch.source_id, found.events, timezone.now(), left)
    return found.accepted


def _sorted(batch: QuarantinedBatch) -> Sorted | None:
    point = HookPoint.get(batch.source_id)
    if point is None:
        return None
    try:
        items = quarantine.raw_items(batch)
    except Unsealable:
        return None
    readable, unreadable = read_again(point.provider.webhook, items, batch.received_at)
    return sort(point, readable, unreadable, batch.received_at)
