"""Distinct profiles: exact while they are few, close and marked beyond, however they are united."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import sqrt
from typing import Any

import numpy as np
import openpyxl
import pytest
from django.conf import settings as site
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.channels import (
    EXECUTION,
    Channel,
    Count,
    EventType,
    Profiles,
    Rate,
    Table,
    TimeSeries,
    find_channel,
    registered,
)
from liveReport.counts import sketch
from liveReport.counts.sets import Sets
from liveReport.counts.sketch import EXACT
from liveReport.events.batch import Events, Shape
from liveReport.events.hashes import NO_MESSAGE
from liveReport.ingest.append import append
from liveReport.models import Campaign, Source
from liveReport.report import tab_widget
from liveReport.report.frames import Frame
from liveReport.report.tally import Tally
from tests.support.names import keys
from tests.support.pages import unlinked

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
RUNS = (0, 1_773_446_400_000_000, 1_773_450_000_000_000)


def profiles(count: int, seed: int = 0) -> Any:
    """Pseudonyms, as random as keyed hashes are."""
    return np.random.default_rng(seed).integers(-(2**63), 2**63, count)


def targeted(
    source: Source, channel: str, members: Any, run: int = 0, hours: float = 22, type_: str = ""
) -> None:
    """Each of some profiles is targeted once, at some time of the last hours."""
    events = find_channel(channel)
    assert events
    within = int(hours * 3_600_000_000)
    age = np.random.default_rng(len(members)).integers(0, within, len(members))
    whole = Events(
        [Shape("summer", channel, type_ or "targeted", run, ())],
        np.zeros(len(members), np.int64),
        np.array(keys(source, [f"{channel}-{run}-{number}" for number in range(len(members))])),
        int(NOW.timestamp()) * 1_000_000 - age,
        members,
        np.full(len(members), NO_MESSAGE),
        site.PSEUDONYM_KEY.version,
    )
    append(source.pk, whole, NOW)
    rollup.fold_pending(NOW)


def frame(campaign: Campaign, tab: str, widget: str, *runs: int) -> Frame:
    chosen = [datetime.fromtimestamp(run / 1e6, UTC) for run in runs]
    _, found = tab_widget(campaign, tab, widget, chosen, NOW)
    assert found.frame
    return found.frame


def test_the_standard_error_is_below_one_percent() -> None:
    errors = []
    for seed in range(24):
        members = profiles(60_000, seed)
        number = np.arange(len(members)) % 3
        parts = Sets(number, sketch.hashes(members)).sketched()
        errors.append(sketch.estimate(parts.values()).value / len(members) - 1)
    assert sqrt(sum(error**2 for error in errors) / len(errors)) < 0.01
    assert abs(sum(errors)) / len(errors) < 0.005  # and it leans to no side


@pytest.mark.django_db
def test_up_to_the_limit_every_union_is_exact(campaign: Campaign, source: Source) -> None:
    """Over minutes and hours, over runs, and over channels."""
    everybody = profiles(EXACT)
    for run, part in zip(RUNS, (everybody[:9_000], everybody[6_000:], everybody[::5]), strict=True):
        targeted(source, "email", part, run)
    targeted(source, "push", everybody[1_000:])
    whole = frame(campaign, "email", "statistics")
    assert (whole.totals["targeted"], whole.approximate) == (9_000 + 10_384 + 3_277, [])
    audience = frame(campaign, "campaign", "statistics")
    assert audience.totals["audience"] == EXACT
    assert "audience" not in audience.approximate


@pytest.mark.django_db
def test_beyond_it_the_number_is_close_and_marked(campaign: Campaign, source: Source) -> None:
    everybody = profiles(2 * EXACT)
    targeted(source, "email", everybody[: EXACT + EXACT // 2])
    targeted(source, "push", everybody[EXACT // 2 :])
    audience = frame(campaign, "campaign", "statistics")
    assert "audience" in audience.approximate
    shown = audience.totals["audience"]
    assert isinstance(shown, int)
    assert abs(shown / len(everybody) - 1) < 0.03
    assert rollup.verify(NOW) == []


@pytest.mark.django_db
def test_one_more_than_the_limit_is_marked(campaign: Campaign, source: Source) -> None:
    targeted(source, "email", profiles(EXACT + 1))
    assert "audience" in frame(campaign, "campaign", "statistics").approximate


@pytest.mark.django_db
def test_every_tier_says_the_same_at_any_minute(campaign: Campaign, source: Source) -> None:
    """A window is cut into hours and minutes elsewhere each minute; the union must not notice."""
    members = profiles(12_000)
    targeted(source, "email", members)
    for minutes in (0, 7, 31, 59, 60):
        _, found = tab_widget(
            campaign, "campaign", "statistics", [], NOW + timedelta(minutes=minutes)
        )
        assert found.frame
        assert found.frame.totals["audience"] == len(members)


# -- No more profiles than events ----------------------------------------------------------


@given(st.integers(EXACT + 1, 40_000), st.integers(0, 10_000), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_an_estimate_is_not_above_its_events(count: int, seed: int, parts: int) -> None:
    """However the tallies are added up, and as close as before where events are many."""
    members = profiles(count, seed)
    cut = Sets(np.arange(count) % parts, sketch.hashes(members)).sketched()
    shares = np.bincount(np.arange(count) % parts)
    once, twice = Tally(), Tally()
    for number, united in enumerate(cut.values()):
        once.add(Tally(int(shares[number]), [united]))
        twice.add(Tally(2 * int(shares[number]), [united]))
    estimated = sketch.estimate(cut.values()).value
    assert once.value == min(estimated, count)
    assert twice.value == estimated
    assert once.approximate
    assert twice.approximate


def overestimated() -> Iterator[Any]:
    """Sets of 20,000 profiles whose sketches by themselves say that they are more."""
    for seed in range(40):
        members = profiles(20_000, seed)
        whole = Sets(np.zeros(20_000, np.int64), sketch.hashes(members)).sketched()
        if sketch.estimate(whole.values()).value > 20_000:
            yield members


@pytest.mark.django_db
def test_no_number_of_profiles_is_above_its_events(
    campaign: Campaign, source: Source, time_machine: Any
) -> None:
    """In rows, steps, totals, and on the Campaign tab. Each profile has one event."""
    time_machine.move_to(NOW, tick=False)
    with registered(Crows):
        for run, members in zip(RUNS, overestimated(), strict=False):
            targeted(source, "crow", members, run, hours=0.1, type_="seen")
            targeted(source, "email", members, run, hours=0.1, type_="delivered")
            targeted(source, "email", members, run, hours=0.1)
        for widget in ("runs", "course"):
            crows = frame(campaign, "crow", widget)
            values: Any
            for values in (*crows.rows, crows.totals):
                assert values["watchers"] <= values["sightings"]
        whole: dict[str, Any] = frame(campaign, "campaign", "statistics").totals
        assert whole["actions_delivered"] == 3 * 20_000  # each of the three would be more
        assert (whole["audience"] or 0) <= 3 * 20_000


# -- Which values are marked ---------------------------------------------------------------


class Crows(Channel):
    """Counts, distinct profiles and a rate of them, by run and over time."""

    slug = "crow"
    label = "Crows"
    events = [EventType(key="seen", label="Seen")]
    metrics = [
        Profiles(key="watchers", label="Watchers", definition="Who saw one.", events=["seen"]),
        Count(key="sightings", label="Sightings", definition="Crows seen.", events=["seen"]),
        Rate(
            key="watcher_rate",
            label="Watcher rate",
            definition="Watchers of sightings.",
            numerator="watchers",
            denominator="sightings",
        ),
    ]
    widgets = [
        Table(
            key="runs",
            title="Runs",
            help="A row a run.",
            metrics=["watchers", "sightings", "watcher_rate"],
            by=EXECUTION,
        ),
        TimeSeries(
            key="course", title="Course", help="Over time.", metrics=["watchers", "sightings"]
        ),
    ]


@pytest.fixture
def crows(campaign: Campaign, source: Source, time_machine: Any) -> Iterator[None]:
    """A run with more watchers than are counted exactly, each of them twice, and one of five."""
    time_machine.move_to(NOW, tick=False)
    with registered(Crows):
        twice = np.repeat(profiles(20_000), 2)
        targeted(source, "crow", twice, RUNS[1], hours=0.1, type_="seen")
        targeted(source, "crow", profiles(5, seed=1), RUNS[2], hours=22, type_="seen")
        yield


@pytest.mark.usefixtures("crows")
def test_a_row_is_marked_when_it_is_an_estimate_itself(campaign: Campaign) -> None:
    runs = frame(campaign, "crow", "runs")
    few, many = runs.marked_rows
    assert (few.values, few.estimates) == (
        {"execution": "2026-03-14T01:00:00Z", "watchers": 5, "sightings": 5, "watcher_rate": 1.0},
        [],
    )
    assert many.values["sightings"] == 40_000
    assert many.estimates == ["watchers", "watcher_rate"]
    assert runs.approximate == runs.total_estimates == many.estimates


@pytest.mark.usefixtures("crows")
def test_a_step_is_marked_when_it_is_an_estimate_itself(campaign: Campaign) -> None:
    course = frame(campaign, "crow", "course")
    marked = [row.values["watchers"] for row in course.marked_rows if row.estimates]
    assert len(marked) == 1
    assert all(isinstance(value, int) and value > EXACT for value in marked)
    assert course.approximate == course.total_estimates == ["watchers"]


@pytest.mark.usefixtures("crows")
def test_every_view_marks_the_same_values(admin_client: Client) -> None:
    api = "/api/v1/campaigns/summer/report/crow/runs/"
    shown = admin_client.get(api).json()["frame"]
    watchers = [row["watchers"] for row in shown["rows"]]
    marked = ["watchers", "watcher_rate"]
    assert shown["estimates"] == {"rows": [[], marked], "totals": marked}
    page = unlinked(admin_client.get("/admin/reports/summer/crow/").content.decode())
    table = page[page.index('data-widget="crow.runs"') : page.index('data-widget="crow.course"')]
    cells = re.findall(r'<td [^>]*data-metric="watchers">(.*?)</td>', table)
    assert cells[:2] == ["5", f"≈ {watchers[1]:,}"]
    assert re.fullmatch(r"≈ [\d,]+‡", cells[2])  # of both, and no sum
    assert table.count("≈") == 2 + 2  # the rate, and both of the totals
    names = "Watchers, Watcher rate"
    for address, totals in (
        (f"{api}?format=csv", []),
        ("/admin/reports/summer/crow/runs.csv", [names]),
    ):
        lines = list(csv.reader(io.StringIO(admin_client.get(address).content.decode())))
        assert [line[-1] for line in lines] == ["≈ Estimates", "", names, *totals]
        assert [line[1] for line in lines[1:3]] == [str(number) for number in watchers]
    book = admin_client.get("/admin/reports/summer/export.xlsx").content
    sheet = openpyxl.load_workbook(io.BytesIO(book))["Crows"]
    rows = [row[5] for row in sheet.iter_rows(values_only=True) if row[5] is not None]
    assert rows == ["≈ Estimates", "", names, names]


@pytest.mark.django_db
def test_no_sign_where_every_value_is_exact(
    campaign: Campaign, source: Source, admin_client: Client, time_machine: Any
) -> None:
    time_machine.move_to(NOW, tick=False)
    targeted(source, "sms", profiles(EXACT))
    sign = "≈"
    address = "/admin/reports/summer/sms/"
    assert sign not in admin_client.get(address).content.decode()
    assert sign not in admin_client.get("/admin/reports/summer/export.csv").content.decode()
    targeted(source, "sms", profiles(5, seed=1), RUNS[1])
    assert sign in admin_client.get(address).content.decode()
