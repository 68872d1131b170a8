"""Rows and columns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from liveReport.report.frames import Column, MarkedRow

from ..drawing import Drawing, Kind, Number, RowHead
from ..progress import Progress, progress


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A number with what stands below or instead of it: its rate, and how far it is."""

    number: Number
    rate: Number | None = None
    progress: Progress | None = None


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row of a table; its cells are metrics' keys and texts, or more than that if ``rich``."""

    head: RowHead | None
    cells: Sequence[tuple[str, str]] = ()
    rich: Sequence[Cell] = ()


class TablePicture:
    """Rows and columns, with a line of totals below when there is more than one row.

    Where a widget that is declared a table has rates, each stands below its number; a part
    is drawn as how far it is, instead of its whole.
    """

    def __init__(self, drawing: Drawing) -> None:
        frame = drawing.frame
        rows = frame.marked_rows
        if frame.axis and frame.axis.role == "time":
            rows.reverse()
        self.heading = " · ".join(str(axis.label) for axis in frame.axes)
        wholes = {column.whole for column in frame.metrics if column.whole}
        is_stacked = drawing.report.kind == "table" and any(
            drawing.report.rates.get(key) in drawing.columns for key in drawing.columns
        )
        self.is_rich = bool(wholes) or is_stacked
        measures = drawing.measures() if is_stacked else frame.metrics
        self.columns = [column for column in measures if column.key not in wholes]
        self.lines = [self._line(drawing, row) for row in rows]
        self.totals = _totals(drawing, self.columns) if frame.axis else []

    def _line(self, drawing: Drawing, row: MarkedRow) -> Line:
        head = drawing.head(row.values)
        if not self.is_rich:
            return Line(head=head, cells=drawing.cells(row))
        return Line(head=head, rich=_rich(drawing, self.columns, row))


def _totals(drawing: Drawing, columns: Sequence[Column]) -> list[Number]:
    """What does not add up has none, while a rate is undefined; nothing where nothing does."""
    totals = drawing.frame.marked_totals
    if all(totals.values.get(column.key) is None for column in columns):
        return []
    numbers = [drawing.number(column, totals) for column in columns]
    return [
        number
        if column.unit == "ratio" or totals.values.get(column.key) is not None
        else replace(number, text="")
        for number, column in zip(numbers, columns, strict=True)
    ]


def _rich(drawing: Drawing, columns: Sequence[Column], row: MarkedRow) -> list[Cell]:
    cells = [
        Cell(
            number=drawing.number(column, row),
            rate=_defined(drawing, column, row),
            progress=progress(column, row, drawing.writer) if column.whole else None,
        )
        for column in columns
    ]
    is_done = any(cell.progress.is_done for cell in cells if cell.progress)
    return [
        _when_done(cell, column) if is_done else cell
        for cell, column in zip(cells, columns, strict=True)
    ]


def _defined(drawing: Drawing, column: Column, row: MarkedRow) -> Number | None:
    """The rate below a number, if it has any."""
    rate = drawing.rate(column.key, row)
    return rate if rate and row.values.get(rate.key) is not None else None


def _when_done(cell: Cell, column: Column) -> Cell:
    """No time is expected any more of what is done."""
    if column.unit != "time":
        return cell
    return replace(cell, number=replace(cell.number, text=_("done")))


KIND = Kind(draw=TablePicture, pictures={"table": gettext_lazy("Table")}, draws_zeros=False)
