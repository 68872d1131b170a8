"""Rows and columns: the numbers, their rates, or both in one cell."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from ..drawing import Cell, Drawing, Kind, RowHead


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row of a table."""

    head: RowHead | None
    cells: Sequence[Cell]


class TablePicture:
    """Rows and columns, with a line of totals below when there is more than one row."""

    def __init__(self, drawing: Drawing) -> None:
        frame = drawing.frame
        rows = frame.marked_rows
        if frame.axis and frame.axis.role == "time":
            rows.reverse()
        self.axis = frame.axis
        self.columns = drawing.measures()
        self.lines = [Line(head=drawing.head(row), cells=drawing.cells(row)) for row in rows]
        has_totals = frame.axis and len(rows) > 1
        self.totals = drawing.cells(frame.marked_totals, is_sum=True) if has_totals else None


_PICTURES = {
    "table": gettext_lazy("Table"),
    "numbers": gettext_lazy("Table without rates"),
    "rates": gettext_lazy("Table of rates"),
}
KIND = Kind(draw=TablePicture, pictures=_PICTURES, draws_zeros=False, of_rates=("numbers", "rates"))
