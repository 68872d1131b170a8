"""A campaign's report, a tab or a widget of it, from one consistent state of the rollups."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from liveReport.channels import Widget
from liveReport.engines import sql
from liveReport.events.moments import start_of_run
from liveReport.models import Campaign, Execution

from . import campaign as campaign_tab
from .answers import Head, TabReport, UnknownWidget, WidgetFilter, every
from .build import has_data, widget_info, widget_report
from .context import Context
from .frames import WidgetReport
from .tally import ChannelTallies


def report_head(campaign: Campaign, now: datetime) -> Head:
    """The report without its numbers."""
    return Context.load(campaign, now).head()


def tab_head(campaign: Campaign, tab: str, now: datetime) -> Head:
    """The head of one tab, cheaply: does a shown version still stand?"""
    context = Context.load(campaign, now)
    context.tab(tab)
    return context.head(tab)


def tab_report(
    campaign: Campaign,
    tab: str,
    executions: Sequence[datetime],
    now: datetime,
    *,
    wanted: WidgetFilter = every,
    even_empty: bool = False,
) -> TabReport:
    """A tab with its widgets, from one consistent state of the rollups.

    ``wanted`` chooses among the widgets by slug. Those that wait for their first
    number are left out unless ``even_empty``.

    Raises ``UnknownTab`` when the campaign does not use the channel, or the
    channel is not installed or switched off.
    """
    with sql.snapshot():
        context = Context.load(campaign, now)
        recent = context.executions(tab)
        return TabReport(
            head=context.head(tab),
            tab=context.tab(tab),
            executions=recent[: Execution.LISTED],
            more_executions=len(recent) > Execution.LISTED,
            selected=list(executions),
            folded_executions=context.folded(tab, executions),
            offer=[widget_info(tab, widget) for widget in context.declared(tab)],
            widgets=_widgets(context, tab, executions, wanted, even_empty=even_empty),
        )


def tab_widget(
    campaign: Campaign, tab: str, widget: str, executions: Sequence[datetime], now: datetime
) -> tuple[Head, WidgetReport]:
    """One widget of a tab by its key, or ``UnknownTab``, ``UnknownWidget``."""
    with sql.snapshot():
        context = Context.load(campaign, now)
        context.tab(tab)
        slug = f"{tab}.{widget}"
        for found in _widgets(context, tab, executions, slug.__eq__):
            return context.head(tab), found
    raise UnknownWidget(widget)


def parse_executions(values: Iterable[str]) -> list[datetime]:
    """The runs that a query names, each once; ``ValueError`` with the reason if one is no time."""
    return list(dict.fromkeys(map(start_of_run, values)))


def _widgets(
    context: Context,
    tab: str,
    executions: Sequence[datetime],
    wanted: WidgetFilter,
    *,
    even_empty: bool = False,
) -> list[WidgetReport]:
    chosen = [widget for widget in context.declared(tab) if wanted(f"{tab}.{widget.key}")]
    if tab == campaign_tab.SLUG:
        all_tallies = [context.tallies(channel, ()) for channel in context.channels]
        return [campaign_tab.statistics(all_tallies) for _widget in chosen]
    channel = context.channel(tab)
    tallies = context.tallies(channel, executions)
    built = _built(context.campaign.pk, tab, context.version(tab), tuple(executions))
    incomplete = context.incomplete(channel, executions)
    reports = []
    for widget in chosen:
        new = built.get(widget.key) or _build(tallies, widget, incomplete=incomplete)
        report, is_filled = new
        if report.frame is not None:  # what failed is tried again by the next reader
            built[widget.key] = new
        if is_filled or even_empty:
            reports.append(report)
    return reports


def _build(
    tallies: ChannelTallies, widget: Widget, *, incomplete: bool
) -> tuple[WidgetReport, bool]:
    """A widget, and whether it is there by itself rather than waiting for its first number."""
    report = widget_report(tallies, widget, incomplete=incomplete)
    return report, not widget.only_with_data or has_data(tallies, widget)


@lru_cache(maxsize=16)
def _built(*state: object) -> dict[str, tuple[WidgetReport, bool]]:
    """What this process has built of a tab in one state, so that viewers share the work.

    By widget, what ``_build`` gave. The version of a tab changes with any of its numbers.
    """
    return {}


forget = _built.cache_clear
"""For tests, in which the same state comes to be again and again."""
