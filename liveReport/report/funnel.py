"""What came of it: from the people meant to their clicks, a row for each channel."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from liveReport.channels import Channel, Metric, Rate, Text

from .build import estimates, metric_column, values, whole_row
from .frames import Behind, Column, Frame, Row, Value
from .own import CHANNEL, ChannelTable, Numbers, OwnWidget, channel_column
from .tally import ChannelTallies


@dataclass(frozen=True, kw_only=True)
class Stage(Metric):
    """What each channel that has a metric of this key says of it."""


@dataclass(frozen=True, kw_only=True)
class StageRate(Metric):
    """The rate of this key that a channel declares, or else the share of one of its metrics."""

    of: tuple[str, str] = ("", "")
    """The keys of both, where it is not for the channel to declare."""

    unit: ClassVar[str] = "ratio"

    def on(self, channel: Channel) -> Metric | None:
        """As this channel has it."""
        part, whole = self.of
        if not part:
            return channel.metric_by_key.get(self.key)
        if not {part, whole} <= channel.metric_by_key.keys():
            return None
        return Rate(
            key=self.key,
            label=self.label,
            definition=self.definition,
            numerator=part,
            denominator=whole,
        )


STAGES = (
    Stage(
        key="targeted",
        label=_("Targeted"),
        definition=_("What the channel set out to send, as its own tab counts it."),
        tone="slate",
    ),
    Stage(
        key="excluded",
        label=_("Excluded"),
        definition=_("Distinct profiles that were held back before sending, for any reason."),
        tone="grey",
        rate="excluded_rate",
    ),
    Stage(
        key="sent",
        label=_("Sent"),
        definition=_("Messages that left. Says nothing of arrival yet."),
        tone="blue",
        rate="sent_rate",
    ),
    Stage(
        key="delivered",
        label=_("Delivered"),
        definition=_("Messages whose arrival was confirmed."),
        tone="teal",
        rate="delivery_rate",
    ),
    Stage(
        key="opens",
        label=_("Opens"),
        definition=_("Times a message was opened, including repeated opens."),
        tone="violet",
        rate="open_rate",
    ),
    Stage(
        key="clicks",
        label=_("Clicks"),
        definition=_("Times a link was followed, including repeated clicks."),
        tone="magenta",
        rate="click_rate",
    ),
)
RATES = (
    StageRate(
        key="excluded_rate",
        label=_("Exclusion rate"),
        definition=_("Excluded, as a share of targeted."),
        of=("excluded", "targeted"),
    ),
    StageRate(
        key="sent_rate",
        label=_("Sent rate"),
        definition=_("Sent, as a share of targeted; undefined when it exceeds it."),
        of=("sent", "targeted"),
    ),
    StageRate(
        key="delivery_rate",
        label=_("Delivery rate"),
        definition=_("Delivered, as the channel relates it."),
    ),
    StageRate(
        key="open_rate",
        label=_("Open rate"),
        definition=_("Opens, as the channel relates them."),
    ),
    StageRate(
        key="click_rate",
        label=_("Click rate"),
        definition=_("Clicks, as the channel relates them."),
    ),
)


class Funnel(OwnWidget):
    """A row for each channel. What a channel lacks is undefined there."""

    widget = ChannelTable(
        key="funnel",
        title=_("What came of it"),
        help=_(
            "A row for each channel: of those it was meant for, how many were held back, how many "
            "messages left and arrived, and what people did with them. Each number is the "
            "channel’s own, as on its tab; “—” stands where it has none of that kind."
        ),
        metrics=tuple(metric.key for metric in (*STAGES, *RATES)),
        size=(12, 5),
    )
    metrics = (*STAGES, *RATES)
    rates: ClassVar[Mapping[str, str]] = {stage.key: stage.rate for stage in STAGES if stage.rate}

    def frame(self, numbers: Numbers) -> Frame:
        found = [_Funnel(tallies) for tallies in numbers.channels]
        of_rows = [one.estimates for one in found]
        return Frame(
            columns=[channel_column(), *(_column(metric, found) for metric in self.metrics)],
            rows=[{CHANNEL: one.tallies.channel.slug, **one.values} for one in found],
            totals={metric.key: _total(metric, found) for metric in self.metrics},
            estimates=of_rows if any(of_rows) else (),
            incomplete=[rate.key for rate in RATES] if numbers.is_incomplete else [],
        )

    def names(self, numbers: Numbers) -> dict[str, Text]:
        return numbers.names


def asked_of(channel: Channel) -> Iterator[Metric]:
    """The stored metrics of a channel that the funnel is made of."""
    for metric in _shown(channel).values():
        yield from (channel.metric_by_key[key] for key in metric.terms)


def _shown(channel: Channel) -> dict[str, Metric]:
    """What the funnel shows of a channel, by the key of the column."""
    own = {stage.key: channel.metric_by_key.get(stage.key) for stage in STAGES}
    rates = {rate.key: rate.on(channel) for rate in RATES}
    return {key: metric for key, metric in (own | rates).items() if metric}


class _Funnel:
    """A channel's row."""

    def __init__(self, tallies: ChannelTallies) -> None:
        self.tallies = tallies
        self.shown = _shown(tallies.channel)
        row = whole_row(tallies, asked_of(tallies.channel))
        found = values(self.shown.values(), row)
        self.values: Row = {metric.key: found.get(metric.key) for metric in (*STAGES, *RATES)}
        self.estimates = estimates(self.shown.values(), row)


def _column(metric: Metric, rows: list["_Funnel"]) -> Column:
    """A column, each of whose rows is made of the events of its channel."""
    having = [(one.tallies.channel, one.shown.get(metric.key)) for one in rows]
    behind = {channel.slug: Behind.of(channel, shown) for channel, shown in having if shown}
    return replace(
        metric_column(metric), behind={slug: found for slug, found in behind.items() if found}
    )


def _total(column: Metric, rows: list[_Funnel]) -> Value:
    """The sum over the channels, where all that have such a number count events."""
    having = [one for one in rows if column.key in one.shown]
    if not having or not all(one.shown[column.key].additive for one in having):
        return None
    return sum(int(one.values[column.key] or 0) for one in having)
