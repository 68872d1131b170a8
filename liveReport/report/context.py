"""What one request reads once, before any number: the window, the channels, their state."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from liveReport.channels import Channel, Widget
from liveReport.engines import reads
from liveReport.models import Campaign, Execution, in_tab_order

from . import campaign as campaign_tab
from .answers import Head, Tab, UnknownTab
from .tally import ChannelTallies
from .window import Window


@dataclass(frozen=True)
class Context:
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
    def load(cls, campaign: Campaign, now: datetime) -> "Context":
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
