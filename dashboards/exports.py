"""CSV of a widget and of the whole report, as the pages show them."""

from collections.abc import Iterator, Sequence

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from liveReport.report import (
    Head,
    TabReport,
    UnknownTab,
    UnknownWidget,
    report_head,
    tab_report,
    tab_widget,
)
from liveReport.report.export import lines, rows, to_csv
from liveReport.report.frames import Frame, WidgetReport

from .requests import Asked, rfc3339, staff_page

Line = Sequence[object]


@staff_page
def widget_csv(request: HttpRequest, campaign: str, tab: str, widget: str) -> HttpResponse:
    """One widget's frame; ``widget`` is its key or its slug (``email.statistics``)."""
    asked = Asked.of(request, campaign, tab)
    key = widget.removeprefix(f"{tab}.")
    try:
        _head, found = tab_widget(asked.campaign, tab, key, asked.executions, asked.now)
    except (UnknownTab, UnknownWidget) as error:
        raise Http404 from error
    content = to_csv(found.frame, found.names) if found.frame else ""
    return _attachment(content, f"{campaign}-{tab}-{key}.csv")


@staff_page
def report_csv(request: HttpRequest, campaign: str) -> HttpResponse:
    """Every widget of every tab: title, window, age, then its frame."""
    asked = Asked.of(request, campaign, "")
    head = report_head(asked.campaign, asked.now)
    tabs = [tab_report(asked.campaign, t.slug, asked.executions, asked.now) for t in head.tabs]
    table = [line for tab in tabs for line in _tab_lines(tab)]
    return _attachment(lines(table), f"{campaign}.csv")


def _tab_lines(tab: TabReport) -> Iterator[Line]:
    for widget in tab.widgets:
        yield [_("Campaign"), tab.head.campaign.name]
        yield [_("Channel"), tab.tab.title]
        yield [_("Widget"), widget.title, widget.slug]
        yield from _moments(tab.head)
        if tab.selected:
            yield [_("Executions"), *(rfc3339(moment) for moment in tab.selected)]
        yield from _frame_lines(widget, widget.frame)
        yield []


def _moments(head: Head) -> Iterator[Line]:
    yield [_("Window (UTC)"), rfc3339(head.window.start), rfc3339(head.window.end)]
    yield [_("As of (UTC)"), rfc3339(head.as_of.replace(microsecond=0))]


def _frame_lines(widget: WidgetReport, frame: Frame | None) -> Iterator[Line]:
    if frame is None:
        yield [_("This widget could not be computed.")]
        return
    yield [column.label for column in frame.columns]
    yield from rows(frame, widget.names)


def _attachment(content: str, name: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
