"""The deliveries of each channel over the window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from liveReport.channels import Channel, Metric, Text, TimeSeries, Widget

from .build import metric_column, time_column, utc
from .frames import Behind, Column, Frame
from .own import Numbers, OwnWidget


@dataclass(frozen=True, kw_only=True)
class Deliveries(Metric):
    """How many deliveries a channel had. Its key is the channel's."""

    additive: ClassVar[bool] = True

    @classmethod
    def of(cls, channel: Channel) -> "Deliveries":
        return cls(key=channel.slug, label=channel.label, definition=_definition(channel))


class Timeline(OwnWidget):
    """A line for each channel, which is what its metrics are: they make up one whole."""

    widget = TimeSeries(
        key="timeline",
        title=_("Timeline"),
        help=_(
            "What reached people over the window, a line for each channel: how many deliveries "
            "there were in each step. What a channel takes for a delivery is said below."
        ),
        metrics=(),
        size=(12, 7),
    )

    def declared(self, channels: Sequence[Channel]) -> tuple[Widget, Mapping[str, Metric]]:
        metrics = {channel.slug: Deliveries.of(channel) for channel in channels}
        return replace(self.widget, metrics=tuple(metrics), whole=tuple(metrics)), metrics

    def frame(self, numbers: Numbers) -> Frame:
        courses = {
            tallies.channel.slug: tallies.events_by_step(tallies.channel.deliveries)
            for tallies in numbers.channels
        }
        steps = numbers.channels[0].steps if numbers.channels else []
        counts = [
            {slug: course[step].count if step in course else 0 for slug, course in courses.items()}
            for step in steps
        ]
        return Frame(
            columns=[
                time_column(),
                *(_column(one.channel) for one in numbers.channels),
            ],
            rows=[{"time": utc(step), **row} for step, row in zip(steps, counts, strict=True)],
            totals={slug: sum(row[slug] for row in counts) for slug in courses},
        )

    def definitions(self, numbers: Numbers) -> dict[str, Text]:
        return {one.channel.slug: _definition(one.channel) for one in numbers.channels}


def _column(channel: Channel) -> Column:
    kinds = tuple((channel.slug, kind) for kind in channel.deliveries)
    column = metric_column(Deliveries.of(channel))
    return replace(column, behind={"": Behind(kinds)} if kinds else {})


def _definition(channel: Channel) -> Text:
    labels = [channel.event_by_key[kind].label for kind in channel.deliveries]
    if not labels:
        return _("This channel delivers nothing.")
    return format_lazy(
        _("Events counted: {types}."), types=format_lazy(", ".join(["{}"] * len(labels)), *labels)
    )
