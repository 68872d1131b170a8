"""How fast the runs of each channel go, how far they are, and when they will be done."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import ceil
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from liveReport.channels import EXECUTION, OTHER, Metric, Text
from liveReport.counts.tiers import TIERS
from liveReport.engines import reads
from liveReport.events.limits import RETENTION

from .build import RUN_NAMES, execution_column, execution_name, metric_column, utc
from .frames import Column, Frame, Row, Value
from .own import CHANNEL, ChannelTable, Numbers, OwnWidget, channel_column
from .roles import Number
from .tally import NOTHING, ChannelTallies, Key
from .window import Window

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
RECENT = 5
"""Whole minutes over which the pace of now is the mean."""
LONGEST = timedelta(days=365)
"""What would take longer has no expected end: it does not move to speak of."""

ALL_BUT_DONE = 0.99
"""A run of which so much is dealt with runs only while it is at work: a few never report back."""

TARGETED = "targeted"
DEALT_WITH = ("excluded", "sent", "errors")
"""The metrics that say what became of those targeted: each is in one of them."""


@dataclass(frozen=True, kw_only=True)
class PerMinute(Metric):
    """Events of a minute, on the average."""

    unit: ClassVar[str] = "per_minute"
    additive: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Events(Metric):
    """Events of every type."""

    additive: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Amount(Metric):
    """Messages or profiles, as the channel's own metrics count them."""

    unit: ClassVar[str] = "messages"


@dataclass(frozen=True, kw_only=True)
class Instant(Metric):
    """A time, as RFC 3339 has it."""

    unit: ClassVar[str] = "time"


METRICS: Sequence[Metric] = (
    PerMinute(
        key="events_per_minute",
        label=_("Per minute"),
        definition=_("Events of every type a minute: the mean of the last five whole minutes."),
    ),
    Events(
        key="events_last_hour",
        label=_("Last hour"),
        definition=_("Events of every type in the last 60 minutes, the running one included."),
    ),
    Amount(
        key="done",
        label=_("Done"),
        definition=_(
            "Those of the run that are dealt with, because they were excluded, sent, or failed, "
            "each as the channel’s own tab counts it. Of the whole run, as far as it is kept."
        ),
        tone="blue",
    ),
    Amount(
        key="of",
        label=_("Of"),
        definition=_(
            "Those that the run is meant for: targeted, as the channel’s own tab counts it. "
            "Undefined where nothing says whom it is meant for."
        ),
    ),
    Instant(
        key="expected_end",
        label=_("Expected end"),
        definition=_(
            "When all will be done if it goes on as in the last five whole minutes. Undefined "
            "when all is done, or when nothing moves."
        ),
    ),
)


class Pace(OwnWidget):
    """A row for each channel and running execution. It is about now, whatever the window."""

    widget = ChannelTable(
        key="pace",
        title=_("Pace"),
        help=_(
            "How fast each channel goes now, and how far its runs are. A run is there while "
            "anything of it is targeted, excluded, sent or fails, until an hour after, and as "
            "long as less than 99% of it is done; on a channel that sends nothing, while anything "
            "happens. A channel without runs has one row."
        ),
        metrics=tuple(metric.key for metric in METRICS),
        size=(7, 5),
        limit=10,
    )
    metrics = METRICS

    def frame(self, numbers: Numbers) -> Frame:
        found = [row for one in numbers.channels for row in self._rows(one, numbers.now)]
        rows = [row for row, _estimates in found]
        estimates = [keys for _row, keys in found]
        return Frame(
            columns=[channel_column(), execution_column(), *map(_column, self.metrics)],
            rows=rows,
            totals={metric.key: _total(metric, rows) for metric in self.metrics},
            estimates=estimates if any(estimates) else (),
        )

    def names(self, numbers: Numbers) -> dict[str, Text]:
        return numbers.names | RUN_NAMES

    def _rows(self, tallies: ChannelTallies, now: datetime) -> Iterator[tuple[Row, list[str]]]:
        """The rows of a channel, the latest run first, those beyond the limit in one."""
        spans = Spans.of(tallies, now)
        shown = sorted(spans.running(), key=lambda run: -1 if run == OTHER else int(run))[::-1]
        apart = [run for run in shown if run != OTHER][: self.widget.limit]
        others = [run for run in shown if run not in apart]
        for runs in ([run] for run in apart):
            yield _row(spans, execution_name(runs[0]), runs)
        if others:
            yield _row(spans, OTHER, others)


class RunTallies(ChannelTallies):
    """What pace is made of: events as a whole, of every type, and of the metrics it relates."""

    @cached_property
    def _wanted(self) -> set[reads.SeriesOf]:
        whole = {(event.key, "") for event in self.channel.events}
        related = _metrics(self, (TARGETED, *DEALT_WITH))
        return whole | {(kind, one.only[0]) for one in related for kind in one.event_types}

    def over(self, window: Window) -> "RunTallies":
        """The same in another span of time; what is counted apart is read once."""
        other = replace(self, window=window, _known={})
        other._series = self._series
        return other

    def happened(self, types: Iterable[str] = ()) -> dict[Key, int]:
        """How many events of these types, or of all, each run has; 0 is for none."""
        counted = list(types) or [event.key for event in self.channel.events]
        found = self.events(counted, EXECUTION)
        return {run: tally.count for run, tally in found.items() if tally.count}


@dataclass(frozen=True)
class Spans:
    """The events of a channel's runs: all that are kept, the last hour's, and the latest."""

    end: datetime
    kept: RunTallies
    hour: RunTallies
    recent: RunTallies

    @classmethod
    def of(cls, tallies: ChannelTallies, now: datetime) -> "Spans":
        end = Window.at(now).end
        window = Window(_kept_since(end), end)
        kept = RunTallies(tallies.campaign, tallies.channel, window, tallies.day, ())
        last = end - MINUTE
        return cls(
            end=end,
            kept=kept,
            hour=kept.over(Window(end - HOUR, end)),
            recent=kept.over(Window(last - RECENT * MINUTE, last)),
        )

    def running(self) -> set[Key]:
        """The runs at work, and those that are not done; what belongs to none, where none is."""
        known = self.kept.happened()
        at_work = self.hour.happened(_work(self.hour))
        found = {run for run in known if run in at_work or self._is_undone(run)}
        return found | ({0} if known.keys() == {0} else set())

    def _is_undone(self, run: Key) -> bool:
        done, of = progress(self.kept, [run])
        return of is not None and done.known < ALL_BUT_DONE * of.known


def progress(tallies: RunTallies, runs: Sequence[Key]) -> tuple[Number, Number | None]:
    """How many of some runs are dealt with, and of how many; ``None`` if nothing says of whom."""
    of = _amount(tallies, (TARGETED,), runs)
    return _amount(tallies, DEALT_WITH, runs), of if of.value else None


def _amount(tallies: RunTallies, keys: Iterable[str], runs: Sequence[Key]) -> Number:
    found = [
        tallies.of(metric, EXECUTION).get(run, NOTHING)
        for metric in _metrics(tallies, keys)
        for run in runs
    ]
    return Number(sum(one.value for one in found), any(one.approximate for one in found))


def _metrics(tallies: ChannelTallies, keys: Iterable[str]) -> list[Metric]:
    """Those of these keys that the channel has."""
    found = [tallies.channel.metric_by_key.get(key) for key in keys]
    return [metric for metric in found if metric and metric.is_stored and metric.has_history]


def _work(tallies: ChannelTallies) -> list[str]:
    """The event types of a run at work; none where the channel sends nothing: all are."""
    work = _metrics(tallies, (TARGETED, *DEALT_WITH))
    sends = any(metric.key in (TARGETED, "sent") for metric in work)
    return [kind for metric in work for kind in metric.event_types] if sends else []


def _row(spans: Spans, name: str, runs: Sequence[Key]) -> tuple[Row, list[str]]:
    """A row, and what in it is an estimate."""
    done, of = progress(spans.kept, runs)
    moved, _of = progress(spans.recent, runs)
    recent, hour = (_sum(one.happened(), runs) for one in (spans.recent, spans.hour))
    row: Row = {
        CHANNEL: spans.kept.channel.slug,
        EXECUTION: name,
        "events_per_minute": round(recent / RECENT, 1),
        "events_last_hour": hour,
        "done": done.value,
        "of": of.value if of else None,
        "expected_end": _expected_end(spans.end, of.known - done.known, moved.known)
        if of
        else None,
    }
    amounts = {"done": done.is_estimate, "of": of is not None and of.is_estimate}
    estimated = [key for key, is_estimate in amounts.items() if is_estimate]
    if estimated and row["expected_end"]:
        estimated.append("expected_end")
    return row, estimated


def _sum(counts: dict[Key, int], runs: Iterable[Key]) -> int:
    return sum(counts.get(run, 0) for run in runs)


def _expected_end(now: datetime, left: int, moved: int) -> str | None:
    """When what is left will be done, if so much moves in the coming minutes as did lately."""
    if left <= 0 or not moved:
        return None
    seconds = ceil(left / moved * RECENT * 60)
    if seconds > LONGEST.total_seconds():
        return None
    return utc(now.timestamp() + seconds)


def _kept_since(end: datetime) -> datetime:
    """The start of the earliest bucket that is not pruned; each length of buckets fits in."""
    longest = max(TIERS)
    return datetime.fromtimestamp((end - RETENTION).timestamp() // longest * longest, UTC)


def _column(metric: Metric) -> Column:
    """``done`` is a part: pages show how far it is."""
    column = metric_column(metric)
    return replace(column, whole="of") if metric.key == "done" else column


def _total(metric: Metric, rows: Sequence[Row]) -> Value:
    """The sum over all rows of what adds up; parts of messages and of profiles do not."""
    if not metric.additive:
        return None
    values = [value for row in rows if isinstance(value := row[metric.key], int | float)]
    return round(sum(values), 1)
