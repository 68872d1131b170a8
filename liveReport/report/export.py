"""Frames as CSV that is safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo

from .frames import Column, Frame, Value

Cell = Value | datetime

_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What makes a spreadsheet calculate a cell; the last four are the full-width forms."""


def to_csv(frame: Frame, names: Mapping[str, str] | None = None, zone: tzinfo = UTC) -> str:
    """A frame's rows and, where there are several, their totals, with a header line.

    ``names`` says how to show dimension values, ``zone`` how to write times.
    """
    cells = [[written(cell, zone) for cell in row] for row in rows(frame, names or {})]
    return lines([[column.label for column in frame.columns], *cells])


def rows(frame: Frame, names: Mapping[str, str]) -> list[list[Cell]]:
    """The cells of a frame, column by column, times as such; the last row holds the totals."""
    cells = [
        [_cell(column, row[column.key], names) for column in frame.columns] for row in frame.rows
    ]
    if frame.axis and frame.rows:
        cells.append([frame.totals.get(column.key, "") for column in frame.columns])
    return cells


def _cell(column: Column, value: Value, names: Mapping[str, str]) -> Cell:
    if column.role == "metric":
        return value
    if str(value) in names:
        return names[str(value)]
    return value if column.role == "dimension" else datetime.fromisoformat(str(value))


def written(cell: Cell, zone: tzinfo) -> Cell:
    """Times as RFC 3339 writes them, with the zone's offset; the rest as it is."""
    if isinstance(cell, datetime):
        return cell.astimezone(zone).isoformat(timespec="seconds").replace("+00:00", "Z")
    return cell


def lines(table: Iterable[Iterable[object]]) -> str:
    """CSV as RFC 4180 has it. Text that a spreadsheet would calculate is quoted with '."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerows([_safe(cell) for cell in row] for row in table)
    return out.getvalue()


def _safe(cell: object) -> object:
    if cell is None:
        return ""
    if isinstance(cell, int | float):
        return cell
    text = str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text
