"""What one request reads once, before any number: the window, the channels, their state."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from liveReport.channels import Channel
from liveReport.engines import reads
from liveReport.models import Campaign, in_tab_order

from .window import Window


@dataclass(frozen=True)
class Context:
    """A campaign's report at one moment.

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
    def lag_seconds(self) -> float:
        return round((self.now - self.complete_until).total_seconds(), 1)

    def version(self, channels: Iterable[Channel]) -> str:
        """Of what some channels say. The window moves it each minute."""
        state = (
            self.window.end,
            self.campaign.name,
            self.campaign.status,
            [channel.slug for channel in self.channels],
            [(channel.slug, self.states[channel.slug].version) for channel in channels],
        )
        return hashlib.blake2b(repr(state).encode(), digest_size=8).hexdigest()
