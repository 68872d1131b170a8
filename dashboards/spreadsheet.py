"""The report as an XLSX workbook: numbers are numbers, and no text is ever a formula."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from liveReport.report.export import Cell

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDTHS = (34, 18)
"""Characters in the first column, and in each of the others."""


@dataclass(frozen=True)
class Block:
    """One widget: a title, lines that say what it is about, a header line, rows."""

    title: str
    about: Sequence[Sequence[Cell]]
    table: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Sheet:
    """One tab: a name that the format allows and no other has, what it is about, its widgets."""

    name: str
    about: Sequence[Sequence[Cell]]
    blocks: Sequence[Block]


def workbook(sheets: Iterable[Sheet], zone: tzinfo) -> bytes:
    """A file with these sheets; times are written in ``zone``, those without a zone as they are."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        writer = _Writer(book, zone)
        for sheet in sheets:
            writer.sheet(book.add_worksheet(sheet.name), sheet)
    return out.getvalue()


class _Writer:
    def __init__(self, book: xlsxwriter.Workbook, zone: tzinfo) -> None:
        self._zone = zone
        self._title: Format = book.add_format({"bold": True, "font_size": 13})
        self._head: Format = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        self._formats: dict[type, Format] = {
            int: book.add_format({"num_format": "#,##0"}),
            float: book.add_format({"num_format": "0.0%"}),
            Decimal: book.add_format({"num_format": "#,##0.0"}),
        }
        # As precise as a time is; the format has no more than milliseconds.
        self._times: list[Format] = [
            book.add_format({"num_format": f"yyyy-mm-dd hh:mm{more}", "align": "left"})
            for more in ("", ":ss", ":ss.000")
        ]

    def sheet(self, sheet: Worksheet, content: Sheet) -> None:
        first, others = WIDTHS
        sheet.set_column(0, 0, first)
        sheet.set_column(1, 20, others)
        row = self._lines(sheet, 0, content.about) + 1
        for block in content.blocks:
            sheet.write_string(row, 0, block.title, self._title)
            row = self._lines(sheet, row + 1, block.about)
            row = self._lines(sheet, row, block.table[:1], self._head)
            row = self._lines(sheet, row, block.table[1:]) + 1

    def _lines(
        self,
        sheet: Worksheet,
        row: int,
        lines: Iterable[Sequence[Cell]],
        style: Format | None = None,
    ) -> int:
        """Write lines below each other; the row after them."""
        for line in lines:
            for column, cell in enumerate(line):
                self._cell(sheet, row, column, cell, style)
            row += 1
        return row

    def _cell(
        self, sheet: Worksheet, row: int, column: int, cell: Cell, style: Format | None
    ) -> None:
        style = style or self._formats.get(type(cell))
        if isinstance(cell, datetime):
            # The format knows no time zones: this is the clock on the reader's wall.
            local = cell.astimezone(self._zone).replace(tzinfo=None) if cell.tzinfo else cell
            if cell.microsecond % 1_000:  # more than a spreadsheet's time can tell
                sheet.write_string(row, column, local.isoformat(" "))
                return
            digits = 2 if cell.microsecond else 1 if cell.second else 0
            sheet.write_datetime(row, column, local, self._times[digits])
        elif isinstance(cell, int | float | Decimal):
            sheet.write_number(row, column, float(cell), style)
        elif cell is not None:
            sheet.write_string(row, column, cell, style)
