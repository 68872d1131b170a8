"""A campaign's report, a tab or a widget of it, from one consistent state of the rollups."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from liveReport.engines import sql
from liveReport.events.moments import start_of_run
from liveReport.models import Campaign, Execution

from .answers import Head, Tab, TabReport, UnknownTab, UnknownWidget, WidgetFilter, by_default
from .context import Context
from .frames import WidgetReport
from .tabs import TabSource, tabs_of
from .window import TODAY, Period


def report_head(campaign: Campaign, now: datetime, period: Period = TODAY) -> Head:
    """The report without its numbers."""
    tabs = tabs_of(Context.load(campaign, now, period))
    return _head(tabs, tabs[0])


def tab_head(campaign: Campaign, tab: str, now: datetime, period: Period = TODAY) -> Head:
    """The head of one tab, cheaply: does a shown version still stand?"""
    tabs = tabs_of(Context.load(campaign, now, period))
    return _head(tabs, _find(tabs, tab))


def tab_report(
    campaign: Campaign,
    tab: str,
    executions: Sequence[datetime],
    now: datetime,
    *,
    period: Period = TODAY,
    wanted: WidgetFilter = by_default,
    even_empty: bool = False,
) -> TabReport:
    """A tab with its widgets over a period, from one consistent state of the rollups.

    ``wanted`` chooses among the widgets. Those that wait for their first number are
    left out unless ``even_empty``.

    Raises ``UnknownTab`` when the campaign does not use the channel, or the
    channel is not installed or switched off.
    """
    with sql.snapshot():
        tabs = tabs_of(Context.load(campaign, now, period), executions)
        source = _find(tabs, tab)
        recent = source.executions()
        return TabReport(
            head=_head(tabs, source),
            tab=_named(source),
            channels=[channel.slug for channel in source.channels],
            executions=recent[: Execution.LISTED],
            more_executions=len(recent) > Execution.LISTED,
            selected=list(executions),
            folded_executions=source.folded(),
            offer=source.widgets,
            widgets=_widgets(source, wanted, even_empty=even_empty),
        )


def tab_widget(
    campaign: Campaign,
    tab: str,
    widget: str,
    executions: Sequence[datetime],
    now: datetime,
    period: Period = TODAY,
) -> tuple[Head, WidgetReport]:
    """One widget of a tab by its key or its slug, or ``UnknownTab``, ``UnknownWidget``."""
    with sql.snapshot():
        tabs = tabs_of(Context.load(campaign, now, period), executions)
        source = _find(tabs, tab)
        slug = widget_slug(tab, widget)
        for found in _widgets(source, lambda info: info.slug == slug):
            return _head(tabs, source), found
    raise UnknownWidget(widget)


def widget_slug(tab: str, widget: str) -> str:
    """What a widget of a tab is called in full; those of the tab itself go by their key as well."""
    return widget if "." in widget else f"{tab}.{widget}"


def parse_executions(values: Iterable[str]) -> list[datetime]:
    """The runs that a query names, each once; ``ValueError`` with the reason if one is no time."""
    return list(dict.fromkeys(map(start_of_run, values)))


def _find(tabs: Iterable[TabSource], slug: str) -> TabSource:
    for tab in tabs:
        if tab.slug == slug:
            return tab
    raise UnknownTab(slug)


def _named(source: TabSource) -> Tab:
    slugs = [channel.slug for channel in source.channels]
    return Tab(source.slug, source.title, source.context.judgement.level(slugs))


def _head(tabs: Iterable[TabSource], source: TabSource) -> Head:
    context = source.context
    judgement = context.judgement
    return Head(
        campaign=context.campaign,
        window=context.window,
        as_of=context.complete_until,
        lag_seconds=context.lag_seconds,
        # Of the same numbers nobody knows how they stand while they are late.
        version=f"{source.version}{'-late' if judgement.late else ''}",
        tabs=[_named(tab) for tab in tabs],
        heartbeat=source.heartbeat,
        counted_at=context.counted_at,
        judgement=judgement,
    )


def _widgets(
    source: TabSource, wanted: WidgetFilter, *, even_empty: bool = False
) -> list[WidgetReport]:
    built = [source.build(info.slug) for info in source.widgets if wanted(info)]
    return [report for report, is_filled in built if is_filled or even_empty]
