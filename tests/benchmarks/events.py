"""The columns of ``load`` as what liveReport takes: columnar events, or request bodies."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
from django.conf import settings

from liveReport import rollup
from liveReport.channels import NONE, find_channel
from liveReport.events.batch import Events, Shape
from liveReport.ingest.append import append
from liveReport.models import Source

from .load import DOMAINS, REASONS, TYPES, Column, Columns

CAMPAIGN = "bench"
REACTIONS = ("opened", "clicked")
SIGNALS = {
    "gmail.com": "proxy",
    "yahoo.com": "proxy",
    "icloud.com": "prefetch",
    "outlook.com": "crawler",
}
"""What is seen of who opens and clicks at a domain; at the others it is people."""
DAY = 86_400_000_000
"""Microseconds: every profile gets one message a day, which is then never heard of again."""
BATCH = 5_000
"""Events to a batch of the log, where they do not come over HTTP."""


def fill(source: Source, parts: Iterator[Columns], now: datetime) -> None:
    """Have events in the log and in the rollups."""
    for part in parts:
        log(source, part, now)
        rollup.fold_pending(now, budget=3600)


def log(source: Source, part: Columns, now: datetime, size: int = BATCH) -> None:
    """Append events to the log, so many to a batch."""
    events = columnar(part)
    for start in range(0, len(events), size):
        append(source.pk, events.take(np.arange(start, min(start + size, len(events)))), now)


def columnar(part: Columns) -> Events:
    """As the fold gets them, with keys in place of names."""
    codes = (part.type * 8 + part.domain + 1) * 8 + part.reason + 1
    found, shape = np.unique(codes, return_inverse=True)
    shapes = [_shape(*_decoded(int(code))) for code in found]
    messages = _scattered(part.at // DAY * 2**40 + part.profile)
    ids = np.frombuffer(os.urandom(8 * len(part)), np.int64)
    places, pseudonyms = shape.astype(np.int64), _scattered(part.profile)
    version = settings.PSEUDONYM_KEY.version
    return Events(shapes, places, ids, part.at, pseudonyms, messages, version)


def plain(part: Columns) -> list[dict[str, Any]]:
    """As producers send them."""
    times = np.datetime_as_string(part.at.astype("datetime64[us]"), unit="ms").tolist()
    columns = (part.type, part.profile, part.domain, part.reason)
    rows = zip(ids(len(part)), times, *(column.tolist() for column in columns), strict=True)
    return [_plain(*row) for row in rows]


def bodies(part: Columns, size: int) -> list[bytes]:
    """As JSON request bodies of ``size`` events."""
    events = plain(part)
    starts = range(0, len(events), size)
    return [msgspec.json.encode(events[start : start + size]) for start in starts]


def ids(count: int) -> list[str]:
    """Random, as uuid4 makes them: the hardest ids to remember."""
    digits = os.urandom(16 * count).hex()
    return [digits[start : start + 32] for start in range(0, len(digits), 32)]


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as a time."""
    return datetime.fromtimestamp(seconds, UTC)


def _decoded(code: int) -> tuple[int, int, int]:
    return code // 64, code // 8 % 8 - 1, code % 8 - 1


def _shape(type_: int, domain: int, reason: int) -> Shape:
    kind = TYPES[type_]
    values = {"domain": DOMAINS[domain], "reason": REASONS[reason], "category": "hard"}
    values |= {"signal": NONE, "verdict": NONE} | _reaction(kind, domain)
    channel = find_channel("email")
    assert channel is not None
    dimensions = tuple((key, values[key]) for key in channel.event_by_key[kind].dimensions)
    return Shape(CAMPAIGN, "email", kind, 0, dimensions)


def _plain(id_: str, at: str, type_: int, profile: int, domain: int, reason: int) -> dict[str, Any]:
    event = {
        "id": id_,
        "campaign": CAMPAIGN,
        "channel": "email",
        "type": TYPES[type_],
        "occurred_at": f"{at}Z",
        "profile": f"customer-{profile}",
        "message": f"message-{at[:10]}-{profile}",
    }
    if domain >= 0:
        event["domain"] = DOMAINS[domain]
    if reason >= 0:
        event["reason"] = REASONS[reason]
    if event["type"] == "bounced":
        event["category"] = "hard"
    return event | _reaction(event["type"], domain)


def _reaction(kind: str, domain: int) -> dict[str, str]:
    """Who an open or a click was, as adapters say it: a signal, else a person."""
    if kind not in REACTIONS:
        return {}
    signal = SIGNALS.get(DOMAINS[domain])
    return {"signal": signal} if signal else {"verdict": "human"}


def _scattered(profiles: Column) -> Column:
    """Numbers that look like hashes: sketches count nothing else rightly."""
    mixed = (profiles.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    return mixed.view(np.int64)
