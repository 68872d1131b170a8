"""What was answered with 202 is on disk: the settings that this rests on."""

import pytest
from django.core.checks import Tags, run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from liveReport.engines.checks import DURABLE, complaints
from liveReport.ingest.spool import spool

FULL = 2
ON = dict.fromkeys(DURABLE, "on")


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="of SQLite")
def test_sqlite_waits_for_the_disk_with_every_commit() -> None:
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA synchronous").fetchone() == (FULL,)
        assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_spool_waits_for_the_disk_with_every_record() -> None:
    with spool()._file.connection() as opened:
        assert opened.isolation_level is None  # each statement is committed by itself
        assert opened.execute("PRAGMA synchronous").fetchone() == (FULL,)
        assert opened.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.django_db
def test_the_database_at_hand_is_durable() -> None:
    assert run_checks(tags=[Tags.database], databases=["default"]) == []
    call_command("check", databases=["default"], fail_level="WARNING")


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL")
@pytest.mark.parametrize(("value", "fine"), [("off", False), ("local", True), ("on", True)])
def test_postgresql_is_asked_whether_it_waits_for_the_disk(value: str, fine: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL synchronous_commit = {value}")
    if fine:
        call_command("check", databases=["default"], fail_level="WARNING")
        return
    with pytest.raises(SystemCheckError, match="synchronous_commit is off"):
        call_command("check", databases=["default"], fail_level="WARNING")
    call_command("check", fail_level="WARNING")  # which is not about databases


@pytest.mark.parametrize("name", DURABLE)
def test_each_setting_that_is_off_is_named(name: str) -> None:
    assert list(complaints(ON)) == []
    (warning,) = complaints(ON | {name: "off"})
    assert name in warning.msg
    assert len({one.id for one in complaints(dict.fromkeys(DURABLE, "off"))}) == len(DURABLE)
