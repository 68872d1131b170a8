"""Who gets in where, and what every answer carries. A new route must be listed here."""

import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, path
from django.utils import timezone

from liveReport.models import Campaign, EventBatch, SetAsideBatch, Source
from liveReport.site import health
from tests.support.factories import UserFactory
from tests.support.processes import manage

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parent.parent
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

PUBLIC = {"healthz", "readyz", "admin/login/"}
"""Open to anybody."""

ANY_USER = {"admin/logout/"}
"""For whoever is logged in, staff or not."""

ANY_STAFF = {
    "admin/",
    "admin/jsi18n/",
    "admin/password_change/",
    "admin/password_change/done/",
    "admin/form-token/",
    "admin/time-zone/",
    "api/docs/",
    "api/schema/",
    "api/v1/campaigns/",
    "api/v1/metrics/",
    "api/v1/channels/",
}
"""What staff without any right may open besides: nothing in it is about a campaign."""

READ_TOKEN = {
    "api/schema/",
    "api/v1/campaigns/",
    "api/v1/campaigns/{slug}/",
    "api/v1/campaigns/{slug}/report/",
    "api/v1/campaigns/{slug}/report/{tab}/",
    "api/v1/campaigns/{slug}/report/{tab}/{widget}/",
    "api/v1/metrics/",
    "api/v1/channels/",
}
"""What a token of scope read opens. Scope ingest opens none of it."""
NOTHING = {"api", "api/", "api/{rest}"}
"""Where there is nothing, for anybody."""


def routes() -> Iterator[str]:
    """Every path of the project, with ``{name}`` for what varies."""
    yield from sorted({found.replace("//", "/") for found in _walk(get_resolver(), "")})


def _walk(resolver: URLResolver, prefix: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + _readable(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, route)
        else:
            assert isinstance(pattern, URLPattern)
            yield route


def _readable(pattern: Any) -> str:
    text = str(pattern).removeprefix("^").removesuffix("$").removesuffix("\\Z")
    for name in pattern.converters:
        text = re.sub(rf"<(\w+:)?{name}>", f"{{{name}}}", text)
    return text


ROUTES = list(routes())
SAMPLES = {
    "slug": "summer",
    "campaign": "summer",
    "tab": "campaign",
    "widget": "statistics",
}


def url(route: str) -> str:
    """The route with a value for each of its parameters."""
    return "/" + re.sub(r"\{(\w+)\}", lambda match: SAMPLES.get(match[1], "1"), route)


def test_the_walk_finds_the_routes() -> None:
    assert {"healthz", "admin/", "api/v1/events/", "admin/reports/{campaign}/{tab}/"} <= set(ROUTES)
    assert len(ROUTES) > 50


Answers = dict[str, Any]


def _answers(client: Client, **headers: str) -> Answers:
    return {route: client.get(url(route), headers=headers) for route in ROUTES}


def _opened(answers: Answers) -> set[str]:
    """The routes that answered with something; redirects are followed by nobody here."""
    return {route for route, answer in answers.items() if answer.status_code < 300}


def test_nobody_gets_in_without_a_log_in(client: Client, campaign: Campaign) -> None:
    answers = _answers(client)
    assert _opened(answers) == PUBLIC
    for route, answer in answers.items():
        if answer.status_code == 302:
            assert answer.headers["Location"].startswith("/admin/login/"), route
        elif route not in PUBLIC:
            assert answer.status_code == (404 if route in NOTHING else 401), route


def test_a_stranger_with_an_account_gets_nowhere(
    client: Client, campaign: Campaign, charlie: User
) -> None:
    client.force_login(charlie)
    assert _opened(_answers(client)) <= PUBLIC | ANY_USER


def test_staff_without_rights_see_no_campaign(client: Client, campaign: Campaign) -> None:
    client.force_login(UserFactory(username="dora", is_staff=True))
    answers = _answers(client)
    assert _opened(answers) <= PUBLIC | ANY_USER | ANY_STAFF
    assert not [route for route, answer in answers.items() if b"Summer" in answer.content]


def test_tokens_open_the_api_only(
    client: Client, campaign: Campaign, ingest_token: str, read_token: str
) -> None:
    sender = _answers(client, authorization=f"Bearer {ingest_token}")
    assert _opened(sender) == PUBLIC
    reader = _answers(client, authorization=f"Bearer {read_token}")
    assert _opened(reader) == PUBLIC | READ_TOKEN


# -- What every answer carries -----------------------------------------------------------


def assert_isolated(response: Any) -> None:
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=(), " in response.headers["Permissions-Policy"]


def test_static_files_are_for_our_own_pages(client: Client) -> None:
    for address, status in (("/static/admin/css/base.css", 200), ("/static/nothing.css", 404)):
        response = client.get(address)
        assert response.status_code == status
        assert_isolated(response)
        response.close()
    assert client.get("/", headers={"host": "evil.example"}).headers["Permissions-Policy"]


def test_the_policy_is_on_every_answer(client: Client, alice: User, campaign: Campaign) -> None:
    client.raise_request_exception = False
    client.force_login(alice)
    for route in [*ROUTES, "nothing/", "api/nothing/", "admin/nothing/"]:
        response = client.get(url(route))
        directives = dict(
            directive.split(" ", 1)
            for directive in response.headers["Content-Security-Policy"].split("; ")
        )
        for directive in POLICY.split("; "):
            name, value = directive.split(" ", 1)
            assert directives[name] == value, route
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Frame-Options"] == "DENY"
        assert response.headers["Referrer-Policy"] == "same-origin"
        assert_isolated(response)
        assert "Cache-Control" in response.headers


def _broken(request: Any) -> Any:
    raise RuntimeError("secret detail")


@override_settings(ROOT_URLCONF="tests.test_access")
@pytest.mark.parametrize("address", ["/broken/", "/api/broken/"])
def test_an_error_of_ours_tells_nothing(client: Client, alice: User, address: str) -> None:
    client.raise_request_exception = False
    client.force_login(alice)
    response = client.get(address)
    assert response.status_code == 500
    assert "Content-Security-Policy" in response.headers
    assert b"secret" not in response.content
    assert_isolated(response)
    is_api = address.startswith("/api/")
    kind = "application/problem+json" if is_api else "text/html; charset=utf-8"
    assert response.headers["Content-Type"] == kind


urlpatterns = [path("broken/", _broken), path("api/broken/", _broken)]
handler500 = "liveReport.site.errors.server_error"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_error_pages_bring_no_style_or_script(
    client: Client, alice: User, language: str, settings: Any
) -> None:
    client.force_login(alice)
    response = client.get("/admin/reports/nowhere/campaign/", headers={"accept-language": language})
    page = response.content.decode()
    assert response.status_code == 404
    assert f'lang="{language}"' in page
    assert "<style" not in page
    assert "style=" not in page
    assert "<script" not in page
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


def test_admin_and_reports_are_not_cached(client: Client, alice: User, campaign: Campaign) -> None:
    client.force_login(alice)
    for address in ("/admin/", "/admin/livereport/campaign/", campaign.get_absolute_url()):
        assert "no-store" in client.get(address).headers["Cache-Control"]


def test_no_state_changes_without_a_csrf_token(alice: User, campaign: Campaign) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    for route in ROUTES:
        response = client.post(url(route), {"name": "x"})
        assert response.status_code in (401, 403, 404, 405), route


def test_reading_changes_nothing(client: Client, alice: User, campaign: Campaign) -> None:
    client.force_login(alice)
    client.get("/admin/")
    before = _rows()
    for route in ROUTES:
        client.get(url(route)) if route != "admin/logout/" else None
    assert _rows() == before


def _rows() -> dict[str, int]:
    from django.apps import apps

    return {m._meta.label: m._base_manager.count() for m in apps.get_models() if m is not Session}


# -- Log-in ------------------------------------------------------------------------------


def _log_in(client: Client, password: str, **extra: Any) -> Any:
    data = {"username": "alice", "password": password}
    return client.post("/admin/login/?next=/admin/", data, **extra)


@pytest.fixture
def password(alice: User) -> str:
    alice.set_password("a long enough secret")
    alice.save()
    return "a long enough secret"


def test_five_wrong_passwords_lock_the_name(client: Client, password: str) -> None:
    for _ in range(4):
        assert _log_in(client, "guess").status_code == 200
    locked = _log_in(client, "guess")
    assert locked.status_code == 429
    assert locked.headers["Retry-After"] == "900"
    assert "<style" not in locked.content.decode()
    assert _log_in(client, password).status_code == 429
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert _log_in(client, password, **elsewhere).status_code == 302


def test_a_right_password_clears_the_count(client: Client, password: str) -> None:
    for _ in range(3):
        for _ in range(3):
            _log_in(client, "guess")
        assert _log_in(client, password).status_code == 302


def test_a_forged_address_does_not_open_the_lock(
    client: Client, password: str, settings: Any
) -> None:
    settings.BEHIND_PROXY = True
    for number in range(6):
        forged = {"HTTP_X_FORWARDED_FOR": f"10.0.0.{number}, 192.0.2.7"}
        last = _log_in(client, "guess", **forged)
    assert last.status_code == 429


def test_switching_a_user_off_ends_the_session(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get("/admin/").status_code == 200
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert client.get("/admin/").status_code == 302


def _leaves_the_group(viewer: User) -> None:
    viewer.groups.clear()


def _group_may_less(viewer: User) -> None:
    viewer.groups.get().permissions.clear()


def _is_no_staff(viewer: User) -> None:
    User.objects.filter(pk=viewer.pk).update(is_staff=False)


def _is_switched_off(viewer: User) -> None:
    User.objects.filter(pk=viewer.pk).update(is_active=False)


def _gets_another_password(viewer: User) -> None:
    viewer.set_password("another-password")
    viewer.save()


def _is_deleted(viewer: User) -> None:
    viewer.delete()


def _is_logged_out(viewer: User) -> None:
    Session.objects.all().delete()


def _session_expires(viewer: User) -> None:
    Session.objects.update(expire_date=timezone.now())


@pytest.fixture
def viewer(client: Client, db: None) -> User:
    """Somebody who may see campaigns by a group, and is logged in."""
    viewers = Group.objects.create(name="viewers")
    viewers.permissions.set(Permission.objects.filter(codename="view_campaign"))
    viewer: User = UserFactory(username="viola", is_staff=True)
    viewer.groups.add(viewers)
    client.force_login(viewer)
    return viewer


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (_leaves_the_group, 404),
        (_group_may_less, 404),
        (_is_no_staff, 302),
        (_is_switched_off, 302),
        (_gets_another_password, 302),
        (_is_deleted, 302),
        (_is_logged_out, 302),
        (_session_expires, 302),
    ],
)
def test_what_a_poll_relies_on_is_read_anew(
    client: Client, campaign: Campaign, viewer: User, change: Callable[[User], None], status: int
) -> None:
    poll = url("admin/reports/{campaign}/{tab}/changes/")
    assert client.get(poll).status_code == 200
    change(viewer)
    assert client.get(poll).status_code == status


def test_a_user_may_what_django_says(viewer: User, bob: User, charlie: User, alice: User) -> None:
    viewer.user_permissions.set(Permission.objects.filter(codename="add_campaign"))
    for user in (viewer, bob, charlie, alice):
        anew = User.objects.get(pk=user.pk)
        assert user.get_all_permissions() == ModelBackend().get_all_permissions(anew)
    assert viewer.get_all_permissions() == {"livereport.view_campaign", "livereport.add_campaign"}
    assert viewer.get_all_permissions(obj=viewer) == set()
    assert AnonymousUser().get_all_permissions() == set()


def test_a_service_account_cannot_log_in(source: Source) -> None:
    assert not source.account.has_usable_password()
    assert not source.account.is_staff


# -- Probes ------------------------------------------------------------------------------


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


# -- Deployment --------------------------------------------------------------------------


PRODUCTION = {
    "DATABASE_URL": "postgres://somebody@127.0.0.1:1/nothing",
    "HTTPS": "1",
    "ALLOWED_HOSTS": "report.example.org",
}


def test_production_passes_the_deployment_checks(tmp_path: Path) -> None:
    done = manage(
        "check", "--deploy", "--fail-level", "WARNING",
        data=tmp_path, SECRET_KEY="k7&" + "abcdefghij0123456789" * 3,
        PSEUDONYM_KEY="1:" + "0123456789abcdef" * 4, **PRODUCTION,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_production_does_not_start_without_a_secret_key(tmp_path: Path) -> None:
    done = manage("check", data=tmp_path, **PRODUCTION)
    assert done.returncode != 0
    assert "SECRET_KEY" in done.stderr
    assert not (tmp_path / "secret.key").exists()


def test_the_embedded_key_is_made_once_and_private(tmp_path: Path) -> None:
    for _ in range(2):
        assert manage("check", data=tmp_path).returncode == 0
    key = tmp_path / "secret.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(key.read_text()) >= 50


def test_templates_trust_no_value() -> None:
    """No unescaped output, unquoted attribute, inline handler, style or script."""
    suspects = ("|safe", "={{", "hx-on", "js:", " style=", "<style", " onclick=", "autoescape off")
    templates = [*ROOT.glob("liveReport/templates/**/*.html")]
    templates += ROOT.glob("dashboards/templates/**/*.html")
    assert templates
    for template in templates:
        text = template.read_text()
        assert not [suspect for suspect in suspects if suspect in text], template


def test_a_wrong_host_costs_the_log_a_line(tmp_path: Path) -> None:
    asks = (
        "from django.test import Client\n"
        "for number in range(50):\n"
        "    answer = Client(headers={'host': 'evil.example'}).get('/healthz')\n"
        "    assert answer.status_code == 400\n"
    )
    done = manage("shell", "-v0", "-c", asks, data=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("Invalid HTTP_HOST header") == 1
    assert max(map(len, done.stderr.splitlines())) < 300


OBVIOUS = [
    *("Summer26", "livereport", "Summer2026!", "2026Summer!!", "LiveReport2026", "live-report-1"),
    *("campaign-report", "demo-admin-1", "1234567890", "qwertyuiop", "short-9-x"),
]


@pytest.mark.parametrize("password", OBVIOUS)
def test_an_obvious_password_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


@pytest.mark.parametrize(
    "password",
    ["a long enough secret", "k7&-91!4xq?0", "correct horse battery", "mW3-qk_9Zr0b"],
)
def test_a_good_password_is_taken(password: str) -> None:
    validate_password(password)


def test_denials_are_logged_without_detail(client: Client, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    client.get("/api/v1/metrics/", headers={"authorization": "Bearer not-a-token-of-ours"})
    assert "not-a-token" not in caplog.text
