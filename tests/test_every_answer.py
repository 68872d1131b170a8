"""What every answer carries, also one of an error, and what no answer does."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client, override_settings
from django.urls import path

from liveReport.models import Campaign
from tests.support.routes import ROUTES, url

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parent.parent
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


FOR_OTHERS = ("beacon.js",)
"""What pages of other sites are meant to have from us."""


def assert_isolated(response: Any, embedded_by: str = "same-origin") -> None:
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Resource-Policy"] == embedded_by
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
        assert_isolated(response, "cross-origin" if route in FOR_OTHERS else "same-origin")
        assert "Cache-Control" in response.headers


def _broken(request: Any) -> Any:
    raise RuntimeError("secret detail")


@override_settings(ROOT_URLCONF="tests.test_every_answer")
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


def test_templates_trust_no_value() -> None:
    """No unescaped output, unquoted attribute, inline handler, style or script."""
    suspects = ("|safe", "={{", "hx-on", "js:", " style=", "<style", " onclick=", "autoescape off")
    templates = [*ROOT.glob("liveReport/templates/**/*.html")]
    templates += ROOT.glob("dashboards/templates/**/*.html")
    assert templates
    for template in templates:
        text = template.read_text()
        assert not [suspect for suspect in suspects if suspect in text], template
