"""The pages of the report as they come from the server, without a browser."""

import ast
import codecs
import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from unittest import mock

import openpyxl
import polib
import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation

import dashboards
from dashboards.drawing import Drawing
from dashboards.moments import Clock
from dashboards.numbers import Writer
from dashboards.pictures.kpi import sparkline
from dashboards.pictures.parts import PartsPicture
from dashboards.pictures.series import SeriesPicture
from dashboards.pictures.table import TablePicture
from liveReport.channels import registered
from liveReport.engines import reads
from liveReport.models import Campaign
from liveReport.report import build
from liveReport.report.frames import Column, Frame, Row, WidgetReport
from tests.support.factories import CampaignFactory, UserFactory, event
from tests.support.showcase import Showcase

NOW = datetime(2026, 6, 1, 12, 7, 30, tzinfo=UTC)
MORNING, NOON = "2026-06-01T08:00:00Z", "2026-06-01T12:00:00Z"
TAB = "/admin/reports/summer/pigeon/"

Send = Callable[..., Any]


def pigeon(type_: str, **fields: Any) -> dict[str, Any]:
    return event(channel="pigeon", type=type_, **fields)


@pytest.fixture
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False), registered(Showcase):
        yield


@pytest.fixture
def alices(client: Client, campaign: Campaign, alice: User, at_noon: None) -> Client:
    """Alice's browser, looking at a campaign with a few flights."""
    client.force_login(alice)
    return client


@pytest.fixture
def flights(alices: Client, send: Send) -> None:
    send(
        *(pigeon("flown", profile=f"p{i}", execution=NOON) for i in range(1000)),
        *(pigeon("flown", profile=f"p{i}", execution=MORNING) for i in range(234)),
        *(pigeon("arrived", profile=f"p{i}", execution=NOON) for i in range(1000)),
        *(pigeon("lost", profile=f"q{i}", reason="hawk", execution=MORNING) for i in range(3)),
        pigeon("lost", profile="q9", reason="<script>alert(1)</script>", execution=MORNING),
    )


def html(client: Client, address: str = TAB, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def body(page: str, key: str) -> str:
    """What a widget shows, without its head."""
    return widget(page, key).partition('class="lr-body"')[2]


def widget(page: str, key: str) -> str:
    """The markup of one widget."""
    found = re.search(rf'<div [^>]*data-widget="pigeon.{key}".*?</section>', page, re.DOTALL)
    assert found, f"no widget {key}"
    return found[0]


def values(markup: str, metric: str) -> list[str]:
    found = re.findall(rf'data-metric="{metric}">(.*?)</(?:span|td)>', markup, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", value) for value in found]


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
    assert values(widget(page, "tiles"), "arrival_rate") == ["81,0\N{NO-BREAK SPACE}%"]


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
    assert "No execution" in alices.get(address).content.decode()
    alices.cookies["django_language"] = "fr"
    assert "Sans exécution" in alices.get(address).content.decode()
    assert "Sans exécution" in body(html(alices), "runs")
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


# -- Polls ---------------------------------------------------------------------------------


def poll(client: Client, page: str) -> Any:
    """What the page's script asks for: what is new since ``page``."""
    version = re.search(r'data-version="([\w-]+)"', page)
    assert version
    shown = re.findall(r'id="([\w-]+)" data-digest="(\w+)"', page)
    query = {"version": version[1], "shown": [f"{id_}:{digest}" for id_, digest in shown]}
    return client.get(f"{TAB}changes/", query)


@pytest.mark.usefixtures("flights")
def test_a_poll_without_news_has_no_content_but_an_age(alices: Client) -> None:
    response = poll(alices, html(alices))
    assert response.status_code == 204
    assert response.content == b""
    assert datetime.fromisoformat(response.headers["X-Report-As-Of"]) == NOW
    assert response.headers["X-Report-Lag"] == "0.0"


@pytest.mark.usefixtures("flights")
def test_a_poll_without_news_asks_for_little(
    alices: Client, bob: User, django_assert_num_queries: Any
) -> None:
    """Session, user, rights, campaign, state and layout."""
    page = html(alices)
    with django_assert_num_queries(5):  # a superuser may everything
        assert poll(alices, page).status_code == 204
    alices.force_login(bob)
    with django_assert_num_queries(6):
        assert poll(alices, page).status_code == 204


@pytest.mark.usefixtures("flights")
def test_a_poll_brings_only_what_differs(alices: Client, send: Send) -> None:
    page = html(alices)
    send(pigeon("lost", reason="hawk", execution=MORNING))
    response = poll(alices, page)
    ids = re.findall(r'id="(lr-[\w-]+)" data-digest', response.content.decode())
    assert ids == ["lr-pigeon-outcome-donut", "lr-pigeon-reasons-donut", "lr-pigeon-course-line"]
    assert values(response.content.decode(), "lost")[0] == "5"


@pytest.mark.usefixtures("flights")
def test_a_new_version_of_equal_numbers_replaces_nothing(alices: Client) -> None:
    page = html(alices)
    with time_machine.travel(NOW.replace(minute=8), tick=False):
        response = poll(alices, page)
    assert re.findall(r'id="(lr-[\w-]+)" data-digest', response.content.decode()) == ["lr-title"]


@pytest.mark.usefixtures("flights")
def test_a_widget_that_appears_is_put_in_its_place(alices: Client, send: Send) -> None:
    page = html(alices)
    send(pigeon("gift"))
    answer = poll(alices, page).content.decode()
    assert 'hx-swap-oob="afterend:#lr-pigeon-course-line-widget"' in answer
    assert values(widget(answer, "gifts"), "gifts") == ["1"]


@pytest.mark.usefixtures("flights")
def test_a_widget_that_is_gone_is_taken_away(alices: Client) -> None:
    page = html(alices) + '<div id="lr-pigeon-past" data-digest="0">'
    answer = poll(alices, page.replace('data-version="', 'data-version="0')).content.decode()
    assert '<div id="lr-pigeon-past-widget" hx-swap-oob="delete">' in answer


# -- Exports -------------------------------------------------------------------------------


def rows(client: Client, address: str) -> list[list[str]]:
    response = client.get(address)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in response.headers["Content-Disposition"]
    assert response.content.startswith(codecs.BOM_UTF8)
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


@pytest.mark.usefixtures("flights")
@pytest.mark.parametrize("name", ["runs", "pigeon.runs"])
def test_a_widget_as_csv(alices: Client, name: str) -> None:
    assert rows(alices, f"{TAB}{name}.csv") == [
        ["Execution time", "Flown", "Arrived", "Readers"],
        [NOON, "1000", "1000", "1000"],
        [MORNING, "234", "0", "0"],
        ["Total", "1234", "1000", "1000"],
    ]


@pytest.mark.usefixtures("flights")
def test_the_whole_report_as_csv(alices: Client) -> None:
    table = rows(alices, "/admin/reports/summer/export.csv")
    titles = [line[1] for line in table if line and line[0] == "Widget"]
    assert titles == ["Campaign statistics", "Flights", "Outcome", "Reasons", "Runs", "Course"]
    assert ["Window", "2026-05-31T12:08:00Z", "2026-06-01T12:08:00Z"] in table
    assert ["Time zone", "UTC"] in table
    assert ["As of", "2026-06-01T12:07:30Z"] in table
    assert ["Met a hawk", "3"] in table


def sheets(client: Client) -> dict[str, list[tuple[Any, ...]]]:
    response = client.get("/admin/reports/summer/export.xlsx")
    assert response.status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


@pytest.mark.usefixtures("flights")
def test_the_whole_report_as_a_workbook(alices: Client, send: Send) -> None:
    send(pigeon("lost", reason='=HYPERLINK("http://example.com")'))
    alices.cookies["livereport_zone"] = "Europe/Paris"
    found = sheets(alices)
    assert list(found) == ["Campaign", "Pigeon post"]
    table = [row[:3] for row in found["Pigeon post"]]
    assert ("Widget", "Reasons", "pigeon.reasons") in table
    assert ("Window", datetime(2026, 5, 31, 14, 8), datetime(2026, 6, 1, 14, 8)) in table
    assert ("UTC", datetime(2026, 5, 31, 12, 8), datetime(2026, 6, 1, 12, 8)) in table
    assert ("Execution time", "UTC", "Flown") in table
    assert (datetime(2026, 6, 1, 10), datetime(2026, 6, 1, 8), 234) in table
    assert ("Total", None, 1234) in table
    assert ("Time zone", "Europe/Paris", None) in table
    assert ("Met a hawk", 3, None) in table
    assert ('=HYPERLINK("http://example.com")', 1, None) in table


@pytest.mark.usefixtures("flights")
def test_no_cell_of_a_workbook_is_a_formula(alices: Client, send: Send) -> None:
    send(*(pigeon("lost", reason=reason) for reason in ("=1+1", "@SUM(1)", "http://a.example")))
    content = alices.get("/admin/reports/summer/export.xlsx").content
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        markup = [parts.read(name).decode() for name in parts.namelist() if "sheet" in name]
    assert len(markup) == 2
    assert not any(re.search(r"<f>|<hyperlink", text) for text in markup)


@pytest.mark.usefixtures("flights")
def test_exports_follow_their_users_arrangement(alices: Client) -> None:
    alices.get(f"{TAB}layout/")
    draft = {
        "widgets": [
            {"widget": "pigeon.course", "x": 0, "y": 0, "w": 12, "h": 7, "picture": "table"},
            {"widget": "pigeon.tiles", "x": 0, "y": 7, "w": 12, "h": 4, "picture": "kpi"},
        ],
        "removed": ["pigeon.outcome", "pigeon.reasons", "pigeon.runs"],
    }
    alices.post(f"{TAB}layout/", draft, content_type="application/json")
    table = rows(alices, "/admin/reports/summer/export.csv")
    titles = [line[1] for line in table if line and line[0] == "Widget"]
    assert titles == ["Campaign statistics", "Course", "Flights"]


# -- Time zone -------------------------------------------------------------------------------

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


# -- Numbers as text -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0, "0.0%"), (0.00001, "< 0.1%"), (0.5, "50.0%"), (0.99999, "> 99.9%"), (1, "100.0%")],
)
def test_shares_are_not_rounded_to_all_or_nothing(fraction: float, text: str) -> None:
    with translation.override("en"):
        assert Writer().share(fraction) == text


def drawing(frame: Frame, **fields: Any) -> Drawing:
    report = WidgetReport(
        slug="pigeon.any",
        title="Any",
        help="",
        kind="table",
        kinds=["table"],
        size=(6, 7),
        definitions={},
        frame=frame,
        **fields,
    )
    return Drawing(report, frame, Clock.of(NOW))


READERS = Column(key="readers", label="Readers", role="metric", unit="profiles")
RATE = Column(key="rate", label="Rate", role="metric", unit="ratio")
TIME = Column(key="time", label="Time", role="time")
REASON = Column(key="reason", label="Reason", role="dimension")


def test_estimates_and_partial_rates_are_marked() -> None:
    row: Row = {"readers": 20_000, "rate": 0.25}
    frame = Frame(
        columns=[READERS, RATE],
        rows=[row],
        totals=row,
        estimates=[["readers"]],
        incomplete=["rate"],
    )
    with translation.override("en"):
        cells = drawing(frame).cells(frame.marked_rows[0])
    assert cells == [("readers", "≈ 20,000"), ("rate", "25.0%†")]


def test_only_the_estimates_among_the_values_are_marked() -> None:
    rows: list[Row] = [
        {"time": f"2026-06-01T0{i}:00:00Z", "readers": n} for i, n in enumerate((5, 20_000))
    ]
    frame = Frame(
        columns=[TIME, READERS],
        rows=rows,
        totals={"readers": 20_005},
        estimates=[[], ["readers"]],
        total_estimates=["readers"],
    )
    with translation.override("en"):
        picture = SeriesPicture(drawing(frame))
    assert [line.cells for line in picture.table.lines] == [
        [("readers", "≈ 20,000")],
        [("readers", "5")],
    ]
    assert picture.chart["lines"][0]["estimates"] == [1]
    assert "Readers ≈ 20,005" in picture.chart["summary"]


def test_a_share_is_an_estimate_when_its_part_or_its_whole_is() -> None:
    rows: list[Row] = [
        {"reason": reason, "readers": n} for reason, n in (("fog", 19_995), ("hawk", 5))
    ]
    frame = Frame(
        columns=[REASON, READERS],
        rows=[*rows, {"reason": "none", "readers": 0}],
        totals={"readers": 20_000},
        estimates=[["readers"], [], []],
        total_estimates=["readers"],
    )
    with translation.override("en"):
        picture = PartsPicture(drawing(frame))
    assert [part.number.signed for part in picture.parts] == ["≈ 19,995", "5", "0"]
    assert [part.share for part in picture.parts] == ["≈ > 99.9%", "≈ < 0.1%", "0.0%"]
    assert picture.total == "≈ 20,000"
    assert [piece["estimate"] for piece in picture.chart["slices"]] == [True, False, False]


def test_an_undefined_rate_is_a_dash_without_a_mark() -> None:
    frame = Frame(columns=[RATE], rows=[], totals={"rate": None}, incomplete=["rate"])
    assert drawing(frame).cells(frame.marked_totals) == [("rate", "—")]


def test_shares_of_profiles_are_of_the_distinct_ones() -> None:
    """Two reasons for each of ten profiles: each reason has all of them."""
    rows: list[Row] = [{"reason": "hawk", "readers": 10}, {"reason": "fog", "readers": 10}]
    frame = Frame(columns=[REASON, READERS], rows=rows, totals={"readers": 10})
    picture = PartsPicture(drawing(frame))
    assert picture.total == "10"
    assert [part.share for part in picture.parts] == ["100.0%", "100.0%"]


def test_a_donut_folds_what_has_no_colour_of_its_own() -> None:
    rows: list[Row] = [{"reason": f"r{i}", "readers": 20 - i} for i in range(10)]
    frame = Frame(columns=[REASON, READERS], rows=rows, totals={"readers": 155})
    slices = PartsPicture(drawing(frame)).chart["slices"]
    assert len(slices) == 7
    assert sum(one["value"] for one in slices) == 155


def test_the_table_of_a_series_begins_with_the_newest() -> None:
    rows: list[Row] = [{"time": f"2026-06-01T{hour}:00:00Z", "readers": 1} for hour in ("10", "11")]
    frame = Frame(columns=[TIME, READERS], rows=rows, totals={"readers": 2})
    heads = [line.head for line in TablePicture(drawing(frame)).lines]
    assert [head.text for head in heads if head] == ["Jun 1, 11:00", "Jun 1, 10:00"]
    times = [f"2026-06-01T{hour}:00:00+00:00" for hour in ("10", "11")]
    assert SeriesPicture(drawing(frame)).chart["times"] == times


def test_a_sparkline_sets_the_running_step_apart() -> None:
    rows: list[Row] = [{"time": "t", "readers": value} for value in (0, 10, 5)]
    trend = Frame(columns=[TIME, READERS], rows=rows, totals={})
    line = sparkline(trend, READERS, Writer())
    assert line
    assert (line.line, line.tail) == ("0,23.0 1,1.0", "1,1.0 2,12.0")


# -- Sources -------------------------------------------------------------------------------

SOURCES = Path(dashboards.__file__).parent


def test_templates_stay_short() -> None:
    long = [p.name for p in SOURCES.rglob("*.html") if len(p.read_text().splitlines()) > 60]
    assert long == []


def test_templates_trust_no_value() -> None:
    for path in SOURCES.rglob("*.html"):
        assert not re.findall(r"\|\s*safe\b|={{|hx-on|js:|autoescape", path.read_text()), path


def texts_of(path: Path) -> set[str]:
    """The texts that a module or a template marks for translation."""
    source = path.read_text()
    if path.suffix == ".html":
        return set(re.findall(r'\btranslate "([^"]+)"', source))
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return {
        text.value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in ("_", "gettext", "gettext_lazy")
        for text in call.args
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    }


@pytest.mark.parametrize("app", ["dashboards", "liveReport"])
def test_every_text_is_translated(app: str) -> None:
    folder = SOURCES.parent / app
    catalogue = polib.pofile(str(folder / "locale/fr/LC_MESSAGES/django.po"))
    assert catalogue.percent_translated() == 100
    known = {entry.msgid for entry in catalogue}
    sources = [*folder.rglob("*.py"), *folder.rglob("*.html")]
    assert set().union(*map(texts_of, sources)) - known == set()
