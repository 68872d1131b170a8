"""A widget's frame and how to write it: the building blocks of every picture.

The numbers become text here and the tones are chosen; nothing is counted.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from liveReport.channels import NONE, OTHER, Text
from liveReport.report.frames import Column, Frame, MarkedRow, Value, WidgetInfo, WidgetReport
from liveReport.report.numbers import Writer

from . import tones
from .behind import Links
from .course import Course
from .moments import Clock
from .notes import Notes, is_few
from .verdicts import Mark


@dataclass(frozen=True, kw_only=True)
class Number:
    """A metric's value as text. An estimate, a partial rate and one of too few say so.

    ``value`` is the bare one, to sort by; ``note`` says what it stands on.
    """

    key: str
    label: str
    text: str
    value: str = ""
    note: str = ""
    tone: str = ""
    estimate: bool = False
    partial: bool = False
    few: bool = False
    link: str = ""
    """To the events that it counts, if it leads there."""

    @property
    def signed(self) -> str:
        """The same as plain text."""
        return signed(self.text, estimate=self.estimate, partial=self.partial, few=self.few)


class Cell(NamedTuple):
    """A number in a table, signs in its text, and what stands below it: tables have a thousand."""

    key: str
    text: str
    value: str
    note: str = ""
    below_key: str = ""
    below: str = ""
    width: str = ""
    """Of a bar that says how far it is, if it has one."""
    link: str = ""
    """To the events that it counts, if it leads there."""


@dataclass(frozen=True, kw_only=True)
class RowHead:
    """What a table's row stands for: a name, or a moment; ``note`` says what it lacks.

    What ``is_rest`` stays last, however the rows are sorted.
    """

    text: str
    moment: str = ""
    tone: str = ""
    shade: int = 0
    note: str = ""
    is_rest: bool = False


class Drawing:
    """A frame and how to write it, as one of the pictures of its kind."""

    def __init__(
        self,
        report: WidgetReport,
        frame: Frame,
        clock: Clock,
        course: Course,
        picture: str = "",
        links: Links | None = None,
    ) -> None:
        self.report = report
        self.picture = picture
        self.frame = frame
        self.clock = clock
        self.course = course
        self._links = links
        self.writer = Writer()
        self.notes = Notes(self.writer)
        self.tones = tones.of_metrics(frame.metrics)
        self.columns = {column.key: column for column in frame.metrics}
        self.levels: Mapping[str, Mark] = {}
        self.labels = {column.key: str(column.label) for column in frame.metrics}

    def number(self, column: Column, row: MarkedRow) -> Number:
        value = row.values.get(column.key)
        marks = self._marks(column, row)
        return Number(
            key=column.key,
            label=self.labels[column.key],
            text=self._text(column, value),
            value="" if value is None else str(value),
            note=self._note(column, row, marks),
            tone=self.tones[column.key],
            link=self._link(column, row),
            **marks,
        )

    def _link(self, column: Column, row: MarkedRow) -> str:
        return self._links.of(self.frame, column, row) if self._links else ""

    def numbers(self, row: MarkedRow) -> list[Number]:
        return [self.number(column, row) for column in self.measures()]

    def cells(self, row: MarkedRow, *, is_sum: bool = False) -> list[Cell]:
        """The same as a table has them, each with its rate: below it, or alone, or not at all.

        ``is_sum`` says that the row is taken for the sum of those above, which it may not be.
        """
        return [self._cell(column, row, is_sum=is_sum) for column in self.measures()]

    def _cell(self, column: Column, row: MarkedRow, *, is_sum: bool) -> Cell:
        rate = self.rate_column(column.key) if self.picture != "numbers" else None
        if rate and self.picture == "rates":
            column, rate = rate, None
        value = row.values.get(column.key)
        text, note = self._written(column, row)
        if is_sum and column.is_distinct:
            text, note = f"{text}‡", f"{note} {self.notes.distinct}".strip()
        link = self._link(column, row)
        cell = Cell(column.key, text, "" if value is None else str(value), note, link=link)
        if rate is None or value is None:
            return cell
        below, more = self._written(rate, row)
        return cell._replace(below_key=rate.key, below=below, note=f"{more} {note}".strip())

    def _written(self, column: Column, row: MarkedRow) -> tuple[str, str]:
        """A value's text with its signs, and its note."""
        marks = self._marks(column, row)
        text = signed(self._text(column, row.values.get(column.key)), **marks)
        return text, self._note(column, row, marks)

    def _text(self, column: Column, value: Value) -> str:
        if column.unit == "time" and value is not None:
            return self.clock.soon(datetime.fromisoformat(str(value)))
        return self.writer.value(column, value)

    def _marks(self, column: Column, row: MarkedRow) -> dict[str, bool]:
        is_there = row.values.get(column.key) is not None
        return {
            "estimate": column.key in row.estimates,
            "partial": is_there
            and column.key in self.frame.incomplete
            and not self._is_complete_run(row),
            "few": is_there and is_few(column, row.bases.get(column.key)),
        }

    def undefined(self, column: Column, row: MarkedRow) -> str:
        """Why a metric is undefined, if it is and somebody says so."""
        is_there = row.values.get(column.key) is not None
        return "" if is_there else str(self.report.notes.get(column.key, ""))

    def _note(self, column: Column, row: MarkedRow, marks: Mapping[str, bool]) -> str:
        said = [
            self.undefined(column, row),
            self.notes.base(column, row.bases.get(column.key)),
            self.notes.estimate if marks["estimate"] else "",
            self.notes.incomplete[self.frame.basis] if marks["partial"] else "",
        ]
        return " ".join(filter(None, said))

    def _is_complete_run(self, row: MarkedRow) -> bool:
        """Whether this is a run that began within what rates divide, so that nothing is missing."""
        axis = self.frame.axis
        if axis is None or axis.role != "execution" or row.cut:
            return False
        return row.values.get(axis.key) not in (None, NONE, OTHER)

    def rate(self, key: str, row: MarkedRow) -> Number | None:
        column = self.rate_column(key)
        return self.number(column, row) if column else None

    def rate_column(self, key: str) -> Column | None:
        """The rate shown with a metric, if there is one."""
        return self.columns.get(self.report.rates.get(key, ""))

    def measures(self) -> list[Column]:
        """The metrics with a place of their own: all but the rates shown with another."""
        return self._measures

    @cached_property
    def _measures(self) -> list[Column]:
        beside = {self.report.rates.get(key) for key in self.columns}
        return [column for column in self.frame.metrics if column.key not in beside]

    def head(self, row: MarkedRow, tone: str = "", shade: int = 0) -> RowHead | None:
        """What a row stands for; of several columns, all that say something."""
        heads = [self._head(axis, row, tone, shade) for axis in self.frame.axes]
        if len(heads) < 2:
            return heads[0] if heads else None
        told = [
            head
            for head, axis in zip(heads, self.frame.axes, strict=True)
            if row.values[axis.key] != NONE
        ]
        text = " · ".join(head.text for head in told)
        return RowHead(text=text, tone=tone, shade=shade)

    def _head(self, axis: Column, row: MarkedRow, tone: str, shade: int) -> RowHead:
        value = str(row.values[axis.key])
        if axis.role == "dimension" or value in self.report.names:
            name = str(self.report.names.get(value, value))
            return RowHead(text=name, tone=tone, shade=shade, is_rest=value == OTHER)
        write = self.clock.run if axis.role == "execution" else self.clock.text
        note = self.notes.began_before if row.partial else ""
        text = signed(write(datetime.fromisoformat(value)), partial=row.partial)
        return RowHead(text=text, moment=value, tone=tone, shade=shade, note=note)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How a frame of one kind is drawn, as which pictures, the usual one first.

    ``draws_zeros``: whether a frame of nothing but zeros is worth a picture. A script
    draws an ``is_chart``; where the picture is ``alone``, the table that says the same
    is there for those who do not see it. It ``has_keys`` where each metric has a colour,
    to be named and switched off, and ``has_shares`` of the first metric or of all.
    ``choose`` names the pictures that tell the truth of a widget, its usual one first;
    without it, all do. Where no number has a rate, the pictures ``of_rates`` would show
    nothing new; those ``without_rates`` leave them out.
    """

    draw: Callable[[Drawing], Any]
    pictures: Mapping[str, Text]
    draws_zeros: bool
    is_chart: bool = False
    alone: Container[str] = ()
    has_keys: bool = False
    has_shares: bool = False
    of_rates: Container[str] = ()
    without_rates: Container[str] = ()
    choose: Callable[[WidgetInfo], Sequence[str]] | None = None

    def offered(self, info: WidgetInfo) -> dict[str, Text]:
        """Those of its pictures that tell the truth of a widget."""
        names = self.choose(info) if self.choose else self.pictures
        told = [name for name in names if info.has_rates or name not in self.of_rates]
        return {name: self.pictures[name] for name in told}


def signed(text: str, *, estimate: bool = False, partial: bool = False, few: bool = False) -> str:
    """A value's text with its signs, which the page's legend explains."""
    return f"{'≈ ' if estimate else ''}{text}{'†' if partial else ''}{'?' if few else ''}"
