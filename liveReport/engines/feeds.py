"""Which source feeds which channel of which campaign, minute by minute, as it is stored."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from django.db import connection

from . import sql

FEEDS = "livereport_sourcefeed"

_TOLD = f"""
SELECT source.id, source.name, source.provider, source.public_key IS NOT NULL, is_active,
channel, why, minutes, events, sending
FROM (
    SELECT source_id, channel, why,
    {{minutes}} AS minutes, {{events}} AS events, {{sending}} AS sending
    FROM (
        SELECT source_id, channel, minute, events, sending, '' AS why FROM {FEEDS}
        WHERE campaign_id = %(campaign)s AND minute >= %(since)s
        UNION ALL
        SELECT source_id, '', {{second}}, refused, 0, why FROM livereport_sourceminute
        WHERE minute >= %(start)s AND refused > 0 AND source_id IN (
            SELECT id FROM livereport_source WHERE campaign_id = %(campaign)s
            UNION SELECT source_id FROM livereport_sourcemapping WHERE campaign_id = %(campaign)s
            UNION SELECT source_id FROM {FEEDS}
            WHERE campaign_id = %(campaign)s AND minute >= %(since)s
        )
    ) AS by_minute
    GROUP BY source_id, channel, why
) AS told
JOIN livereport_source AS source ON source.id = source_id
JOIN auth_user ON auth_user.id = account_id
"""
"""A row for each feed, and for each reason of refusals, which has no channel."""
_LISTED = {"minutes": "minute", "events": "events", "sending": "sending"}


class Feed(NamedTuple):
    """A source's events for a channel of a campaign, of a minute: its start, in seconds."""

    campaign: int
    minute: int
    source: int
    channel: str


class Came(NamedTuple):
    """So many events; ``sending`` of them say what became of somebody who was to be reached."""

    events: int
    sending: int


NOTHING = Came(0, 0)


class Sender(NamedTuple):
    """A source as reports name it. ``provider`` is empty for a program that uses the API; to a
    ``public`` one anybody can send."""

    pk: int
    name: str
    provider: str
    is_public: bool
    is_active: bool


class Minutes(NamedTuple):
    """Minutes, by their starts in seconds, in order, and how much there was in each, of which how
    much was ``sending``."""

    starts: list[int]
    counts: list[int]
    sending: list[int]


class Told(NamedTuple):
    """What is known of those who feed a campaign: events by sender and channel, and requests that
    were refused by sender and the code that says why."""

    fed: dict[tuple[Sender, str], Minutes]
    refused: dict[tuple[Sender, str], Minutes]


def add(events: Mapping[Feed, Came]) -> None:
    """Count events. Call inside a transaction of the fold."""
    feeds = sorted(events)
    campaigns, minutes, sources, channels = zip(*feeds, strict=True) if feeds else ((),) * 4
    sql.insert(
        FEEDS,
        {
            "campaign_id": np.array(campaigns, np.int64),
            "minute": np.array(minutes, np.int64),
            "source_id": np.array(sources, np.int64),
            "channel": channels,
            "events": np.array([events[feed].events for feed in feeds], np.int64),
            "sending": np.array([events[feed].sending for feed in feeds], np.int64),
        },
        "(campaign_id, minute, source_id, channel)"
        f" DO UPDATE SET events = {FEEDS}.events + excluded.events,"
        f" sending = {FEEDS}.sending + excluded.sending",
    )


def told(campaign: int, since: datetime) -> Told:
    """Who has fed a campaign since a time, and what was refused of those who feed it, or are to.

    One statement.
    """
    given = {
        "campaign": campaign,
        "since": int(since.timestamp()),
        "start": connection.ops.adapt_datetimefield_value(since),
    }
    found = Told({}, {})
    for row in sql.fetch(_told(), given):
        pk, name, provider, is_public, is_active, channel, why, *columns = row
        sender = Sender(pk, name, provider, bool(is_public), bool(is_active))
        part, key = (found.fed, channel) if channel else (found.refused, why)
        part[sender, key] = _in_order(columns)
    return found


def _told() -> str:
    listed = {name: sql.listed(column) for name, column in _LISTED.items()}
    return _TOLD.format(second=sql.second_of("minute"), **listed)


def _in_order(columns: Sequence[str]) -> Minutes:
    """Columns of numbers, as ``sql.listed`` gives them, by the first."""
    numbers = np.array([list(map(int, text.split(","))) for text in columns], np.int64)
    starts, counts, sending = numbers[:, np.argsort(numbers[0])].tolist()
    return Minutes(starts, counts, sending)
