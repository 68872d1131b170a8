"""What the Campaign tab's own widgets share: the numbers they are made of, and their columns."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from liveReport.channels import Channel, Metric, Table, Text, Widget

from .frames import Column, Frame
from .tally import ChannelTallies
from .window import WINDOW

CHANNEL = "channel"
"""The dimension that tells the rows of most of them apart: a channel by its slug."""


@dataclass(frozen=True)
class Numbers:
    """What there is to show of a campaign: its channels in tab order, each with its numbers.

    ``basis`` says what rates divide; ``is_incomplete``: they may relate events to messages sent
    before that began.
    """

    channels: Sequence[ChannelTallies]
    now: datetime
    basis: str = WINDOW
    is_incomplete: bool = False

    @cached_property
    def names(self) -> dict[str, Text]:
        """What people call the channels."""
        return {tallies.channel.slug: tallies.channel.label for tallies in self.channels}


class OwnWidget(ABC):
    """One of the tab's own: what is declared of it, and how its frame is made."""

    widget: ClassVar[Widget]
    metrics: ClassVar[Sequence[Metric]] = ()
    rates: ClassVar[Mapping[str, str]] = {}
    """The rate beside a number, by the keys of both."""

    def declared(self, channels: Sequence[Channel]) -> tuple[Widget, Mapping[str, Metric]]:
        """The widget and its metrics by key, in a campaign of these channels."""
        return self.widget, {metric.key: metric for metric in self.metrics}

    @abstractmethod
    def frame(self, numbers: Numbers) -> Frame:
        """Its columns and rows."""

    def trend(self, numbers: Numbers) -> Frame | None:
        """The course of its numbers, for sparklines."""
        return None

    def definitions(self, numbers: Numbers) -> dict[str, Text]:
        """What each of its metrics means."""
        return {metric.key: metric.definition for metric in self.metrics}

    def names(self, numbers: Numbers) -> dict[str, Text]:
        """What people call the values of its dimensions."""
        return {}

    def remark(self, numbers: Numbers, frame: Frame) -> Text:
        """What the frame shows, in a sentence."""
        return ""

    def notes(self) -> dict[str, Text]:
        """Why a metric may be undefined."""
        return {}


@dataclass(frozen=True, kw_only=True)
class ChannelTable(Table):
    """A row for each channel, or several. Rows of other things do not add up to parts."""

    by: str = CHANNEL

    @property
    def also(self) -> Sequence[str]:
        return ()


def channel_column() -> Column:
    """The column that says which channel a row is about."""
    return Column(key=CHANNEL, label=_("Channel"), role="dimension")
