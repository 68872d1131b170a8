"""What the administration calls things, and how it writes times."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from dashboards.zones import COOKIE
from liveReport.models import Campaign, CampaignChannel

pytestmark = pytest.mark.django_db

INTERNAL = [
    *("fold lease", "key page", "key period", "bucket", "series", "message state", "suspect"),
    *("clocked", "solar", "session", "content type", "widget change", "log entry", "pin"),
]


@pytest.fixture
def admin(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def page(client: Client, address: str, language: str = "en") -> str:
    response = client.get(address, headers={"accept-language": language})
    assert response.status_code == 200
    return response.content.decode()


def offered(markup: str) -> dict[str, str]:
    """The rights on offer, by their id."""
    found = re.search(r'<select name="(?:user_)?permissions".*?</select>', markup, re.DOTALL)
    assert found
    return dict(re.findall(r'<option value="(\d+)"[^>]*>(.*?)</option>', found[0]))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_index_names_nothing_internal(admin: Client, language: str) -> None:
    said = re.sub(r"<[^>]+>", " ", page(admin, "/admin/", language)).lower()
    words = [*INTERNAL, "intervales", "tâches périodique "]
    assert [word for word in words if re.search(rf"\b{word}s?\b", said)] == []


@pytest.mark.parametrize("whose", ["group", "user"])
def test_the_rights_on_offer_are_about_what_is_shown(admin: Client, bob: User, whose: str) -> None:
    pk = Group.objects.create(name="viewers").pk if whose == "group" else bob.pk
    bob.user_permissions.clear()
    labels = offered(page(admin, f"/admin/auth/{whose}/{pk}/change/")).values()
    assert {"Campaigns | view", "API tokens | add"} <= set(labels)
    assert [label for label in labels if any(word in label.lower() for word in INTERNAL)] == []
    french = offered(page(admin, f"/admin/auth/{whose}/{pk}/change/", "fr")).values()
    assert "Campagnes | consulter" in french
    assert "Dispositions | définir la disposition pour tous" in french


def test_a_right_that_is_not_on_offer_is_not_lost(admin: Client) -> None:
    group = Group.objects.create(name="viewers")
    internal = Permission.objects.get(codename="view_bucket")
    group.permissions.add(internal)
    found = offered(page(admin, f"/admin/auth/group/{group.pk}/change/"))
    assert str(internal.pk) in found
    form = {"name": "viewers", "permissions": [str(internal.pk)]}
    assert admin.post(f"/admin/auth/group/{group.pk}/change/", form).status_code == 302
    assert list(group.permissions.all()) == [internal]


def test_lists_write_times_as_reports_do_and_say_the_zone(
    admin: Client, campaign: Campaign
) -> None:
    heard = datetime(2026, 11, 26, 19, 32, tzinfo=UTC)
    CampaignChannel.objects.create(campaign=campaign, channel="email", last_event_at=heard)
    address = "/admin/livereport/campaign/"
    assert "Nov 26, 2026, 19:32" in page(admin, address)
    assert "Times in UTC" in page(admin, address)
    admin.cookies[COOKIE] = "auto:Europe/Paris"
    assert "Nov 26, 2026, 20:32" in page(admin, address)
    assert "Times in Europe/Paris" in page(admin, address)
    assert "26 novembre 2026 20:32" in page(admin, address, "fr")


def test_every_page_leads_to_the_campaigns_and_to_the_index(
    admin: Client, campaign: Campaign
) -> None:
    for address in ("/admin/", "/admin/reports/", "/admin/reports/summer/campaign/"):
        header = page(admin, address).partition("</header>")[0]
        assert '<a href="/admin/reports/">Campaigns</a>' in header
        assert '<a href="/admin/">Administration</a>' in header


def test_an_error_page_leads_to_the_campaigns(admin: Client) -> None:
    response: Any = admin.get("/admin/reports/nowhere/campaign/")
    assert response.status_code == 404
    assert '<a href="/admin/reports/">To the campaigns</a>' in response.content.decode()
