"""Draining the spool: by one at a time, as soon as it can be; what never can be is set aside."""

import fcntl
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from liveReport.ingest import drain as draining
from liveReport.ingest.drain import Drainer, drain
from liveReport.ingest.spool import spool
from liveReport.models import Campaign, Source
from tests.support.factories import UserFactory, event, make_source
from tests.support.mishaps import at_once
from tests.support.processes import eventually
from tests.support.spooling import away, logged, take

# -- What can never be stored ----------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_events_of_a_source_that_was_deleted_are_set_aside(
    campaign: Campaign, source: Source, caplog: Any
) -> None:
    gone = make_source("gone")
    with away():
        take(source, event(id="1"))
        take(gone, event(profile="carol@example.org"))
        take(source, event(id="2"))
    pk = gone.pk
    gone.delete()
    assert drain() == 2
    assert logged() == [["1"], ["2"]]
    assert spool().aside() == [(pk, 1, "IntegrityError")]
    assert f"1 events of source {pk}" in caplog.text
    assert "Failing row" not in caplog.text
    errors = StringIO()
    with pytest.raises(CommandError, match="--again"):
        call_command("drain_spool", stderr=errors)
    assert f"1 events of source {pk} are set aside: IntegrityError." in errors.getvalue()
    Source.objects.create(pk=pk, name="back", account=UserFactory())
    call_command("drain_spool", "--again", stdout=StringIO())
    assert len(logged()) == 3
    assert spool().aside() == []


@pytest.mark.django_db
def test_a_damaged_record_is_set_aside(campaign: Campaign, source: Source) -> None:
    with away():
        take(source, event())
        take(source, event(id="good"))
    with spool()._file.connection() as file:
        file.execute("UPDATE waiting SET payload = x'00' WHERE id = 1")
    assert drain() == 1
    assert logged() == [["good"]]
    assert spool().aside()[0].reason == "Damaged"


@pytest.mark.django_db
def test_what_may_be_better_tomorrow_is_not_set_aside(campaign: Campaign, source: Source) -> None:
    with away():
        take(source, event())
    with away(RuntimeError("a table is missing")), pytest.raises(RuntimeError):
        drain()
    assert (spool().waiting(), spool().aside()) == (1, [])


# -- Who drains ------------------------------------------------------------------------------


@pytest.mark.django_db
def test_one_process_drains_at_a_time(campaign: Campaign, source: Source, spool_dir: Path) -> None:
    with away():
        take(source, event())
    with (spool_dir / "drain.lock").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert drain() == 0
        assert spool().waiting() == 1
    assert drain() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_drain_at_once_move_everything_once(campaign: Campaign, source: Source) -> None:
    with away():
        for number in range(40):
            take(source, event(id=str(number)))
    moved: list[int] = []

    def work() -> None:
        while spool().holds_anything():
            moved.append(drain())

    at_once(4, work)
    assert sum(moved) == 40
    assert logged() == [[str(number)] for number in range(40)]


@pytest.mark.django_db(transaction=True)
def test_a_thread_drains_as_soon_as_the_database_is_back(
    campaign: Campaign, source: Source, monkeypatch: Any, caplog: Any
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(draining, "PAUSE", 0.01)
    mine = Drainer()
    tries: list[object] = []
    with away():
        take(source, event(id="1"))
        plain = draining._append
        monkeypatch.setattr(draining, "_append", lambda *args: tries.append(args) or plain(*args))
        for _ in range(3):
            mine.start()
        eventually(lambda: len(tries) >= 3, "it tries again and again")
        take(source, event(id="2"))
        monkeypatch.undo()
    eventually(lambda: not spool().holds_anything(), "the spool is empty")
    eventually(lambda: mine._thread is None, "the thread has ended")
    assert logged() == [["1"], ["2"]]
    assert caplog.text.count("Events wait in the spool") == 1
    assert caplog.text.count("cannot be drained yet: OperationalError") == 1
    ended = "The spool is empty again; 2 events came from it."
    eventually(lambda: ended in caplog.text, "it says so")  # the last thing that it does
    assert caplog.text.count(ended) == 1


@pytest.mark.django_db
def test_the_command_drains(campaign: Campaign, source: Source) -> None:
    with away():
        take(source, event(), event())
        with pytest.raises(CommandError, match=r"\(OperationalError\); 2 wait\."):
            call_command("drain_spool")
    out = StringIO()
    call_command("drain_spool", stdout=out)
    assert out.getvalue() == "2 events were moved into the event log.\n"
    assert len(logged()) == 1


@pytest.mark.django_db
def test_a_spool_that_is_not_drained_is_not_ready(
    client: Client, bob: User, campaign: Campaign, source: Source, settings: Any
) -> None:
    client.force_login(bob)
    with away():
        take(source, event())
    assert client.get("/readyz").status_code == 200
    assert client.get("/readyz").json()["spooled_events"] == 1
    settings.READY_MAX_LAG = -1
    assert client.get("/readyz").json()["checks"]["spool"] == "failed"
    drain()
    assert client.get("/readyz").json()["checks"]["spool"] == "ok"
