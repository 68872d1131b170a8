"""A widget's frame and how to write it: the building blocks of every picture.

The numbers become text here and the tones are chosen; nothing is counted.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from liveReport.channels import NONE, Text
from liveReport.report.frames import (
    Column,
    Frame,
    MarkedRow,
    Row,
    Value,
    WidgetInfo,
    WidgetReport,
)

from . import tones
from .moments import Clock
from .numbers import Writer


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
        """The same as plain text."""
        return signed(self.text, estimate=self.estimate, partial=self.partial)


@dataclass(frozen=True, kw_only=True)
class RowHead:
    """What a table's row stands for: a name, or a moment."""

    text: str
    moment: str = ""
    tone: str = ""
    shade: int = 0


class Drawing:
    """A frame and how to write it, as one of the pictures of its kind."""

    def __init__(self, report: WidgetReport, frame: Frame, clock: Clock, picture: str = "") -> None:
        self.report = report
        self.picture = picture
        self.frame = frame
        self.clock = clock
        self.writer = Writer()
        self.tones = tones.of_metrics(frame.metrics)
        self.columns = {column.key: column for column in frame.metrics}
        self.labels = {column.key: str(column.label) for column in frame.metrics}

    def number(self, column: Column, row: MarkedRow) -> Number:
        value = row.values.get(column.key)
        return Number(
            key=column.key,
            label=self.labels[column.key],
            text=self._text(column, value),
            tone=self.tones[column.key],
            **self._marks(column, row),
        )

    def numbers(self, row: MarkedRow) -> list[Number]:
        return [self.number(column, row) for column in self.frame.metrics]

    def cells(self, row: MarkedRow) -> list[tuple[str, str]]:
        """The same with their signs in the text: tables have a thousand of them."""
        return [(column.key, self._signed(column, row)) for column in self.frame.metrics]

    def _signed(self, column: Column, row: MarkedRow) -> str:
        text = self._text(column, row.values.get(column.key))
        return signed(text, **self._marks(column, row))

    def _text(self, column: Column, value: Value) -> str:
        if column.unit == "time" and value is not None:
            return self.clock.soon(datetime.fromisoformat(str(value)))
        return self.writer.value(column, value)

    def _marks(self, column: Column, row: MarkedRow) -> dict[str, bool]:
        is_there = row.values.get(column.key) is not None
        return {
            "estimate": column.key in row.estimates,
            "partial": is_there and column.key in self.frame.incomplete,
        }

    def note(self, column: Column, row: MarkedRow) -> Text:
        """Why a metric is undefined, if it is and somebody says so."""
        is_there = row.values.get(column.key) is not None
        return "" if is_there else self.report.notes.get(column.key, "")

    def rate(self, key: str, row: MarkedRow) -> Number | None:
        column = self.columns.get(self.report.rates.get(key, ""))
        return self.number(column, row) if column else None

    def measures(self) -> list[Column]:
        """The metrics with a place of their own: all but the rates shown beside another."""
        beside = {self.report.rates.get(key) for key in self.columns}
        return [column for column in self.frame.metrics if column.key not in beside]

    def head(self, row: Row, tone: str = "", shade: int = 0) -> RowHead | None:
        """What a row stands for; of several columns, all that say something."""
        heads = [self._head(axis, row, tone, shade) for axis in self.frame.axes]
        if len(heads) < 2:
            return heads[0] if heads else None
        told = [
            head for head, axis in zip(heads, self.frame.axes, strict=True) if row[axis.key] != NONE
        ]
        text = " · ".join(head.text for head in told)
        return RowHead(text=text, tone=tone, shade=shade)

    def _head(self, axis: Column, row: Row, tone: str, shade: int) -> RowHead:
        value = str(row[axis.key])
        if axis.role == "dimension" or value in self.report.names:
            name = str(self.report.names.get(value, value))
            return RowHead(text=name, tone=tone, shade=shade)
        write = self.clock.run if axis.role == "execution" else self.clock.text
        text = write(datetime.fromisoformat(value))
        return RowHead(text=text, moment=value, tone=tone, shade=shade)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How a frame of one kind is drawn, as which pictures, the usual one first.

    ``draws_zeros``: whether a frame of nothing but zeros is worth a picture. A script
    draws an ``is_chart``; where the picture is ``alone``, the table that says the same
    is there for those who do not see it. It ``has_keys`` where each metric has a colour,
    to be named and switched off, and ``has_shares`` of the first metric or of all.
    ``choose`` names the pictures that tell the truth of a widget, its usual one first;
    without it, all do.
    """

    draw: Callable[[Drawing], Any]
    pictures: Mapping[str, Text]
    draws_zeros: bool
    is_chart: bool = False
    alone: Container[str] = ()
    has_keys: bool = False
    has_shares: bool = False
    choose: Callable[[WidgetInfo], Sequence[str]] | None = None

    def offered(self, info: WidgetInfo) -> dict[str, Text]:
        """Those of its pictures that tell the truth of a widget."""
        names = self.choose(info) if self.choose else self.pictures
        return {name: self.pictures[name] for name in names}


def signed(text: str, *, estimate: bool = False, partial: bool = False) -> str:
    """A value's text with its signs, which the page's legend explains."""
    return f"{'≈ ' if estimate else ''}{text}{'†' if partial else ''}"
