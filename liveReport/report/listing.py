"""The events behind a number, a page at a time: what is asked for, and what is told of each."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple, Self

from liveReport.channels import EXECUTION, NONE, OTHER, Channel
from liveReport.engines import log, sql
from liveReport.engines.search import Cursor, Found, Kind, Search, Value, count, find
from liveReport.events.hashes import NO_MESSAGE, written
from liveReport.events.moments import instant_in_url, microseconds, moment, rfc3339, start_of_run
from liveReport.models import Campaign, ChannelPlugin

from .export import Cell
from .window import Window

Given = Callable[[str], Sequence[str]]
"""The values of a parameter: ``request.GET.getlist``."""

PAGE, MOST, MOST_CSV = 100, 1_000, 10_000
"""Events to a page, unless another number is asked for; the most in JSON, and in CSV."""
CURSOR = r"^([0-9a-f]{1,15}\.){5}[0-9a-f]{1,15}$"
"""What a cursor looks like."""
_KNOWN = ("channel", "type", EXECUTION, "from", "to", "as_of", "cursor", "limit", "format")
_MIXED = "`__other__` holds %s that are not counted apart: ask for one of them, or for all."
_SHOWN = ("id", "channel", "type", "occurred_at", "received_at", EXECUTION, "profile", "message")


class BadListing(ValueError):
    """What cannot be listed: the text says why, ``field`` which parameter."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class _Place(NamedTuple):
    """Where a listing goes on: its minutes, its fold and its count stay those of its beginning."""

    since: int
    until: int
    as_of: int
    whole: int
    batch: int
    passed: int

    @classmethod
    def parse(cls, text: str) -> Self:
        if not re.fullmatch(CURSOR, text):
            raise BadListing("cursor", f"{text[:50]!r} is not where a page ended.")
        return cls(*(int(part, 16) for part in text.split(".")))

    @property
    def text(self) -> str:
        return ".".join(f"{part:x}" for part in self)


@dataclass(frozen=True)
class Asked:
    """What somebody wants to list: how, and how much of it. ``parse`` reads it from an address."""

    search: Search
    limit: int
    place: _Place | None = None

    @classmethod
    def parse(
        cls, names: Collection[str], given: Given, campaign: Campaign, now: datetime, most: int
    ) -> Self:
        """What the parameters of these ``names`` ask for, or ``BadListing``.

        Without ``from`` and ``to`` that is what the last 24 hours have, without ``as_of``
        what has been counted by now. Call inside ``sql.snapshot``.
        """
        channels = ChannelPlugin.objects.enabled()
        dimensions = {each.key for channel in channels for each in channel.dimensions}
        dimensions -= {channel.evidence for channel in channels}  # nothing is counted by it
        for name in names:
            if name not in _KNOWN and name not in dimensions:
                raise BadListing(name, "There is no such filter.")
        since, until = _span(given, now)
        search = Search(
            campaign,
            _kinds(given, channels),
            since,
            until,
            tuple(_values(given, channels, sorted(dimensions & set(names)))),
            frozenset(_run(text) for text in given(EXECUTION)),
            _fold(_only_one(given, "as_of"), now),
        )
        limit = _limit(_only_one(given, "limit"), most)
        text = _only_one(given, "cursor")
        if text is None:
            return cls(search, limit)
        place = _Place.parse(text)
        search = replace(search, since=place.since, until=place.until, as_of=place.as_of)
        return cls(search, limit, place)


@dataclass(frozen=True)
class Listing:
    """A page of events, newest first by when they were received, then by when they occurred.

    ``count`` is how many there are on all pages; ``following`` is the cursor of the next.
    """

    search: Search
    count: int
    events: Sequence[Found]
    following: str | None

    @property
    def as_of(self) -> str:
        """The last fold whose events are listed, as an address says it."""
        return rfc3339(moment(self.search.as_of))

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What is told of each event."""
        return [_told(found) for found in self.events]

    def as_json(self) -> dict[str, Any]:
        search = self.search
        return {
            "results": self.rows,
            "next": self.following,
            "count": self.count,
            "from": rfc3339(moment(search.since * 1_000_000)),
            "to": rfc3339(moment(search.until * 1_000_000)),
            "as_of": self.as_of,
        }

    def table(self) -> list[list[Cell]]:
        """A header line with the names of the fields, and a line for each event."""
        rows = self.rows
        more = sorted({key for row in rows for key in row} - set(_SHOWN))
        columns = [*_SHOWN, *more]
        lines: list[list[Cell]] = [[row.get(key) for key in columns] for row in rows]
        return [list(columns), *lines]


def listing(asked: Asked, now: datetime) -> Listing:
    """A page of what is asked for. Call inside ``sql.snapshot``."""
    search, place = asked.search, asked.place
    whole = place.whole if place else count(search, now)
    cursor = Cursor(place.batch, place.passed) if place else None
    page = find(search, asked.limit, now, cursor)
    following = page.cursor and _Place(
        search.since, search.until, search.as_of, whole, *page.cursor
    )
    return Listing(search, whole, page.events, following.text if following else None)


def list_events(
    names: Collection[str], given: Given, campaign: Campaign, now: datetime, most: int = MOST
) -> Listing:
    """A page of the events that some parameters ask for, or ``BadListing``."""
    with sql.snapshot():
        return listing(Asked.parse(names, given, campaign, now, most), now)


def _told(found: Found) -> dict[str, str | None]:
    """What is told of an event. Who and what it was is told in pseudonyms, as it is stored."""
    event = found.event
    shape = event.shape
    told = {
        "id": written(event.id),
        "channel": shape.channel,
        "type": shape.type,
        "occurred_at": rfc3339(moment(event.at)),
        "received_at": rfc3339(found.received_at),
        EXECUTION: rfc3339(moment(shape.execution)) if shape.execution else None,
        "profile": written(event.profile),
        "message": None if event.message == NO_MESSAGE else written(event.message),
    }
    return told | {key: None if value == NONE else value for key, value in shape.dimensions}


def _only_one(given: Given, field: str) -> str | None:
    values = given(field)
    if len(values) > 1:
        raise BadListing(field, "There can be one only.")
    return values[0] if values else None


def _span(given: Given, now: datetime) -> tuple[int, int]:
    """The minutes to look into, from the first to before the last, in seconds."""
    start, end = _only_one(given, "from"), _only_one(given, "to")
    if start is None and end is None:
        return Window.at(now).seconds
    first, last = _minute("from", start), _minute("to", end)
    if first >= last:
        raise BadListing("from", "It must be before to.")
    return int(first.timestamp()), int(last.timestamp())


def _minute(field: str, text: str | None) -> datetime:
    if text is None:
        raise BadListing(field, "A span has from and to.")
    found = _instant(field, text)
    if found.second or found.microsecond:
        raise BadListing(field, f"{text[:50]!r} is not a whole minute.")
    return found


def _instant(field: str, text: str) -> datetime:
    try:
        return instant_in_url(text)
    except ValueError as error:
        raise BadListing(field, str(error)) from error


def _fold(text: str | None, now: datetime) -> int:
    """The number of the last fold whose events are listed."""
    if text is not None:
        return microseconds(_instant("as_of", text))
    return log.last_fold() or microseconds(now)


def _run(text: str) -> int:
    """The start of a run in microseconds, 0 for what belongs to none."""
    if text == NONE:
        return 0
    if text == OTHER:
        raise BadListing(EXECUTION, _MIXED % "executions")
    try:
        return microseconds(start_of_run(text))
    except ValueError as error:
        raise BadListing(EXECUTION, str(error)) from error


def _kinds(given: Given, channels: Sequence[Channel]) -> frozenset[Kind]:
    """The channels and types to look for: all of a channel, or those that are named.

    Where no channel is named, a type names its own as well: ``email.sent``.
    """
    slug = _only_one(given, "channel")
    chosen = [channel for channel in channels if slug in (None, channel.slug)]
    if not chosen:
        raise BadListing("channel", f"There is no channel {(slug or '')[:50]!r}.")
    known = {(channel.slug, event.key) for channel in chosen for event in channel.events}
    named = [_kind(text, slug) for text in given("type")]
    for kind in named:
        if kind not in known:
            raise BadListing("type", f"There is no type {'.'.join(kind)[:100]!r}.")
    return frozenset(named or known)


def _kind(text: str, channel: str | None) -> Kind:
    owner, dot, kind = text.rpartition(".")
    if dot:
        return owner, kind
    if channel is None:
        raise BadListing("type", f"{text[:50]!r}: of which channel? Say channel as well.")
    return channel, text


def _values(given: Given, channels: Sequence[Channel], names: Sequence[str]) -> Iterator[Value]:
    """The value of each dimension that is named, as events are counted under it."""
    for name in names:
        text = _only_one(given, name)
        if not text:  # a field of a form that was left empty
            continue
        if text == OTHER:
            raise BadListing(name, _MIXED % "values")
        dimension = next(
            channel.dimension_by_key[name]
            for channel in channels
            if name in channel.dimension_by_key
        )
        yield name, dimension.value_of(text) or NONE


def _limit(text: str | None, most: int) -> int:
    """A number of events from 1 on, at most so many; ``BadListing`` if it is none."""
    if text is None:
        return PAGE if most == MOST else most
    if not re.fullmatch("0*[1-9][0-9]{0,8}", text):
        raise BadListing("limit", f"{text[:50]!r} is not a number from 1 on.")
    return min(int(text), most)
