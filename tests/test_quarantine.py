"""The quarantine: what senders are told, what is said of refusals, and how quick it is."""

from datetime import timedelta
from itertools import count
from typing import Any

import msgspec
import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from liveReport import rollup
from liveReport.engines.quarantine import CODE
from liveReport.ingest import receiving, refusals
from liveReport.ingest.drain import drain
from liveReport.ingest.spool import spool
from liveReport.memory import forget_all
from liveReport.models import Campaign, QuarantineTally, Source
from tests.support import quarantine
from tests.support.factories import event, make_source
from tests.support.quarantine import NOW, URL, assert_tallied, held, of, send, spooled, why

pytestmark = pytest.mark.django_db

limits = quarantine.limits


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
