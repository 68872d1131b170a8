"""Finding events in the log: what a plain filter finds, without opening what cannot match."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.engines import log
from liveReport.engines.log import Entry, Found, Search, find
from liveReport.events import former
from liveReport.events.batch import Events, LogEvent, Shape, encode
from liveReport.ingest import receive
from liveReport.models import BatchCampaign, EventBatch, Source
from tests.support.factories import CampaignFactory, event, make_source
from tests.support.isolation import undone
from tests.support.names import keys

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
MINUTE = 60_000_000

campaigns = st.sampled_from(["summer", "spring"])
channels = st.sampled_from(["email", "push"])
types = st.sampled_from(["sent", "opened"])
domains = st.sampled_from([(("domain", "a"),), (("domain", "b"), ("verdict", "a")), ()])
shapes = st.builds(Shape, campaigns, channels, types, st.sampled_from([0, MINUTE]), domains)
events = st.builds(LogEvent, st.integers(1, 50), shapes, st.integers(0, 9), st.just(7), st.just(0))
batches = st.lists(st.lists(events, max_size=5), max_size=6)
searches = st.builds(
    Search,
    campaigns,
    channels,
    types=st.sampled_from([(), ("sent",), ("sent", "opened")]),
    dimension=st.sampled_from(["", "domain"]),
    value=st.just("a"),
    execution=st.sampled_from([None, 0, MINUTE]),
    since=st.none() | st.integers(0, 9),
    until=st.none() | st.integers(0, 9),
)


def wanted(search: Search, one: LogEvent) -> bool:
    """Naively."""
    shape = one.shape
    return (
        shape.campaign == search.campaign
        and shape.channel == search.channel
        and (not search.types or shape.type in search.types)
        and (not search.dimension or dict(shape.dimensions).get(search.dimension) == search.value)
        and (search.execution is None or shape.execution == search.execution)
        and (search.since is None or one.at >= search.since)
        and (search.until is None or one.at < search.until)
    )


def all_found(search: Search) -> Iterator[Found]:
    page = find(search)
    yield from page.events
    while page.cursor:
        page = find(search, page.cursor)
        yield from page.events


@given(batches, searches, st.integers(1, 4), st.integers(1, 3))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.django_db
def test_finds_what_a_plain_filter_finds_newest_first_a_page_at_a_time(
    held: list[list[LogEvent]], search: Search, page: int, opened: int
) -> None:
    with undone(), mock.patch.multiple(log, PAGE=page, OPENED=opened):
        source = make_source()
        ids = log.append([Entry.of(source.pk, NOW, Events.of(some)) for some in held])
        expected = [
            Found(pk, source.pk, NOW, one)
            for pk, some in reversed(list(zip(ids, held, strict=True)))
            for one in reversed(some)
            if wanted(search, one)
        ]
        assert list(all_found(search)) == expected
        assert len(find(search).events) <= page


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The payloads that were unpacked."""
    seen: list[bytes] = []
    read = former.read

    def noting(payload: Any, source: int) -> Events:
        seen.append(bytes(payload))
        return read(payload, source)

    monkeypatch.setattr(former, "read", noting)
    return seen


def at(minute: int, campaign: str = "summer") -> LogEvent:
    return LogEvent(minute + 1, Shape(campaign, "email", "sent", 0, ()), minute * MINUTE, 7)


@pytest.mark.django_db
def test_only_batches_that_can_match_are_opened(source: Source, opened: list[bytes]) -> None:
    batches = {
        "before": [at(1), at(2)],
        "inside": [at(4)],
        "around": [at(1), at(9)],
        "other": [at(4, "spring")],
        "shared": [at(4, "spring"), at(5)],
        "shared by others": [at(4, "spring"), at(5, "winter")],
        "after": [at(8)],
        "at the end": [at(6), at(7)],
    }
    payloads = {name: encode(Events.of(some)) for name, some in batches.items()}
    log.append([Entry.of(source.pk, NOW, Events.of(some)) for some in batches.values()])
    search = Search("summer", "email", since=3 * MINUTE, until=6 * MINUTE)
    found = find(search)
    assert opened == [payloads[name] for name in ("shared", "around", "inside")]
    assert [one.event for one in found.events] == [at(5), at(4)]
    assert found.cursor is None
    del opened[:]
    assert find(Search("autumn", "email")) == ([], None)
    assert opened == []


@pytest.mark.django_db
def test_a_page_opens_few_batches(source: Source, opened: list[bytes], monkeypatch: Any) -> None:
    monkeypatch.setattr(log, "OPENED", 3)
    log.append([Entry.of(source.pk, NOW, Events.of([at(n)])) for n in range(7)])
    search = Search("summer", "email", types=["opened"])
    page = find(search)
    assert (page.events, len(opened)) == ([], 3)
    assert page.cursor
    page = find(search, page.cursor)
    assert (page.events, len(opened)) == ([], 6)
    assert find(search, page.cursor) == ([], None)
    assert len(opened) == 7


@pytest.mark.django_db
def test_what_came_in_is_found_and_pruned_with_what_describes_it(
    campaign: Any, source: Source
) -> None:
    CampaignFactory(slug="spring")
    sent = [event(id="a", occurred_at=NOW), event(id="b", campaign="spring", occurred_at=NOW)]
    receive(source, msgspec.json.encode(sent), now=NOW)
    (one,) = find(Search("spring", "email")).events
    assert [one.event.id] == keys(source, ["b"], "spring")
    assert BatchCampaign.objects.count() == 2
    rollup.fold_pending(NOW)
    rollup.prune(NOW + timedelta(hours=80))
    assert not EventBatch.objects.exists()
    assert not BatchCampaign.objects.exists()
    assert find(Search("spring", "email")) == ([], None)
