"""What the templates draw of a widget's frame: one class for each kind of picture."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from liveReport.channels import Text
from liveReport.counts.tiers import STEP

from .drawing import Drawing, Number, RowHead
from .parts import PartsPicture
from .sparkline import Sparkline, sparkline


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row of a table; its cells are metrics' keys and texts."""

    head: RowHead | None
    cells: Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A KPI: the number, the rate beside it, its course."""

    number: Number
    rate: Number | None
    spark: Sparkline | None


class TablePicture:
    """Rows and columns, with a line of totals below when there is more than one row."""

    def __init__(self, drawing: Drawing) -> None:
        frame = drawing.frame
        rows = frame.marked_rows
        if frame.axis and frame.axis.role == "time":
            rows.reverse()
        self.axis = frame.axis
        self.columns = frame.metrics
        self.lines = [Line(head=drawing.head(row.values), cells=drawing.cells(row)) for row in rows]
        self.totals = drawing.numbers(frame.marked_totals) if frame.axis else None


class KpiPicture:
    """Tiles over the whole window."""

    def __init__(self, drawing: Drawing) -> None:
        frame, trend = drawing.frame, drawing.report.trend
        totals = frame.marked_totals
        if trend is None and frame.axis and frame.axis.role == "time":
            trend = frame
        self.tiles = [
            Tile(
                number=drawing.number(column, totals),
                rate=drawing.rate(column.key, totals),
                spark=sparkline(trend, column, drawing.writer),
            )
            for column in drawing.measures()
        ]


class SeriesPicture:
    """The metrics over the window as lines, areas or bars, and the table that tells the same."""

    def __init__(self, drawing: Drawing) -> None:
        frame = drawing.frame
        self.table = TablePicture(drawing)
        summary = _("The last 24 hours in steps of 15 minutes: %(totals)s.") % {
            "totals": listing(drawing.numbers(frame.marked_totals))
        }
        self.chart: Mapping[str, Any] = {
            "kind": "series",
            "summary": summary,
            **_course(drawing),
            "lines": [
                {
                    "name": str(column.label),
                    "tone": drawing.tones[column.key],
                    "values": [row.get(column.key) for row in frame.rows],
                    "estimates": [
                        step for step, keys in enumerate(frame.estimates) if column.key in keys
                    ],
                }
                for column in frame.metrics
            ],
        }


def _course(drawing: Drawing) -> dict[str, Any]:
    """The steps as the reader's clock shows them: their starts, and what to call them.

    ``marks`` has the offsets of those whose time of day is there twice, by their number.
    """
    clock, step = drawing.clock, timedelta(seconds=STEP)
    starts = [datetime.fromisoformat(str(row["time"])) for row in drawing.frame.rows]
    marks = {number: clock.mark(start) for number, start in enumerate(starts)}
    return {
        "times": [clock.local(start) for start in starts],
        "spans": [clock.span(start, start + step) for start in starts],
        "marks": {number: mark for number, mark in marks.items() if mark},
    }


def listing(numbers: Sequence[Number]) -> str:
    """“Sent 12, Delivered 11”."""
    return ", ".join(f"{number.label} {number.signed}" for number in numbers)


@dataclass(frozen=True)
class Kind:
    """How a frame of one kind is drawn, as which pictures, the usual one first."""

    draw: Callable[[Drawing], Any]
    pictures: Mapping[str, Text]
    is_chart: bool = False


KINDS = {
    "kpi": Kind(KpiPicture, {"kpi": gettext_lazy("Numbers")}),
    "series": Kind(
        SeriesPicture,
        {"line": gettext_lazy("Lines"), "area": gettext_lazy("Areas"), "bar": gettext_lazy("Bars")},
        is_chart=True,
    ),
    "parts": Kind(
        PartsPicture, {"donut": gettext_lazy("Donut"), "bar": gettext_lazy("Bars")}, is_chart=True
    ),
    "table": Kind(TablePicture, {"table": gettext_lazy("Table")}),
}


def pictures_of(kinds: Iterable[str]) -> dict[str, Text]:
    """What a frame that allows these kinds can be shown as: names and labels."""
    return {name: label for kind in kinds for name, label in KINDS[kind].pictures.items()}


def kind_of(kinds: Iterable[str], picture: str) -> str:
    """The kind of which this is a picture."""
    return next(kind for kind in kinds if picture in KINDS[kind].pictures)
