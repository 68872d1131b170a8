"""Rows and columns."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from ..drawing import Drawing, Kind, RowHead


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row of a table; its cells are metrics' keys and texts."""

    head: RowHead | None
    cells: Sequence[tuple[str, str]]


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


KIND = Kind(draw=TablePicture, pictures={"table": gettext_lazy("Table")}, draws_zeros=False)
