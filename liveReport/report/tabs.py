"""Where a tab's widgets come from: one channel, or all channels of the campaign."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from cachetools import LRUCache

from liveReport.channels import Channel, Metric, Text
from liveReport.engines import reads
from liveReport.memory import Memory
from liveReport.models import Execution

from . import campaign
from .build import channel_widget_info, has_data, widget_report
from .context import Context
from .frames import WidgetInfo, WidgetReport
from .funnel import asked_of
from .heartbeat import Heartbeat
from .own import Numbers
from .tally import ChannelTallies
from .window import RUN

FIRST_TAB = campaign.SLUG
"""The tab that every report has."""


class Built(NamedTuple):
    """A widget, and whether it is there by itself rather than waiting for its first number."""

    report: WidgetReport
    is_filled: bool


_State = tuple[int, str, str, tuple[datetime, ...]]
"""Of a tab: its campaign, its slug, its version, and the executions chosen."""
_built = Memory[_State, dict[str, Built]](LRUCache(32))
"""What this process has built of a tab in one state, so that viewers share the work.

By widget; a channel's is the same on whichever tab it is shown. The version of a tab changes
with any of its numbers.
"""


class TabSource(ABC):
    """What a tab can show, the numbers behind it, and how a widget is built from them."""

    context: Context
    slug: str
    title: Text
    _executions: Sequence[datetime] = ()

    @property
    @abstractmethod
    def widgets(self) -> Sequence[WidgetInfo]:
        """Everything that it can show, in the order of the gallery."""

    @property
    @abstractmethod
    def channels(self) -> Sequence[Channel]:
        """Those that have a part in it."""

    @property
    @abstractmethod
    def tallies(self) -> Sequence[ChannelTallies]:
        """The numbers of each of these channels."""

    def build(self, slug: str) -> Built:
        """One of ``widgets``. One that fails has no frame."""
        built = self._shared
        new = built.get(slug) or self._build(slug)
        if new.report.frame is not None:  # what failed is tried again by the next reader
            built[slug] = new
        return new

    @abstractmethod
    def _build(self, slug: str) -> Built:
        """The same, anew."""

    def _is_provisional(self, channels: Sequence[Channel]) -> bool:
        """Whether a source of one of these channels is silent, so that numbers of it may be
        missing."""
        return not self.context.heartbeat.provisional.isdisjoint(c.slug for c in channels)

    @cached_property
    def _shared(self) -> dict[str, Built]:
        campaign = self.context.campaign.pk
        return _built.first((campaign, self.slug, self.version, tuple(self._executions)), {})

    @property
    def version(self) -> str:
        """Changes whenever one of its numbers may have."""
        return self.context.version(self.channels, self.heartbeat)

    @property
    def heartbeat(self) -> Heartbeat:
        """Whether those who feed its channels are alive."""
        return self.context.heartbeat.of(channel.slug for channel in self.channels)

    def executions(self) -> list[datetime]:
        """Those to choose from, latest first: as many as are listed, and one if there are more."""
        return []

    def folded(self) -> list[datetime]:
        """Those chosen that are not counted apart."""
        return []


class ChannelTab(TabSource):
    """A channel's own widgets, over some executions or all."""

    def __init__(
        self,
        context: Context,
        channel: Channel,
        executions: Sequence[datetime] = (),
        more: Sequence[Metric] = (),
    ) -> None:
        """``more``: metrics that may be asked of ``tallies``, besides those of its widgets."""
        self.context = context
        self.slug = channel.slug
        self.title = channel.label
        self._channel = channel
        self._executions = executions
        self._more = more

    @cached_property
    def widgets(self) -> Sequence[WidgetInfo]:
        channel = self._channel
        return [channel_widget_info(channel, widget) for widget in channel.widgets]

    @property
    def channels(self) -> Sequence[Channel]:
        return [self._channel]

    @cached_property
    def tallies(self) -> Sequence[ChannelTallies]:
        chosen = [round(moment.timestamp() * 1_000_000) for moment in self._executions]
        context = self.context
        return [
            ChannelTallies(
                context.campaign,
                self._channel,
                context.window,
                context.day,
                context.steps,
                chosen,
                self._more,
                context.basis,
                context.verdict,
            )
        ]

    def _build(self, slug: str) -> Built:
        (tallies,) = self.tallies
        widget = self._channel.widget_by_key[slug.partition(".")[2]]
        report = widget_report(tallies, widget, incomplete=self.is_incomplete)
        report = report.marked(provisional=self._is_provisional(self.channels))
        return Built(report, not widget.only_with_data or has_data(tallies, widget))

    @property
    def is_incomplete(self) -> bool:
        """Whether rates may relate events to messages sent before what they divide began."""
        began = self.context.states[self.slug].first_event_at
        if self.context.basis == RUN:
            return any(self._is_cut(run, began) for run in self.tallies[0].runs)
        if self._executions:
            began = min(self._executions)
        return began is not None and began < self.context.window.start

    def _is_cut(self, run: int, first: datetime | None) -> bool:
        """Whether a run began before the day; what has no start did when the channel did."""
        start = self.context.day.start
        if run > 0:
            return run < start.timestamp() * 1_000_000
        return first is not None and first < start

    def executions(self) -> list[datetime]:
        start, most = self.context.day.start, Execution.LISTED + 1
        return reads.executions(self.context.campaign.pk, self.slug, start, most)

    def folded(self) -> list[datetime]:
        campaign = self.context.campaign.pk
        if not self._executions or not reads.folds_executions(campaign, self.slug):
            return []
        apart = reads.apart(campaign, self.slug, self._executions)
        return [moment for moment in self._executions if moment not in apart]


class CampaignTab(TabSource):
    """The campaign's own widgets, and any of its channels' that somebody places there.

    It is about the whole campaign: executions, which are a channel's, do not narrow it.
    """

    slug = campaign.SLUG
    title = campaign.TITLE

    def __init__(self, context: Context) -> None:
        self.context = context

    @cached_property
    def widgets(self) -> Sequence[WidgetInfo]:
        own = campaign.infos(self.channels)
        return [*own, *(info for tab in self._channels.values() for info in _placed_from(tab))]

    @property
    def channels(self) -> Sequence[Channel]:
        return self.context.channels

    @property
    def heartbeat(self) -> Heartbeat:
        """Here refusals are told of also where for that very reason a channel has no event yet."""
        return replace(super().heartbeat, refusals=self.context.heartbeat.refusals)

    @cached_property
    def tallies(self) -> Sequence[ChannelTallies]:
        return [tallies for tab in self._channels.values() for tallies in tab.tallies]

    def _build(self, slug: str) -> Built:
        owner, _, key = slug.partition(".")
        if owner not in self._channels:
            report = campaign.campaign_widget(self._numbers, key)
            marked = report.marked(provisional=self._is_provisional(self.channels))
            return Built(marked, is_filled=True)
        tab = self._channels[owner]
        report, is_filled = tab.build(slug)
        return Built(replace(report, channel=tab.title, by_default=False), is_filled)

    @cached_property
    def _numbers(self) -> Numbers:
        incomplete = any(tab.is_incomplete for tab in self._channels.values())
        return Numbers(self.tallies, self.context.now, self.context.basis, incomplete)

    @cached_property
    def _channels(self) -> dict[str, ChannelTab]:
        return {
            channel.slug: ChannelTab(self.context, channel, more=list(asked_of(channel)))
            for channel in self.context.channels
        }


def _placed_from(tab: ChannelTab) -> list[WidgetInfo]:
    """A channel's widgets as another tab offers them."""
    return [replace(info, channel=tab.title, by_default=False) for info in tab.widgets]


def tabs_of(context: Context, executions: Sequence[datetime] = ()) -> list[TabSource]:
    """A report's tabs, the first the one that is always there; some executions chosen, or all."""
    channels = [ChannelTab(context, channel, executions) for channel in context.channels]
    return [CampaignTab(context), *channels]
