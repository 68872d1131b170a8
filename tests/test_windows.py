"""A window or a span of the last 24 hours, on pages, exports and the API."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboards.course import Course, drawn, whole
from liveReport.models import Campaign, CampaignChannel
from liveReport.report.window import Window
from tests.support import pages
from tests.support.pages import TAB, pigeon, rows

at_noon = pages.at_noon
alices = pages.alices
NOW = pages.NOW
RUN = "2026-06-01T02:00:00Z"
API = "/api/v1/campaigns/summer/report/"
SPAN = "from=2026-06-01T11:00:00Z&to=2026-06-01T11:30:00Z"


def minutes_ago(minutes: int) -> str:
    return (NOW - timedelta(minutes=minutes)).isoformat()


@pytest.fixture
def hours(campaign: Campaign, alices: Client, send: Any) -> Client:
    """One event two minutes ago, one 50 minutes, one five hours and one twelve hours ago."""
    for number, minutes in enumerate((2, 50, 300, 720)):
        fields = {"occurred_at": minutes_ago(minutes), "profile": f"p{number}", "execution": RUN}
        send(pigeon("flown", **fields))
    send(pigeon("lost", occurred_at=minutes_ago(700), reason="hawk"))
    return alices


def flown(client: Client, query: str) -> int:
    tab = client.get(f"{API}pigeon/?{query}").json()
    frames = {widget["slug"]: widget["frame"] for widget in tab["widgets"]}
    course = frames["pigeon.course"]["rows"]
    assert sum(row["flown"] for row in course) == frames["pigeon.tiles"]["totals"]["flown"]
    found: int = frames["pigeon.tiles"]["totals"]["flown"]
    return found


# -- Numbers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "number", "name", "step"),
    [
        ("", 4, "24h", 900),
        ("window=24h", 4, "24h", 900),
        ("window=6h", 3, "6h", 300),
        ("window=1h", 2, "1h", 60),
        ("window=15m", 1, "15m", 60),
        (SPAN, 1, None, 60),
        ("from=2026-06-01T06:00:00%2B00:00&to=2026-06-01T11:30:00Z", 2, None, 300),
        ("from=2026-06-01T00:00:00Z&to=2026-06-01T11:30:00+00:00", 3, None, 900),
    ],
)
def test_each_window_has_its_numbers_and_says_which_it_is(
    hours: Client, query: str, number: int, name: str | None, step: int
) -> None:
    assert flown(hours, query) == number
    for address in (API, f"{API}pigeon/", f"{API}pigeon/tiles/"):
        head = hours.get(f"{address}?{query}").json()["window"]
        assert (head["name"], head["step_seconds"]) == (name, step)
    assert rows(hours, f"{TAB}tiles.csv?{query}")[1][0] == str(number)
    table = rows(hours, f"/admin/reports/summer/export.csv?{query}")
    window = next(line for line in table if line and line[0] == "Window")
    assert window[1:] == [head["from"], head["to"]]
    api = hours.get(f"{API}pigeon/tiles/?format=csv&{query}").content.decode()
    assert api.splitlines()[1].startswith(f"{number},")


def test_what_there_is_follows_the_day(hours: Client, campaign: Campaign) -> None:
    CampaignChannel.objects.create(campaign=campaign, channel="sms", declared=True)
    whole, short = (hours.get(f"{API}pigeon/?window={window}").json() for window in ("24h", "15m"))
    for key in ("tabs", "executions"):
        assert whole[key] == short[key]
    slugs = [[widget["slug"] for widget in tab["widgets"]] for tab in (whole, short)]
    assert slugs[0] == slugs[1]
    assert whole["version"] != short["version"]


@pytest.mark.parametrize("query", ["window=2h", "window=", "from=2026-06-01T11:00:00Z", "to=x"])
def test_anything_else_is_refused_everywhere(hours: Client, query: str) -> None:
    for address in (API, f"{API}pigeon/", f"{API}pigeon/tiles/"):
        problem = hours.get(f"{address}?{query}")
        assert problem.status_code == 400
        assert problem.json()["field"] in ("window", "to", "from")
    for address in (TAB, f"{TAB}changes/", f"{TAB}tiles.csv", f"{TAB}layout/"):
        assert hours.get(f"{address}?{query}").status_code == 400
    for name in ("export.csv", "export.xlsx"):
        assert hours.get(f"/admin/reports/summer/{name}?{query}").status_code == 400


def test_each_window_has_its_etag(hours: Client) -> None:
    tags = {
        window: hours.get(f"{API}pigeon/?window={window}").headers["ETag"]
        for window in ("15m", "1h", "6h", "24h")
    }
    assert len(set(tags.values())) == 4
    for window, tag in tags.items():
        answer = hours.get(f"{API}pigeon/?window={window}", headers={"if-none-match": tag})
        assert answer.status_code == 304


def test_a_young_campaign_begins_its_course_with_its_first_event(
    campaign: Campaign, alices: Client, send: Any
) -> None:
    """All channels with that of the first, though the window is what it is."""
    send(pigeon("flown", occurred_at=minutes_ago(40)))
    send({**pigeon("sent", occurred_at=minutes_ago(3)), "channel": "sms"})
    for tab in ("pigeon/course/", "sms/performance_by_date/"):
        for window, first in (("24h", "11:15"), ("6h", "11:25"), ("1h", "11:27")):
            found = alices.get(f"{API}{tab}?window={window}").json()
            assert found["frame"]["rows"][0]["time"] == f"2026-06-01T{first}:00Z"
        assert found["window"]["from"] == "2026-06-01T11:08:00Z"


# -- The page ------------------------------------------------------------------------------


def test_links_keep_the_window(hours: Client) -> None:
    page = hours.get(f"{TAB}?window=1h&execution={RUN}").context["page"]
    links = [page.csv_url, page.xlsx_url, page.feed_url, page.layout_url, page.wall_url]
    links += [link.url for link in page.tabs] + [page.widgets[0].csv_url, page.unfiltered_url]
    assert all("window=1h" in link for link in links)
    assert [link.name for link in page.windows if link.current] == ["1h"]
    assert [link.url.partition("?")[2].count("window") for link in page.windows] == [1, 1, 1, 0]
    assert all("execution=" in link.url for link in page.windows)
    entrance = hours.get("/admin/reports/summer/?window=1h")
    assert entrance.url == "/admin/reports/summer/campaign/?window=1h"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "Last 24 hours"),
        ("?window=6h", "Last 6 hours"),
        ("?window=1h", "Last hour"),
        ("?window=15m", "Last 15 minutes"),
        (f"?{SPAN}", "Jun 1, 11:00 – 11:30"),
    ],
)
def test_texts_speak_of_the_window_that_is_shown(hours: Client, query: str, words: str) -> None:
    text = hours.get(f"{TAB}{query}").content.decode()
    assert f'<span class="lr-period">{words}</span>' in text
    assert f"{words}, in steps of" in text
    assert "Nothing in the last 24 hours" not in text or not query


def test_a_span_leads_back_to_where_it_was_in(hours: Client) -> None:
    page = hours.get(f"{TAB}?{SPAN}&back=6h").context["page"]
    assert page.back_url == f"{TAB}?window=6h"
    assert "back=6h" in page.feed_url
    assert hours.get(f"{TAB}?{SPAN}&back=nowhere").context["page"].back_url == TAB
    form = hours.get(f"{TAB}?window=1h").content.decode()
    assert '<input type="hidden" name="back" value="1h">' in form


def test_a_page_whose_span_has_slid_out_is_told_where_to_go(hours: Client) -> None:
    gone = "from=2026-05-31T11:00:00Z&to=2026-05-31T12:30:00Z&back=6h"
    assert hours.get(f"{TAB}?{gone}").status_code == 400
    answer = hours.get(f"{TAB}changes/?{gone}", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["X-Report-Elsewhere"]) == (410, f"{TAB}?window=6h")


def test_a_poll_keeps_the_window(hours: Client) -> None:
    page = hours.get(f"{TAB}?window=15m").context["page"]
    changes = f"{TAB}changes/?version={page.version}"
    assert hours.get(f"{changes}&window=15m").status_code == 204
    assert hours.get(changes).status_code == 200


# -- What still runs -----------------------------------------------------------------------


def course(now: datetime, name: str = "24h") -> Callable[[int], dict[int, float | None]]:
    """The steps that are cut, of the last so many."""
    window = Window.at(now, name)
    starts = [datetime.fromtimestamp(step, UTC) for step in window.steps()]
    return lambda count: Course(window, now).cut(starts[-count:])


def test_a_steady_pace_is_drawn_level_whatever_the_time() -> None:
    """A hundred events a minute, looked at each ten seconds of an hour: no fall and no rise."""
    for seconds in range(0, 3600, 10):
        now = datetime(2026, 6, 1, 12, tzinfo=UTC) + timedelta(seconds=seconds)
        for name in ("15m", "1h", "6h", "24h"):
            window = Window.at(now, name)
            starts = [datetime.fromtimestamp(step, UTC) for step in window.steps()]
            here = Course(window, now)
            values = [
                round(
                    (min(start + here.step, now) - max(start, window.start)).total_seconds()
                    * 100
                    / 60
                )
                for start in starts
            ]
            shown = [value for value in drawn(values, here.cut(starts)) if value is not None]
            level = here.step.total_seconds() * 100 / 60
            assert all(abs(value / level - 1) < 0.05 for value in shown), (now, name)
            assert len(shown) >= len(starts) - 2


def test_too_little_of_a_step_is_not_drawn_unless_it_is_all_there_is() -> None:
    noon = datetime(2026, 6, 1, 12, 1, tzinfo=UTC)
    assert course(noon)(3) == {2: None}
    assert course(noon)(1) == {0: 1.0}
    assert course(noon + timedelta(minutes=4))(3) == {2: 3.0}
    assert whole(3, {2: None}) == (0, 2)


def test_nothing_is_drawn_of_steps_that_the_numbers_have_not_reached() -> None:
    """Ten minutes behind, the line ends ten minutes ago: it does not fall to nothing."""
    window = Window.at(datetime(2026, 6, 1, 12, 0, 30, tzinfo=UTC), "15m")
    starts = [datetime.fromtimestamp(step, UTC) for step in window.steps()]
    behind = Course(window, datetime(2026, 6, 1, 11, 50, 30, tzinfo=UTC))
    assert behind.cut(starts) == {4: 2.0} | dict.fromkeys(range(5, 15))
    assert behind.running(starts) == 4


def test_alice_sees_her_window_in_french(hours: Client, alice: User) -> None:
    hours.cookies["django_language"] = "fr"
    text = hours.get(f"{TAB}?window=1h").content.decode()
    assert "Dernière heure" in text
    assert "par pas de 1\N{NO-BREAK SPACE}minute" in text
