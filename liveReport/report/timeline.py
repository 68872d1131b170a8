"""The deliveries of each channel over the window."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from liveReport.channels import Channel, Text, TimeSeries

from .build import time_column, utc
from .frames import Column, Frame
from .own import Numbers, OwnWidget


class Timeline(OwnWidget):
    """A line for each channel. Its metrics are the channels, so it declares none."""

    widget = TimeSeries(
        key="timeline",
        title=_("Timeline"),
        help=_(
            "What reached people over the window, a line for each channel: how many deliveries "
            "there were in each step. What a channel takes for a delivery is said below."
        ),
        metrics=(),
        size=(8, 8),
    )

    def frame(self, numbers: Numbers) -> Frame:
        courses = {
            tallies.channel.slug: tallies.events_by_step(tallies.channel.deliveries)
            for tallies in numbers.channels
        }
        steps = numbers.channels[0].window.steps() if numbers.channels else []
        counts = [
            {slug: course[step].count if step in course else 0 for slug, course in courses.items()}
            for step in steps
        ]
        return Frame(
            columns=[time_column(), *(_column(one.channel) for one in numbers.channels)],
            rows=[{"time": utc(step), **row} for step, row in zip(steps, counts, strict=True)],
            totals={slug: sum(row[slug] for row in counts) for slug in courses},
        )

    def definitions(self, numbers: Numbers) -> dict[str, Text]:
        return {one.channel.slug: _definition(one.channel) for one in numbers.channels}


def _column(channel: Channel) -> Column:
    return Column(key=channel.slug, label=channel.label, role="metric", unit="events")


def _definition(channel: Channel) -> Text:
    labels = [channel.event_by_key[kind].label for kind in channel.deliveries]
    if not labels:
        return _("This channel delivers nothing.")
    return format_lazy(
        _("Events counted: {types}."), types=format_lazy(", ".join(["{}"] * len(labels)), *labels)
    )
