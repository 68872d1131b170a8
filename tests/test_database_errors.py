"""Which errors of the database are an outage, and how long one waits for its locks."""

import sqlite3
from typing import Any

import psycopg
import pytest
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection

from liveReport.engines import outage
from liveReport.ingest.drain import drain
from liveReport.ingest.spool import spool
from liveReport.models import Campaign, EventBatch, Source
from tests.support.factories import event
from tests.support.spooling import away, take

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


# -- Waiting for a lock ----------------------------------------------------------------------


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
