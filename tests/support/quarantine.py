"""A quarantine that is soon full, and what is in it."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from liveReport.engines.quarantine import CODE
from liveReport.ingest import Receipt, receive
from liveReport.models import (
    QuarantinedBatch,
    QuarantinedCampaign,
    QuarantineTally,
    Source,
)
from tests.support.factories import event
from tests.support.names import names
from tests.support.spooling import away

URL = "/api/v1/events/"
NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


@pytest.fixture(autouse=True)
def limits(settings: Any) -> Any:
    """Small enough to be met: five events and three campaigns of a source, eight events in all."""
    settings.QUARANTINE_MAX_EVENTS = 5
    settings.QUARANTINE_MAX_CAMPAIGNS = 3
    settings.QUARANTINE_MAX_TOTAL = 8
    return settings


def of(*campaigns: str) -> list[dict[str, Any]]:
    """An event of each campaign."""
    return [event(campaign=campaign, occurred_at=NOW) for campaign in campaigns]


def send(source: Source, events: Iterable[dict[str, Any]], now: datetime = NOW) -> Receipt:
    return receive(source, msgspec.json.encode(list(events)), now=now)


def spooled(source: Source, events: Iterable[dict[str, Any]]) -> None:
    """As if the database had been away when they came in."""

    with away():
        receipt = send(source, events)
    assert (receipt.quarantined, receipt.rejected) == (None, [])


def held() -> Counter[tuple[str, str]]:
    """The events in quarantine by source and campaign."""
    rows = QuarantinedBatch.objects.values_list("source__name", "campaign", "count")
    counts: Counter[tuple[str, str]] = Counter()
    for source, campaign, events in rows:
        counts[source, campaign] += events
    return counts


def ids(model: Any) -> list[str]:
    return [one for batch in model.objects.order_by("pk") for one in names(batch.payload)]


def assert_tallied() -> None:
    """The tallies say what a count says."""
    tallied = QuarantinedCampaign.objects.values_list("source__name", "campaign", "events")
    assert {(source, campaign): events for source, campaign, events in tallied} == dict(held())
    sums: Counter[str] = Counter()
    for (source, _campaign), events in held().items():
        sums[source] += events
    found = QuarantineTally.objects.filter(events__gt=0).values_list("source__name", "events")
    assert dict(found) == dict(sums)


def why(receipt: Receipt) -> list[int]:
    """Where events were refused, each because the quarantine is full."""
    assert {(one.field, one.code) for one in receipt.rejected} <= {("campaign", CODE)}
    return [rejection.index for rejection in receipt.rejected]
