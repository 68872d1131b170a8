"""Which source feeds which channel, minute by minute."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from liveReport import rollup
from liveReport.engines import feeds
from liveReport.ingest import receive
from liveReport.models import Campaign, Source, SourceFeed
from tests.support.factories import event

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def fed() -> list[tuple[Any, ...]]:
    names = ("source__name", "campaign__slug", "channel", "minute", "events", "sending")
    return sorted(SourceFeed.objects.values_list(*names))


def at(minute: int) -> int:
    return int((NOON + minute * MINUTE).timestamp())


def sent(source: Source, minute: int, *events: dict[str, Any]) -> None:
    now = NOON + minute * MINUTE + timedelta(seconds=17)
    receive(source, msgspec.json.encode([event(occurred_at=now) | one for one in events]), now=now)


def test_events_count_by_source_channel_and_minute(source: Source, campaign: Campaign) -> None:
    other = Source.objects.ensure("loft")
    Campaign.objects.create(slug="winter", name="Winter")
    sent(source, 0, {}, {"campaign": "winter"}, {"channel": "sms"}, {"type": "opened"})
    sent(source, 0, {})
    sent(source, 3, {})
    sent(other, 3, {}, {"campaign": "nowhere"})
    rollup.fold_pending(NOON + 5 * MINUTE)
    sent(other, 3, {})
    rollup.fold_pending(NOON + 5 * MINUTE)
    assert fed() == [
        ("loft", "summer", "email", at(3), 2, 2),
        ("shop", "summer", "email", at(0), 3, 2),  # an open is what somebody did then
        ("shop", "summer", "email", at(3), 1, 1),
        ("shop", "summer", "sms", at(0), 1, 1),
        ("shop", "winter", "email", at(0), 1, 1),
    ]


def test_repeats_and_what_comes_late_are_signs_of_life(source: Source, campaign: Campaign) -> None:
    sent(source, 0, {"id": "1"})
    rollup.fold_pending(NOON + MINUTE)
    long_ago = NOON - timedelta(hours=40)
    sent(source, 2, {"id": "1"}, {"occurred_at": long_ago})
    rollup.fold_pending(NOON + 3 * MINUTE)
    assert fed()[1:] == [("shop", "summer", "email", at(2), 2, 2)]


def test_minutes_go_with_the_numbers_that_rest_on_them(source: Source, campaign: Campaign) -> None:
    sent(source, 0, {})
    sent(source, 90, {})
    rollup.fold_pending(NOON + 91 * MINUTE)
    rollup.prune(NOON + timedelta(hours=27))
    assert [minute for *_names, minute, _events, _sending in fed()] == [at(90)]


def test_who_feeds_a_campaign_is_one_statement(
    source: Source, campaign: Campaign, django_assert_max_num_queries: Any
) -> None:
    sent(source, 0, {}, {"channel": "sms"})
    sent(source, 2, {})
    rollup.fold_pending(NOON + 3 * MINUTE)
    with django_assert_max_num_queries(1):
        told = feeds.told(campaign.pk, NOON)
    found = {(who.name, channel): tuple(n) for (who, channel), n in told.fed.items()}
    assert found == {
        ("shop", "email"): ([at(0), at(2)], [1, 1], [1, 1]),
        ("shop", "sms"): ([at(0)], [1], [1]),
    }
    assert told.refused == {}
