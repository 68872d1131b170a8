"""The read side: a campaign's last 24 hours as frames, from the rollups alone.

Every function takes ``now``; nothing below reads a clock.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cachetools import LRUCache

from liveReport.channels import Channel, Text, Widget
from liveReport.engines import reads, sql
from liveReport.events.moments import start_of_run
from liveReport.memory import Memory
from liveReport.models import Campaign, Execution, in_tab_order

from . import campaign as campaign_tab
from .build import has_data, utc, widget_info, widget_report
from .frames import WidgetInfo, WidgetReport
from .tally import ChannelTallies
from .window import Window

__all__ = [
    "Head",
    "Tab",
    "TabReport",
    "UnknownTab",
    "UnknownWidget",
    "parse_executions",
    "report_head",
    "tab_head",
    "tab_report",
    "tab_widget",
]

_State = tuple[int, str, str, tuple[datetime, ...]]
"""Of a tab: its campaign, its slug, its version, and the executions chosen."""
_built = Memory[_State, dict[str, tuple[WidgetReport, bool]]](LRUCache(16))
"""What this process has built of a tab in one state, so that viewers share the work.

By widget, what ``_build`` gave. The version of a tab changes with any of its numbers.
"""

WidgetFilter = Callable[[str], bool]
"""Whether a widget, named by its slug, is wanted."""


def every(slug: str) -> bool:
    """All widgets are wanted."""
    return True


class UnknownTab(LookupError):
    """The campaign has no such tab (now)."""


class UnknownWidget(LookupError):
    """The tab has no such widget (now)."""


@dataclass(frozen=True)
class Tab:
    """A tab: ``campaign``, or the slug of a channel."""

    slug: str
    title: Text


@dataclass(frozen=True)
class Head:
    """What every response of a report says first.

    ``as_of``: everything received before is in the numbers; ``lag_seconds``: its
    age; ``version``: changes whenever a number or a tab may have.
    """

    campaign: Campaign
    window: Window
    as_of: datetime
    lag_seconds: float
    version: str
    tabs: Sequence[Tab]

    def as_json(self) -> dict[str, Any]:
        return {
            "campaign": self.campaign.slug,
            "window": {
                "from": utc(self.window.start.timestamp()),
                "to": utc(self.window.end.timestamp()),
            },
            "as_of": utc(self.as_of.timestamp()),
            "lag_seconds": self.lag_seconds,
            "version": self.version,
            "tabs": [{"slug": tab.slug, "title": str(tab.title)} for tab in self.tabs],
        }


@dataclass(frozen=True)
class TabReport:
    """One tab with its widgets.

    ``executions`` are those one can choose from, the latest of them when there are
    ``more_executions``. Of those that are ``selected`` the ``folded_executions`` are not
    counted apart, because there are too many: what happened in them is with all others'.
    ``offer`` lists all that the tab could show, in the order in which they are declared.
    """

    head: Head
    tab: Tab
    executions: Sequence[datetime]
    more_executions: bool
    selected: Sequence[datetime]
    folded_executions: Sequence[datetime]
    offer: Sequence[WidgetInfo]
    widgets: Sequence[WidgetReport]

    def as_json(self) -> dict[str, Any]:
        return self.head.as_json() | {
            "tab": self.tab.slug,
            "executions": _written(self.executions),
            "folded_executions": _written(self.folded_executions),
            "widgets": [widget.as_json() for widget in self.widgets],
        }


def _written(moments: Iterable[datetime]) -> list[str]:
    return [utc(moment.timestamp()) for moment in moments]


@dataclass(frozen=True)
class _Context:
    """What one request reads once: the window, the channels shown, their state.

    A channel is shown when the campaign declares it, or with events in the window.
    """

    campaign: Campaign
    now: datetime
    window: Window
    complete_until: datetime
    channels: Sequence[Channel]
    states: dict[str, reads.ChannelState]

    @classmethod
    def load(cls, campaign: Campaign, now: datetime) -> "_Context":
        window = Window.at(now)
        oldest, states = reads.state(campaign.pk, window.start)
        shown = in_tab_order({slug: state.switch for slug, state in states.items()})
        channels = [channel for channel in shown if channel.slug in states]
        return cls(campaign, now, window, min(oldest or now, now), channels, states)

    @property
    def tabs(self) -> list[Tab]:
        first = Tab(campaign_tab.SLUG, campaign_tab.TITLE)
        return [first, *(Tab(channel.slug, channel.label) for channel in self.channels)]

    def tab(self, slug: str) -> Tab:
        for tab in self.tabs:
            if tab.slug == slug:
                return tab
        raise UnknownTab(slug)

    def channel(self, tab: str) -> Channel:
        return next(channel for channel in self.channels if channel.slug == tab)

    def declared(self, tab: str) -> Sequence[Widget]:
        """Every widget of a tab."""
        return campaign_tab.WIDGETS if tab == campaign_tab.SLUG else self.channel(tab).widgets

    def version(self, tab: str = campaign_tab.SLUG) -> str:
        """Of one tab, or of the whole report. The window moves it each minute."""
        channels = [c.slug for c in self.channels if tab in (campaign_tab.SLUG, c.slug)]
        state = (
            self.window.end,
            self.campaign.name,
            self.campaign.status,
            [known.slug for known in self.tabs],
            [(slug, self.states[slug].version) for slug in channels],
        )
        return hashlib.blake2b(repr(state).encode(), digest_size=8).hexdigest()

    def head(self, tab: str = campaign_tab.SLUG) -> Head:
        return Head(
            campaign=self.campaign,
            window=self.window,
            as_of=self.complete_until,
            lag_seconds=round((self.now - self.complete_until).total_seconds(), 1),
            version=self.version(tab),
            tabs=self.tabs,
        )

    def tallies(self, channel: Channel, executions: Sequence[datetime]) -> ChannelTallies:
        chosen = [round(moment.timestamp() * 1_000_000) for moment in executions]
        return ChannelTallies(self.campaign, channel, self.window, chosen)

    def incomplete(self, channel: Channel, executions: Sequence[datetime]) -> bool:
        """Whether rates may relate events to messages sent before the window began."""
        if executions:
            return min(executions) < self.window.start
        return self.states[channel.slug].began_before

    def executions(self, tab: str) -> list[datetime]:
        """Those of the tab's channel that anything happened to in the window, the latest first.

        As many as are listed, and one more if there are more.
        """
        most = Execution.LISTED + 1
        return reads.executions(self.campaign.pk, tab, self.window.start, most)

    def folded(self, tab: str, executions: Sequence[datetime]) -> list[datetime]:
        """Those that are not counted apart, in a channel that has such executions."""
        if not executions or not reads.folds_executions(self.campaign.pk, tab):
            return []
        apart = reads.apart(self.campaign.pk, tab, executions)
        return [moment for moment in executions if moment not in apart]


def report_head(campaign: Campaign, now: datetime) -> Head:
    """The report without its numbers."""
    return _Context.load(campaign, now).head()


def tab_head(campaign: Campaign, tab: str, now: datetime) -> Head:
    """The head of one tab, cheaply: does a shown version still stand?"""
    context = _Context.load(campaign, now)
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
        context = _Context.load(campaign, now)
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
        context = _Context.load(campaign, now)
        context.tab(tab)
        slug = f"{tab}.{widget}"
        for found in _widgets(context, tab, executions, slug.__eq__):
            return context.head(tab), found
    raise UnknownWidget(widget)


def parse_executions(values: Iterable[str]) -> list[datetime]:
    """The runs that a query names, each once; ``ValueError`` with the reason if one is no time."""
    return list(dict.fromkeys(map(start_of_run, values)))


def _widgets(
    context: _Context,
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
    state = context.campaign.pk, tab, context.version(tab), tuple(executions)
    built = _built.first(state, {})
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
