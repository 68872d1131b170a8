"""The report as an XLSX workbook: numbers are numbers, and no text is ever a formula."""

import io
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from liveReport.report.export import Cell

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDTHS = (34, 18)
"""Characters in the first column, and in each of the others."""

_FORBIDDEN = re.compile(r"[][:*?/\\]")


@dataclass(frozen=True)
class Block:
    """One widget: a title, lines that say what it is about, a header line, rows."""

    title: str
    about: Sequence[Sequence[Cell]]
    table: Sequence[Sequence[Cell]]


def workbook(sheets: Mapping[str, Iterable[Block]], zone: tzinfo) -> bytes:
    """A file with a sheet for each name; times are written in ``zone``."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        writer = _Writer(book, zone)
        for name, blocks in sheets.items():
            taken = {sheet.get_name().lower() for sheet in book.worksheets()}
            writer.sheet(book.add_worksheet(_sheet_name(name, taken)), blocks)
    return out.getvalue()


def _sheet_name(name: str, taken: Collection[str]) -> str:
    """A name that the format allows and no other sheet has."""
    allowed = _FORBIDDEN.sub(" ", name).strip("' ")[:28] or "?"
    return allowed if allowed.lower() not in taken else f"{allowed} {len(taken) + 1}"


class _Writer:
    def __init__(self, book: xlsxwriter.Workbook, zone: tzinfo) -> None:
        self._zone = zone
        self._title: Format = book.add_format({"bold": True, "font_size": 13})
        self._head: Format = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        self._formats: dict[type, Format] = {
            int: book.add_format({"num_format": "#,##0"}),
            float: book.add_format({"num_format": "0.0%"}),
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"}),
        }

    def sheet(self, sheet: Worksheet, blocks: Iterable[Block]) -> None:
        first, others = WIDTHS
        sheet.set_column(0, 0, first)
        sheet.set_column(1, 20, others)
        row = 0
        for block in blocks:
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
            local = cell.astimezone(self._zone).replace(tzinfo=None)
            sheet.write_datetime(row, column, local, style)
        elif isinstance(cell, int | float):
            sheet.write_number(row, column, cell, style)
        elif cell is not None:
            sheet.write_string(row, column, cell, style)
