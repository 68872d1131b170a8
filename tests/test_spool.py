"""The spool: what arrives while the database is away is kept, in order, and counted once."""

import fcntl
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import psycopg
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
)
from django.test import Client
from django.utils import timezone

from liveReport import ingest, rollup
from liveReport.api import trust
from liveReport.api.trust import IngestAuthentication, trusted_tokens
from liveReport.engines import outage
from liveReport.ingest import drain as draining
from liveReport.ingest import receive, receiving
from liveReport.ingest.drain import Drainer, drain
from liveReport.ingest.spool import spool
from liveReport.memory import forget_all
from liveReport.models import ApiToken, Campaign, EventBatch, QuarantinedBatch, Source
from tests.support.factories import CampaignFactory, UserFactory, event, make_source, make_token
from tests.support.names import names
from tests.support.processes import MANAGE, Site, eventually

URL = "/api/v1/events/"
AWAY = OperationalError("the server closed the connection")


def take(source: Source, *events: dict[str, Any], **options: Any) -> None:
    receipt = receive(source, msgspec.json.encode(events), **options)
    assert receipt.accepted == len(events)


@contextmanager
def away(error: Exception = AWAY) -> Iterator[None]:
    """A log that takes nothing."""

    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(receiving, "append", fail)
        patch.setattr(draining, "_append", fail)
        yield


@contextmanager
def silent() -> Iterator[None]:
    """A database that answers nothing at all."""

    def fail(*args: Any, **kwargs: Any) -> None:
        raise AWAY

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.db.backends.utils.CursorWrapper.execute", fail)
        patch.setattr("django.db.backends.utils.CursorWrapper.executemany", fail)
        yield


def logged() -> list[list[str]]:
    """The ids of each batch, in the order of the log."""
    return [names(batch.payload) for batch in EventBatch.objects.order_by("pk")]


# -- What is an outage -----------------------------------------------------------------------


class _Sqlite(sqlite3.OperationalError):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.sqlite_errorname = name


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (OperationalError(), True),
        (InterfaceError(), True),
        (IntegrityError(), False),
        (DataError(), False),
        (caused(OperationalError(), psycopg.OperationalError("connection refused")), True),
        (caused(OperationalError(), psycopg.errors.AdminShutdown()), True),
        (caused(OperationalError(), psycopg.errors.LockNotAvailable()), True),
        (caused(OperationalError(), psycopg.errors.DiskFull()), True),
        (caused(OperationalError(), psycopg.errors.TooManyConnections()), True),
        (caused(OperationalError(), psycopg.errors.ProgramLimitExceeded()), False),
        (caused(IntegrityError(), psycopg.errors.ReadOnlySqlTransaction()), True),
        (caused(OperationalError(), _Sqlite("SQLITE_BUSY")), True),
        (caused(OperationalError(), _Sqlite("SQLITE_FULL")), True),
        (caused(OperationalError(), _Sqlite("SQLITE_IOERR_WRITE")), True),
        (caused(OperationalError(), _Sqlite("SQLITE_ERROR")), False),
    ],
)
def test_what_can_succeed_later_is_an_outage(error: Any, verdict: bool) -> None:
    assert outage.is_outage(error) is verdict


def test_after_a_failure_one_caller_of_each_pause_tries_again(monkeypatch: Any) -> None:
    now = 100.0
    monkeypatch.setattr("liveReport.engines.outage.time.monotonic", lambda: now)
    breaker = outage.Breaker()
    assert [breaker.lets_through() for _ in range(3)] == [True] * 3
    breaker.failed()
    assert [breaker.lets_through() for _ in range(3)] == [False] * 3
    now += outage.PAUSE
    assert [breaker.lets_through() for _ in range(3)] == [True, False, False]
    breaker.succeeded()
    assert breaker.lets_through()


@pytest.mark.django_db
@pytest.mark.parametrize("error", [IntegrityError(), DataError()])
def test_what_is_no_outage_is_not_spooled(source: Source, error: Exception) -> None:
    with away(error), pytest.raises(type(error)):
        take(source, event())
    assert not spool().holds_anything()


# -- In order, and counted once --------------------------------------------------------------


@pytest.mark.django_db
def test_spooled_events_come_before_later_ones(campaign: Campaign, source: Source) -> None:
    times = [timezone.now() + timedelta(seconds=second) for second in range(4)]
    with away():
        take(source, event(id="1"), event(id="2"), now=times[0])
    take(source, event(id="3"), now=times[1])  # the database is back, but others were first
    assert EventBatch.objects.count() == 0
    assert spool().waiting() == 3
    assert drain() == 3
    take(source, event(id="4"), now=times[2])
    assert logged() == [["1", "2"], ["3"], ["4"]]
    assert (
        list(EventBatch.objects.order_by("pk").values_list("received_at", flat=True)) == (times[:3])
    )
    assert (spool().waiting(), drain()) == (0, 0)


@pytest.mark.django_db
def test_many_records_are_drained_in_several_transactions(
    campaign: Campaign, source: Source, monkeypatch: Any
) -> None:
    monkeypatch.setattr(draining, "RECORDS", 3)
    monkeypatch.setattr(draining, "EVENTS", 4)
    sizes = [1, 1, 1, 1, 9, 2, 2, 2]
    with away():
        for number, size in enumerate(sizes):
            take(source, *(event(id=f"{number}-{part}") for part in range(size)))
    chunks: list[int] = []
    plain = draining._move

    def counted(waiting: Any, records: Any) -> int:
        chunks.append(len(records))
        return plain(waiting, records)

    monkeypatch.setattr(draining, "_move", counted)
    assert drain() == sum(sizes)
    assert chunks == [3, 1, 1, 2, 1]
    assert [ids[0] for ids in logged()] == [f"{number}-0" for number in range(len(sizes))]


@pytest.mark.django_db
def test_a_database_that_goes_away_again_leaves_the_rest_waiting(
    campaign: Campaign, source: Source, monkeypatch: Any
) -> None:
    monkeypatch.setattr(draining, "RECORDS", 1)
    with away():
        for number in range(3):
            take(source, event(id=str(number)))
    plain, calls = draining._append, []

    def once(*args: Any) -> Any:
        calls.append(args)
        if len(calls) > 1:
            raise AWAY
        return plain(*args)

    with monkeypatch.context() as patch:
        patch.setattr(draining, "_append", once)
        with pytest.raises(OperationalError):
            drain()
    assert logged() == [["0"]]
    assert drain() == 2
    assert logged() == [["0"], ["1"], ["2"]]


@pytest.mark.django_db
def test_a_crash_between_log_and_spool_repeats_what_counts_once(
    campaign: Campaign, source: Source, monkeypatch: Any
) -> None:
    with away():
        take(source, event(type="delivered"), event(campaign="later", type="delivered"))

    def crash(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(spool()), "remove", crash)
        with pytest.raises(KeyboardInterrupt):
            drain()
    drain()
    assert (EventBatch.objects.count(), QuarantinedBatch.objects.count()) == (2, 2)
    CampaignFactory(slug="later")
    ingest.replay(QuarantinedBatch.objects.all())
    rollup.fold_pending()
    assert rollup.verify() == []
    counts = EventBatch.objects.values_list("count", "duplicates")
    assert sum(count - duplicates for count, duplicates in counts) == 2


@pytest.mark.django_db
def test_events_that_have_grown_old_in_the_spool_are_kept(
    campaign: Campaign, source: Source
) -> None:
    long_ago = timezone.now() - timedelta(hours=100)
    with away():
        take(source, event(occurred_at=long_ago - timedelta(hours=71)), now=long_ago)
    assert drain() == 1
    rollup.fold_pending()
    assert EventBatch.objects.get().late == 1


@pytest.mark.django_db
def test_no_profile_is_in_the_spool(campaign: Campaign, source: Source, spool_dir: Path) -> None:
    with away():
        take(source, event(profile="carol@example.org"))
    (record,) = spool().first(1, 1)
    assert "carol" not in repr(list(record.decoded()))
    files = list(spool_dir.iterdir())
    assert not any(b"carol" in file.read_bytes() for file in files)
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert spool_dir.stat().st_mode & 0o777 == 0o700


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


# -- Full, torn, replaced --------------------------------------------------------------------


def _refusal(source: Source, events: list[dict[str, Any]]) -> ingest.BodyError | None:
    try:
        take(source, *events)
    except ingest.BodyError as refusal:
        return refusal
    return None


@pytest.mark.django_db
def test_a_full_spool_turns_events_away_and_keeps_what_it_took(
    campaign: Campaign, source: Source, settings: Any
) -> None:
    settings.SPOOL_MAX_BYTES = 256 * 1024
    taken = []
    with away():
        for number in range(1_000):
            bulk = [event(id=f"{number}-{os.urandom(90).hex()}") for _ in range(20)]
            if (refusal := _refusal(source, bulk)) is not None:
                break
            taken.append([one["id"] for one in bulk])
    assert refusal is not None
    assert (refusal.status, refusal.code) == (503, "database")
    assert refusal.retry_after
    assert 10 < len(taken) < 1_000
    assert spool()._file.path.stat().st_size <= settings.SPOOL_MAX_BYTES
    assert drain() == 20 * len(taken)
    assert logged() == taken
    with away():
        take(source, event())  # there is room again
    assert spool()._file.path.stat().st_size < settings.SPOOL_MAX_BYTES / 4


@pytest.mark.django_db
def test_a_spool_that_cannot_be_written_is_503(
    client: Client, ingest_token: str, campaign: Campaign, spool_dir: Path
) -> None:
    spool_dir.write_text("no folder")
    headers = {"authorization": f"Bearer {ingest_token}"}
    good = client.post(URL, [event()], content_type="application/json", headers=headers)
    assert good.status_code == 202  # the spool is only needed when there is no database
    with away():
        bad = client.post(URL, [event()], content_type="application/json", headers=headers)
    assert bad.status_code == 503
    assert int(bad.headers["Retry-After"]) > 0
    spool_dir.unlink()
    assert EventBatch.objects.count() == 1


CRASH = """
import os, signal
from django.utils import timezone
from liveReport.events.batch import Events, LogEvent, Shape
from liveReport.ingest.spool import spool
for number in range(3):
    if number == 1 and not os.fork():  # a child opens the spool for itself
        inherited = spool()._file._connection
        spool().put(1, timezone.now(), Events.of([]))
        os._exit(0 if inherited is None else 1)
    if number == 1 and os.wait()[1]:
        raise SystemExit("the child shares its parent's connection")
    sent = LogEvent(number, Shape("c", "email", "sent", 0, ()), 1, 2)
    spool().put(1, timezone.now(), Events.of([sent]))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The spool of a process that put four records and was killed."""
    site = Site(tmp_path_factory.mktemp("crash"))
    done = subprocess.run(
        [sys.executable, MANAGE, "shell", "--no-imports", "-c", CRASH],
        env=site.environment,
        check=False,
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    return site.data_dir / "spool"


@pytest.mark.parametrize("torn", ["nothing", "garbage", "half a record"])
def test_a_torn_tail_costs_nothing_that_was_acknowledged(
    left_behind: Path, spool_dir: Path, torn: str
) -> None:
    """What was being written when the process was killed is on disk in part, or not at all."""
    shutil.copytree(left_behind, spool_dir)
    log = spool_dir / "spool.sqlite3-wal"
    frames = log.read_bytes()
    assert frames
    if torn == "garbage":
        log.write_bytes(frames + os.urandom(3_000))
    elif torn == "half a record":
        log.write_bytes(frames[:-2_000])
    kept = ["0", "", "1", "2"][: 3 if torn == "half a record" else 4]
    records = spool().first(10, 10)
    assert ["".join(str(one.id) for one in record.decoded()) for record in records] == kept
    spool().put(1, timezone.now(), records[0].decoded())
    assert len(spool().first(10, 10)) == len(kept) + 1


@pytest.mark.django_db
def test_a_spool_that_was_deleted_is_made_anew(
    campaign: Campaign, source: Source, spool_dir: Path
) -> None:
    with away():
        take(source, event())
        for file in spool_dir.glob("spool.sqlite3*"):
            file.unlink()
        take(source, event(id="after"))
    with sqlite3.connect(spool_dir / "spool.sqlite3") as other:
        assert other.execute("SELECT sum(events) FROM waiting").fetchone() == (1,)
    other.close()


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
        try:
            while spool().holds_anything():
                moved.append(drain())
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
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
    assert caplog.text.count("The spool is empty again; 2 events came from it.") == 1


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


# -- Tokens while the database is away -------------------------------------------------------


@pytest.fixture
def post(client: Client, campaign: Campaign) -> Callable[..., Any]:
    def send(token: str, *events: dict[str, Any]) -> Any:
        return client.post(
            URL,
            msgspec.json.encode(events),
            content_type="application/json",
            headers={"authorization": f"Bearer {token}"},
        )

    return send


def restart() -> None:
    """Forget all that a process knows by itself."""
    trusted_tokens().close()
    trust._trusted_tokens.cache_clear()


@pytest.mark.django_db
def test_a_token_that_was_used_lately_is_good_without_the_database(
    post: Any, ingest_token: str
) -> None:
    assert post(ingest_token, event()).status_code == 202
    restart()
    with silent():
        assert post(ingest_token, event(), event()).json()["accepted"] == 2
        assert post(ingest_token, event()).status_code == 202
    assert (EventBatch.objects.count(), spool().waiting()) == (1, 3)


@pytest.mark.django_db
def test_of_an_unknown_token_nobody_can_say_what_it_is(
    post: Any, ingest_token: str, source: Source
) -> None:
    fresh = make_token(source, "ingest")
    post(ingest_token, event())
    with silent():
        for token in (fresh, "lr_nonsense"):
            response = post(token, event())
            assert response.status_code == 503
            assert response.json()["code"] == "database"
            assert int(response.headers["Retry-After"]) > 0
    assert not spool().holds_anything()


@pytest.mark.django_db
def test_limits_of_a_token_hold_without_the_database(post: Any, source: Source) -> None:
    limited = make_token(source, "ingest", CampaignFactory(slug="winter"))
    reader = make_token(source, "read")
    assert post(limited, event(campaign="winter")).status_code == 202
    assert post(reader, event()).status_code == 403
    with silent():
        response = post(limited, event(campaign="winter"), event())
        assert response.json()["accepted"] == 1
        assert response.json()["rejected"][0]["code"] == "forbidden"
        assert post(reader, event()).status_code == 503


@pytest.mark.django_db
def test_an_expired_token_expires_without_the_database(
    post: Any, ingest_token: str, time_machine: Any
) -> None:
    now = timezone.now()
    ApiToken.objects.update(expiry=now + timedelta(minutes=1))
    time_machine.move_to(now, tick=False)
    assert post(ingest_token).status_code == 202
    with silent():
        time_machine.move_to(now + timedelta(seconds=59), tick=False)
        assert post(ingest_token).status_code == 202
        time_machine.move_to(now + timedelta(seconds=60), tick=False)
        assert post(ingest_token).status_code == 503


@pytest.mark.django_db
def test_trust_ends_after_a_time(
    post: Any, ingest_token: str, settings: Any, time_machine: Any
) -> None:
    now = timezone.now()
    time_machine.move_to(now, tick=False)
    assert post(ingest_token).status_code == 202
    with silent():
        time_machine.move_to(now + settings.TOKEN_TRUST - timedelta(seconds=1), tick=False)
        assert post(ingest_token).status_code == 202
        time_machine.move_to(now + settings.TOKEN_TRUST, tick=False)
        assert post(ingest_token).status_code == 503


@pytest.mark.django_db
@pytest.mark.parametrize(("back", "status"), [(1, 202), (59, 202), (60, 503)])
def test_a_clock_that_is_set_back_ends_no_trust(
    post: Any, ingest_token: str, settings: Any, time_machine: Any, back: int, status: int
) -> None:
    settings.TOKEN_TRUST = timedelta(minutes=60)
    now = timezone.now()
    time_machine.move_to(now, tick=False)
    assert post(ingest_token).status_code == 202
    restart()
    with silent():
        time_machine.move_to(now - timedelta(minutes=back), tick=False)
        assert post(ingest_token).status_code == status


@pytest.mark.django_db
def test_a_revoked_token_is_forgotten_when_it_is_next_refused(post: Any, ingest_token: str) -> None:
    assert post(ingest_token).status_code == 202
    ApiToken.objects.get().revoke()
    assert post(ingest_token).status_code == 401
    with silent():
        assert post(ingest_token).status_code == 503


@pytest.mark.django_db
def test_what_is_remembered_is_no_token(post: Any, ingest_token: str, spool_dir: Path) -> None:
    assert post(ingest_token, event()).status_code == 202
    files = list(spool_dir.glob("tokens*"))
    assert files
    assert not any(ingest_token[3:].encode() in file.read_bytes() for file in files)
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


@pytest.mark.django_db
def test_tokens_are_noted_once_a_minute_not_with_each_request(
    post: Any, ingest_token: str, time_machine: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(trust, "BELIEF", 0)
    now = timezone.now()
    time_machine.move_to(now, tick=False)

    def changes() -> int:
        with trusted_tokens()._file.connection() as file:
            return file.total_changes

    post(ingest_token)
    before = changes()
    post(ingest_token)
    assert changes() == before
    time_machine.move_to(now + timedelta(seconds=trust.REFRESH), tick=False)
    post(ingest_token)
    assert changes() > before


@pytest.mark.django_db(transaction=True)
def test_after_an_outage_the_database_is_asked_again(
    post: Any, ingest_token: str, monkeypatch: Any
) -> None:
    assert post(ingest_token).status_code == 202
    asked: list[object] = []
    plain = IngestAuthentication._confirmed

    def confirmed(self: Any, *token: Any) -> Any:
        asked.append(token)
        return plain(self, *token)

    monkeypatch.setattr(IngestAuthentication, "_confirmed", confirmed)
    clock = 1_000.0
    monkeypatch.setattr("liveReport.engines.outage.time.monotonic", lambda: clock)
    with silent():
        for _ in range(5):
            assert post(ingest_token).status_code == 202
        assert len(asked) == 1  # the others did not wait for it
    clock += outage.PAUSE
    for _ in range(3):
        assert post(ingest_token).status_code == 202
    assert len(asked) == 4


@pytest.mark.django_db
def test_overload_is_told_while_the_database_is_there(
    post: Any, ingest_token: str, settings: Any
) -> None:
    settings.INGEST_MAX_PENDING = 0
    post(ingest_token, event())
    forget_all()
    response = post(ingest_token, event())
    assert (response.status_code, response.json()["code"]) == (503, "overloaded")
    assert not spool().holds_anything()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own lock")
@pytest.mark.django_db(transaction=True)
def test_sqlite_waits_less_for_an_event_than_for_anybody_else(
    campaign: Campaign, source: Source, monkeypatch: Any
) -> None:
    monkeypatch.setattr(outage, "LOCK_SECONDS", 0)
    connection.ensure_connection()
    seen: list[int] = []

    def patience() -> int:
        return int(connection.connection.execute("PRAGMA busy_timeout").fetchone()[0])

    usual = patience()
    outage.retrying_lock(lambda: seen.append(patience()))
    assert (seen, patience()) == ([0], usual)
    assert usual >= 20_000
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    take(source, event())
    other.execute("ROLLBACK")
    other.close()
    assert (EventBatch.objects.count(), spool().waiting()) == (0, 1)
    assert drain() == 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's locks")
@pytest.mark.django_db(transaction=True)
def test_a_table_that_a_migration_holds_is_an_outage(
    campaign: Campaign, source: Source, monkeypatch: Any
) -> None:
    monkeypatch.setattr(outage, "LOCK_SECONDS", 0.1)
    with psycopg.connect(**_parameters()) as other:
        other.execute("LOCK TABLE livereport_eventbatch IN ACCESS EXCLUSIVE MODE")
        outage.limit_waiting(connection)
        take(source, event())
        other.rollback()
    connection.close()
    assert spool().waiting() == 1
    assert drain() == 1


def _parameters() -> dict[str, Any]:
    given = connection.get_connection_params()
    names = ("dbname", "host", "port", "user", "password")
    return {name: given[name] for name in names if given.get(name)}
