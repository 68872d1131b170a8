"""Probes: whether the site is alive and ready, and who may know why not."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client

from liveReport.models import EventBatch, SetAsideBatch, Source
from liveReport.site import health

pytestmark = pytest.mark.django_db


def test_liveness_says_nothing(client: Client) -> None:
    assert client.get("/healthz").content == b"ok"


@pytest.fixture
def prober(read_token: str) -> Client:
    """Whoever may know why."""
    return Client(headers={"authorization": f"Bearer {read_token}"})


def test_readiness_names_what_is_missing(prober: Client, monkeypatch: Any) -> None:
    assert prober.get("/readyz").json() == {
        "status": "ready",
        "checks": {
            "database": "ok",
            "broker": "ok",
            "fold": "ok",
            "spool": "ok",
            "set_aside": "ok",
        },
        "lag_seconds": 0.0,
        "pending_batches": 0,
        "suspected_batches": 0,
        "spooled_events": 0,
        "set_aside": {"batches": 0, "events": 0, "since": None},
    }

    def fail() -> bool:
        raise OperationalError("password=secret")

    monkeypatch.setitem(health.CHECKS, "database", fail)
    response = prober.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["database"] == "failed"
    assert b"secret" not in response.content


def test_strangers_learn_whether_the_site_is_ready_and_nothing_else(
    client: Client, charlie: User, ingest_token: str, monkeypatch: Any
) -> None:
    headers = [{}, {"authorization": f"Bearer {ingest_token}"}, {"authorization": "Bearer lr_x"}]
    for status, answer in ((200, {"status": "ready"}), (503, {"status": "not ready"})):
        for header in headers:
            response = client.get("/readyz", headers=header)
            assert (response.status_code, response.json()) == (status, answer)
        monkeypatch.setitem(health.CHECKS, "spool", lambda: False)
    client.force_login(charlie)
    assert client.get("/readyz").json() == {"status": "not ready"}


def test_the_staff_learns_why(client: Client, bob: User) -> None:
    client.force_login(bob)
    assert client.get("/readyz").json()["checks"]["fold"] == "ok"


def test_while_nobody_can_tell_who_asks_readiness_still_answers(
    prober: Client, monkeypatch: Any
) -> None:
    def away(*args: Any) -> Any:
        raise OperationalError("the database is away")

    monkeypatch.setitem(health.CHECKS, "database", away)
    monkeypatch.setattr(health.BearerAuthentication, "authenticate_credentials", away)
    response = prober.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"status": "not ready"})


def test_what_was_set_aside_is_told_and_makes_nothing_less_ready(
    client: Client, prober: Client, source: Source
) -> None:
    for hour in (3, 2):
        at = datetime(2026, 3, 14, hour, tzinfo=UTC)
        SetAsideBatch.objects.create(
            source=source, batch=1, count=hour, error="", attempts=5, received_at=at, since=at
        )
    assert client.get("/readyz").status_code == 200
    answer = prober.get("/readyz").json()
    assert answer["checks"]["set_aside"] == "attention"
    assert answer["set_aside"] == {"batches": 2, "events": 5, "since": "2026-03-14T02:00:00Z"}


def test_a_fold_that_stands_still_is_not_ready(
    prober: Client, source: Source, settings: Any
) -> None:
    EventBatch.objects.create(source=source, count=1, payload=b"")
    assert prober.get("/readyz").status_code == 200
    settings.READY_MAX_LAG = -1
    assert prober.get("/readyz").json()["checks"]["fold"] == "failed"


@pytest.mark.parametrize("broker", ["redis://127.0.0.1:1/0", "amqp://127.0.0.1:1//"])
def test_a_broker_that_is_away_is_not_ready(prober: Client, monkeypatch: Any, broker: str) -> None:
    connect = health.app.connection_for_write
    monkeypatch.setattr(
        health.app,
        "connection_for_write",
        lambda **options: connect(broker, transport=broker.partition(":")[0], **options),
    )
    assert prober.get("/readyz").json()["checks"]["broker"] == "failed"
