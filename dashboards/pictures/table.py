"""Rows and columns: the numbers, their rates, or both in one cell."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from liveReport.report.frames import Column, MarkedRow
from liveReport.report.numbers import UNDEFINED

from ..drawing import Cell, Drawing, Kind, RowHead
from ..progress import Progress, progress


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row of a table."""

    head: RowHead | None
    cells: Sequence[Cell]


class TablePicture:
    """Rows and columns, with a line of totals below when there is more than one row.

    A metric that is a part of another shows how far it is, in place of both.
    """

    def __init__(self, drawing: Drawing) -> None:
        frame = drawing.frame
        rows = frame.marked_rows
        if frame.axis and frame.axis.role == "time":
            rows.reverse()
        self.heading = " · ".join(str(axis.label) for axis in frame.axes)
        wholes = {column.whole for column in frame.metrics if column.whole}
        self.columns = [column for column in drawing.measures() if column.key not in wholes]
        self.lines = [
            Line(head=drawing.head(row), cells=_cells(drawing, self.columns, row)) for row in rows
        ]
        has_totals = frame.axis and len(rows) > 1
        self.totals = _totals(drawing, self.columns) if has_totals else []


def _cells(drawing: Drawing, columns: Sequence[Column], row: MarkedRow) -> list[Cell]:
    parts = {
        column.key: progress(column, row, drawing.writer) for column in columns if column.whole
    }
    is_done = any(part.is_done for part in parts.values())
    return [
        _told(cell, column, parts.get(column.key), is_done=is_done)
        for column, cell in zip(drawing.measures(), drawing.cells(row), strict=True)
        if column in columns
    ]


def _told(cell: Cell, column: Column, part: Progress | None, *, is_done: bool) -> Cell:
    """How far a part is; no time is expected any more of what is done."""
    if part:
        return cell._replace(text=part.text, width=part.width)
    return cell._replace(text=_("done")) if is_done and column.unit == "time" else cell


def _totals(drawing: Drawing, columns: Sequence[Column]) -> list[Cell]:
    """What does not add up has none, while a rate is undefined; nothing where nothing does."""
    totals = drawing.frame.marked_totals
    if all(totals.values.get(column.key) is None for column in columns):
        return []
    return [
        _alone(cell)
        if column.unit == "ratio" or totals.values.get(column.key) is not None
        else cell._replace(text="")
        for column, cell in zip(drawing.measures(), drawing.cells(totals, is_sum=True), strict=True)
        if column in columns
    ]


def _alone(cell: Cell) -> Cell:
    """A total whose rate is undefined stands without it."""
    return cell if cell.below != UNDEFINED else cell._replace(below_key="", below="")


_PICTURES = {
    "table": gettext_lazy("Table"),
    "numbers": gettext_lazy("Table without rates"),
    "rates": gettext_lazy("Table of rates"),
}
KIND = Kind(
    draw=TablePicture,
    pictures=_PICTURES,
    draws_zeros=False,
    of_rates=("numbers", "rates"),
    without_rates=("numbers",),
)
