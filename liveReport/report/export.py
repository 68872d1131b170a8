"""Frames as CSV that is safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Mapping

from .frames import Frame, Value

_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What makes a spreadsheet calculate a cell; the last four are the full-width forms."""


def to_csv(frame: Frame, names: Mapping[str, str] | None = None) -> str:
    """A frame's rows and, where there are several, their totals, with a header line.

    ``names`` says how to show dimension values.
    """
    return lines([[column.label for column in frame.columns], *rows(frame, names or {})])


def rows(frame: Frame, names: Mapping[str, str]) -> list[list[Value]]:
    """The cells of a frame, column by column; the last row holds the totals."""
    cells = [
        [
            names.get(str(row[column.key]), row[column.key])
            if column.role in ("dimension", "execution")
            else row[column.key]
            for column in frame.columns
        ]
        for row in frame.rows
    ]
    if frame.axis and frame.rows:
        cells.append([frame.totals.get(column.key, "") for column in frame.columns])
    return cells


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
