"""``POST /api/v1/events/``: the contract, at the edge of the system."""

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from liveReport.api import trust
from liveReport.memory import forget_all
from liveReport.models import ApiToken, Campaign, EventBatch, QuarantinedBatch, Source
from tests.support.factories import CampaignFactory, event, make_token, receipt

pytestmark = pytest.mark.django_db

URL = "/api/v1/events/"
Post = Callable[..., Any]


@pytest.fixture
def post(client: Client, ingest_token: str, campaign: Campaign) -> Post:
    """Post events, or any body, as the shop's ingest token."""

    def send(
        *events: Any, body: bytes | None = None, token: str = ingest_token, **headers: str
    ) -> Any:
        kind = headers.pop("content_type", "application/json")
        body = msgspec.json.encode(events) if body is None else body
        headers.setdefault("authorization", f"Bearer {token}")
        return client.post(URL, body, content_type=kind, headers=headers)

    return send


def stored() -> int:
    return sum(batch.count for batch in EventBatch.objects.all())


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["title"]
    assert problem["detail"]
    return problem


def test_accepted_events_are_in_the_log(post: Post) -> None:
    response = post(event(), event())
    assert response.status_code == 202
    assert response.json() == receipt(2)
    assert stored() == 2


@pytest.mark.parametrize(
    ("wrap", "kind"),
    [
        (lambda events: msgspec.json.encode({"events": events}), "application/json"),
        (lambda events: b"\n".join(map(msgspec.json.encode, events)), "application/x-ndjson"),
        (lambda events: msgspec.json.encode(events), "application/json; charset=utf-8"),
    ],
)
def test_every_shape_of_a_body_is_read(post: Post, wrap: Any, kind: str) -> None:
    assert post(body=wrap([event(), event()]), content_type=kind).json()["accepted"] == 2


def test_gzip_is_read(post: Post) -> None:
    body = gzip.compress(msgspec.json.encode([event()]))
    assert post(body=body, **{"content-encoding": "gzip"}).json()["accepted"] == 1


def test_one_bad_event_does_not_fail_the_others(post: Post) -> None:
    response = post(event(), event(id="bad", type="eaten"), event())
    assert response.status_code == 202
    assert response.json()["accepted"] == 2
    (rejection,) = response.json()["rejected"]
    assert (rejection["index"], rejection["id"], rejection["field"]) == (1, "bad", "type")
    assert set(rejection) == {"index", "id", "field", "code", "message"}


def test_nothing_acceptable_is_422_with_the_same_list(post: Post) -> None:
    problem = assert_problem(post(event(type="eaten"), event(channel="x")), 422, "refused")
    assert [rejection["index"] for rejection in problem["rejected"]] == [0, 1]
    assert stored() == 0


def test_an_empty_array_is_fine(post: Post) -> None:
    response = post()
    assert (response.status_code, response.json()) == (202, receipt(0))


def test_an_unknown_campaign_is_quarantined(post: Post) -> None:
    assert post(event(campaign="tomorrow")).json()["accepted"] == 1
    assert QuarantinedBatch.objects.get().campaign == "tomorrow"


def test_a_limited_token_sends_only_to_its_campaigns(post: Post, source: Source) -> None:
    token = make_token(source, "ingest", CampaignFactory(slug="winter"))
    response = post(event(campaign="winter"), event(), event(campaign="nowhere"), token=token)
    assert response.json()["accepted"] == 1
    assert {(r["index"], r["code"]) for r in response.json()["rejected"]} == {
        (1, "forbidden"),
        (2, "forbidden"),
    }
    assert not QuarantinedBatch.objects.exists()


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Bearer two words",
        "Bearer \xff\xfe",
        "Bearer " + "x" * 5000,
        "Basic YWxpY2U6c2VjcmV0",
        "\xff",
        "lr_",
    ],
)
def test_without_a_good_token_nothing_is_taken(post: Post, header: str) -> None:
    response = post(event(), authorization=header)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.headers["Content-Type"] == "application/problem+json"
    assert stored() == 0


def test_the_scheme_is_read_in_any_case(post: Post, ingest_token: str) -> None:
    assert post(event(), authorization=f"bearer {ingest_token}").status_code == 202


def test_an_expired_token_is_refused(post: Post) -> None:
    ApiToken.objects.update(expiry=timezone.now())
    assert_problem(post(event()), 401, "authentication_failed")
    assert ApiToken.objects.exists()


def test_a_new_limit_of_a_token_is_noticed_soon(post: Post, monkeypatch: Any) -> None:
    assert post(event()).status_code == 202
    ApiToken.objects.update(all_campaigns=False)
    CampaignFactory(slug="winter").tokens.add(ApiToken.objects.get())
    monkeypatch.setattr(trust, "BELIEF", 0)
    assert post(event()).json()["rejected"][0]["code"] == "forbidden"


def test_a_revoked_token_is_refused_at_once(post: Post) -> None:
    assert post(event()).status_code == 202
    ApiToken.objects.get().revoke()
    assert post(event()).status_code == 401


def test_a_source_can_be_switched_off(post: Post) -> None:
    assert post(event()).status_code == 202
    User.objects.filter(source__name="shop").update(is_active=False)
    assert post(event()).status_code == 401


def test_a_read_token_may_not_send(post: Post, read_token: str) -> None:
    assert_problem(post(event(), token=read_token), 403, "permission_denied")


def test_a_session_is_not_enough(client: Client, alice: User, campaign: Campaign) -> None:
    client.force_login(alice)
    response = client.post(URL, [event()], content_type="application/json")
    assert response.status_code == 401


def test_a_token_in_the_address_is_ignored(client: Client, ingest_token: str) -> None:
    for name in ("token", "access_token", "authorization"):
        response = client.post(f"{URL}?{name}={ingest_token}", [], content_type="application/json")
        assert response.status_code == 401


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_only_post(client: Client, ingest_token: str, method: str) -> None:
    headers = {"authorization": f"Bearer {ingest_token}"}
    response = getattr(client, method)(URL, headers=headers)
    assert_problem(response, 405, "method_not_allowed")


def test_a_body_that_says_it_is_too_long_is_not_read(post: Post, settings: Any) -> None:
    settings.INGEST_MAX_BYTES = 100
    assert_problem(post(event()), 413, "too_large")


def test_at_the_limit_a_body_is_read(post: Post, settings: Any) -> None:
    body = msgspec.json.encode([event()])
    settings.INGEST_MAX_BYTES = len(body)
    assert post(body=body).status_code == 202
    settings.INGEST_MAX_BYTES = len(body) - 1
    assert post(body=body).status_code == 413


def test_a_bomb_is_defused(post: Post) -> None:
    bomb = gzip.compress(b"[" + b" " * 50_000_000 + b"]")
    assert_problem(post(body=bomb, **{"content-encoding": "gzip"}), 413, "too_large")


def test_too_many_events(post: Post, settings: Any) -> None:
    settings.INGEST_MAX_EVENTS = 2
    assert post(event(), event()).status_code == 202
    assert_problem(post(event(), event(), event()), 413, "too_many")


def chunked(body: bytes, token: str, *, terminated: bool = True) -> dict[str, Any]:
    """What a server passes on for a body without Content-Length."""
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": URL,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": "",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": terminated,
    }


@pytest.mark.parametrize("length", ["many", "-1", "9" * 5_000])
def test_a_length_that_is_none_is_refused(
    client: Client, ingest_token: str, campaign: Campaign, length: str
) -> None:
    request = chunked(msgspec.json.encode([event()]), ingest_token)
    request["CONTENT_LENGTH"] = length
    assert_problem(client.request(**request), 400, "content_length")


def test_a_chunked_body_is_read_and_limited(
    client: Client, ingest_token: str, campaign: Campaign, settings: Any
) -> None:
    body = msgspec.json.encode([event()])
    assert client.request(**chunked(body, ingest_token)).status_code == 202
    settings.INGEST_MAX_BYTES = len(body) - 1
    assert_problem(client.request(**chunked(body, ingest_token)), 413, "too_large")
    endless = client.request(**chunked(body, ingest_token, terminated=False))
    assert_problem(endless, 411, "length_required")


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b'"text"', b"7", b"null", b"[" * 100_000, b'{"events": 1}', b"\xff"]
)
def test_an_unreadable_body_is_400(post: Post, body: bytes) -> None:
    assert_problem(post(body=body), 400, "malformed")


def test_an_unknown_type_or_encoding_is_415(post: Post) -> None:
    response = post(event(), content_type="text/csv")
    assert_problem(response, 415, "media_type")
    assert "application/json" in response.headers["Accept"]
    response = post(event(), **{"content-encoding": "compress"})
    assert_problem(response, 415, "content_encoding")
    assert response.headers["Accept-Encoding"] == "gzip, deflate, zstd, br"


def test_a_token_has_a_rate(post: Post, settings: Any, source: Source) -> None:
    settings.INGEST_RATE = 2
    assert [post().status_code for _ in range(2)] == [202, 202]
    response = post()
    assert_problem(response, 429, "throttled")
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert post(token=make_token(source, "ingest")).status_code == 202


def test_a_dead_cache_does_not_stop_events(post: Post, monkeypatch: Any) -> None:
    def fail(*args: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr("liveReport.api.throttles.cache.add", fail)
    assert post(event()).status_code == 202


@pytest.mark.parametrize("error", ["database is locked", "disk full: Failing row contains (x)"])
def test_a_database_and_a_spool_that_fail_are_503(
    post: Post, spool_dir: Path, monkeypatch: Any, error: str, caplog: Any
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise OperationalError(error)

    monkeypatch.setattr("liveReport.ingest.receiving.append", fail)
    spool_dir.write_text("no folder")
    response = post(event())
    assert_problem(response, 503, "database")
    assert int(response.headers["Retry-After"]) > 0
    assert error not in response.content.decode()
    assert error not in caplog.text


def test_too_much_pending_is_503(post: Post, settings: Any) -> None:
    settings.INGEST_MAX_PENDING = 0
    assert post(event()).status_code == 202
    forget_all()
    response = post(event())
    assert_problem(response, 503, "overloaded")
    assert int(response.headers["Retry-After"]) > 0


def test_a_request_costs_few_queries(
    post: Post, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    post(event())
    # Token, batch.
    with django_assert_max_num_queries(2):
        post(*(event() for _ in range(100)))


HOSTILE = [
    b'{"id": "\\ud800"}',
    b'{"id": "\\u0000"}',
    b'{"id": NaN}',
    b'{"id": 1e999}',
    b'{"id": %d}' % (1 << 70),
    b'{"id": "x", "id": "y"}',
    b'{"<script>": 1}',
    b'{"occurred_at": "9999-12-31T23:59:59-12:00"}',
    b'{"occurred_at": "0001-01-01T00:00:00+12:00"}',
    b"[]",
    b"null",
    b'"\\u202e"',
    b"{" * 500 + b"}" * 500,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
]


@pytest.mark.parametrize("poison", HOSTILE)
def test_poison_fails_alone_or_as_a_whole_but_never_breaks(post: Post, poison: bytes) -> None:
    good = msgspec.json.encode(event())
    response = post(body=b"[" + poison + b"," + good + b"]")
    assert response.status_code in (202, 400)
    json.loads(response.content)
    lines = post(body=poison + b"\n" + good, content_type="application/x-ndjson")
    assert lines.status_code == 202
    assert lines.json()["accepted"] == 1
    assert lines.json()["rejected"][0]["index"] == 0


def test_neither_tokens_nor_profiles_are_logged(post: Post, ingest_token: str, caplog: Any) -> None:
    caplog.set_level("DEBUG")
    post(event(profile="carol@example.org"), event(profile="carol@example.org", type="eaten"))
    post(event(), token=ingest_token[:-1])
    assert "carol" not in caplog.text
    assert ingest_token[20:-1] not in caplog.text
