"""Verdicts on campaigns: what is wrong on which channel, since when, and who has to act.

Judged is a channel's current run: the latest that has events in the last 24 hours, or what belongs
to no run where nothing does. What a process has judged of a campaign in one state it keeps.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from cachetools import LRUCache
from django.utils.translation import gettext as _

from liveReport.channels import ACTORS, EXECUTION, Cause, Channel, Text
from liveReport.counts.tiers import TIERS, Range, cover
from liveReport.engines import overview as stored
from liveReport.engines import reads, sql
from liveReport.memory import Memory

from .build import utc
from .frames import Base
from .judging import (
    HARM,
    Level,
    Minute,
    Part,
    excess,
    largest_part,
    level_of,
    since,
    threshold,
    value_of,
    worst,
)
from .numbers import Writer
from .rules import Limits, limits_of
from .window import Window

STALE_SECONDS = 10
"""A report further behind than this is late: what it does not say yet is no sign of calm."""
SILENT_AFTER = timedelta(minutes=15)
"""Of a run from which nothing came for so long, where others had events at that age."""
COMPARED = 3
"""Earlier runs that are asked for it."""
QUARTER = timedelta(minutes=15)
"""How far back what happens at once is judged by itself."""
MINUTE = TIERS[-1]
_MICRO = 1_000_000

Write = Callable[[datetime], str]
"""How a reader's clock shows a moment."""


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a rate of a channel's current run.

    ``base`` is what the rate divides and by what, ``lately`` the same of the last quarter of an
    hour where that alone shows it. ``usual`` is the rate at which earlier runs were at that age,
    where enough of them are known.
    """

    level: Level
    limits: Limits
    base: Base
    run: int
    since: datetime
    parts: Sequence[Part]
    lately: Base | None = None
    usual: float | None = None

    @property
    def channel(self) -> Channel:
        return self.limits.channel

    @property
    def value(self) -> float:
        return round(value_of(self.limits, self.base) or 0.0, 6)

    @property
    def threshold(self) -> float:
        return threshold(self.limits, self.level)

    @property
    def is_total(self) -> bool:
        """Whether nothing goes out at all."""
        return self.limits.rule.at_once and self.base.part == self.base.whole

    @property
    def cause(self) -> Cause:
        """That of the reason that makes up most of it, else of the rule."""
        for part in self.parts:
            dimension = self.channel.dimension_by_key.get(part.dimension)
            found = dimension.cause_of(part.value) if dimension else None
            if found:
                return found
        return self.limits.rule.cause

    @property
    def severity(self) -> tuple[int, bool, float]:
        """The higher, the worse; that nothing goes out is worst of its level."""
        surely = excess(self.limits, self.lately or self.base, self.level)
        return self.level.rank, self.is_total, surely

    def named_parts(self) -> list[tuple[Part, Text]]:
        """The parts that have a name, and it."""
        dimensions = self.channel.dimension_by_key
        return [
            (part, dimensions[part.dimension].label_of(part.value))
            for part in self.parts
            if part.dimension in dimensions
        ]

    def headline(self, when: Write) -> str:
        """What is wrong, how much, and since when."""
        writer = Writer()
        pattern = _("%(channel)s: %(rate)s %(value)s, limit %(limit)s, since %(since)s.")
        return pattern % {
            "channel": self.channel.label,
            "rate": _within(self.limits.metric.label),
            "value": writer.fine(self.value),
            "limit": writer.fine(self.threshold),
            "since": when(self.since),
        }

    def details(self) -> list[str]:
        """What else there is to say of it, in sentences."""
        writer = Writer()
        said = [_("Nothing goes out.")] if self.is_total else []
        if self.lately:
            share = writer.fine(self.lately.part / self.lately.whole)
            said.append(_("In the last 15 minutes it is %(value)s.") % {"value": share})
        said += [
            _("%(share)s of it: %(name)s.") % {"share": writer.share(part.share), "name": name}
            for part, name in self.named_parts()
        ]
        return said

    @property
    def actor(self) -> str:
        """Who has to act, in a sentence."""
        return _("Who acts: %(actor)s.") % {"actor": ACTORS[self.cause.actor]}

    @property
    def next_step(self) -> str:
        return str(self.cause.next_step)

    def text(self, when: Write) -> str:
        """All of it."""
        return " ".join([self.headline(when), *self.details(), self.actor, self.next_step])

    def as_json(self) -> dict[str, Any]:
        cause = self.cause
        return {
            "level": self.level.value,
            "channel": self.channel.slug,
            "metric": self.limits.rule.metric,
            "value": self.value,
            "threshold": self.threshold,
            "usual": self.usual,
            "since": utc(self.since.timestamp()),
            "sample": self.base.whole,
            "parts": [part._asdict() for part in self.parts],
            "execution": utc(self.run / _MICRO) if self.run > 0 else None,
            "lately": self.lately
            and {
                "value": round(self.lately.part / self.lately.whole, 6),
                "sample": self.lately.whole,
            },
            "actor": cause.actor.value,
            "retryable": cause.retryable,
            "next_step": self.next_step,
            "text": self.text(in_utc),
        }


def in_utc(moment: datetime) -> str:
    """A time for whoever has no clock of the reader's."""
    return f"{moment.astimezone(UTC):%H:%M} UTC"


def _within(label: Text) -> str:
    """A label within a sentence; an abbreviation stays as it is."""
    text = str(label)
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


@dataclass(frozen=True)
class Standing:
    """How a channel stands: its verdicts, what cannot be judged of it, and whether it is silent."""

    channel: Channel
    verdicts: Sequence[Verdict] = ()
    undefined: Sequence[Limits] = ()
    is_silent: bool = False

    def seen(self, *, late: bool) -> list[Verdict]:
        """Its verdicts, without those that silence alone would make as well."""
        quiet = late or self.is_silent
        return [
            verdict
            for verdict in self.verdicts
            if not (quiet and verdict.limits.rule.lower_is_worse)
        ]

    def level(self, *, late: bool) -> Level:
        """The worst of its verdicts; unknown where nobody can tell."""
        unsure = late or self.is_silent or self.undefined
        levels = [verdict.level for verdict in self.seen(late=late)]
        return worst([Level.UNKNOWN if unsure else Level.OK, *levels])

    @property
    def doubts(self) -> list[str]:
        """Why it is unknown how it stands, in sentences."""
        label = {"channel": self.channel.label}
        if self.is_silent:
            said = _("%(channel)s: silent for 15 minutes, where earlier runs were not.")
            return [said % label]
        if not self.undefined:
            return []
        rates = ", ".join(_within(limits.metric.label) for limits in self.undefined)
        said = _("%(channel)s: cannot be judged (%(rates)s): too little is known.")
        return [said % (label | {"rates": rates})]


@dataclass(frozen=True)
class Judgement:
    """How the channels of a campaign stand, by slug. ``late``: the report is behind."""

    standings: Mapping[str, Standing] = field(default_factory=dict)
    late: bool = False

    def verdicts(self, slugs: Iterable[str] | None = None) -> list[Verdict]:
        """Those of all channels or of some, worst first."""
        chosen = self._chosen(slugs)
        found = [verdict for one in chosen for verdict in one.seen(late=self.late)]
        return sorted(found, key=lambda verdict: verdict.severity, reverse=True)

    def level(self, slugs: Iterable[str] | None = None) -> Level:
        """The worst of all channels, or of some."""
        unsure = [Level.UNKNOWN] if self.late else []
        return worst([*unsure, *(one.level(late=self.late) for one in self._chosen(slugs))])

    def doubts(self, slugs: Iterable[str] | None = None) -> list[str]:
        """Why it is unknown how things stand."""
        behind = [_("The report is behind: what came last is not judged yet.")] if self.late else []
        return [*behind, *(said for one in self._chosen(slugs) for said in one.doubts)]

    def _chosen(self, slugs: Iterable[str] | None) -> list[Standing]:
        if slugs is None:
            return list(self.standings.values())
        return [self.standings[slug] for slug in slugs if slug in self.standings]


class Judged(NamedTuple):
    """A campaign to be judged: its id, its channels, and the version of each one's numbers."""

    campaign: int
    channels: Sequence[Channel]
    versions: Sequence[int]


_State = tuple[int, datetime, tuple[tuple[str, int], ...]]
_known = Memory[_State, Mapping[str, Standing]](LRUCache(1024))
"""By the campaign, the end of its day and the versions of its channels, which rules are part of."""


def judge(wanted: Sequence[Judged], day: Window, *, late: bool = False) -> dict[int, Judgement]:
    """Some campaigns, by their ids, as of the last 24 hours that end with ``day``.

    Four statements for all that are not known yet, and some more for what is wrong.
    """
    states = {one.campaign: _state(one, day) for one in wanted}
    found = {campaign: _known.get(state) for campaign, state in states.items()}
    unknown = [one for one in wanted if found[one.campaign] is None]
    if unknown:
        with sql.snapshot():
            made = Court(unknown, day).standings()
        found |= {pk: _known.put(states[pk], standings) for pk, standings in made.items()}
    return {campaign: Judgement(found[campaign] or {}, late) for campaign in states}


def _state(one: Judged, day: Window) -> _State:
    slugs = [channel.slug for channel in one.channels]
    return one.campaign, day.end, tuple(zip(slugs, one.versions, strict=True))


# -- What is read ------------------------------------------------------------------------------

Place = tuple[int, str]
"""A campaign and a channel."""


class Court:
    """Judges campaigns from one state of the rollups."""

    def __init__(self, wanted: Sequence[Judged], day: Window) -> None:
        self.day = day
        self._wanted = {one.campaign: one for one in wanted}
        self._limits = limits_of({one.campaign: one.channels for one in wanted})
        self._series = self._read()
        ids = [row.pk for rows in self._series.values() for row in rows]
        self._counts = reads.counts(ids, day.ranges())
        self._runs = {place: self._current(rows) for place, rows in self._series.items()}
        current = [
            row.pk
            for place, rows in self._series.items()
            for row in rows
            if row.execution == self._runs[place]
        ]
        self._lately = reads.counts(current, _ranges(day.end - QUARTER, day.end))

    def _read(self) -> dict[Place, list[stored.SeriesOf]]:
        places = {
            (one.campaign, channel.slug, *term)
            for one in self._wanted.values()
            for channel in one.channels
            for term in _terms(channel)
        }
        found: dict[Place, list[stored.SeriesOf]] = defaultdict(list)
        for row in stored.series(places):
            found[row.campaign, row.channel].append(row)
        return found

    def _current(self, rows: Sequence[stored.SeriesOf]) -> int | None:
        """The latest run that has events in the day, or what belongs to none."""
        runs = {row.execution for row in rows if not row.dimension and self._counts.get(row.pk)}
        return max(runs, default=None)

    def standings(self) -> dict[int, dict[str, Standing]]:
        """Every channel of every campaign."""
        return {
            one.campaign: {
                channel.slug: self._standing(one.campaign, channel) for channel in one.channels
            }
            for one in self._wanted.values()
        }

    def _standing(self, campaign: int, channel: Channel) -> Standing:
        place = campaign, channel.slug
        limits = [one for one in self._limits[campaign] if one.channel is channel and one.enabled]
        run = self._runs.get(place)
        if run is None:  # all rates are undefined
            return Standing(channel, undefined=limits)
        case = Case(channel, run, self._series[place], self._counts, self._lately, self.day)
        return case.standing(limits)


@dataclass(frozen=True)
class Case:
    """The current run of a channel, and what there is to judge it by."""

    channel: Channel
    run: int
    series: Sequence[stored.SeriesOf]
    counts: Mapping[int, int]
    lately: Mapping[int, int]
    day: Window

    def standing(self, limits: Sequence[Limits]) -> Standing:
        verdicts = [found for one in limits if (found := self.verdict(one))]
        return Standing(self.channel, verdicts, self._undefined(limits), self._is_silent())

    def _undefined(self, limits: Sequence[Limits]) -> list[Limits]:
        """What cannot be judged: all of it, or harm of which nobody knows how much was at stake."""
        bases = {one.key: self.base(one, self.counts) for one in limits}
        unknown = [one for one in limits if level_of(one, bases[one.key]) == Level.UNKNOWN]
        if len(unknown) == len(limits):
            return unknown
        return [one for one in unknown if bases[one.key].part or bases[one.key].whole]

    def verdict(self, limits: Limits) -> Verdict | None:
        """On one rate, if it is not as it should be."""
        base = self.base(limits, self.counts)
        lately = self.base(limits, self.lately) if limits.rule.at_once else None
        levels = [level_of(limits, one) for one in (base, lately) if one]
        level = worst(levels)
        if level not in HARM:
            return None
        began = since(limits, self._minutes(limits))
        _start, end = self.day.seconds
        if began is None or end - began < limits.rule.duration * MINUTE:
            return None
        return Verdict(
            level=level,
            limits=limits,
            base=base,
            run=self.run,
            since=datetime.fromtimestamp(began, UTC),
            parts=self._parts(limits),
            lately=lately if levels[0] != level else None,
        )

    def base(self, limits: Limits, counts: Mapping[int, int]) -> Base:
        """What a rate divides in the run, and by what."""
        metric = limits.metric
        part, *whole = (
            sum(counts.get(row.pk, 0) for row in self._rows(key)) for key in metric.terms
        )
        return Base(part, sum(whole))

    def _rows(self, key: str, *, of_all: bool = False) -> list[stored.SeriesOf]:
        """The series that a stored metric of the channel is the sum of."""
        metric = self.channel.metric_by_key[key]
        return [
            row
            for row in self.series
            if row.type in metric.event_types
            and (row.dimension, row.value) == metric.only
            and (of_all or row.execution == self.run)
        ]

    # -- Of what is wrong -----------------------------------------------------------------------

    def _minutes(self, limits: Limits) -> list[Minute]:
        """Minute by minute what a rate divides."""
        part, *whole = (self._rows(key) for key in limits.metric.terms)
        ids = sorted({row.pk for rows in (part, *whole) for row in rows})
        start, end = self.day.seconds
        found = reads.counts_by_step(ids, [Range(MINUTE, start, end)], MINUTE)
        sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
        for side, rows in [(0, part), *((1, rows) for rows in whole)]:
            for row in rows:
                for minute, count in found.get(row.pk, {}).items():
                    sums[minute][side] += count
        return [Minute(minute, *sums[minute]) for minute in sorted(sums)]

    def _parts(self, limits: Limits) -> list[Part]:
        """What makes it up: a reason first, then the others by their shares, then the run."""
        if limits.rule.lower_is_worse:
            return []
        part, whole = self._types(limits.metric.terms[:1]), self._types(limits.metric.denominators)
        dimensions = [one.key for one in self.channel.dimensions if not one.choices]
        shared = [key for key in dimensions if self._carried(part, key)]
        found = self._by_value({*part, *whole}, shared)
        parts = [
            largest_part(
                key,
                _summed(found, part, key),
                _summed(found, whole, key) if self._carried(whole, key) else None,
            )
            for key in shared
        ]
        explained = {one.key for one in self.channel.dimensions if one.causes}
        named = sorted(
            filter(None, parts), key=lambda one: (one.dimension not in explained, -one.share)
        )
        return [*named, *self._share_of_run(limits)]

    def _types(self, keys: Iterable[str]) -> set[str]:
        return {kind for key in keys for kind in self.channel.metric_by_key[key].event_types}

    def _carried(self, types: Iterable[str], dimension: str) -> bool:
        return all(dimension in self.channel.event_by_key[kind].dimensions for kind in types)

    def _by_value(
        self, types: Iterable[str], dimensions: Sequence[str]
    ) -> Mapping[tuple[str, str], Mapping[str, int]]:
        """The run's events by type and dimension, for each value."""
        campaign, slug = self.series[0].campaign, self.channel.slug
        wanted = {
            (campaign, slug, kind, key)
            for kind in types
            for key in dimensions
            if key in self.channel.event_by_key[kind].dimensions
        }
        rows = [row for row in stored.series(wanted) if row.execution == self.run]
        counts = reads.counts([row.pk for row in rows], self.day.ranges())
        found: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        for row in rows:
            if counts.get(row.pk):
                found[row.type, row.dimension][row.value] = counts[row.pk]
        return found

    def _share_of_run(self, limits: Limits) -> list[Part]:
        """The run itself, where others are counted beside it and this one stands out."""
        if self.run <= 0:
            return []
        wrong, everything = (self._by_run(keys) for keys in _sides(limits))
        if len(everything.keys() | wrong.keys()) < 2:
            return []
        name = str(self.run)
        found = largest_part(EXECUTION, wrong, everything)
        if found is None or found.value != name:
            return []
        return [found._replace(value=utc(self.run / _MICRO))]

    def _by_run(self, keys: Iterable[str]) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for key in keys:
            for row in self._rows(key, of_all=True):
                if count := self.counts.get(row.pk):
                    found[str(row.execution)] += count
        return found

    # -- Silence --------------------------------------------------------------------------------

    def _is_silent(self) -> bool:
        """Whether nothing comes any more of a run that has sent, where earlier ones had events.

        That is what can be told from the campaign alone.
        """
        if self.run <= 0 or self._heard(self.lately) or not self._has_sent():
            return False
        age = self.day.end - datetime.fromtimestamp(self.run / _MICRO, UTC)
        earlier = sorted(
            {
                row.execution
                for row in self.series
                if 0 < row.execution < self.run and self.counts.get(row.pk)
            }
        )[-COMPARED:]
        return bool(earlier) and all(self._had_events(run, age) for run in earlier)

    def _heard(self, counts: Mapping[int, int]) -> bool:
        return any(
            counts.get(row.pk)
            for row in self.series
            if row.execution == self.run and not row.dimension
        )

    def _has_sent(self) -> bool:
        sends = self.channel.sends or self.channel.deliveries
        return any(
            self.counts.get(row.pk)
            for row in self.series
            if row.execution == self.run and not row.dimension and row.type in sends
        )

    def _had_events(self, run: int, age: timedelta) -> bool:
        """Whether an earlier run had any within a quarter of an hour at this age."""
        until = datetime.fromtimestamp(run / _MICRO, UTC) + age
        ids = [row.pk for row in self.series if row.execution == run and not row.dimension]
        end = until.replace(second=0, microsecond=0)
        return any(reads.counts(ids, _ranges(end - SILENT_AFTER, end)).values())


def _ranges(start: datetime, end: datetime) -> list[Range]:
    """The buckets of a span of whole minutes."""
    return list(cover(int(start.timestamp()), int(end.timestamp())))


def _terms(channel: Channel) -> set[tuple[str, str]]:
    """The event types and dimensions that its rules, and its runs, are told by."""
    whole = {(event.key, "") for event in channel.events}
    metrics = (
        channel.metric_by_key[key]
        for rule in channel.rules
        for key in channel.metric_by_key[rule.metric].terms
    )
    return whole | {(kind, one.only[0]) for one in metrics for kind in one.event_types}


def _sides(limits: Limits) -> tuple[Sequence[str], Sequence[str]]:
    """What a rate divides, and by what."""
    return limits.metric.terms[:1], limits.metric.denominators


def _summed(
    found: Mapping[tuple[str, str], Mapping[str, int]], types: Iterable[str], dimension: str
) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for kind in types:
        for value, count in found.get((kind, dimension), {}).items():
            sums[value] += count
    return sums
