"""What is ours although a library does it: how many times as long the library takes."""

import json
import random
import statistics
import time
from collections.abc import Callable, Iterator

import msgspec
import numpy as np
from datasketches import update_theta_sketch

from liveReport.counts.sets import Sets
from liveReport.counts.sketch import LG_K, hashes
from liveReport.events.columns import Ints
from liveReport.ingest import salvage

from ..found import Found
from ..options import Options

SETS, MEMBERS = 5_000, 50_000
EVENTS = 5_000


def measure(options: Options) -> Found:
    """In one process, without the database; medians, in turns."""
    found = Found()
    members = np.random.default_rng(1).integers(1 << 62, size=MEMBERS)
    number = np.arange(MEMBERS) % SETS
    ours = Sets(number, hashes(members)).sketched()
    if ours != _sketches(number, members):
        raise RuntimeError("the library makes other sketches")
    found.at_least(
        f"{SETS:,} sets: datasketches, member by member",
        _times(
            options.rounds,
            lambda: _sketches(number, members),
            lambda: Sets(number, hashes(members)).sketched(),
        ),
        2,
        "×",
    )
    text = _body()
    if list(map(json.loads, salvage.elements(text))) != list(_decoded(text.decode())):
        raise RuntimeError("they find other events")
    found.at_least(
        "a body taken apart: json.raw_decode",
        _times(options.rounds, lambda: list(_decoded(text.decode())), lambda: _salvaged(text)),
        0.75,
        "×",
    )
    return found


def _times(rounds: int, theirs: Callable[[], object], ours: Callable[[], object]) -> float:
    """How many times as long theirs takes."""
    taken: dict[Callable[[], object], list[float]] = {theirs: [], ours: []}
    for _round in range(max(3, rounds)):
        for work, seconds in taken.items():
            started = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - started)
    return statistics.median(taken[theirs]) / statistics.median(taken[ours])


def _sketches(number: Ints, members: Ints) -> dict[int, bytes]:
    sketches = [update_theta_sketch(LG_K) for _set in range(SETS)]
    for place, member in zip(number.tolist(), members.tolist(), strict=True):
        sketches[place].update(member)
    return {place: bytes(each.compact().serialize()) for place, each in enumerate(sketches)}


def _body() -> bytes:
    chance = random.Random(1)
    events = [
        {"id": str(one), "type": "sent", "profile": f"p{chance.randrange(10**6)}", "campaign": "x"}
        for one in range(EVENTS)
    ]
    return msgspec.json.encode(events)


def _salvaged(text: bytes) -> list[object]:
    decode = msgspec.json.Decoder().decode
    return [decode(element) for element in salvage.elements(text)]


def _decoded(text: str) -> Iterator[object]:
    """The elements of an array that is well-formed: nothing here bears one that is not."""
    decode, place = json.JSONDecoder().raw_decode, 1
    while place < len(text):
        element, place = decode(text, place)
        yield element
        place += 1
