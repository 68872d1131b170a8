"""Reports on wall screens: what they show, and what their sessions may not do."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from liveReport.channels import registered
from liveReport.models import Campaign
from tests.support.factories import event
from tests.support.showcase import Showcase

TAB = "/admin/reports/summer/pigeon/"


@pytest.fixture
def screen(client: Client, campaign: Campaign, alice: User, send: Any) -> Iterator[Client]:
    """Alice's browser on the wall, before she starts the wall screen."""
    with registered(Showcase):
        send(event(channel="pigeon", type="flown"))
        client.force_login(alice)
        yield client


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        ("kiosk", 20),
        ("kiosk=60", 60),
        ("kiosk=1", 5),
        ("kiosk=99999", 3600),
        ("kiosk=soon", 20),
        pytest.param(f"kiosk={'9' * 4_301}", 3600, id="more digits than are read"),
    ],
)
def test_a_kiosk_has_nothing_to_press_and_stays_one(
    screen: Client, query: str, seconds: int
) -> None:
    page = screen.get(f"{TAB}?{query}").content.decode()
    assert f'data-kiosk="{seconds}"' in page
    assert f'href="/admin/reports/summer/campaign/?kiosk={seconds}"' in page


def test_looking_at_a_shared_kiosk_link_locks_nothing(screen: Client) -> None:
    screen.get(f"{TAB}?kiosk")
    assert screen.get("/admin/").status_code == 200


def test_a_wall_screen_can_only_look(screen: Client) -> None:
    response = screen.post(f"{TAB}wall/?execution=2026-01-01T00:00:00Z")
    assert response.headers["Location"].endswith("?execution=2026-01-01T00%3A00%3A00Z&kiosk=20")
    assert screen.get(f"{TAB}?kiosk").status_code == 200
    assert screen.get(f"{TAB}changes/?kiosk=20").status_code == 200
    for address in ("/admin/", "/admin/livereport/campaign/", "/admin/password_change/"):
        response = screen.get(address)
        assert response.status_code == 403
        assert "This session is a wall screen" in response.content.decode()
    assert screen.get("/api/v1/campaigns/").status_code == 403
    draft = {"widgets": [], "removed": ["pigeon.tiles"]}
    for address in (f"{TAB}layout/", f"{TAB}layout/everyone/"):
        assert screen.post(address, draft, content_type="application/json").status_code == 403
    assert screen.post(f"{TAB}widgets/tiles/", {"picture": "table"}).status_code == 403


def test_a_wall_screen_lasts_and_ends_with_a_log_out(screen: Client, alice: User) -> None:
    screen.post(f"{TAB}wall/")
    lasts = screen.session.get_expiry_date() - timezone.now()
    assert timedelta(days=29) < lasts <= timedelta(days=30)
    assert screen.post("/admin/logout/").status_code == 200
    screen.force_login(alice)
    assert screen.get("/admin/").status_code == 200


def test_a_wall_screen_begins_with_a_post(screen: Client) -> None:
    assert screen.get(f"{TAB}wall/").status_code == 405
    assert screen.get("/admin/").status_code == 200
