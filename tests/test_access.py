"""Who gets in where. A new route must be listed here."""

import logging
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from liveReport.models import ApiToken, Campaign
from tests.support.factories import UserFactory, make_source
from tests.support.routes import ROUTES, url

pytestmark = pytest.mark.django_db

PUBLIC = {
    *("healthz", "readyz", "beacon.js", "admin/login/"),
    *("api/v1/", "api/docs/", "api/schema/"),
}
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
    "admin/reports/",
    "admin/campaigns/changes/",
    "admin/campaigns/switch/",
    "api/v1/campaigns/",
    "api/v1/overview/",
    "api/v1/metrics/",
    "api/v1/channels/",
}
"""What staff without any right may open besides: nothing in it is about a campaign."""

READ_TOKEN = {
    "api/v1/campaigns/",
    "api/v1/campaigns/{slug}/",
    "api/v1/campaigns/{slug}/rules/",
    "api/v1/campaigns/{slug}/report/",
    "api/v1/campaigns/{slug}/report/{tab}/",
    "api/v1/campaigns/{slug}/report/{tab}/{widget}/",
    "api/v1/overview/",
    "api/v1/metrics/",
    "api/v1/channels/",
    "api/v1/sources/",
}
"""What a token of scope read opens. Scope ingest opens none of it."""
EVENTS_TOKEN = {"api/v1/campaigns/{slug}/events/"}
"""What one opens besides that may list single events."""
NOTHING = {
    *("api", "api/", "api/{rest}", "hooks/{source}", "hooks/{source}/"),
    *("beacon/{key}", "beacon/{key}/", "demo/shop/"),
}
"""Where there is nothing, for anybody; or only for who has a secret or a key, or a demo."""


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
    _token, text = ApiToken.objects.issue(make_source("bi"), "read", events=True)
    lister = _answers(client, authorization=f"Bearer {text}")
    assert _opened(lister) == PUBLIC | READ_TOKEN | EVENTS_TOKEN


def test_denials_are_logged_without_detail(client: Client, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    client.get("/api/v1/metrics/", headers={"authorization": "Bearer not-a-token-of-ours"})
    assert "not-a-token" not in caplog.text
