"""A widget or the whole report as a file, as its user has arranged it."""

import codecs
from collections.abc import Callable, Container, Iterator, Sequence
from datetime import UTC, datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.text import get_valid_filename
from django.utils.timezone import get_current_timezone, get_current_timezone_name
from django.utils.translation import gettext as _

from liveReport.channels import all_channels
from liveReport.report import UnknownTab, UnknownWidget, tab_widget
from liveReport.report.export import Cell, lines, table, to_csv, written
from liveReport.report.window import RUN

from .fragments import Page, pages_of
from .layouts import Layers
from .report_request import ReportRequest, read_only
from .sheet_names import sheet_names
from .spreadsheet import XLSX, Block, Sheet, workbook
from .widgets import Widget

CSV = "text/csv; charset=utf-8"
UTC_NAME = "UTC"


@read_only
def widget_csv(request: HttpRequest, campaign: str, tab: str, widget: str) -> HttpResponse:
    """One widget's frame; ``widget`` is its key or its slug (``email.statistics``)."""
    asked = ReportRequest.of(request, campaign, tab)
    asked = asked.dividing(Layers.load(asked.user, tab).basis)
    key = widget.removeprefix(f"{tab}.")
    try:
        _head, found = tab_widget(
            asked.campaign, tab, key, asked.executions, asked.now, asked.shown
        )
    except (UnknownTab, UnknownWidget) as error:
        raise Http404 from error
    zone = get_current_timezone()
    content = to_csv(found.frame, found.names, zone, _("Total")) if found.frame else ""
    return _csv(content, f"{campaign}-{tab}-{key}.csv")


@read_only
def report_csv(request: HttpRequest, campaign: str) -> HttpResponse:
    """Every tab: what its numbers are about, then the frame of every widget."""
    zone = get_current_timezone()
    content = [
        [written(cell, zone) for cell in line]
        for page in pages_of(ReportRequest.of(request, campaign, ""))
        for line in [*_about(page), [], *(line for w in page.widgets for line in _lines(w))]
    ]
    return _csv(lines(content), f"{campaign}.csv")


@read_only
def report_xlsx(request: HttpRequest, campaign: str) -> HttpResponse:
    """The same with a sheet for each tab; numbers, shares and times are such."""
    pages = list(pages_of(ReportRequest.of(request, campaign, "")))
    # All channels have a part in it, so that a sheet's name depends on no other one's presence.
    titles = {channel.slug: str(channel.label) for channel in all_channels()}
    names = sheet_names(titles | {p.report.tab.slug: str(p.report.tab.title) for p in pages})
    sheets = [
        Sheet(
            names[page.report.tab.slug],
            [line for about in _about(page) for line in _beside_utc(about)],
            [Block(str(w.title), _title(w), _with_utc(w)) for w in page.widgets],
        )
        for page in pages
    ]
    return _attachment(workbook(sheets, get_current_timezone()), f"{campaign}.xlsx", XLSX)


def _about(page: Page) -> list[list[Cell]]:
    """What the numbers are about, and how old they are."""
    head = page.head
    about: list[list[Cell]] = [
        [_("Campaign"), head.campaign.name],
        [_("Channel"), str(page.report.tab.title)],
        [_("Window"), head.window.start, head.window.end],
        [_("Time zone"), get_current_timezone_name()],
        [_("As of"), head.as_of.replace(microsecond=0)],
    ]
    if page.divided == RUN:
        about.append([_("Rates"), _("over the runs’ 24 hours")])
    if page.has_verdicts and page.asked.period.verdict:
        whose = next(link.title for link in page.reactions if link.current)
        about.append([_("Opens and clicks"), whose])
    if page.report.selected:
        about.append([_("Executions"), *page.report.selected])
    if page.report.folded_executions:
        about.append([_("Not counted apart"), *page.report.folded_executions])
    return about


def _title(widget: Widget) -> list[list[Cell]]:
    return [[_("Widget"), str(widget.title), widget.slug]]


def _table(widget: Widget) -> Sequence[Sequence[Cell]]:
    frame = widget.report.frame
    if frame is None:
        return [[_("This widget could not be computed.")]]
    return table(frame, widget.report.names, _("Total"))


def _lines(widget: Widget) -> list[Sequence[Cell]]:
    return [*_title(widget), *_table(widget), []]


def _with_utc(widget: Widget) -> Sequence[Sequence[Cell]]:
    """The table with a column for UTC beside each that has times.

    A workbook's times have no offset: the hour that is there twice needs another clock.
    """
    head, *rows = _table(widget)
    frame = widget.report.frame
    places = {place for place, one in enumerate(frame.columns) if one.is_moment} if frame else set()
    return [
        _widened(head, places, lambda _cell: UTC_NAME),
        *(_widened(row, places, _utc) for row in rows),
    ]


def _widened(
    line: Sequence[Cell], places: Container[int], beside: Callable[[Cell], Cell]
) -> list[Cell]:
    """A line with a cell more beside those in some places."""
    return [
        one
        for place, cell in enumerate(line)
        for one in ((cell, beside(cell)) if place in places else (cell,))
    ]


def _beside_utc(line: list[Cell]) -> Iterator[list[Cell]]:
    """The line and, where it has times, the same in UTC below."""
    yield line
    if any(isinstance(cell, datetime) for cell in line):
        yield [UTC_NAME, *map(_utc, line[1:])]


def _utc(cell: Cell) -> Cell:
    """What a clock in Greenwich shows, where that is a time."""
    return cell.astimezone(UTC).replace(tzinfo=None) if isinstance(cell, datetime) else None


def _csv(content: str, name: str) -> HttpResponse:
    """A file that spreadsheets take for what it is, UTF-8, since it says so first."""
    return _attachment(codecs.BOM_UTF8 + content.encode(), name, CSV)


def _attachment(content: bytes, name: str, content_type: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{get_valid_filename(name)}"'},
    )
