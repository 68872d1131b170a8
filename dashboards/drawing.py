"""A widget's frame and how to write it: the building blocks of every picture.

The numbers become text here and the tones are chosen; nothing is counted.
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from liveReport.channels import Text
from liveReport.report.frames import Column, Frame, MarkedRow, Row, WidgetReport

from . import tones
from .course import Course
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


class Drawing:
    """A frame and how to write it."""

    def __init__(self, report: WidgetReport, frame: Frame, clock: Clock, course: Course) -> None:
        self.report = report
        self.frame = frame
        self.clock = clock
        self.course = course
        self.writer = Writer()
        self.tones = tones.of_metrics(frame.metrics)
        self.columns = {column.key: column for column in frame.metrics}
        self.labels = {column.key: str(column.label) for column in frame.metrics}

    def number(self, column: Column, row: MarkedRow) -> Number:
        value = row.values.get(column.key)
        return Number(
            key=column.key,
            label=self.labels[column.key],
            text=self.writer.value(column, value),
            tone=self.tones[column.key],
            **self._marks(column, row),
        )

    def numbers(self, row: MarkedRow) -> list[Number]:
        return [self.number(column, row) for column in self.frame.metrics]

    def cells(self, row: MarkedRow) -> list[tuple[str, str]]:
        """The same with their signs in the text: tables have a thousand of them."""
        return [(column.key, self._signed(column, row)) for column in self.frame.metrics]

    def _signed(self, column: Column, row: MarkedRow) -> str:
        text = self.writer.value(column, row.values.get(column.key))
        return signed(text, **self._marks(column, row))

    def _marks(self, column: Column, row: MarkedRow) -> dict[str, bool]:
        is_there = row.values.get(column.key) is not None
        return {
            "estimate": column.key in row.estimates,
            "partial": is_there and column.key in self.frame.incomplete,
        }

    def rate(self, key: str, row: MarkedRow) -> Number | None:
        column = self.columns.get(self.report.rates.get(key, ""))
        return self.number(column, row) if column else None

    def measures(self) -> list[Column]:
        """The metrics with a place of their own: all but the rates shown beside another."""
        beside = {self.report.rates.get(key) for key in self.columns}
        return [column for column in self.frame.metrics if column.key not in beside]

    def head(self, row: Row, tone: str = "") -> RowHead | None:
        axis = self.frame.axis
        if axis is None:
            return None
        value = str(row[axis.key])
        if axis.role == "dimension" or value in self.report.names:
            return RowHead(text=str(self.report.names.get(value, value)), tone=tone)
        write = self.clock.run if axis.role == "execution" else self.clock.text
        return RowHead(text=write(datetime.fromisoformat(value)), moment=value, tone=tone)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How a frame of one kind is drawn, as which pictures, the usual one first.

    ``draws_zeros``: whether a frame of nothing but zeros is worth a picture. A script
    draws an ``is_chart``; where the picture is ``alone``, the table that says the same
    is there for those who do not see it.
    """

    draw: Callable[[Drawing], Any]
    pictures: Mapping[str, Text]
    draws_zeros: bool
    is_chart: bool = False
    alone: Container[str] = ()


def signed(text: str, *, estimate: bool = False, partial: bool = False) -> str:
    """A value's text with its signs, which the page's legend explains."""
    return f"{'≈ ' if estimate else ''}{text}{'†' if partial else ''}"
