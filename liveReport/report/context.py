"""What one request reads once, before any number: the window, the channels, their state."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from liveReport.channels import Channel
from liveReport.engines import reads
from liveReport.events.moments import moment
from liveReport.models import Campaign, in_tab_order

from .heartbeat import Heartbeat, heartbeat
from .verdicts import STALE_SECONDS, Judged, Judgement, judge
from .window import TODAY, Period, Window


@dataclass(frozen=True)
class Context:
    """A campaign's report at one moment.

    Its numbers are of the ``window``, its rates of what their ``basis`` says, and where there is
    a ``verdict`` its reactions are of who that names. What there is to
    see follows the ``day``, whichever part of it that is: a channel is shown when the campaign
    declares it, or with events then.
    """

    campaign: Campaign
    now: datetime
    day: Window
    window: Window
    basis: str
    verdict: str
    complete_until: datetime
    channels: Sequence[Channel]
    states: dict[str, reads.ChannelState]
    heartbeat: Heartbeat
    counted_at: datetime | None

    @classmethod
    def load(cls, campaign: Campaign, now: datetime, period: Period = TODAY) -> "Context":
        day = Window.at(now)
        oldest, last_fold, states = reads.state(campaign.pk, day.start)
        shown = in_tab_order({slug: state.switch for slug, state in states.items()})
        channels = [channel for channel in shown if channel.slug in states]
        until = min(oldest or now, now)
        window, asked = period.window(now), (period.divided, period.verdict)
        beat = heartbeat(campaign.pk, until, now)
        counted = moment(last_fold) if last_fold else None
        return cls(campaign, now, day, window, *asked, until, channels, states, beat, counted)

    @cached_property
    def steps(self) -> list[int]:
        """The starts of the steps of every course: from the first event of what is shown on."""
        began = [self.states[channel.slug].first_event_at for channel in self.channels]
        return self.window.steps(min((first for first in began if first), default=None))

    @property
    def lag_seconds(self) -> float:
        return round((self.now - self.complete_until).total_seconds(), 1)

    @property
    def is_late(self) -> bool:
        """Whether what it does not say yet is no sign of calm."""
        return self.lag_seconds > STALE_SECONDS

    @cached_property
    def judgement(self) -> Judgement:
        """The verdicts on its channels, whatever the window."""
        versions = [self.states[channel.slug].version for channel in self.channels]
        judged = Judged(self.campaign.pk, self.channels, versions)
        return judge([judged], self.day, late=self.is_late)[judged.campaign]

    def version(self, channels: Iterable[Channel], heartbeat: Heartbeat) -> str:
        """Of what some channels say, and what is said of their sources. The window moves it each
        minute."""
        state = (
            self.day.end,
            self.window,
            self.basis,
            self.verdict,
            self.steps[0],
            self.campaign.name,
            self.campaign.status,
            [channel.slug for channel in self.channels],
            [(channel.slug, self.states[channel.slug].version) for channel in channels],
            heartbeat,
        )
        return hashlib.blake2b(repr(state).encode(), digest_size=8).hexdigest()
