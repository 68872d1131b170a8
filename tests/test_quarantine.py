"""The quarantine: bounded, quick, visible, and nothing goes missing on its way through it."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from io import StringIO
from itertools import count
from threading import Barrier, Thread
from typing import Any

import msgspec
import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from liveReport import ingest, rollup
from liveReport.engines import quarantine as quarantining
from liveReport.engines.quarantine import CODE, discard
from liveReport.events.batch import decode
from liveReport.ingest import Quarantined, Receipt, receive, receiving, refusals
from liveReport.ingest.drain import drain
from liveReport.ingest.spool import spool
from liveReport.memory import forget_all
from liveReport.models import (
    Campaign,
    EventBatch,
    QuarantinedBatch,
    QuarantinedCampaign,
    QuarantineTally,
    Source,
)
from tests.support.factories import CampaignFactory, event, make_source
from tests.support.isolation import undone
from tests.support.names import names
from tests.support.strategies import on_a_database

pytestmark = pytest.mark.django_db

appending: Any = import_module("liveReport.ingest.append")  # the package's name is a function
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

    def fail(*args: Any) -> None:
        raise OperationalError("away")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(receiving, "append", fail)
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


# -- What the answer says ----------------------------------------------------------------------


def test_the_answer_says_what_became_of_the_events(
    client: Client, ingest_token: str, campaign: Campaign
) -> None:
    known, lost, bad = event(), event(campaign="nope"), event(type="eaten")
    body = msgspec.json.encode([known, bad, lost, known, lost, event(campaign="typo")])
    headers = {"authorization": f"Bearer {ingest_token}"}
    answer = client.post(URL, body, content_type="application/json", headers=headers).json()
    assert [one["code"] for one in answer.pop("rejected")] == ["unknown_type"]
    assert answer == {
        "accepted": 5,
        "duplicates": 2,
        "quarantined": [
            {"campaign": "nope", "count": 2, "reason": "unknown_campaign"},
            {"campaign": "typo", "count": 1, "reason": "unknown_campaign"},
        ],
    }


def test_a_repeat_has_id_and_campaign_of_another(campaign: Campaign, source: Source) -> None:
    same = event(id="1", occurred_at=NOW)
    other = event(id="1", occurred_at=NOW, campaign="nope")
    assert send(source, [same, other]).duplicates == 0
    assert send(source, [same, other, same | {"type": "delivered"}, other]).duplicates == 2


def test_a_repeat_of_what_was_refused_is_none(source: Source, limits: Any) -> None:
    limits.QUARANTINE_MAX_EVENTS = 1
    receipt = send(source, of("nope") * 3)
    assert (receipt.accepted, receipt.duplicates, why(receipt)) == (1, 0, [1, 2])


def test_from_the_spool_nobody_knows_yet(
    client: Client, ingest_token: str, campaign: Campaign, monkeypatch: Any
) -> None:
    def fail(*args: Any) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(receiving, "append", fail)
    twice = event(campaign="nope")
    headers = {"authorization": f"Bearer {ingest_token}"}
    answer = client.post(URL, [twice, twice], content_type="application/json", headers=headers)
    assert answer.status_code == 202
    expected: dict[str, Any] = {"accepted": 2, "duplicates": 1, "quarantined": None, "rejected": []}
    assert answer.json() == expected


def test_the_command_says_it_too(tmp_path: Any, campaign: Campaign, capsys: Any) -> None:
    twice = event()
    events = [twice, twice, *(event(campaign=slug) for slug in ("a", "b", "b", "c", "d"))]
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"\n".join(map(msgspec.json.encode, events)))
    with pytest.raises(SystemExit):
        call_command("send_events", str(file))
    err = capsys.readouterr().err
    assert "1 accepted ones repeat another" in err
    assert "4 accepted ones wait in the quarantine:\n  b: 2 (unknown_campaign)\n  a: 1" in err
    assert "line 7: campaign: Unknown campaign" in err
    assert "6 accepted, 1 refused." in err


def test_the_command_names_only_so_many_campaigns(
    tmp_path: Any, capsys: Any, limits: Any, monkeypatch: Any
) -> None:
    limits.QUARANTINE_MAX_CAMPAIGNS = limits.QUARANTINE_MAX_EVENTS = 100
    limits.QUARANTINE_MAX_TOTAL = 100
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"\n".join(msgspec.json.encode(event(campaign=f"c{n}")) for n in range(23)))
    call_command("send_events", str(file))
    assert "  and 3 campaigns more\n23 accepted, 0 refused." in capsys.readouterr().err


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


# -- Quick -------------------------------------------------------------------------------------


def statements(work: Any) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        work()
    return len(queries)


def test_statements_do_not_grow_with_unknown_campaigns(
    campaign: Campaign, source: Source, limits: Any
) -> None:
    limits.QUARANTINE_MAX_EVENTS = limits.QUARANTINE_MAX_TOTAL = 10_000
    limits.QUARANTINE_MAX_CAMPAIGNS = 5_000
    numbers = count()

    def flood(size: int) -> int:
        forget_all()
        events = of("summer", *(f"c{next(numbers)}" for _ in range(size)))
        return statements(lambda: send(source, events))

    few = flood(2)
    assert flood(1_000) == flood(20) == few
    assert len(held()) == 1_022
    limits.QUARANTINE_MAX_EVENTS = 1_022
    assert flood(1_000) == flood(2) < few
    assert_tallied()


def test_statements_of_a_drain_do_not_grow_with_what_is_drained(
    campaign: Campaign, source: Source, limits: Any
) -> None:
    limits.QUARANTINE_MAX_EVENTS = limits.QUARANTINE_MAX_TOTAL = 10_000
    limits.QUARANTINE_MAX_CAMPAIGNS = 5_000
    counts = []
    for requests, size in ((1, 1), (10, 30)):
        for number in range(requests):
            spooled(source, of("summer", *(f"c{number}-{part}" for part in range(size))))
        counts.append(statements(drain))
    assert counts[0] == counts[1]
    assert held().total() == 301


def test_the_quarantine_is_not_counted_with_a_request(source: Source) -> None:
    """What a request reads does not grow with what is held: no row of a batch is looked at."""
    send(source, of("a", "b", "c", "c", "c"))
    with CaptureQueriesContext(connection) as queries:
        send(source, of("a", "d"))
    assert not [one for one in queries if "FROM livereport_quarantinedbatch" in _plain(one["sql"])]


def _plain(sql: str) -> str:
    return sql.replace('"', "")


# -- Refused, and said so ----------------------------------------------------------------------


def test_refused_events_are_counted(source: Source, campaign: Campaign) -> None:
    send(source, of("a", "b", "c", "d", "summer"))
    send(source, of("d", "e"))
    tally = QuarantineTally.objects.get()
    assert (tally.events, tally.refused, tally.refused_at) == (3, 3, NOW)


def test_the_log_says_it_once_a_minute(source: Source, monkeypatch: Any, caplog: Any) -> None:
    clock = 1_000.0
    monkeypatch.setattr(refusals, "monotonic", lambda: clock)
    send(source, of("a", "b", "c"))
    assert CODE not in caplog.text
    for _ in range(3):
        send(source, of("d", "e"))
    send(make_source("web"), of("a", "b", "c", "d"))
    clock += refusals.SECONDS
    send(source, of("d"))
    lines = [record.getMessage() for record in caplog.records if CODE in record.getMessage()]
    shop, web = source.pk, Source.objects.get(name="web").pk
    assert lines == [
        f"{n} events of source {pk} were refused lately: {CODE}."
        for n, pk in ((2, shop), (1, web), (5, shop))
    ]


@pytest.mark.django_db(transaction=True)
def test_a_refusal_does_not_wait_for_its_count(
    source: Source, monkeypatch: Any, caplog: Any
) -> None:
    send(source, of("a", "b", "c"))

    def fail(*args: Any) -> None:
        raise OperationalError("locked")

    monkeypatch.setattr(refusals, "retrying_lock", fail)
    assert why(send(source, of("d"))) == [0]
    assert "1 refused events could not be counted." in caplog.text
    assert not spool().holds_anything()


def test_refusals_are_forgotten_with_what_was_held(source: Source, settings: Any) -> None:
    send(source, of("a", "b", "c", "d"))
    rollup.prune(NOW + settings.QUARANTINE_RETENTION)
    assert QuarantineTally.objects.get().refused == 1
    rollup.prune(NOW + settings.QUARANTINE_RETENTION + timedelta(microseconds=1))
    tally = QuarantineTally.objects.get()
    assert (tally.events, tally.refused, tally.refused_at) == (0, 0, None)
    assert send(source, of("d", "e", "f")).rejected == []
    assert_tallied()


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


# -- Out of it ---------------------------------------------------------------------------------


def test_a_replay_frees_the_limits(source: Source) -> None:
    send(source, of("a", "b", "c", "c", "c"))
    CampaignFactory(slug="c")
    forget_all()
    assert ingest.replay(QuarantinedBatch.objects.all()) == 3
    assert_tallied()
    assert send(source, of("d", "a", "b")).rejected == []
    rollup.fold_pending()
    assert rollup.verify() == []


def test_a_big_replay_takes_many_short_transactions(
    source: Source, limits: Any, monkeypatch: Any
) -> None:
    limits.QUARANTINE_MAX_EVENTS = limits.QUARANTINE_MAX_TOTAL = 10_000
    monkeypatch.setattr(quarantining, "BATCHES", 4)
    monkeypatch.setattr(quarantining, "EVENTS", 10)
    web = make_source("web")
    sizes = [1] * 9 + [30] + [3] * 4 + [1] * 5
    sent: list[str] = []
    for number, size in enumerate(sizes):
        events = of(*["later"] * size, "never")
        sent += [one["id"] for one in events[:-1]]
        send(web if number % 2 else source, events)
    CampaignFactory(slug="later")
    taken: list[tuple[int, int]] = []
    plain = quarantining.take_out

    def counted(batches: Any) -> Any:
        gone = plain(batches)
        taken.append((len(gone), sum(batch.count for batch in gone)))
        return gone

    monkeypatch.setattr(appending, "take_out", counted)
    assert ingest.replay(QuarantinedBatch.objects.all()) == sum(sizes)
    assert all(batches <= 4 and (events <= 10 or batches == 1) for batches, events in taken)
    assert len(taken) >= 7
    assert sorted(ids(EventBatch)) == sorted(sent)
    assert EventBatch.objects.count() <= 2 * len(taken)  # a row for each source, not each batch
    assert {campaign for _source, campaign in held()} == {"never"}
    assert_tallied()


def test_a_replay_that_is_stopped_has_moved_what_it_moved(source: Source, monkeypatch: Any) -> None:
    monkeypatch.setattr(quarantining, "BATCHES", 2)
    for _ in range(5):
        send(source, of("later"))
    CampaignFactory(slug="later")
    plain, calls = quarantining.take_out, count()

    def once(batches: Any) -> Any:
        if next(calls):
            raise OperationalError("away")
        return plain(batches)

    with monkeypatch.context() as patch:
        patch.setattr(appending, "take_out", once)
        with pytest.raises(OperationalError):
            ingest.replay(QuarantinedBatch.objects.all())
    assert (len(ids(EventBatch)), held().total()) == (2, 3)
    assert_tallied()
    assert ingest.replay(QuarantinedBatch.objects.all()) == 3
    assert len(set(ids(EventBatch))) == 5


@pytest.mark.django_db(transaction=True)
def test_two_replays_at_once_move_everything_once(source: Source, limits: Any) -> None:
    limits.QUARANTINE_MAX_EVENTS = limits.QUARANTINE_MAX_TOTAL = 100
    for _ in range(40):
        send(source, of("later"))
    CampaignFactory(slug="later")
    moved: list[int] = []

    def work() -> None:
        try:
            moved.append(ingest.replay(QuarantinedBatch.objects.all()))
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(moved) == 40
    assert len(set(ids(EventBatch))) == len(ids(EventBatch)) == 40
    assert_tallied()


def test_rows_that_nobody_tallied_do_not_stand_in_the_way(source: Source) -> None:
    """A process of the version before may have added some while the database was migrated."""
    send(source, of("a", "b"))
    QuarantinedCampaign.objects.all().delete()
    QuarantineTally.objects.update(events=1)
    assert discard(QuarantinedBatch.objects.all()) == 2
    assert_tallied()


def test_the_migration_tallies_what_is_there(source: Source) -> None:
    web = make_source("web")
    for sender in (source, web):
        send(sender, of("a", "a", "b"))
        send(sender, of("a"))
    QuarantinedCampaign.objects.all().delete()
    QuarantineTally.objects.all().delete()
    migration = import_module("liveReport.migrations.0009_quarantine_tallies")
    migration.count(apps, connection.schema_editor())
    assert_tallied()
    assert held().total() == 8


def test_old_events_are_still_what_they_were(source: Source) -> None:
    """What is held is replayed with its own times, not those of its replay."""
    at = timezone.now() - timedelta(hours=2)
    receive(source, msgspec.json.encode([event(campaign="later", occurred_at=at)]))
    CampaignFactory(slug="later")
    ingest.replay(QuarantinedBatch.objects.all())
    (batch,) = EventBatch.objects.all()
    (one,) = decode(batch.payload)
    assert one.at == round(at.timestamp() * 1_000_000)
