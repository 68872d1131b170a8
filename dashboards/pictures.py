"""What the templates draw of a widget's frame: one class for each kind of picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from .drawing import Drawing, Head, Number
from .parts import PartsPicture
from .sparkline import Sparkline, sparkline


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row of a table; its cells are metrics' keys and texts."""

    head: Head | None
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
        rows = list(frame.rows)
        if frame.axis and frame.axis.role == "time":
            rows.reverse()
        self.axis = frame.axis
        self.columns = frame.metrics
        self.lines = [Line(head=drawing.head(row), cells=drawing.cells(row)) for row in rows]
        self.totals = drawing.numbers(frame.totals) if frame.axis else None


class KpiPicture:
    """Tiles over the whole window."""

    def __init__(self, drawing: Drawing) -> None:
        frame, trend = drawing.frame, drawing.report.trend
        if trend is None and frame.axis and frame.axis.role == "time":
            trend = frame
        self.tiles = [
            Tile(
                number=drawing.number(column, frame.totals),
                rate=drawing.rate(column.key, frame.totals),
                spark=sparkline(trend, column, drawing.writer),
            )
            for column in drawing.measures()
        ]


class SeriesPicture:
    """Lines over the window, and the table that tells the same."""

    def __init__(self, drawing: Drawing) -> None:
        frame = drawing.frame
        self.table = TablePicture(drawing)
        summary = _("Lines over the last 24 hours, in steps of 15 minutes: %(totals)s.") % {
            "totals": listing(drawing.numbers(frame.totals))
        }
        self.chart: Mapping[str, Any] = {
            "kind": "series",
            "summary": summary,
            "times": [row["time"] for row in frame.rows],
            "lines": [
                {
                    "name": str(column.label),
                    "tone": drawing.tones[column.key],
                    "values": [row.get(column.key) for row in frame.rows],
                }
                for column in frame.metrics
            ],
        }


def listing(numbers: Sequence[Number]) -> str:
    """“Sent 12, Delivered 11”."""
    return ", ".join(f"{number.label} {number.text}" for number in numbers)


PICTURES = {
    "kpi": KpiPicture,
    "series": SeriesPicture,
    "parts": PartsPicture,
    "table": TablePicture,
}
