"""The time zone that a reader has, chooses, or makes up."""

import pytest
from django.test import Client

from tests.support import pages
from tests.support.pages import TAB, html, rows, widget

at_noon = pages.at_noon
alices = pages.alices
flights = pages.flights

ZONES = "/admin/time-zone/"


@pytest.mark.usefixtures("flights")
@pytest.mark.parametrize("cookie", ["Asia/Kolkata", "auto:Asia/Kolkata"])
def test_times_are_the_readers(alices: Client, cookie: str) -> None:
    alices.cookies["livereport_zone"] = cookie
    page = html(alices)
    assert "as of 17:37:30" in page
    assert "Times in Asia/Kolkata" in page
    assert "Jun 1, 13:30" in widget(page, "runs")
    assert ('data-chosen-zone="Asia/Kolkata"' in page) == (cookie == "Asia/Kolkata")
    assert rows(alices, f"{TAB}runs.csv")[1][0] == "2026-06-01T17:30:00+05:30"


@pytest.mark.usefixtures("flights")
@pytest.mark.parametrize(
    "cookie", ["", "Middle/Earth", "auto:", "../../etc/passwd", "/etc", "a" * 999]
)
def test_a_zone_that_is_none_means_utc(alices: Client, cookie: str) -> None:
    alices.cookies["livereport_zone"] = cookie
    assert "Times in UTC" in html(alices)


@pytest.mark.usefixtures("flights")
def test_a_zone_can_be_chosen(alices: Client) -> None:
    page = html(alices, f"{ZONES}?next={TAB}")
    assert '<option value="Europe/Paris">' in page
    response = alices.post(ZONES, {"zone": "Europe/Paris", "next": TAB})
    assert response.headers["Location"] == TAB
    assert alices.cookies["livereport_zone"].value == "Europe/Paris"
    assert '<option value="Europe/Paris" selected>' in html(alices, ZONES)
    alices.post(ZONES, {"zone": "auto"})
    assert "Times in UTC" in html(alices)


def test_choosing_a_zone_leads_nowhere_else(alices: Client) -> None:
    response = alices.post(ZONES, {"zone": "UTC", "next": "https://example.com/"})
    assert response.headers["Location"] == "/admin/"
    response = alices.post(ZONES, {"zone": "Middle/Earth"})
    assert response.status_code == 422
    assert "Middle/Earth is not a time zone." in response.content.decode()
