"""Events for the fold, what it keeps of them, and the same counted naively."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest
from datasketches import update_theta_sketch
from hypothesis import strategies as st

from liveReport.channels import NONE, get_channel
from liveReport.counts import sketch
from liveReport.counts.tiers import TIERS
from liveReport.ingest import receive
from liveReport.models import (
    Bucket,
    CampaignChannel,
    EventBatch,
    Execution,
    KeyPage,
    MessageState,
    Series,
    Source,
)
from liveReport.rollup import tick
from tests.support import oracle

NOW = datetime(2026, 3, 14, 15, 9, 26, 500_000, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)
RUNS = [None, "2026-03-14T08:00:00Z", "2026-03-13T20:00:00.000001Z"]

Event = dict[str, Any]

numbers_of_ids = itertools.count()


def event(age: timedelta = MINUTE, *, now: datetime = NOW, **fields: Any) -> Event:
    """A valid event that occurred ``age`` before ``now``, with an id of its own."""
    plain = {
        "id": f"e-{next(numbers_of_ids)}",
        "campaign": "summer",
        "channel": "email",
        "type": "sent",
        "occurred_at": (now - age).isoformat(),
        "profile": "p-1",
    }
    return {key: value for key, value in (plain | fields).items() if value is not None}


def log(source: Source, *events: Event, now: datetime = NOW) -> None:
    """Append events without folding them."""
    assert receive(source, msgspec.json.encode(events), now=now).rejected == []


def pending() -> int:
    return EventBatch.objects.filter(folded=False).count()


def stored() -> dict[str, Any]:
    """Everything that the fold keeps, without row ids, versions and the lease."""
    names = [f"series__{name}" for name in ("campaign__slug", *KEY[1:])]
    buckets = Bucket.objects.values_list(*names, "tier", "start", "count", "sketch")
    states = MessageState.objects.values_list("key", "at", "rank", "execution", "waiting")
    channels = CampaignChannel.objects.values_list(
        "campaign__slug", "channel", "first_event_at", "last_event_at"
    )
    executions = Execution.objects.values_list(
        "campaign__slug", "channel", "started_at", "last_event_at"
    )
    return {
        "buckets": {tuple(key): (count, bytes(held or b"")) for *key, count, held in buckets},
        "states": {key: tuple(state) for key, *state in states},
        "keys": known_keys(),
        "series": set(Series.objects.values_list("campaign__slug", *KEY[1:])),
        "channels": set(channels),
        "executions": set(executions),
    }


KEY = ("campaign", "channel", "type", "dimension", "value", "execution")


def known_keys() -> set[int]:
    """The keys of all events that are remembered."""
    pages = KeyPage.objects.values_list("keys", flat=True)
    keys = [key for page in pages for key in np.frombuffer(page, "<i8").tolist()]
    assert len(keys) == len(set(keys))
    return set(keys)


def counted(held: dict[str, Any]) -> dict[tuple[Any, ...], tuple[int, int]]:
    """The buckets with the size of their sketches, to compare with a ``recount``."""
    return {
        key: (count, sketch.estimate([profiles]).value if profiles else 0)
        for key, (count, profiles) in held["buckets"].items()
    }


def recount(events: Iterable[Event], now: datetime = NOW) -> dict[tuple[Any, ...], tuple[int, int]]:
    """The buckets as they must be, counted naively from plain events."""
    counts: dict[tuple[Any, ...], int] = defaultdict(int)
    profiles: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    for one in oracle.first_of_each_id(events):
        if oracle.moment(one) < (now - timedelta(hours=26)).replace(microsecond=0):
            continue
        channel = get_channel(one["channel"])
        taken = channel.event_by_key[one["type"]].dimensions
        at = oracle.moment(one).timestamp()
        one = oracle.judged(channel, one)
        told = [(key, one.get(key) or NONE) for key in taken if key != channel.evidence]
        for dimension, value in [("", ""), *told]:
            for tier in TIERS:
                key = (one["campaign"], one["channel"], one["type"], dimension, value)
                bucket = (*key, microseconds(one.get("execution")), tier, int(at // tier * tier))
                counts[bucket] += 1
                if (one["type"], dimension) in channel.sketched:
                    profiles[bucket].add(one["profile"])
    return {bucket: (count, len(profiles[bucket])) for bucket, count in counts.items()}


def microseconds(moment: str | None) -> int:
    if moment is None:
        return 0
    return (datetime.fromisoformat(moment) - datetime(1970, 1, 1, tzinfo=UTC)) // TICK


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tick, "let_others_write", lambda held: None)


TYPES = [
    ("email", "targeted"),
    ("email", "sent"),
    ("email", "deferred"),
    ("email", "delivered"),
    ("email", "bounced"),
    ("email", "error"),
    ("email", "excluded"),
    ("web", "impression"),
    ("push", "action"),
]
VALUES = {
    "category": [None, "hard", "soft"],
    "reason": [None, "a", "é=1"],
    "domain": [None, "a.example", "b.example"],
    "element": [None, "top"],
    "platform": [None, "ios"],
    "interaction": [None, "click"],
    "identity": [None, "page"],
}
HOURS = [0, 1, 23, 24, 25, 26, 27]
"""Some times to gather at: the window's ends, the horizon's, what is late."""


@st.composite
def events(
    draw: st.DrawFn,
    now: datetime = NOW,
    campaigns: Sequence[str] = ("summer",),
    runs: Sequence[str | None] = RUNS,
) -> Event:
    """An event of which the parts that meet others' are few; some are too late."""
    channel, kind = draw(st.sampled_from(TYPES))
    hour = draw(st.sampled_from(HOURS))
    age = timedelta(hours=hour, seconds=draw(st.integers(-240, 1_200)))
    taken = get_channel(channel).event_by_key[kind].dimensions
    return event(
        age,
        now=now,
        campaign=draw(st.sampled_from(campaigns)),
        channel=channel,
        type=kind,
        profile=str(draw(st.integers(0, 4))),
        message=draw(st.sampled_from([None, "m1", "m2", "m3"])),
        execution=draw(st.sampled_from(runs)),
        **{key: draw(st.sampled_from(VALUES[key])) for key in taken},
    )


def by_the_library(members: Iterable[int]) -> bytes:
    """A sketch as the library makes it, member by member."""
    made = update_theta_sketch(sketch.LG_K)
    for member in members:
        made.update(member)
    made.trim()
    return bytes(made.compact().serialize())


def clock(monkeypatch: pytest.MonkeyPatch, module: Any) -> list[float]:
    """Put a clock into a module that shows one second more whenever somebody looks."""
    seconds = itertools.count()
    naps: list[float] = []
    fake = SimpleNamespace(monotonic=lambda: next(seconds), sleep=naps.append)
    monkeypatch.setattr(module, "time", fake)
    return naps
