"""Metrics over all channels of a campaign, by the roles in which they name event types."""

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from liveReport.channels import EXECUTION, OTHER, Channel, Metric, Text

from .tally import ChannelTallies, Tally


class Number(NamedTuple):
    """The value of a metric, if it has any, and whether it is an estimate."""

    value: int | None
    is_estimate: bool = False

    @property
    def known(self) -> int:
        """The value to reckon with."""
        return self.value or 0


@dataclass(frozen=True, kw_only=True)
class RoleMetric(Metric):
    """A number over the channels of a campaign. ``role`` is an attribute of ``Channel``.

    What it counts follows from the channels that take part, so it declares no event types.
    """

    role: str
    absent: Text = ""
    """Why it may be undefined, where it is without any event."""

    def types(self, channel: Channel) -> Sequence[str]:
        """The event types of a channel that it is about."""
        types: Sequence[str] = getattr(channel, self.role)
        return types

    def counted(self, channels: Iterable[Channel]) -> list[str]:
        """What it counts on them: ``email.targeted``, ``push.targeted`` …"""
        return [f"{channel.slug}.{kind}" for channel in channels for kind in self.types(channel)]

    @abstractmethod
    def number(self, channels: Sequence[ChannelTallies]) -> Number:
        """The metric over the whole window."""

    def by_step(self, channels: Sequence[ChannelTallies]) -> dict[int, int]:
        """Its course by the start of each step. Profiles count anew in each."""
        steps = dict.fromkeys((step for c in channels for step in c.steps), 0)
        for step, value in self._found_by_step(channels):
            steps[step] += value
        return steps

    @abstractmethod
    def _found_by_step(self, channels: Sequence[ChannelTallies]) -> Iterable[tuple[int, int]]:
        """What there is of it in steps, to be added up."""


@dataclass(frozen=True, kw_only=True)
class CampaignProfiles(RoleMetric):
    """Distinct profiles: one that is met on two channels counts once."""

    unit: ClassVar[str] = "profiles"

    def number(self, channels: Sequence[ChannelTallies]) -> Number:
        whole = Tally()
        for tallies in channels:
            for tally in tallies.profiles(self.types(tallies.channel)).values():
                whole.add(tally)
        if not whole.count and self.absent:
            return Number(None)
        return Number(whole.value, whole.approximate)

    def _found_by_step(self, channels: Sequence[ChannelTallies]) -> Iterable[tuple[int, int]]:
        steps: dict[int, Tally] = defaultdict(Tally)
        for tallies in channels:
            for (_run, step), tally in tallies.runs_by_step(self.types(tallies.channel)).items():
                steps[step].add(tally)
        return ((step, tally.value) for step, tally in steps.items())


@dataclass(frozen=True, kw_only=True)
class CampaignActions(RoleMetric):
    """Distinct (channel, execution, profile): once for each channel and each of its runs.

    These are disjoint between channels and executions, so that their numbers add up.
    """

    unit: ClassVar[str] = "profiles"

    def number(self, channels: Sequence[ChannelTallies]) -> Number:
        runs = [
            run
            for tallies in channels
            for run in tallies.profiles(self.types(tallies.channel), EXECUTION).items()
        ]
        return Number(
            sum(tally.value for _run, tally in runs),
            # Executions that are not counted apart are taken as one: it may be more of them.
            any(tally.approximate or (run == OTHER and tally.value) for run, tally in runs),
        )

    def _found_by_step(self, channels: Sequence[ChannelTallies]) -> Iterable[tuple[int, int]]:
        for tallies in channels:
            for (_run, step), tally in tallies.runs_by_step(self.types(tallies.channel)).items():
                yield step, tally.value


@dataclass(frozen=True, kw_only=True)
class CampaignEvents(RoleMetric):
    """How many events occurred, on whichever channel."""

    additive: ClassVar[bool] = True

    def number(self, channels: Sequence[ChannelTallies]) -> Number:
        found = [tallies.events(self.types(tallies.channel)) for tallies in channels]
        return Number(sum(tally.count for events in found for tally in events.values()))

    def _found_by_step(self, channels: Sequence[ChannelTallies]) -> Iterable[tuple[int, int]]:
        for tallies in channels:
            for step, tally in tallies.events_by_step(self.types(tallies.channel)).items():
                yield int(step), tally.count
