"""What the rollups say of one channel, added up as a frame asks for it."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

from liveReport.channels import ALL, EXECUTION, OTHER, VERDICT, Channel, Metric, Only
from liveReport.counts.cells import OTHER_EXECUTIONS
from liveReport.counts.sketch import Estimate, estimate
from liveReport.engines import reads
from liveReport.models import Campaign

from .window import RUN, WINDOW, Window

Key = str | int
"""What tells rows apart: a dimension value, an execution or a step; "" for no rows."""

By = TypeVar("By", bound=Hashable)
Numbers = TypeVar("Numbers")

Term = tuple[str, str, str]
"""An event type, a dimension and its value, all of them if empty: what is counted apart."""

_NO_RUN = -2
"""What no series has in place of an execution."""


@dataclass
class Tally:
    """A number in the making: events counted, or sketches of profiles to unite.

    ``count`` is how many events there are, of which a number of profiles, if it is an
    estimate, knows that there cannot be more.
    """

    count: int = 0
    sketches: list[bytes] | None = None

    def add(self, other: "Tally") -> None:
        self.count += other.count
        if other.sketches is not None:
            self.sketches = [*(self.sketches or ()), *other.sketches]

    @property
    def value(self) -> int:
        if self.sketches is None:
            return self.count
        if not self._profiles.approximate:
            return self._profiles.value
        return min(self._profiles.value, self.count)

    @property
    def approximate(self) -> bool:
        return self.sketches is not None and self._profiles.approximate

    @cached_property
    def _profiles(self) -> Estimate:
        return estimate(self.sketches or ())


NOTHING = Tally()
"""Where there is none; nobody adds to it."""

Tallies = dict[Key, Tally]


def _read_once(read: "Callable[[ChannelTallies], Numbers]") -> "cached_property[Numbers]":
    """What is read the first time that it is needed, and for all verdicts together."""
    name = read.__name__
    return cached_property(
        lambda tallies: getattr(tallies.origin, name) if tallies.origin else read(tallies)
    )


@dataclass
class ChannelTallies:
    """The numbers of one channel of a campaign in a window, for some executions or all.

    ``steps`` are those of a course in it, by their starts. What is there at all, and which
    messages wait, follows the ``day``, whichever part of it the window is.
    ``executions`` are in microseconds; ``more`` metrics than the channel's widgets show
    can be asked for. ``basis`` says what rates divide, which ``rated`` has; ``verdict``, if
    there is one, of whom ``chosen`` has the reactions. Reads lazily, each kind of number once for
    all the widgets that share the object.
    """

    campaign: Campaign
    channel: Channel
    window: Window
    day: Window
    steps: Sequence[int]
    executions: Sequence[int] = ()
    more: Sequence[Metric] = ()
    basis: str = WINDOW
    verdict: str = ""
    origin: "ChannelTallies | None" = None
    """Everybody's numbers, where these are those of the verdict alone as far as it is told."""
    _known: dict[tuple[str, str], Tallies] = field(default_factory=dict)

    def of(self, metric: Metric, by: str = "") -> Tallies:
        """A stored metric over the window, whole, by dimension or by execution."""
        if (metric.key, by) not in self._known:
            self._known[metric.key, by] = self._of(metric, by)
        return self._known[metric.key, by]

    def _of(self, metric: Metric, by: str) -> Tallies:
        if not metric.has_history:
            return self._waiting(metric, by)
        if metric.is_distinct:
            return self.profiles(metric.event_types, by, self.only(metric))
        return self.events(metric.event_types, by, self.only(metric))

    def only(self, metric: Metric) -> Only:
        """What the events of a stored metric have to say to be counted here."""
        if self.origin and self.channel.takes_verdict(metric):
            return VERDICT, self.verdict
        return metric.only

    @cached_property
    def chosen(self) -> "ChannelTallies":
        """The numbers of the verdict alone, where it can be told; what is read is shared."""
        return replace(self, origin=self, _known={}) if self.verdict and not self.origin else self

    @cached_property
    def rated(self) -> "ChannelTallies":
        """The numbers that rates divide: these, or those of the day of the window's runs.

        What is counted apart, and how much of it in the day, is read once for both.
        """
        if self.basis != RUN or self.window.seconds == self.day.seconds:
            return self
        if self.origin:
            return self.origin.rated.chosen
        runs = self.runs
        chosen = sorted(runs) or [_NO_RUN]
        other = replace(self, window=self.day, executions=chosen, _known={})
        other._series = [row for row in self._series if row.execution in runs]
        other._counts = self._counts_of_day
        return other

    @_read_once
    def runs(self) -> set[int]:
        """The executions that have events of any type in the window, as series have them."""
        whole = (row for row in self._series if not row.dimension)
        return {row.execution for row in whole if self._counts.get(row.pk)}

    def whole(self, metric: Metric) -> Tally:
        """A stored metric over the whole window."""
        return self.of(metric).get("", NOTHING)

    def is_there(self, metric: Metric) -> bool:
        """Whether a stored metric has counted anything in the day."""
        if not metric.has_history:
            return bool(self.whole(metric).value)
        rows = self._rows([(kind, *metric.only) for kind in metric.event_types])
        return any(self._counts_of_day.get(row.pk) for row in rows)

    def by_step(self, metric: Metric) -> Tallies:
        """A count or a number of profiles for each step in which there was any."""
        if not metric.has_history:
            raise TypeError(f"{metric.key} has no history")
        if metric.is_distinct:
            return self.profiles_by_step(metric.event_types, self.only(metric))
        return self.events_by_step(metric.event_types, self.only(metric))

    def events(self, types: Sequence[str], by: str = "", only: Only = ALL) -> Tallies:
        return self._counted([(kind, *only) for kind in types], by)

    def events_of(self, metrics: Iterable[Metric], by: str) -> Tallies:
        """The events that any of some metrics is made of, each of them once."""
        counted = [metric for metric in metrics if metric.has_history]
        terms = {(kind, *self.only(one)) for one in counted for kind in one.event_types}
        whole = {kind for kind, *only in terms if tuple(only) == ALL}
        apart = {term for term in terms if term[0] not in whole}
        return self._counted([*sorted(apart), *((kind, *ALL) for kind in sorted(whole))], by)

    def _counted(self, terms: Iterable[Term], by: str) -> Tallies:
        found: dict[Key, int] = defaultdict(int)
        for row in self._rows(terms, by):
            found[_key(row, by)] += self._counts.get(row.pk, 0)
        return _tallied(found)

    def profiles(self, types: Sequence[str], by: str = "", only: Only = ALL) -> Tallies:
        return _grouped(
            (_key(row, by), Tally(self._counts.get(row.pk, 0), self._sketches.get(row.pk, [])))
            for row in self._rows([(kind, *only) for kind in types], by)
        )

    def events_by_step(self, types: Sequence[str], only: Only = ALL) -> Tallies:
        found: dict[Key, int] = defaultdict(int)
        for row in self._rows([(kind, *only) for kind in types]):
            for step, count in self._counts_by_step.get(row.pk, {}).items():
                found[step] += count
        return _tallied(found)

    def profiles_by_step(self, types: Sequence[str], only: Only = ALL) -> Tallies:
        return _grouped(
            (step, Tally(self._counts_by_step.get(row.pk, {}).get(step, 0), sketches))
            for row in self._rows([(kind, *only) for kind in types])
            for step, sketches in self._sketches_by_step.get(row.pk, {}).items()
        )

    def runs_by_step(self, types: Sequence[str]) -> dict[tuple[Key, int], Tally]:
        """The profiles of each run in each step in which there was any."""
        rows = {row.pk: row for row in self._rows([(kind, *ALL) for kind in types])}
        window = self.window
        found = reads.sketches_by_step(list(rows), window.step_ranges(), window.step)
        return _grouped(
            (
                (_run(rows[pk].execution), step),
                Tally(self._counts_by_step.get(pk, {}).get(step, 0), sketches),
            )
            for pk, steps in found.items()
            for step, sketches in steps.items()
        )

    def _waiting(self, gauge: Metric, by: str) -> Tallies:
        if not by:
            return _grouped(("", tally) for tally in self.of(gauge, EXECUTION).values())
        start, end = (second * 1_000_000 for second in self.day.seconds)
        found = reads.waiting(
            self.campaign.pk, self.channel.slug, gauge.key, start, end, self.executions
        )
        return {_run(execution): Tally(count) for execution, count in found.items()}

    def _rows(self, terms: Iterable[Term], by: str = "") -> list[reads.SeriesRow]:
        """The series that make up some terms, of a dimension ``by`` those of each value."""
        at = "" if by == EXECUTION else by
        return [
            row
            for kind, dimension, value in dict.fromkeys(terms)
            for row in self._by_kind.get((kind, at or dimension), ())
            if at or row.value == value
        ]

    @_read_once
    def _by_kind(self) -> dict[reads.SeriesOf, list[reads.SeriesRow]]:
        found: dict[reads.SeriesOf, list[reads.SeriesRow]] = defaultdict(list)
        for row in self._series:
            found[row.type, row.dimension].append(row)
        return found

    @_read_once
    def _series(self) -> list[reads.SeriesRow]:
        wanted = self._wanted
        return reads.series(self.campaign.pk, self.channel.slug, wanted, self.executions)

    @cached_property
    def _wanted(self) -> set[reads.SeriesOf]:
        """All that the channel's roles and widgets may ask for, and any event of a run."""
        wanted = {(event.key, "") for event in self.channel.events}
        wanted.update((event, one.only[0]) for one in self.more for event in one.event_types)
        for widget in self.channel.widgets:
            for metric in self.channel.base_metrics(widget):
                places = ("", metric.only[0], widget.dimension) if metric.has_history else ()
                wanted.update((event, at) for event in metric.event_types for at in places)
                if self.verdict and self.channel.takes_verdict(metric):
                    wanted.update((event, VERDICT) for event in metric.event_types)
        return wanted

    @_read_once
    def _restricted(self) -> set[Term]:
        """The terms among them that are of one value."""
        return {
            (event, *only)
            for widget in self.channel.widgets
            for metric in self.channel.base_metrics(widget)
            for only in (metric.only, (VERDICT, self.verdict))
            if only != ALL
            for event in metric.event_types
        }

    @_read_once
    def _counts(self) -> dict[int, int]:
        return reads.counts([row.pk for row in self._series], self.window.ranges())

    @_read_once
    def _counts_of_day(self) -> dict[int, int]:
        if self.window.seconds == self.day.seconds:
            return self._counts
        return reads.counts([row.pk for row in self._series], self.day.ranges())

    @_read_once
    def _sketches(self) -> dict[int, list[bytes]]:
        return reads.sketches(self._sketched(), self.window.ranges())

    @_read_once
    def _counts_by_step(self) -> dict[int, dict[int, int]]:
        told = [
            row.pk for row in self._series if not row.dimension or _term(row) in self._restricted
        ]
        return reads.counts_by_step(told, self.window.step_ranges(), self.window.step)

    @_read_once
    def _sketches_by_step(self) -> dict[int, dict[int, list[bytes]]]:
        whole = self._sketched(by_step=True)
        return reads.sketches_by_step(whole, self.window.step_ranges(), self.window.step)

    def _sketched(self, *, by_step: bool = False) -> list[int]:
        return [
            row.pk
            for row in self._series
            if (row.type, row.dimension) in self.channel.sketched
            and not (by_step and row.dimension and _term(row) not in self._restricted)
        ]


def _term(row: reads.SeriesRow) -> Term:
    """What a series counts apart."""
    return row.type, row.dimension, row.value


def _key(row: reads.SeriesRow, by: str) -> Key:
    """What tells its row apart: nothing, where all rows are one."""
    return _run(row.execution) if by == EXECUTION else row.value if by else ""


def _run(execution: int) -> Key:
    """What tells an execution's row apart."""
    return OTHER if execution == OTHER_EXECUTIONS else execution


def _tallied(counts: Mapping[Key, int]) -> Tallies:
    """Events alone: numbers, which add up faster than tallies do."""
    return {key: Tally(count) for key, count in counts.items()}


def _grouped(pairs: Iterable[tuple[By, Tally]]) -> dict[By, Tally]:
    """Tallies added up by key."""
    found: dict[By, Tally] = defaultdict(Tally)
    for key, tally in pairs:
        found[key].add(tally)
    return dict(found)
