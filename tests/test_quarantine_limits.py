"""The quarantine's limits: past them events are refused alone, or set aside by the spool."""

from collections import Counter
from io import StringIO
from threading import Barrier, Thread
from typing import Any

import msgspec
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from liveReport import ingest
from liveReport.engines.quarantine import CODE, discard
from liveReport.ingest import Quarantined, Receipt
from liveReport.ingest.drain import drain
from liveReport.ingest.spool import spool
from liveReport.models import (
    Campaign,
    EventBatch,
    QuarantinedBatch,
    Source,
)
from tests.support import quarantine
from tests.support.factories import CampaignFactory, event, make_source
from tests.support.isolation import undone
from tests.support.quarantine import NOW, URL, assert_tallied, held, ids, of, send, spooled, why
from tests.support.strategies import on_a_database

pytestmark = pytest.mark.django_db

limits = quarantine.limits


# -- Limits ------------------------------------------------------------------------------------


def test_a_source_may_have_so_many_events(campaign: Campaign, source: Source) -> None:
    assert send(source, of("a", "a", "b", "b", "b")).rejected == []
    receipt = send(source, of("summer", "a", "summer"))
    assert (receipt.accepted, receipt.quarantined, why(receipt)) == (2, [], [1])
    assert "5 events of this source" in receipt.rejected[0].message
    assert held() == {("shop", "a"): 2, ("shop", "b"): 3}
    assert len(ids(EventBatch)) == 2
    assert_tallied()


def test_the_event_past_the_limit_is_refused_alone(campaign: Campaign, source: Source) -> None:
    events = of("a", "summer", "a", "a", "b", "b", "a", "summer", "b")
    receipt = send(source, [*events[:2], event(type="eaten"), *events[2:]])
    assert receipt.accepted == 7
    assert receipt.quarantined == [
        Quarantined("a", 3, "unknown_campaign"),
        Quarantined("b", 2, "unknown_campaign"),
    ]
    refused = [(one.index, one.id) for one in receipt.rejected if one.code == CODE]
    assert refused == [(7, events[6]["id"]), (9, events[8]["id"])]
    assert [one.index for one in receipt.rejected] == [2, 7, 9]
    assert_tallied()


def test_a_source_may_have_so_many_campaigns(campaign: Campaign, source: Source) -> None:
    assert send(source, of("a", "b", "c")).rejected == []
    receipt = send(source, of("d", "a", "summer", "d"))
    assert (receipt.accepted, why(receipt)) == (2, [0, 3])
    assert "no more than 3 of them of one source" in receipt.rejected[0].message
    assert held() == {("shop", "a"): 2, ("shop", "b"): 1, ("shop", "c"): 1}
    assert_tallied()


def test_all_sources_may_have_so_many_events(source: Source) -> None:
    assert send(make_source("web"), of("a", "b", "c", "c", "c")).rejected == []
    receipt = send(source, of("a", "a", "a", "a"))
    assert (receipt.accepted, why(receipt)) == (3, [3])
    assert "8 events of all sources together" in receipt.rejected[0].message
    assert_tallied()


def test_limits_are_each_sources_own(source: Source, limits: Any) -> None:
    limits.QUARANTINE_MAX_TOTAL = 100
    send(source, of("a", "b", "c", "c", "c"))
    assert send(make_source("web"), of("d", "e", "f", "f", "f")).rejected == []


@pytest.mark.parametrize(
    "limit", ["QUARANTINE_MAX_EVENTS", "QUARANTINE_MAX_CAMPAIGNS", "QUARANTINE_MAX_TOTAL"]
)
def test_a_limit_of_none_refuses_everything(
    client: Client, ingest_token: str, limits: Any, limit: str
) -> None:
    setattr(limits, limit, 0)
    body = msgspec.json.encode([event(campaign="nope")])
    headers = {"authorization": f"Bearer {ingest_token}"}
    answer = client.post(URL, body, content_type="application/json", headers=headers)
    assert answer.status_code == 422
    (rejection,) = answer.json()["rejected"]
    assert (rejection["field"], rejection["code"]) == ("campaign", "quarantine_full")
    assert not QuarantinedBatch.objects.exists()


def test_a_limit_that_was_lowered_removes_nothing(source: Source, limits: Any) -> None:
    send(source, of("a", "b", "b", "b"))
    limits.QUARANTINE_MAX_EVENTS = limits.QUARANTINE_MAX_CAMPAIGNS = 1
    receipt = send(source, of("a", "c"))
    assert (receipt.accepted, why(receipt)) == (0, [0, 1])
    assert held().total() == 4


@pytest.mark.django_db(transaction=True)
def test_limits_hold_when_requests_come_at_once(source: Source, limits: Any) -> None:
    limits.QUARANTINE_MAX_EVENTS, limits.QUARANTINE_MAX_TOTAL = 50, 1_000
    limits.QUARANTINE_MAX_CAMPAIGNS = 7
    start = Barrier(4)
    receipts: list[Receipt] = []

    def work(number: int) -> None:
        start.wait()
        try:
            for turn in range(8):
                slugs = (f"c{(number + turn + step) % 11}" for step in range(5))
                receipts.append(send(source, of(*slugs)))
        finally:
            connection.close()

    threads = [Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spool_took = [receipt for receipt in receipts if receipt.quarantined is None]
    drain()  # SQLite's lock may have been too busy for one of them
    kept = sum(receipt.accepted for receipt in receipts if receipt not in spool_took)
    assert held().total() >= kept
    assert held().total() == 50
    assert len(held()) == 7
    assert_tallied()


@on_a_database
@given(
    requests=st.lists(
        st.tuples(
            st.sampled_from(["shop", "web"]),
            st.booleans(),
            st.lists(
                st.tuples(
                    st.sampled_from(["summer", "winter", "a", "b", "c", "d", "e"]),
                    st.integers(0, 4),
                ),
                max_size=12,
            ),
        ),
        max_size=5,
    ),
    most=st.tuples(st.integers(0, 12), st.integers(0, 4), st.integers(0, 15)),
)
def test_every_event_is_somewhere(
    db: None, settings: Any, spool_dir: Any, requests: list[Any], most: tuple[int, int, int]
) -> None:
    """Accepted and rejected are what was sent; log, quarantine and spool what was accepted."""
    settings.QUARANTINE_MAX_EVENTS = most[0]
    settings.QUARANTINE_MAX_CAMPAIGNS, settings.QUARANTINE_MAX_TOTAL = most[1:]
    with undone():
        for slug in ("summer", "winter"):
            CampaignFactory(slug=slug)
        sources = {name: make_source(name) for name in ("shop", "web")}
        accepted = aside_before = sum(one.events for one in spool().aside())
        for name, is_away, named in requests:
            events = [event(campaign=slug, id=str(n), occurred_at=NOW) for slug, n in named]
            if is_away:
                spooled(sources[name], events) if events else None
                accepted += len(events)
                drain()
                continue
            receipt = send(sources[name], events)
            assert receipt.accepted + len(receipt.rejected) == len(events)
            refused = set(why(receipt))
            kept = [pair for place, pair in enumerate(named) if place not in refused]
            assert receipt.duplicates == len(kept) - len(set(kept))
            told = {one.campaign: one.count for one in receipt.quarantined or ()}
            assert told == Counter(slug for slug, _ in kept if slug not in ("summer", "winter"))
            accepted += receipt.accepted
        assert not spool().holds_anything()
        aside = sum(one.events for one in spool().aside())
        assert len(ids(EventBatch)) + held().total() + aside == accepted
        assert held().total() <= most[2]
        for name in sources:
            own = {slug: n for (source, slug), n in held().items() if source == name}
            assert len(own) <= most[1]
            assert sum(own.values()) <= most[0]
        assert_tallied()
        assert aside >= aside_before


# -- From the spool ----------------------------------------------------------------------------


def test_what_the_quarantine_has_no_room_for_is_set_aside(
    campaign: Campaign, source: Source, caplog: Any
) -> None:
    first, second = of("a", "summer", "b", "a"), of("a", "c", "d", "summer", "a", "d")
    spooled(source, first)
    spooled(source, second)
    assert drain() == 7
    assert ids(EventBatch) == [first[1]["id"], second[3]["id"]]
    assert held() == {("shop", "a"): 3, ("shop", "b"): 1, ("shop", "c"): 1}
    assert spool().aside() == [(source.pk, 3, CODE)]
    assert f"3 events of source {source.pk}, accepted since 2026-03-14T15:09:26+00:00" in (
        caplog.text
    )
    assert_tallied()
    errors = StringIO()
    with pytest.raises(CommandError, match="--again"):
        call_command("drain_spool", stdout=StringIO(), stderr=errors)
    assert f"3 events of source {source.pk} are set aside: {CODE}." in errors.getvalue()

    with pytest.raises(CommandError):  # there is still no room
        call_command("drain_spool", "--again", stdout=StringIO(), stderr=StringIO())
    assert spool().aside() == [(source.pk, 3, CODE)]
    discard(QuarantinedBatch.objects.exclude(campaign="d"))
    call_command("drain_spool", "--again", stdout=StringIO())
    assert held() == {("shop", "a"): 1, ("shop", "d"): 2}
    assert sorted(ids(QuarantinedBatch)) == sorted(second[n]["id"] for n in (2, 4, 5))
    assert spool().aside() == []


def test_a_full_spool_can_set_everything_aside(source: Source, limits: Any) -> None:
    limits.SPOOL_MAX_BYTES = 256 * 1024
    limits.QUARANTINE_MAX_EVENTS = 0
    sent = 0
    while True:
        events = of(*(f"nope-{number}" for number in range(50)))
        try:
            spooled(source, events)
        except ingest.BodyError:
            break
        sent += len(events)
    assert sent > 500
    assert drain() == 0
    assert spool().waiting() == 0
    assert spool().aside() == [(source.pk, sent, CODE)]
