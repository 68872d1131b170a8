"""What a verified request of a provider says, stored: to the log, or to the quarantine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from liveReport.channels import HookRequest, Provider, providers
from liveReport.engines import sources
from liveReport.engines.quarantine import RawItems
from liveReport.engines.sources import HookSource

from .append import append
from .kept import items_of
from .sorting import Reason, Sorted, Sorter


@dataclass(frozen=True)
class HookPoint:
    """A source, and the provider it is of."""

    source: HookSource
    provider: Provider

    @classmethod
    def of(cls, source: HookSource | None) -> "HookPoint | None":
        """Nothing without a source, or where its provider is not installed any more."""
        provider = providers().get(source.provider) if source else None
        return cls(source, provider) if source and provider else None

    @classmethod
    def get(cls, source: int) -> "HookPoint | None":
        """That of a source, switched on or not."""
        return cls.of(sources.get(source, timezone.now()))


def take_in(point: HookPoint, request: HookRequest) -> Sorted:
    """Store what a request says."""
    items, unreadable = items_of(point.provider.webhook, request)
    found = sort(point, items, unreadable, request.received_at)
    append(point.source.pk, found.events, request.received_at, raw_of(found, request.received_at))
    return found


def sort(
    point: HookPoint, items: Sequence[Any], unreadable: Sequence[Any], received_at: datetime
) -> Sorted:
    """What items say, and those that cannot be read among what is held."""
    found = Sorter(point.provider, point.source, received_at, timezone.now()).sort(items)
    if unreadable:
        found.held.setdefault(Reason.UNREADABLE, []).extend(unreadable)
        found.quarantined += len(unreadable)
    return found


def raw_of(found: Sorted, received_at: datetime) -> list[RawItems]:
    """What has to wait, as the quarantine takes it."""
    return [RawItems(items, reason, received_at) for reason, items in found.held.items()]
