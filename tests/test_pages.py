"""The pages of the report as they come from the server, without a browser."""

import re
from html import unescape
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.test import Client

from liveReport.engines import reads
from liveReport.models import Campaign
from liveReport.report import build
from liveReport.report.frames import Frame
from tests.support import pages
from tests.support.factories import CampaignFactory, UserFactory
from tests.support.pages import MORNING, NOON, TAB, Send, html, pigeon, values, widget

at_noon = pages.at_noon
alices = pages.alices
flights = pages.flights


def body(page: str, key: str) -> str:
    """What a widget shows, without its head."""
    return widget(page, key).partition('class="lr-body"')[2]


# -- What is on the page -------------------------------------------------------------------


@pytest.mark.usefixtures("flights")
def test_every_kind_of_widget_shows_its_numbers(alices: Client) -> None:
    page = html(alices)
    assert re.search(r"<title>Campaign live report\b", page)
    assert 'data-version="' in page
    assert values(widget(page, "tiles"), "flown") == ["1,234"]
    assert values(widget(page, "tiles"), "arrival_rate") == ["81.0%"]
    assert values(widget(page, "outcome"), "lost") == ["4"]
    assert values(widget(page, "runs"), "flown") == ["1,000", "234", "1,234"]
    assert values(widget(page, "course"), "flown")[0] == "1,234"
    assert "Met a hawk" in widget(page, "reasons")
    kinds = re.findall(r'data-kind="(\w+)"', page)
    assert kinds == ["kpi", "parts", "parts", "table", "series"]


@pytest.mark.usefixtures("flights")
def test_every_widget_has_help_a_twin_and_an_export(alices: Client) -> None:
    page = html(alices)
    for key in ("tiles", "outcome", "runs", "course", "reasons"):
        markup = widget(page, key)
        assert "data-twin" in markup
        assert f'href="{TAB}{key}.csv"' in markup
    assert "Pigeons that left." in widget(page, "tiles")
    assert "Arrived of flown." in widget(page, "tiles")


@pytest.mark.usefixtures("flights")
def test_the_page_speaks_french(alices: Client) -> None:
    alices.cookies["django_language"] = "fr"
    page = html(alices)
    assert "<title>Rapport dynamique de campagne" in page
    assert "Dernières 24\N{NO-BREAK SPACE}heures" in page
    assert values(widget(page, "tiles"), "flown") == ["1\N{NO-BREAK SPACE}234"]
    assert values(widget(page, "tiles"), "arrival_rate") == ["81,0\N{NARROW NO-BREAK SPACE}%"]


@pytest.mark.usefixtures("flights")
def test_nothing_inline_that_the_policy_forbids(alices: Client) -> None:
    page = html(alices)
    assert not re.findall(r"<[^>]+\sstyle=", page)
    assert not re.findall(r"<[^>]+\son\w+=", page)
    scripts = re.findall(r"<script([^>]*)>", page)
    assert all('src="' in script or 'type="application/json"' in script for script in scripts)


@pytest.mark.usefixtures("flights")
def test_values_of_strangers_stay_text(alices: Client) -> None:
    page = html(alices)
    assert "<script>alert" not in page
    assert "<script>alert(1)</script>" in unescape(widget(page, "reasons"))


def test_without_events_every_widget_says_so(alices: Client, campaign: Campaign) -> None:
    campaign.channels.create(channel="pigeon", declared=True)
    page = html(alices)
    assert values(widget(page, "tiles"), "flown") == ["0"]
    for key in ("outcome", "runs", "course", "reasons"):
        assert 'data-state="empty"' in widget(page, key)


@pytest.mark.usefixtures("flights")
def test_a_widget_fails_alone(alices: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    frame_of = build._frame

    def failing(tallies: Any, declared: Any, **kwargs: Any) -> Frame:
        if declared.key == "outcome":
            raise ZeroDivisionError
        return frame_of(tallies, declared, **kwargs)

    monkeypatch.setattr(build, "_frame", failing)
    page = html(alices)
    assert 'data-state="failed"' in widget(page, "outcome")
    assert 'data-state="ready"' in widget(page, "reasons")


@pytest.mark.usefixtures("flights")
def test_what_failed_is_tried_again(alices: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(build, "_frame", mock.Mock(side_effect=ZeroDivisionError))
        assert 'data-state="failed"' in widget(html(alices), "outcome")
    assert 'data-state="ready"' in widget(html(alices), "outcome")


@pytest.mark.usefixtures("flights")
def test_viewers_share_what_is_built_of_a_state(
    alices: Client, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = html(alices)
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    read = mock.Mock(side_effect=ZeroDivisionError)
    monkeypatch.setattr(reads, "_select", read)
    assert body(html(client), "outcome") == body(page, "outcome")
    read.assert_not_called()


@pytest.mark.usefixtures("flights")
def test_what_viewers_share_is_of_their_campaign_filter_and_zone(
    alices: Client, send: Send
) -> None:
    CampaignFactory(slug="winter")
    send(pigeon("flown", campaign="winter"))
    assert values(widget(html(alices), "tiles"), "flown") == ["1,234"]
    assert values(widget(html(alices, TAB.replace("summer", "winter")), "tiles"), "flown") == ["1"]
    assert values(widget(html(alices, f"{TAB}?execution={NOON}"), "tiles"), "flown") == ["1,000"]
    plain = body(html(alices), "runs")
    assert body(html(alices), "runs") == plain
    alices.cookies["livereport_zone"] = "Asia/Tokyo"
    assert body(html(alices), "runs") != plain


@pytest.mark.usefixtures("flights")
def test_viewers_share_no_token_and_no_language(alices: Client) -> None:
    pages = [html(alices), html(alices)]
    tokens = [set(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)) for page in pages]
    assert all(tokens)
    assert not tokens[0] & tokens[1]
    alices.cookies["django_language"] = "fr"
    french = widget(html(alices), "outcome")
    assert "À propos de" in french
    assert "Afficher en" in french
    assert "Show as" not in french


@pytest.mark.usefixtures("flights")
def test_what_viewers_share_is_in_the_language_of_each(alices: Client, send: Send) -> None:
    send(pigeon("flown"), pigeon("lost"))
    address = f"{TAB}runs.csv"
    assert "Without a run" in alices.get(address).content.decode()
    alices.cookies["django_language"] = "fr"
    assert "Hors exécution" in alices.get(address).content.decode()
    assert "Hors exécution" in body(html(alices), "runs")
    assert "Non précisé" in body(html(alices), "reasons")


# -- Addresses -----------------------------------------------------------------------------


def test_the_report_opens_on_the_campaign_tab(alices: Client) -> None:
    response = alices.get("/admin/reports/summer/")
    assert response.headers["Location"] == "/admin/reports/summer/campaign/"
    assert 'data-widget="campaign.statistics"' in html(alices, response.headers["Location"])


@pytest.mark.parametrize(
    "address",
    ["nowhere/", "nowhere/campaign/", "nowhere/export.csv", "nowhere/fax/", "summer/fax/changes/"],
)
def test_what_does_not_exist_is_not_found(alices: Client, address: str) -> None:
    html(alices, f"/admin/reports/{address}", status=404)


@pytest.mark.usefixtures("flights")
def test_an_unknown_widget_is_not_found(alices: Client) -> None:
    html(alices, f"{TAB}nothing.csv", status=404)


PAGES = [TAB, f"{TAB}changes/", f"{TAB}tiles.csv", "/admin/reports/summer/export.csv"]


@pytest.mark.usefixtures("flights")
@pytest.mark.parametrize("address", PAGES)
def test_staff_who_may_not_see_campaigns_find_nothing(client: Client, address: str) -> None:
    client.force_login(UserFactory(username="dora", is_staff=True))
    html(client, address, status=404)


@pytest.mark.usefixtures("flights")
@pytest.mark.parametrize("address", PAGES)
def test_strangers_are_sent_to_the_log_in(client: Client, charlie: User, address: str) -> None:
    client.force_login(charlie)
    response = client.get(address)
    assert response.headers["Location"].startswith("/admin/login/")


@pytest.mark.usefixtures("flights")
@pytest.mark.parametrize("address", PAGES)
def test_pages_only_read(alices: Client, address: str) -> None:
    assert alices.post(address).status_code == 405


# -- The filter ----------------------------------------------------------------------------


@pytest.mark.usefixtures("flights")
def test_the_filter_comes_from_the_address(alices: Client) -> None:
    page = html(alices, f"{TAB}?execution={MORNING}")
    assert values(widget(page, "tiles"), "flown") == ["234"]
    assert re.findall(r'value="([^"]+)" checked', page) == [MORNING]


@pytest.mark.usefixtures("flights")
def test_links_and_polls_keep_the_filter(alices: Client) -> None:
    page = unescape(html(alices, f"{TAB}?execution={MORNING}&execution={NOON}"))
    query = "?execution=2026-06-01T08%3A00%3A00Z&execution=2026-06-01T12%3A00%3A00Z"
    for address in ("/admin/reports/summer/campaign/", f"{TAB}changes/", f"{TAB}runs.csv"):
        assert f'"{address}{query}"' in page


@pytest.mark.usefixtures("flights")
def test_a_filter_that_is_no_time_is_refused(alices: Client) -> None:
    html(alices, f"{TAB}?execution=yesterday", status=400)
