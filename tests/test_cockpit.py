"""The Campaign tab as cockpit: pace, funnel, timeline, and the course of its statistics."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import openpyxl
import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import expect

from dashboards.progress import progress
from liveReport import rollup
from liveReport.channels import get_channel
from liveReport.ingest import receive
from liveReport.models import Campaign, ChannelPlugin, Source
from liveReport.report import tab_report
from liveReport.report.frames import Column, Frame, MarkedRow, WidgetReport
from liveReport.report.numbers import Writer
from liveReport.report.pace import LONGEST, Pace, _expected_end
from tests.support import oracle
from tests.support.browser import Open, in_browser
from tests.support.cockpit import OWN, STAGES
from tests.support.factories import event
from tests.support.isolation import undone
from tests.support.pages import unlinked
from tests.support.strategies import events_of, on_a_database

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
RUN, EARLIER = "2026-03-14T14:06:00Z", "2026-03-14T08:00:00Z"
TAB = "/admin/reports/summer/campaign/"
API = "/api/v1/campaigns/summer/report/campaign/"
LEDGER = (
    *("targeted", "excluded", "sent", "errors", "queued"),
    *("delivered", "bounced", "deferred", "awaiting", "unaccounted", "repeats"),
)
FUNNEL = [*STAGES, *(rate for rate in STAGES.values() if rate)]

Send = Callable[..., Any]


@pytest.fixture
def at() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def alices(client: Client, alice: User, campaign: Campaign, at: None) -> Client:
    client.force_login(alice)
    return client


def some(count: int, kind: str, minutes: float = 2, **fields: Any) -> list[dict[str, Any]]:
    """Events of as many profiles, all at a moment before now."""
    at = (NOW - timedelta(minutes=minutes)).isoformat()
    plain = {"channel": "email", "type": kind, "occurred_at": at}
    return [event(**(plain | {"profile": f"p{n}"} | fields)) for n in range(count)]


def widgets() -> dict[str, WidgetReport]:
    report = tab_report(Campaign.objects.get(slug="summer"), "campaign", [], NOW)
    assert [one.slug for one in report.widgets] == OWN
    return {one.slug.partition(".")[2]: one for one in report.widgets}


def frame(key: str) -> Frame:
    found = widgets()[key].frame
    assert found is not None
    return found


def pace() -> list[tuple[Any, ...]]:
    """Channel, run, done, of and expected end of each row."""
    keys = ("channel", "execution", "done", "of", "expected_end")
    return [tuple(row[key] for key in keys) for row in frame("pace").rows]


# -- Against the recount ---------------------------------------------------------------------

CHANNELS = ("email", "sms", "web")
LATELY = st.one_of(st.integers(0, 7_200), st.integers(0, 420), st.integers(80_000, 92_000))


@given(data=st.data())
@on_a_database
def test_every_number_equals_the_recount(
    campaign: Campaign, source: Source, data: st.DataObject
) -> None:
    drawn = [events_of(get_channel(slug), NOW, LATELY, [None, RUN, EARLIER]) for slug in CHANNELS]
    events = data.draw(st.lists(st.one_of(drawn), max_size=60))
    with undone():
        campaign.channels.create(channel="email", declared=True)
        if events:
            receive(source, msgspec.json.encode(events), now=NOW)
        rollup.fold_pending(NOW)
        oracle.assert_tab(campaign, "campaign", events, NOW)


# -- Frames ----------------------------------------------------------------------------------


def test_the_tab_has_these_frames(alices: Client, send: Send) -> None:
    send(*some(3, "sent"), *some(1, "sent", channel="sms"))
    found = {one["slug"]: one for one in alices.get(API).json()["widgets"]}
    assert list(found) == OWN
    columns = {
        slug.partition(".")[2]: [(one["key"], one["role"]) for one in widget["frame"]["columns"]]
        for slug, widget in found.items()
    }
    metrics = {
        "pace": ("events_per_minute", "events_last_hour", "done", "of", "expected_end"),
        "funnel": FUNNEL,
        "timeline": ("email", "sms"),
        "statistics": ("audience", "actions_delivered", "errors"),
        "ledger": LEDGER,
    }
    axes = {
        "pace": [("channel", "dimension"), ("execution", "execution")],
        "funnel": [("channel", "dimension")],
        "timeline": [("time", "time")],
        "statistics": [],
        "ledger": [("channel", "dimension"), ("execution", "execution")],
    }
    assert columns == {key: axes[key] + [(one, "metric") for one in metrics[key]] for key in axes}
    for widget in found.values():
        keys = {column["key"] for column in widget["frame"]["columns"]}
        assert all(row.keys() == keys for row in widget["frame"]["rows"])
    assert found["campaign.timeline"]["kind"] == "series"
    assert {found[f"campaign.{key}"]["kind"] for key in ("pace", "funnel")} == {"table"}
    assert found["campaign.pace"]["kinds"] == ["table"]


def test_each_number_says_what_it_means(alices: Client, send: Send) -> None:
    send(*some(1, "sent"))
    for widget in widgets().values():
        assert widget.frame is not None
        assert widget.definitions.keys() == {column.key for column in widget.frame.metrics}
    with translation.override("fr"):
        assert str(widgets()["timeline"].definitions["email"]) == (
            "Événements comptés\u202f: Diffusés."
        )
        assert str(widgets()["pace"].definitions["of"]).startswith("Ceux à qui")


def test_the_statistics_have_a_course_each(alices: Client, send: Send) -> None:
    send(*some(4, "targeted", 40), *some(3, "delivered", 20), *some(3, "delivered", 19))
    send(*some(2, "error", 20))
    trend = widgets()["statistics"].trend
    assert trend is not None
    courses = {key: [row[key] for row in trend.rows] for key in ("audience", "actions_delivered")}
    assert [value for value in courses["audience"] if value] == [4]
    assert [value for value in courses["actions_delivered"] if value] == [3]
    assert alices.get(TAB).content.decode().count('<dd class="lr-spark">') == 3


# -- Pace --------------------------------------------------------------------------------------


def test_a_run_says_how_far_it_is_and_when_it_ends(campaign: Campaign, send: Send) -> None:
    send(*some(100, "targeted", 30, execution=RUN), now=NOW)
    send(*some(20, "sent", 20, execution=RUN), now=NOW)
    send(*some(25, "sent", 2, execution=RUN), *some(5, "error", 3, execution=RUN), now=NOW)
    send(*some(10, "excluded", 25, execution=RUN, reason="a"), now=NOW)
    # 60 are done, 30 of them in the last five whole minutes: the other 40 take 400 seconds.
    assert pace() == [("email", RUN, 60, 100, "2026-03-14T15:16:40Z")]
    (row,) = frame("pace").rows
    assert (row["events_per_minute"], row["events_last_hour"]) == (6.0, 160)


def test_nothing_is_expected_of_what_stands_still_or_is_done(
    campaign: Campaign, send: Send
) -> None:
    send(*some(10, "targeted", 30, execution=RUN), *some(5, "sent", 20, execution=RUN), now=NOW)
    assert pace() == [("email", RUN, 5, 10, None)]
    send(*some(5, "sent", 2, execution=RUN), now=NOW)
    assert pace() == [("email", RUN, 10, 10, None)]


def test_what_is_done_goes_after_an_hour_and_what_is_not_stays(
    campaign: Campaign, send: Send
) -> None:
    send(*some(200, "targeted", 400, execution=EARLIER), now=NOW)
    send(*some(190, "sent", 390, execution=EARLIER), now=NOW)
    send(*some(1, "sent", 2, execution=RUN), now=NOW)
    assert [row[1] for row in pace()] == [RUN, EARLIER]
    send(
        *some(9, "sent", 380, execution=EARLIER), *some(9, "opened", 1, execution=EARLIER), now=NOW
    )
    assert [row[1] for row in pace()] == [RUN]


def test_without_targeted_nobody_knows_how_far_it_is(campaign: Campaign, send: Send) -> None:
    send(*some(3, "sent", execution=RUN), *some(2, "impression", channel="web"), now=NOW)
    assert pace() == [("email", RUN, 3, None, None), ("web", "__none__", 0, None, None)]


def test_a_channel_that_is_always_on_has_a_row_even_while_it_is_silent(
    campaign: Campaign, send: Send
) -> None:
    send(*some(2, "impression", 200, channel="web"), now=NOW)
    assert [row[:2] for row in pace()] == [("web", "__none__")]


def test_more_runs_than_one_wants_to_read_share_a_row(campaign: Campaign, send: Send) -> None:
    limit, more = Pace.widget.limit, 3
    starts = [f"2026-03-14T{10 + n // 6:02}:{n % 6}0:00Z" for n in range(limit + more)]
    for start in starts:
        send(*some(2, "targeted", execution=start), *some(1, "sent", execution=start), now=NOW)
    rows = frame("pace").rows
    latest = list(reversed(starts))[:limit]
    assert [row["execution"] for row in rows] == [*latest, "__other__"]
    assert (rows[-1]["done"], rows[-1]["of"]) == (more, 2 * more)


@pytest.mark.parametrize(
    ("left", "moved", "end"),
    [(10, 5, 600), (1, 3_000_000, 1), (0, 5, None), (-3, 5, None), (5, 0, None), (10**12, 1, None)],
)
def test_the_end_is_expected_by_what_moved_lately(left: int, moved: int, end: int | None) -> None:
    expected = end and (NOW + timedelta(seconds=end)).isoformat().replace("+00:00", "Z")
    assert _expected_end(NOW, left, moved) == expected
    assert timedelta(days=365) == LONGEST


def test_a_channel_that_is_off_has_no_row(campaign: Campaign, send: Send) -> None:
    send(*some(2, "sent"), *some(2, "sent", channel="sms"), now=NOW)
    ChannelPlugin.objects.complete()
    ChannelPlugin.objects.filter(slug="sms").update(enabled=False)
    assert [row[0] for row in pace()] == ["email"]
    assert [row["channel"] for row in frame("funnel").rows] == ["email"]


# -- The page and the files --------------------------------------------------------------------


def test_the_page_says_how_far_each_run_is(alices: Client, send: Send) -> None:
    send(*some(100, "targeted", 30, execution=RUN), *some(42, "sent", execution=RUN))
    send(*some(3, "impression", channel="web"))
    page = alices.get(TAB).content.decode()
    assert '<rect width="42%"' in page
    assert 'data-metric="done">42% of 100</span>' in page
    assert 'data-metric="done">always on<' in page
    assert "Email · Mar 14, 14:06</th>" in page
    assert 'data-metric="expected_end">15:16<' in page
    send(*some(58, "error", execution=RUN))
    page = alices.get(TAB).content.decode()
    assert 'data-metric="done">100% of 100</span>' in page
    assert 'data-metric="expected_end">done<' in page


def test_a_rate_stands_below_its_number(alices: Client, send: Send) -> None:
    send(*some(4, "sent"), *some(3, "delivered"))
    page = unlinked(alices.get(TAB).content.decode())
    number = page.index('data-metric="delivered">3<')
    assert 0 < page.index('data-metric="delivery_rate">75.0%<') - number < 200
    assert '<th scope="col" class="lr-n">Delivery rate</th>' not in page


def test_no_audience_is_said_to_be_unknown(alices: Client, send: Send) -> None:
    send(*some(3, "impression", channel="web"))
    assert frame("statistics").totals["audience"] is None
    page = alices.get(TAB).content.decode()
    assert 'data-metric="audience">—<' in page
    assert "no channel says beforehand" in page
    send(*some(3, "targeted"))
    page = alices.get(TAB).content.decode()
    assert 'data-metric="audience">3<' in unlinked(page)
    assert "no channel says beforehand" not in page


def test_a_time_is_one_in_every_file(alices: Client, send: Send) -> None:
    send(*some(10, "targeted", execution=RUN), *some(5, "sent", execution=RUN))
    end = datetime(2026, 3, 14, 15, 15, tzinfo=UTC)
    assert pace()[0][-1] == "2026-03-14T15:15:00Z"
    text = alices.get(f"{TAB}pace.csv").content.decode("utf-8-sig")
    head, row, total = csv.reader(io.StringIO(text))
    assert (head[-1], row[-1], row[1], row[2]) == (
        "Expected end",
        "2026-03-14T15:15:00Z",
        "2026-03-14T14:06:00Z",
        "3.0",
    )
    assert total[0] == "Total"
    assert ",2026-03-14T15:15:00Z" in alices.get(f"{API}pace/?format=csv").content.decode().replace(
        '"', ""
    )
    book = openpyxl.load_workbook(
        io.BytesIO(alices.get("/admin/reports/summer/export.xlsx").content)
    )
    lines = list(book["Campaign"].iter_rows())
    at = next(n for n, line in enumerate(lines) if line[2].value == "campaign.pace")
    head_cells, cells = lines[at + 1], lines[at + 2]
    by = {str(cell.value): cells[place] for place, cell in enumerate(head_cells)}
    assert by["Expected end"].value == end.replace(tzinfo=None)
    assert by["Per minute"].number_format == "#,##0.0"
    assert [cell.value for cell in head_cells][1:3] == ["Execution time", "UTC"]


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (0.2, "0.2"), (9.8, "9.8"), (902.4, "902")]
)
def test_a_mean_is_precise_where_it_is_small(value: float, text: str) -> None:
    column = Column(key="k", label="K", role="metric", unit="per_minute")
    with translation.override("en"):
        assert Writer().value(column, value) == text


@pytest.mark.parametrize(
    ("done", "of", "estimates", "percent", "text"),
    [
        (0, 10, (), 0, "0% of 10"),
        (999, 1_000, (), 99, "99% of 1,000"),
        (12, 10, (), 100, "100% of 10"),
        (5, 10, ("of",), 50, "50% of ≈ 10"),
        (7, None, (), None, "7 so far"),
    ],
)
def test_progress_is_never_rounded_up(
    done: int, of: int | None, estimates: tuple[str, ...], percent: int | None, text: str
) -> None:
    part = Column(key="done", label="Done", role="metric", whole="of")
    row = MarkedRow({"done": done, "of": of, "execution": RUN}, estimates)
    with translation.override("en"):
        found = progress(part, row, Writer())
    assert (found.percent, found.text) == (percent, text)
    assert found.is_done == (percent == 100)


# -- In a browser ------------------------------------------------------------------------------


class TestInABrowser:
    pytestmark = in_browser

    def test_four_cards_fill_the_first_screen(self, open_page: Open, send: Send) -> None:
        earlier = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
        send(*some(5, "delivered", occurred_at=earlier), *some(2, "error", occurred_at=earlier))
        lately = (datetime.now(UTC) - timedelta(minutes=3)).isoformat()
        send(*some(100, "targeted", occurred_at=lately), *some(42, "sent", occurred_at=lately))
        page = open_page(TAB, viewport={"width": 1440, "height": 1000})
        for slug in OWN[:4]:
            expect(page.locator(f'[data-widget="{slug}"]')).to_be_in_viewport()
        expect(page.locator(f'[data-widget="{OWN[4]}"]')).to_be_visible()
        expect(page.locator('[data-widget="campaign.timeline"] [data-chart] svg')).to_be_visible()
        row = page.locator('[data-widget="campaign.pace"] tbody tr', has_text="Email")
        expect(row.locator('[data-metric="done"]')).to_have_text("44% of 100")
        expect(row.locator("svg.lr-bar")).to_be_visible()
        statistics = page.locator('[data-widget="campaign.statistics"]')
        expect(statistics.locator(".lr-spark")).to_have_count(3)
        boxes = [page.locator(f'[data-widget="{slug}"]').bounding_box() for slug in OWN[:2]]
        assert len({box["y"] for box in boxes if box}) == 1

    def test_on_a_phone_in_french(self, open_page: Open, send: Send) -> None:
        send(*some(2, "sent", occurred_at=datetime.now(UTC).isoformat()))
        page = open_page(TAB, language="fr", viewport={"width": 320, "height": 800})
        expect(page.get_by_role("heading", name="Rythme")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
