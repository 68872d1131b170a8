"""The Campaign tab: any widget of the campaign's channels may be placed on it."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import openpyxl
import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect

from dashboards.models import MAX_WIDGETS, Layout, WidgetChange
from liveReport.channels import Channel, all_channels, get_channel, registered
from liveReport.engines import reads
from liveReport.models import Campaign, ChannelPlugin
from liveReport.report import tab_report, tab_widget
from tests.support import browser
from tests.support.browser import NEWS, Open, in_browser
from tests.support.cockpit import OWN
from tests.support.factories import CampaignFactory, event
from tests.support.showcase import Showcase

TAB = "/admin/reports/summer/campaign/"
LAYOUT = f"{TAB}layout/"
API = "/api/v1/campaigns/summer/report/"
RUN = "2026-06-01T08:00:00Z"
STATISTICS = OWN[0]

Place = Callable[..., Any]


@pytest.fixture
def alices(client: Client, campaign: Campaign, alice: User, send: Any) -> Iterator[Client]:
    """Alice's browser, looking at a campaign that uses pigeons and SMS."""
    with registered(Showcase):
        send(
            *(pigeon("flown", profile=f"p{i}", execution=RUN) for i in range(3)),
            pigeon("flown", profile="p9"),
            pigeon("arrived", profile="p1"),
            pigeon("lost", reason="hawk"),
            event(channel="sms", type="error", reason="blocked"),
        )
        client.force_login(alice)
        yield client


def pigeon(type_: str, **fields: Any) -> dict[str, Any]:
    return event(channel="pigeon", type=type_, **fields)


def state_of(client: Client) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(client.get(LAYOUT).context["state"])
    return state


def place(client: Client, *slugs: str, address: str = LAYOUT, **changes: Any) -> dict[str, Any]:
    """Save the tab with some widgets below its own, as tables."""
    state = state_of(client)
    added = [
        {"widget": slug, "x": 0, "y": 50 + number, "w": 7, "h": 6, "picture": "table"}
        for number, slug in enumerate(slugs)
    ]
    draft = {
        "widgets": [*state["base"], *added],
        "removed": state["removed"],
        "based_on": state["mine"],
    }
    answer = client.post(address, json.dumps(draft | changes), content_type="application/json")
    assert answer.status_code == 200, answer.content
    saved: dict[str, Any] = answer.json()
    return saved


def page(client: Client, address: str = TAB) -> Any:
    response = client.get(address)
    assert response.status_code == 200
    return response.context["page"]


def order(client: Client, address: str = TAB) -> list[str]:
    return [widget.slug for widget in page(client, address).widgets]


def switch(slug: str, *, on: bool) -> None:
    ChannelPlugin.objects.complete()
    ChannelPlugin.objects.filter(slug=slug).update(enabled=on)


# -- Placing -------------------------------------------------------------------------------


def test_nothing_is_there_that_nobody_placed(alices: Client) -> None:
    assert order(alices) == OWN
    gallery = {entry.info.slug: entry for entry in alices.get(LAYOUT).context["gallery"]}
    every = {f"{c.slug}.{w.key}" for c in (Showcase(), get_channel("sms")) for w in c.widgets}
    assert gallery.keys() == {*OWN} | every
    assert gallery["pigeon.tiles"].has_data
    assert not gallery["pigeon.gifts"].has_data
    assert state_of(alices)["removed"] == []


def test_a_placed_widget_says_what_it_says_on_its_own_tab(alices: Client) -> None:
    place(alices, "pigeon.tiles", "sms.error_reasons")
    shown = page(alices).widgets
    assert [widget.slug for widget in shown] == [*OWN, "pigeon.tiles", "sms.error_reasons"]
    assert [(w.place.w, w.place.h, w.shown_as) for w in shown[len(OWN) :]] == [(7, 6, "table")] * 2
    for widget in shown[len(OWN) :]:
        there = page(alices, TAB.replace("campaign", widget.slug.partition(".")[0])).widgets
        (same,) = [one for one in there if one.slug == widget.slug]
        assert same.report.frame == widget.report.frame


def test_its_title_says_whose_it_is_unless_it_does_already(alices: Client) -> None:
    place(alices, "pigeon.reasons", "sms.statistics")
    titles = {widget.slug: widget.title for widget in page(alices).widgets}
    assert titles["pigeon.reasons"] == "Pigeon post · Reasons"
    assert titles["sms.statistics"].count("SMS") == 1
    html = alices.get(TAB).content.decode()
    assert ">Pigeon post · Reasons</h2>" in html
    assert ">Reasons</h2>" in alices.get(TAB.replace("campaign", "pigeon")).content.decode()
    assert ">Pigeon post · Reasons</h2>" in alices.get(TAB).content.decode()


def test_several_widgets_have_numbers_of_their_own(alices: Client) -> None:
    place(alices, "pigeon.tiles", "pigeon.outcome", "pigeon.course")
    frames = [widget.report.frame for widget in page(alices).widgets]
    keys = [[column.key for column in frame.metrics] for frame in frames]
    assert keys[0] == ["audience", "actions_delivered", "errors"]
    assert keys[len(OWN) :] == [
        ["flown", "arrived", "arrival_rate"],
        ["arrived", "lost", "arrival_rate"],
        ["flown", "lost"],
    ]


def test_it_can_be_removed_again_and_leaves_nothing_behind(alices: Client) -> None:
    place(alices, "pigeon.tiles")
    place(alices, widgets=state_of(alices)["base"], removed=["pigeon.tiles"])
    assert order(alices) == OWN
    assert not Layout.objects.exists()


def test_reset_takes_it_away(alices: Client) -> None:
    place(alices, "pigeon.tiles")
    state = state_of(alices)
    assert [item["widget"] for item in state["base"]] == OWN
    place(alices, widgets=state["base"], removed=state["baseRemoved"], afresh=True)
    assert order(alices) == OWN


def test_it_shows_on_every_campaign_that_uses_its_channel(alices: Client, send: Any) -> None:
    CampaignFactory(slug="winter")
    CampaignFactory(slug="spring")
    send(pigeon("flown", campaign="winter"))
    place(alices, "pigeon.tiles", "sms.error_reasons")
    assert order(alices, TAB.replace("summer", "winter")) == [*OWN, "pigeon.tiles"]
    assert order(alices, TAB.replace("summer", "spring")) == OWN
    (widget,) = page(alices, TAB.replace("summer", "winter")).widgets[len(OWN) :]
    assert (widget.place.w, widget.place.h) == (7, 6)


def test_placed_for_everyone_and_removed_by_one(alices: Client, bob: User) -> None:
    place(alices, "pigeon.tiles", address=f"{LAYOUT}everyone/", based_on="0")
    bobs = Client()
    bobs.force_login(bob)
    assert order(bobs) == [*OWN, "pigeon.tiles"]
    own = [item for item in state_of(bobs)["base"] if item["widget"] in OWN]
    place(bobs, widgets=own, removed=["pigeon.tiles"])
    assert order(bobs) == OWN
    assert state_of(bobs)["removed"] == ["pigeon.tiles"]
    assert order(alices) == [*OWN, "pigeon.tiles"]


def test_its_picture_can_be_switched(alices: Client) -> None:
    place(alices, "pigeon.course")
    (widget,) = page(alices).widgets[len(OWN) :]
    assert widget.picture_url == f"{TAB}widgets/pigeon.course/"
    assert alices.post(widget.picture_url, {"picture": "bar"}).headers["Location"] == TAB
    assert {w.slug: w.shown_as for w in page(alices).widgets}["pigeon.course"] == "bar"
    there = page(alices, TAB.replace("campaign", "pigeon")).widgets
    assert {w.slug: w.shown_as for w in there}["pigeon.course"] == "line"


def test_one_without_data_waits_for_its_first_number(alices: Client, send: Any) -> None:
    place(alices, "pigeon.gifts")
    assert order(alices) == OWN
    send(pigeon("gift"))
    assert order(alices) == [*OWN, "pigeon.gifts"]


def test_a_channel_that_is_off_takes_its_widgets_along_and_brings_them_back(
    alices: Client,
) -> None:
    place(alices, "pigeon.tiles", "sms.error_reasons")
    switch("pigeon", on=False)
    assert order(alices) == [*OWN, "sms.error_reasons"]
    assert "pigeon.tiles" not in alices.get("/admin/reports/summer/export.csv").content.decode()
    assert alices.get(f"{TAB}pigeon.tiles.csv").status_code == 404
    assert alices.get(f"{API}campaign/pigeon.tiles/").status_code == 404
    switch("pigeon", on=True)
    assert order(alices) == [*OWN, "pigeon.tiles", "sms.error_reasons"]


def test_saving_without_a_channel_keeps_what_was_placed_of_it(alices: Client) -> None:
    place(alices, "pigeon.tiles")
    switch("pigeon", on=False)
    place(alices, "sms.error_reasons")
    switch("pigeon", on=True)
    assert set(order(alices)) == {*OWN, "pigeon.tiles", "sms.error_reasons"}


def test_only_the_campaign_tab_has_guests(alices: Client, alice: User) -> None:
    layout = Layout.objects.create(owner=alice, tab="pigeon")
    WidgetChange.objects.create(layout=layout, widget="sms.error_reasons", shown=True)
    pigeons = TAB.replace("campaign", "pigeon")
    assert "sms.error_reasons" not in order(alices, pigeons)
    assert alices.get(f"{pigeons}sms.error_reasons.csv").status_code == 404
    assert alices.get(f"{pigeons}widgets/sms.error_reasons/?picture=table").status_code == 404


class Zoo(Showcase):
    """More widgets than a layout may speak of."""

    slug = "zoo"
    widgets = [
        type(Showcase.widgets[0])(key=f"w{n}", title=f"{n}", help="One of many.", metrics=["flown"])
        for n in range(MAX_WIDGETS + 1)
    ]


def test_a_long_gallery_fills_no_layout(alices: Client, send: Any) -> None:
    with registered(Zoo):
        send(event(channel="zoo", type="flown"))
        assert place(alices, "zoo.w7", "pigeon.tiles")["left_out"] == []
        assert order(alices) == [*OWN, "zoo.w7", "pigeon.tiles"]


# -- Polls, files, walls and the API ----------------------------------------------------------


def test_a_poll_brings_it_current(alices: Client, send: Any) -> None:
    before = page(alices)
    place(alices, "pigeon.tiles")
    shown = [f"{widget.id}:{widget.digest}" for widget in before.widgets]
    address = f"{TAB}changes/"
    news = alices.get(address, {"version": before.version, "shown": shown}).content.decode()
    assert 'data-widget="pigeon.tiles"' in news
    now = page(alices)
    shown = [f"{widget.id}:{widget.digest}" for widget in now.widgets]
    assert alices.get(address, {"version": now.version, "shown": shown}).status_code == 204
    send(pigeon("flown"))
    news = alices.get(address, {"version": now.version, "shown": shown}).content.decode()
    assert re.search(r'data-metric="flown">(<a[^>]*>)?5<', news)


def test_a_draft_shows_it_before_it_is_saved(alices: Client) -> None:
    draft = {
        "draft": [f"{STATISTICS}:kpi", "pigeon.tiles:table"],
        "shown": "lr-pigeon-tiles-table:old",
    }
    news = alices.get(f"{TAB}changes/", draft).content.decode()
    assert 'id="lr-pigeon-tiles-table"' in news
    cell = alices.get(f"{TAB}widgets/pigeon.tiles/", {"picture": "table"}).content.decode()
    assert 'data-widget="pigeon.tiles"' in cell


def test_it_is_in_the_files(alices: Client) -> None:
    place(alices, "pigeon.reasons")
    (widget,) = page(alices).widgets[len(OWN) :]
    assert widget.csv_url == f"{TAB}pigeon.reasons.csv"
    file = alices.get(widget.csv_url)
    assert file.headers["Content-Disposition"].endswith('"summer-campaign-pigeon.reasons.csv"')
    assert "Met a hawk" in file.content.decode()
    whole = alices.get("/admin/reports/summer/export.csv").content.decode("utf-8-sig")
    titles = [row[1:] for row in csv.reader(io.StringIO(whole)) if row[:1] == ["Widget"]]
    assert [titles[0], titles[len(OWN)]] == [
        ["Campaign statistics", STATISTICS],
        ["Pigeon post · Reasons", "pigeon.reasons"],
    ]
    assert ["Reasons", "pigeon.reasons"] in titles
    workbook = alices.get("/admin/reports/summer/export.xlsx").content
    sheet = openpyxl.load_workbook(io.BytesIO(workbook))["Campaign"]
    cells = [cell for row in sheet.iter_rows(values_only=True) for cell in row]
    assert "Pigeon post · Reasons" in cells


def test_it_is_on_the_wall(alices: Client) -> None:
    place(alices, "pigeon.reasons")
    alices.post(f"{TAB}wall/")
    assert 'data-widget="pigeon.reasons"' in alices.get(f"{TAB}?kiosk").content.decode()


def test_the_api_gives_the_tabs_own_and_any_other_by_its_slug(alices: Client) -> None:
    place(alices, "pigeon.reasons")
    tab = alices.get(f"{API}campaign/").json()
    assert [widget["slug"] for widget in tab["widgets"]] == OWN
    placed = alices.get(f"{API}campaign/pigeon.course/").json()
    assert (placed["tab"], placed["slug"]) == ("campaign", "pigeon.course")
    assert placed["frame"] == alices.get(f"{API}pigeon/course/").json()["frame"]
    rows = alices.get(f"{API}campaign/pigeon.reasons/?format=csv").content.decode()
    assert "Met a hawk" in rows
    for widget in ("statistics", STATISTICS):
        assert alices.get(f"{API}campaign/{widget}/").json()["slug"] == STATISTICS
    for unknown in ("course", "pigeon.nothing", "email.statistics"):
        assert alices.get(f"{API}campaign/{unknown}/").status_code == 404


def test_executions_do_not_narrow_the_campaign(alices: Client) -> None:
    place(alices, "pigeon.tiles")
    for query in ("", f"?execution={RUN}"):
        (widget,) = page(alices, f"{TAB}{query}").widgets[len(OWN) :]
        assert widget.report.frame.totals["flown"] == 4
        found = alices.get(f"{API}campaign/pigeon.tiles/{query}").json()
        assert found["frame"]["totals"]["flown"] == 4
    assert alices.get(f"{API}pigeon/tiles/?execution={RUN}").json()["frame"]["totals"]["flown"] == 3


def test_tabs_share_what_is_built(alices: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = Campaign.objects.get(slug="summer")
    now = page(alices).asked.now
    shown = tab_report(campaign, "pigeon", [], now).widgets[0]
    monkeypatch.setattr(reads, "_select", mock.Mock(side_effect=ZeroDivisionError))
    _head, placed = tab_widget(campaign, "campaign", "pigeon.tiles", [], now)
    assert placed.frame is shown.frame


def test_one_that_fails_fails_alone(alices: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liveReport.report.build._frame", mock.Mock(side_effect=ArithmeticError))
    place(alices, "pigeon.tiles")
    assert page(alices).widgets[0].state == "ready"
    assert page(alices).widgets[-1].state == "failed"


# -- What its numbers are made of ---------------------------------------------------------------


def formulas(client: Client) -> dict[str, str]:
    metrics = client.get("/api/v1/metrics/").json()
    return {one["key"]: one["formula"] for one in metrics if one["channel"] == "campaign"}


def terms(formula: str) -> set[str]:
    return set(formula.partition("(")[2].removesuffix(")").split(", "))


def test_the_formulas_are_the_roles_of_the_enabled_channels(alices: Client) -> None:
    channels: list[Channel] = list(all_channels())
    roles = {"audience": "audience", "actions_delivered": "deliveries", "errors": "errors"}
    found = formulas(alices)
    assert list(found) == list(roles)
    for key, role in roles.items():
        expected = {f"{c.slug}.{kind}" for c in channels for kind in getattr(c, role)}
        assert terms(found[key]) == expected
    assert {"pigeon.flown", "sms.targeted"} <= terms(found["audience"])
    assert {"pigeon.arrived", "sms.sent"} <= terms(found["actions_delivered"])
    assert found["errors"].startswith("count(")
    switch("pigeon", on=False)
    assert not any("pigeon." in formula for formula in formulas(alices).values())


# -- In a browser ------------------------------------------------------------------------------


class TestInABrowser:
    pytestmark = in_browser

    @pytest.fixture
    def tab(self, open_page: Open) -> Page:
        return open_page(TAB)

    def test_a_widget_is_placed_moved_and_kept(self, tab: Page, send: Any) -> None:
        modify(tab)
        press(tab, "Add widget")
        gallery = tab.get_by_role("dialog", name="Add widget")
        expect(
            gallery.get_by_role("button", name="On the page Campaign statistics")
        ).to_be_visible()
        gallery.get_by_role("button", name="Add Pigeon post · Flights").click()
        added = browser.widget(tab, "tiles")
        expect(added.locator('[data-metric="flown"]')).to_have_text("40")
        expect(added.locator("[data-handle]")).to_be_focused()
        added.locator("[data-handle]").press("Shift+ArrowLeft")
        expect(tab.locator("#lr-said")).to_contain_text("11 columns wide")
        press(tab, "Save")
        expect(tab.get_by_role("toolbar")).to_be_hidden()
        send(pigeon("flown"))
        expect(added.locator('[data-metric="flown"]')).to_have_text("41", timeout=NEWS)
        tab.reload()
        expect(added).to_have_attribute("data-w", "11")
        expect(added.get_by_role("heading")).to_have_text("Pigeon post · Flights")
        tab.get_by_role("link", name="Pigeon post", exact=True).click()
        expect(browser.widget(tab, "tiles").get_by_role("heading")).to_have_text("Flights")

    def test_it_is_drawn_switched_reset_and_removed(self, tab: Page) -> None:
        modify(tab)
        press(tab, "Add widget")
        gallery = tab.get_by_role("dialog", name="Add widget")
        gallery.get_by_role("button", name="Add Pigeon post · Course").click()
        course = browser.widget(tab, "course")
        expect(browser.chart(tab, "course")).to_be_visible()
        course.locator("[data-handle]").press("Shift+ArrowDown")
        browser.show_as(tab, "course", "Bars side by side")
        expect(course).to_have_attribute("data-picture", "bar")
        course.get_by_role("button", name="Actions for").click()
        tab.get_by_role("button", name="Reset this widget").click()
        expect(course).to_have_attribute("data-picture", "line")
        expect(course).to_have_attribute("gs-h", "8")
        press(tab, "Save")
        expect(tab.get_by_role("toolbar")).to_be_hidden()
        modify(tab)
        course.get_by_role("button", name="Remove Pigeon post · Course").click()
        press(tab, "Save")
        expect(tab.get_by_role("toolbar")).to_be_hidden()
        tab.reload()
        expect(tab.locator(f'[data-widget="{STATISTICS}"]')).to_be_visible()
        expect(course).to_have_count(0)
        assert not Layout.objects.exists()

    def test_in_french(self, open_page: Open) -> None:
        page = open_page(TAB, language="fr")
        page.get_by_role("button", name="Modifier", exact=True).click()
        page.get_by_role("toolbar").get_by_role("button", name="Ajouter un widget").click()
        gallery = page.get_by_role("dialog")
        expect(gallery.get_by_role("button", name="Ajouter Pigeon post · Flights")).to_be_visible()


def modify(page: Page) -> None:
    page.get_by_role("button", name="Modify").click()
    expect(page.get_by_role("toolbar")).to_be_visible()


def press(page: Page, name: str) -> None:
    page.get_by_role("toolbar").get_by_role("button", name=name, exact=True).click()
