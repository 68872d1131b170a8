"""PostgreSQL's connections: whether they are good, and how a report reads."""

from collections.abc import Iterator
from unittest import mock

import pytest
from django.db import close_old_connections, connection
from django.db.backends.postgresql import base

from liveReport.engines import sql
from liveReport.engines.postgresql import base as ours

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's connections"),
    pytest.mark.django_db(transaction=True),
]


def request() -> int:
    """What a request does with the connection that the one before left; the server's process."""
    close_old_connections()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


@pytest.fixture
def asked() -> Iterator[mock.Mock]:
    """Notes when the server is asked whether a connection is good."""
    usable = base.DatabaseWrapper.is_usable
    with (
        mock.patch.dict(connection.settings_dict, CONN_MAX_AGE=600, CONN_HEALTH_CHECKS=True),
        mock.patch.object(base.DatabaseWrapper, "is_usable", autospec=True) as spy,
    ):
        spy.side_effect = usable
        connection.close()
        yield spy
    connection.close()


def test_the_server_is_asked_now_and_then_and_not_for_every_request(
    asked: mock.Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len({request() for _ in range(9)}) == 1
    assert asked.call_count == 0
    monkeypatch.setattr(ours, "BELIEVED_SECONDS", 0.0)
    request()
    assert asked.call_count == 1


def test_a_connection_that_the_server_ended_is_replaced_at_once(asked: mock.Mock) -> None:
    before = request()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [before])
    other.close()
    assert request() != before


def test_after_an_error_the_server_is_asked(asked: mock.Mock) -> None:
    before = request()
    connection.errors_occurred = True
    assert request() == before
    assert asked.call_count == 1


def test_a_report_reads_one_state_and_starts_no_helpers_for_it() -> None:
    before = _planner()
    with sql.snapshot():
        assert _planner() == ("repeatable read", "on", "0", "off")
    assert _planner() == before


def _planner() -> tuple[str, ...]:
    session = ("transaction_isolation", "transaction_read_only")
    asked = (*session, "max_parallel_workers_per_gather", "jit")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(map('current_setting({!r})'.format, asked))}")
        return tuple(cursor.fetchone())
