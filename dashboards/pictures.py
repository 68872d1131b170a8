"""What the templates draw of a widget's frame: one class for each kind of picture.

The numbers become text here and the tones are chosen; nothing is counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from liveReport.channels import OTHER
from liveReport.report.frames import Column, Frame, Row, WidgetReport

from . import tones
from .sparkline import Sparkline, sparkline
from .texts import Writer

SLICES = 6
"""Slices of a donut with a colour of their own; its table names them all."""


@dataclass(frozen=True, kw_only=True)
class Number:
    """A metric's value as text. An estimate and a partial rate say so."""

    key: str
    label: str
    text: str
    tone: str = ""
    estimate: bool = False
    partial: bool = False

    @property
    def signed(self) -> str:
        """The text with its signs, for the many cells of a table."""
        return f"{'≈ ' if self.estimate else ''}{self.text}{'†' if self.partial else ''}"


@dataclass(frozen=True, kw_only=True)
class Head:
    """What a table's row stands for: a name, or a moment."""

    text: str
    moment: str = ""
    tone: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row of a table."""

    head: Head | None
    numbers: Sequence[Number]


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A KPI: the number, the rate beside it, its course."""

    number: Number
    rate: Number | None
    spark: Sparkline | None


@dataclass(frozen=True, kw_only=True)
class Part:
    """A share of a whole, with the other numbers of its row."""

    head: Head
    number: Number
    share: str
    width: str
    rate: Number | None
    others: Sequence[Number]


class Drawing:
    """A frame and how to write it. The methods below are the pictures' building blocks."""

    def __init__(self, report: WidgetReport, frame: Frame) -> None:
        self.report = report
        self.frame = frame
        self.writer = Writer()
        self.tones = tones.of_metrics([column.key for column in frame.metrics])
        self.columns = {column.key: column for column in frame.metrics}

    def number(self, column: Column, row: Row) -> Number:
        value = row.get(column.key)
        return Number(
            key=column.key,
            label=str(column.label),
            text=self.writer.value(column, value),
            tone=self.tones[column.key],
            estimate=column.key in self.frame.approximate and bool(value),
            partial=column.key in self.frame.incomplete and value is not None,
        )

    def numbers(self, row: Row) -> list[Number]:
        return [self.number(column, row) for column in self.frame.metrics]

    def rate(self, key: str, row: Row) -> Number | None:
        column = self.columns.get(self.report.rates.get(key, ""))
        return self.number(column, row) if column else None

    def measures(self) -> list[Column]:
        """The metrics with a place of their own: all but the rates shown beside another."""
        beside = {self.report.rates.get(key) for key in self.columns}
        return [column for column in self.frame.metrics if column.key not in beside]

    def head(self, row: Row, tone: str = "") -> Head | None:
        axis = self.frame.axis
        if axis is None:
            return None
        value = str(row[axis.key])
        if axis.role == "dimension" or value in self.report.names:
            return Head(text=self.report.names.get(value, value), tone=tone)
        return Head(text=moment_text(value), moment=value)


def moment_text(value: str) -> str:
    """A moment for readers without JavaScript, which writes it in their own time zone."""
    moment = datetime.fromisoformat(value).astimezone(UTC)
    return f"{moment:%Y-%m-%d %H:%M} UTC"


class TablePicture:
    """Rows and columns, with a line of totals below when there is more than one row."""

    def __init__(self, drawing: Drawing) -> None:
        frame = drawing.frame
        rows = list(frame.rows)
        if frame.axis and frame.axis.role == "time":
            rows.reverse()
        self.axis = frame.axis
        self.columns = frame.metrics
        self.lines = [Line(head=drawing.head(row), numbers=drawing.numbers(row)) for row in rows]
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


class PartsPicture:
    """A donut, and the table that names its slices."""

    def __init__(self, drawing: Drawing) -> None:
        frame = drawing.frame
        self.axis = frame.axis
        self.measure = drawing.measures()[0]
        self.others = frame.metrics[1:] if frame.axis else []
        self.parts = _rows_as_parts(drawing) if frame.axis else _metrics_as_parts(drawing)
        self.has_rates = any(part.rate for part in self.parts)
        values = _values(drawing)
        self.total = drawing.writer.count(_total(drawing))
        summary = _("Donut of %(total)s: %(parts)s.") % {
            "total": self.total,
            "parts": ", ".join(f"{part.head.text} {part.share}" for part in self.parts[:SLICES]),
        }
        slices = _fold(list(zip(self.parts, values, strict=True)))
        self.chart: Mapping[str, Any] = {
            "kind": "parts",
            "summary": summary,
            "total": self.total,
            "label": str(self.measure.label) if frame.axis else "",
            "slices": slices,
        }


def _values(drawing: Drawing) -> list[int]:
    frame, columns = drawing.frame, drawing.measures()
    if frame.axis:
        return [_whole(row, columns[0]) for row in frame.rows]
    return [_whole(frame.totals, column) for column in columns]


def _total(drawing: Drawing) -> int:
    """What the shares are of. Profiles can be in several rows, so rows are not summed."""
    if drawing.frame.axis:
        return _whole(drawing.frame.totals, drawing.measures()[0])
    return sum(_values(drawing))


def _whole(row: Row, column: Column) -> int:
    return int(row.get(column.key) or 0)


def _rows_as_parts(drawing: Drawing) -> list[Part]:
    """One part for each value of the dimension, by the first metric."""
    frame, column = drawing.frame, drawing.measures()[0]
    axis = frame.axis.key if frame.axis else ""
    palette = tones.of_values([str(row[axis]) for row in frame.rows], SLICES)
    whole = _total(drawing) or 1
    return [
        Part(
            head=drawing.head(row, tone) or Head(text=""),
            number=drawing.number(column, row),
            rate=None,
            others=drawing.numbers(row)[1:],
            **_share(drawing, _whole(row, column) / whole),
        )
        for row, tone in zip(frame.rows, palette, strict=True)
    ]


def _metrics_as_parts(drawing: Drawing) -> list[Part]:
    """One part for each metric of a frame that has a single row."""
    totals = drawing.frame.totals
    whole = _total(drawing) or 1
    return [
        Part(
            head=Head(text=str(column.label), tone=drawing.tones[column.key]),
            number=drawing.number(column, totals),
            rate=drawing.rate(column.key, totals),
            others=(),
            **_share(drawing, _whole(totals, column) / whole),
        )
        for column in drawing.measures()
    ]


def _share(drawing: Drawing, fraction: float) -> dict[str, str]:
    return {"share": drawing.writer.share(fraction), "width": f"{fraction * 100:.1f}%"}


def _fold(parts: Sequence[tuple[Part, int]]) -> list[dict[str, Any]]:
    """The slices of the donut: the coloured parts, and all grey ones as one."""
    named = [(part.head, value) for part, value in parts if part.head.tone != tones.REST]
    rest = [(part.head, value) for part, value in parts if part.head.tone == tones.REST]
    slices = [{"name": head.text, "tone": head.tone, "value": value} for head, value in named]
    if rest:
        name = rest[0][0].text if len(rest) == 1 else _("Others")
        total = sum(value for _head, value in rest)
        slices.append({"name": name, "tone": tones.REST, "value": total, "key": OTHER})
    return slices


def listing(numbers: Sequence[Number]) -> str:
    """“Sent 12, Delivered 11”."""
    return ", ".join(f"{number.label} {number.text}" for number in numbers)


PICTURES = {
    "kpi": KpiPicture,
    "series": SeriesPicture,
    "parts": PartsPicture,
    "table": TablePicture,
}
