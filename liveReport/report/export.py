"""Frames as CSV that is safe to open in a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from django.utils.translation import gettext as _

from liveReport.channels import Text

from .frames import Column, Frame, MarkedRow, Value

Cell = Value | datetime | Decimal

_RISKY = re.compile(
    r"""
    ^(?=[\t\r\n])  # what some spreadsheets skip
    | (?:^|(?<=[;|\t\r\n]))(?=[\s"']*[=+\-@\uff1d\uff0b\uff0d\uff20])  # the last four: full-width
    """,
    re.VERBOSE,
)
"""Where a spreadsheet may find a cell that it would calculate.

A cell begins where our text does, and to a reader that splits lines by another sign than
the comma (Excel does, where that is the decimal sign) after each such sign within it.
"""


def to_csv(
    frame: Frame, names: Mapping[str, Text] | None = None, zone: tzinfo = UTC, total: str = ""
) -> str:
    """The table of a frame as text.

    ``names`` says how to show dimension values, ``zone`` how to write times, ``total``
    what the line of totals is called; without a name there is none.
    """
    shown = table(frame, names or {}, total)
    return lines([written(cell, zone) for cell in line] for line in shown)


def table(frame: Frame, names: Mapping[str, Text], total: str = "") -> list[list[Cell]]:
    """A header line, the rows with times as such and, where there are several, their totals.

    Numbers stay numbers: when any is an estimate, a last column names those of each line;
    when any row is partial, another one says of which.
    The totals are left out unless they have a name: a program would add them to the rest.
    """
    shown: list[tuple[list[Cell], MarkedRow]] = [
        ([_cell(column, row.values[column.key], names) for column in frame.columns], row)
        for row in frame.marked_rows
    ]
    axis = frame.axis
    if total and axis and frame.rows:
        totals: list[Cell] = [
            total if column is axis else _cell(column, frame.totals.get(column.key), {})
            for column in frame.columns
        ]
        shown.append((totals, frame.marked_totals))
    head: list[Cell] = [str(column.label) for column in frame.columns]
    lines = [head, *(cells for cells, _row in shown)]
    marked = [row for _cells, row in shown]
    if any(row.estimates for row in marked):
        _append(lines, _("≈ Estimates"), [_estimates(frame, row) for row in marked])
    if frame.partial:
        before = _("began before the window")
        _append(lines, _("† Partial"), [before if row.partial else "" for row in marked])
    return lines


def _append(lines: list[list[Cell]], title: str, column: Iterable[str]) -> None:
    """Add a column on the right."""
    for line, cell in zip(lines, [title, *column], strict=True):
        line.append(cell)


def _estimates(frame: Frame, row: MarkedRow) -> str:
    return ", ".join(str(c.label) for c in frame.metrics if c.key in row.estimates)


def _cell(column: Column, value: Value, names: Mapping[str, Text]) -> Cell:
    if value is None:
        return None
    if column.role == "metric" and not column.is_moment:
        # A number with a fraction is a share, unless it says otherwise.
        is_share = column.unit == "ratio" or not isinstance(value, float)
        return value if is_share else Decimal(str(value))
    if str(value) in names:
        return str(names[str(value)])
    return value if column.role == "dimension" else datetime.fromisoformat(str(value))


def written(cell: Cell, zone: tzinfo) -> Cell:
    """Times as RFC 3339 writes them, with the zone's offset; the rest as it is."""
    if isinstance(cell, datetime):
        return cell.astimezone(zone).isoformat().replace("+00:00", "Z")
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
    if isinstance(cell, int | float | Decimal):
        return cell
    return _RISKY.sub("'", str(cell))
