"""All campaigns as they are now: who is there, how fast it goes, what is worst.

``overview`` is cheap and enough to sort, search and page; ``numbers`` reads the rollups of
those that are shown.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from liveReport.channels import Channel, Metric
from liveReport.counts.tiers import TIERS, Range
from liveReport.engines import log, reads, sql
from liveReport.engines import overview as stored
from liveReport.models import Campaign, ChannelPlugin
from liveReport.models.campaigns import CampaignQuerySet

from .build import utc
from .verdicts import STALE_SECONDS, Judged, Judgement, judge
from .window import Window

PAGE = 50
"""Campaigns on a page."""
HOUR, MINUTE = TIERS[0], TIERS[-1]
PACE_MINUTES = 5
"""The pace is the mean of so many whole minutes, the running one not included."""

STATES = (
    Campaign.Status.LIVE,
    Campaign.Status.PAUSED,
    Campaign.Status.DRAFT,
    Campaign.Status.ENDED,
)
"""In the order in which campaigns are listed."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A campaign, without its numbers. ``version`` changes whenever one of them may have."""

    pk: int
    slug: str
    name: str
    status: str
    channels: Sequence[Channel]
    last_event_at: datetime | None
    version: tuple[int, ...]

    @property
    def rank(self) -> int:
        """The place of its state: live ones first, ended ones last."""
        return STATES.index(Campaign.Status(self.status))


@dataclass(frozen=True)
class Overview:
    """The campaigns that somebody may see, in no order; ``as_of`` is as in a report's head."""

    now: datetime
    as_of: datetime
    entries: Sequence[Entry]

    @property
    def window(self) -> Window:
        return Window.at(self.now)

    @property
    def lag_seconds(self) -> float:
        return round((self.now - self.as_of).total_seconds(), 1)

    @property
    def is_late(self) -> bool:
        """As of a report."""
        return self.lag_seconds > STALE_SECONDS


class Worst(NamedTuple):
    """The highest of a campaign's bad rates, over the last 24 hours."""

    channel: Channel
    metric: Metric
    value: float


class Numbers(NamedTuple):
    """What the rollups say of a campaign; ``course`` is its events by whole hours."""

    events_per_minute: float
    course: Sequence[int]
    worst: Worst | None
    judgement: Judgement


def overview(campaigns: CampaignQuerySet, now: datetime) -> Overview:
    """Campaigns with those of their channels that are switched on, in tab order."""
    # First how far behind it is: what is read later is at least as complete.
    as_of = min(log.waiting_since() or now, now)
    enabled = ChannelPlugin.objects.enabled()
    rows = sorted(stored.channels(campaigns), key=attrgetter("campaign"))
    grouped = groupby(rows, key=attrgetter("campaign"))
    return Overview(now, as_of, [_entry(list(group), enabled) for _campaign, group in grouped])


def _entry(rows: Sequence[stored.ChannelOf], enabled: Sequence[Channel]) -> Entry:
    first, by_channel = rows[0], {row.channel: row for row in rows}
    channels = [channel for channel in enabled if channel.slug in by_channel]
    shown = [by_channel[channel.slug] for channel in channels]
    return Entry(
        pk=first.campaign,
        slug=first.slug,
        name=first.name,
        status=first.status,
        channels=channels,
        last_event_at=max((row.last_event_at for row in shown if row.last_event_at), default=None),
        version=tuple(row.version or 0 for row in shown),
    )


def numbers(found: Overview, entries: Iterable[Entry]) -> dict[int, Numbers]:
    """The numbers of some campaigns, by their ids, in a few statements for all of them."""
    listed, window = list(entries), found.window
    wanted = {
        (entry.pk, channel.slug, event.key, "")
        for entry in listed
        for channel in entry.channels
        for event in channel.events
    }
    with sql.snapshot():
        series = stored.series(wanted)
        ids = [row.pk for row in series]
        by_hour = reads.counts_by_step(ids, window.ranges(), HOUR)
        lately = reads.counts(ids, [_last_minutes(window)])
        judged = [Judged(entry.pk, entry.channels, entry.version) for entry in listed]
        judgements = judge(judged, window, late=found.is_late)
    of_campaign: dict[int, list[stored.SeriesOf]] = defaultdict(list)
    for row in series:
        of_campaign[row.campaign].append(row)
    hours = _hours(window)
    return {
        entry.pk: _numbers(
            entry, of_campaign[entry.pk], by_hour, lately, hours, judgements[entry.pk]
        )
        for entry in listed
    }


def _numbers(
    entry: Entry,
    series: Sequence[stored.SeriesOf],
    by_hour: Mapping[int, Mapping[int, int]],
    lately: Mapping[int, int],
    hours: Sequence[int],
    judgement: Judgement,
) -> Numbers:
    course = dict.fromkeys(hours, 0)
    events: dict[tuple[str, str], int] = defaultdict(int)
    for row in series:
        counted = by_hour.get(row.pk, {})
        events[row.channel, row.type] += sum(counted.values())
        for hour in counted.keys() & course.keys():
            course[hour] += counted[hour]
    pace = sum(lately.get(row.pk, 0) for row in series) / PACE_MINUTES
    return Numbers(round(pace, 1), list(course.values()), _worst(entry.channels, events), judgement)


def _worst(channels: Iterable[Channel], events: Mapping[tuple[str, str], int]) -> Worst | None:
    found = [
        Worst(channel, metric, value)
        for channel in channels
        for metric in channel.metrics
        if metric.is_bad
        if (value := metric.value(_terms(channel, metric, events))) is not None
    ]
    return max(found, key=attrgetter("value"), default=None)


def _terms(channel: Channel, rate: Metric, events: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """What a bad rate divides, which counts whole event types."""
    return {
        key: sum(
            events.get((channel.slug, kind), 0) for kind in channel.metric_by_key[key].event_types
        )
        for key in rate.terms
    }


def _last_minutes(window: Window) -> Range:
    """The last whole ones."""
    end = window.seconds[1] - MINUTE
    return Range(MINUTE, end - PACE_MINUTES * MINUTE, end)


def _hours(window: Window) -> list[int]:
    """The hours that begin in the window; the last of them is running."""
    start, end = window.seconds
    return list(range(-(-start // HOUR) * HOUR, end, HOUR))


# -- As the API gives it out -------------------------------------------------------------------


def page_after(found: Overview, cursor: str) -> tuple[list[dict[str, Any]], str | None]:
    """The rows that follow a cursor (all, if it is empty), and the cursor of those after them.

    Live ones first; within a state by slug, which never changes: whoever turns pages while
    events come in meets each campaign once. ``ValueError`` if the cursor is none.
    """
    after = bytes.fromhex(cursor)
    entries = sorted(found.entries, key=_place)
    rest = [entry for entry in entries if _place(entry) > after]
    page = rest[:PAGE]
    known = numbers(found, page)
    rows = [as_json(entry, known[entry.pk]) for entry in page]
    return rows, _place(page[-1]).hex() if len(rest) > PAGE else None


def _place(entry: Entry) -> bytes:
    return f"{entry.rank}{entry.slug}".encode()


def as_json(entry: Entry, known: Numbers) -> dict[str, Any]:
    """A campaign's row."""
    worst = known.worst
    verdict = next(iter(known.judgement.verdicts()), None)
    return {
        "slug": entry.slug,
        "name": entry.name,
        "status": entry.status,
        "level": known.judgement.level().value,
        "verdict": verdict and verdict.as_json(),
        "channels": [channel.slug for channel in entry.channels],
        "events_per_minute": known.events_per_minute,
        "last_event_at": utc(entry.last_event_at.timestamp()) if entry.last_event_at else None,
        "worst": worst
        and {
            "metric": worst.metric.key,
            "value": worst.value,
            "channel": worst.channel.slug,
        },
    }
