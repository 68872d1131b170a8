"""A widget or the whole report as a file, as its user has arranged it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.text import get_valid_filename
from django.utils.timezone import get_current_timezone, get_current_timezone_name
from django.utils.translation import gettext as _

from liveReport.report import UnknownTab, UnknownWidget, report_head, tab_widget
from liveReport.report.export import Cell, lines, table, to_csv, written

from .fragments import Page
from .layouts import Layers
from .requests import Asked, read_only
from .spreadsheet import XLSX, Block, workbook
from .widgets import Widget

CSV = "text/csv; charset=utf-8"


@read_only
def widget_csv(request: HttpRequest, campaign: str, tab: str, widget: str) -> HttpResponse:
    """One widget's frame; ``widget`` is its key or its slug (``email.statistics``)."""
    asked = Asked.of(request, campaign, tab)
    key = widget.removeprefix(f"{tab}.")
    try:
        _head, found = tab_widget(asked.campaign, tab, key, asked.executions, asked.now)
    except (UnknownTab, UnknownWidget) as error:
        raise Http404 from error
    content = to_csv(found.frame, found.names, get_current_timezone()) if found.frame else ""
    return _attachment(content, f"{campaign}-{tab}-{key}.csv", CSV)


@read_only
def report_csv(request: HttpRequest, campaign: str) -> HttpResponse:
    """Every widget of every tab: title, window, age, then its frame."""
    zone = get_current_timezone()
    asked = Asked.of(request, campaign, "")
    content = [
        [written(cell, zone) for cell in line]
        for page in _pages(asked)
        for widget in page.widgets
        for line in [*_about(page, widget), *_table(widget), []]
    ]
    return _attachment(lines(content), f"{campaign}.csv", CSV)


@read_only
def report_xlsx(request: HttpRequest, campaign: str) -> HttpResponse:
    """The same with a sheet for each tab; numbers, shares and times are such."""
    asked = Asked.of(request, campaign, "")
    sheets = {
        str(page.report.tab.title): [
            Block(str(widget.title), _about(page, widget), _table(widget))
            for widget in page.widgets
        ]
        for page in _pages(asked)
    }
    return _attachment(workbook(sheets, get_current_timezone()), f"{campaign}.xlsx", XLSX)


def _pages(asked: Asked) -> Iterator[Page]:
    """Every tab as its user sees it."""
    for tab in report_head(asked.campaign, asked.now).tabs:
        yield Page(replace(asked, tab=tab.slug), Layers.load(asked.user, tab.slug))


def _about(page: Page, widget: Widget) -> list[list[Cell]]:
    """What the numbers are about, and how old they are."""
    head = page.head
    about: list[list[Cell]] = [
        [_("Campaign"), head.campaign.name],
        [_("Channel"), str(page.report.tab.title)],
        [_("Widget"), str(widget.title), widget.slug],
        [_("Window"), head.window.start, head.window.end],
        [_("Time zone"), get_current_timezone_name()],
        [_("As of"), head.as_of.replace(microsecond=0)],
    ]
    if page.report.selected:
        about.append([_("Executions"), *page.report.selected])
    if page.report.folded_executions:
        about.append([_("Not counted apart"), *page.report.folded_executions])
    return about


def _table(widget: Widget) -> Sequence[Sequence[Cell]]:
    frame = widget.report.frame
    if frame is None:
        return [[_("This widget could not be computed.")]]
    return table(frame, widget.report.names)


def _attachment(content: str | bytes, name: str, content_type: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{get_valid_filename(name)}"'},
    )
