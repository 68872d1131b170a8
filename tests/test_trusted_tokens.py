"""Tokens while the database is away: those that were used lately are good, for a time."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.test import Client
from django.utils import timezone

from liveReport.api import trust
from liveReport.api.trust import IngestAuthentication, trusted_tokens
from liveReport.engines import outage
from liveReport.ingest.spool import spool
from liveReport.memory import forget_all
from liveReport.models import ApiToken, Campaign, EventBatch, Source
from tests.support.factories import CampaignFactory, event, make_token
from tests.support.spooling import URL, silent


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
