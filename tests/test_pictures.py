"""Numbers as text in pictures: shares, estimates, dashes, folded slices, sparklines."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.utils import translation

from dashboards.course import Course
from dashboards.drawing import Cell, Drawing
from dashboards.moments import Clock
from dashboards.pictures import pictures_of
from dashboards.pictures.kpi import sparkline
from dashboards.pictures.parts import PartsPicture
from dashboards.pictures.series import SeriesPicture
from dashboards.pictures.table import TablePicture
from liveReport.channels import find_channel
from liveReport.report import campaign
from liveReport.report.build import widget_info
from liveReport.report.frames import Column, Frame, Row, WidgetInfo, WidgetReport
from liveReport.report.numbers import Writer
from liveReport.report.window import Window
from tests.support.pages import NOW


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0, "0.0%"), (0.00001, "< 0.1%"), (0.5, "50.0%"), (0.99999, "> 99.9%"), (1, "100.0%")],
)
def test_shares_are_not_rounded_to_all_or_nothing(fraction: float, text: str) -> None:
    with translation.override("en"):
        assert Writer().share(fraction) == text


def drawing(frame: Frame, picture: str = "", **fields: Any) -> Drawing:
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
    return Drawing(report, frame, Clock.of(NOW), Course(Window.at(NOW), NOW), picture)


def texts(cells: Sequence[Cell]) -> list[tuple[str, str]]:
    return [(cell.key, cell.text) for cell in cells]


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
    assert texts(cells) == [("readers", "≈ 20,000"), ("rate", "25.0%†")]
    assert cells[0].note == "An estimate."
    assert cells[1].note.startswith("Partial: ")


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
    assert [texts(line.cells) for line in picture.table.lines] == [
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
    assert picture.note == "Shares of ≈ 20,000 distinct profiles; one can be in several rows."
    assert [part.number.signed for part in picture.parts] == ["≈ 19,995", "5", "0"]
    assert [part.share for part in picture.parts] == ["≈ > 99.9%", "≈ < 0.1%", "0.0%"]
    assert picture.total == "≈ 20,000"
    assert [piece["text"] for piece in picture.chart["slices"]] == ["≈ 19,995", "5", "0"]


def test_an_undefined_rate_is_a_dash_without_a_mark() -> None:
    frame = Frame(columns=[RATE], rows=[], totals={"rate": None}, incomplete=["rate"])
    assert texts(drawing(frame).cells(frame.marked_totals)) == [("rate", "—")]


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
    slices = PartsPicture(drawing(frame, adds_up=True)).chart["slices"]
    assert len(slices) == 7
    assert sum(one["value"] for one in slices) == 155
    assert (slices[-1]["name"], slices[-1]["text"], slices[-1]["share"]) == (
        "Others",
        "50",
        "32.3%",
    )


def test_what_does_not_add_up_is_not_summed_as_others() -> None:
    rows: list[Row] = [{"reason": f"r{i}", "readers": 20 - i} for i in range(10)]
    frame = Frame(columns=[REASON, READERS], rows=rows, totals={"readers": 40})
    slices = PartsPicture(drawing(frame)).chart["slices"]
    assert [one["value"] for one in slices] == [20 - i for i in range(6)]


def test_metrics_that_are_no_parts_have_no_share() -> None:
    row: Row = {"readers": 20, "flown": 80}
    flown = Column(key="flown", label="Flown", role="metric", unit="events")
    frame = Frame(columns=[READERS, flown], rows=[row], totals=row)
    with translation.override("en"):
        picture = PartsPicture(drawing(frame))
        whole = PartsPicture(drawing(frame, adds_up=True))
    assert not picture.has_total
    assert [(part.share, part.width) for part in picture.parts] == [("", "25.0%"), ("", "100.0%")]
    assert picture.chart["summary"] == "Bars: Readers 20, Flown 80."
    assert whole.chart["label"] == "Total"
    assert [(part.share, part.width) for part in whole.parts] == [
        ("20.0%", "20.0%"),
        ("80.0%", "80.0%"),
    ]


def test_of_nothing_there_is_no_share() -> None:
    frame = Frame(
        columns=[REASON, READERS], rows=[{"reason": "hawk", "readers": 0}], totals={"readers": 0}
    )
    picture = PartsPicture(drawing(frame, adds_up=True))
    assert [part.share for part in picture.parts] == ["—"]
    assert picture.share == "—"


def test_the_table_of_a_series_begins_with_the_newest() -> None:
    rows: list[Row] = [{"time": f"2026-06-01T{hour}:00:00Z", "readers": 1} for hour in ("10", "11")]
    frame = Frame(columns=[TIME, READERS], rows=rows, totals={"readers": 2})
    heads = [line.head for line in TablePicture(drawing(frame)).lines]
    assert [head.text for head in heads if head] == ["Jun 1, 11:00", "Jun 1, 10:00"]
    times = [f"2026-06-01T{hour}:00:00+00:00" for hour in ("10", "11")]
    assert SeriesPicture(drawing(frame)).chart["times"] == times


def test_a_sparkline_sets_the_running_step_apart() -> None:
    """Half of it is over, and half as many are there as in the one before: no fall."""
    times = ("11:30", "11:45", "12:00")
    rows: list[Row] = [
        {"time": f"2026-06-01T{time}:00Z", "readers": value}
        for time, value in zip(times, (0, 10, 5), strict=True)
    ]
    trend = Frame(columns=[TIME, READERS], rows=rows, totals={})
    line = sparkline(trend, READERS, drawing(trend))
    assert line
    assert (line.line, line.tail) == ("0,23.0 1,1.0", "1,1.0 2,1.0")


# -- Which pictures are offered -----------------------------------------------------------------

OFFERED = {
    "email.sending_performance": ["donut", "bar", "kpi", "table"],
    "email.bounce_categories": ["donut", "bar", "table"],
    "email.error_reasons": ["donut", "bar", "table"],
    "email.exclusion_reasons": ["bar", "table"],  # a profile can have several reasons
    "email.recipient_domains": ["donut", "bar", "table"],
    "email.offer_statistics": ["kpi", "bar", "table"],  # sent, seen and clicked are no whole
    "email.performance_by_date": [
        "multiples", "line", "area", "bar", "stacked", "log", "table", "kpi",
    ],
    "email.offer_statistics_over_time": ["line", "multiples", "area", "bar", "log", "table", "kpi"],
    "push.sending_summary": [
        "multiples", "line", "area", "bar", "stacked", "log", "table", "kpi",
    ],
    "sms.performance_by_date": [
        "multiples", "line", "area", "bar", "stacked", "log", "table", "kpi",
    ],
    "web.interactions_by_element": ["table", "donut", "bar"],
    "directmail.sending_statistics": ["table", "kpi", "bar"],
    "campaign.statistics": ["kpi", "bar", "table"],
}  # fmt: skip


@pytest.mark.parametrize("slug", OFFERED)
def test_a_picture_is_offered_where_it_tells_the_truth(slug: str) -> None:
    assert list(pictures_of(offered(slug))) == OFFERED[slug]


def offered(slug: str) -> WidgetInfo:
    tab, _, key = slug.partition(".")
    if tab == campaign.SLUG:
        return next(info for info in campaign.infos([]) if info.slug == slug)
    channel = find_channel(tab)
    assert channel
    return widget_info(tab, channel.widget_by_key[key], channel.metric_by_key)


def test_the_names_say_how_bars_stand() -> None:
    with translation.override("en"):
        labels = pictures_of(offered("email.performance_by_date"))
        assert str(labels["bar"]) == "Bars side by side"
        assert str(labels["stacked"]) == "Stacked bars (Delivered + Bounces + Errors)"


def test_only_what_adds_up_is_stacked() -> None:
    columns = [
        Column(key=key, label=key.title(), role="metric")
        for key in ("sent", "delivered", "bounces")
    ]
    rows: list[Row] = [
        {"time": f"2026-06-01T0{i}:00:00Z", "sent": 3, "delivered": 2, "bounces": 1}
        for i in range(3)
    ]
    frame = Frame(columns=[TIME, *columns], rows=rows, totals={})
    of = drawing(frame, picture="stacked", whole=["delivered", "bounces"])
    assert [line["key"] for line in SeriesPicture(of).chart["lines"]] == ["delivered", "bounces"]
    together = SeriesPicture(drawing(frame, whole=["delivered", "bounces"])).chart["lines"]
    assert [(line["key"], line["mark"]) for line in together] == [
        ("sent", 0),
        ("delivered", 1),
        ("bounces", 2),
    ]
