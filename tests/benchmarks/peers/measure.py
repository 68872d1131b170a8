"""What every peer is asked: the numbers of the Email tab. Runs in the peers' environment.

Usage: ``python -m tests.benchmarks.peers.<peer> <events> <until>``; prints JSON.
"""

import json
import statistics
import sys
import time
from abc import ABC, abstractmethod
from typing import Any

from .. import load

CATEGORY = "hard"
OF = "FROM {table} WHERE campaign = 'bench'"
QUERIES = (
    f"SELECT type, {{events}}, {{profiles}} {OF} GROUP BY type",
    f"SELECT type, {{step}}, {{events}} {OF} GROUP BY 1, 2",
    f"SELECT category, {{events}} {OF} AND type = 'bounced' GROUP BY category",
    f"SELECT reason, {{events}} {OF} AND type = 'bounced' GROUP BY reason",
    f"SELECT reason, {{events}}, {{profiles}} {OF} AND type = 'excluded' GROUP BY reason",
    f"SELECT type, domain, {{events}} {OF} AND type IN "
    "('opened', 'sent', 'delivered', 'clicked', 'bounced') GROUP BY 1, 2",
)
"""One for each widget that has anything to show; retries, which need the last state of
each message, are spared the peers."""
TURNS = 7
Timings = dict[str, float]


class Peer(ABC):
    """An engine that is filled in chunks, then asked."""

    name: str

    @abstractmethod
    def insert(self, part: dict[str, Any]) -> None:
        """Add columns: ``type``, ``at``, ``profile``, ``domain``, ``reason``; -1 is none."""

    @abstractmethod
    def variants(self) -> dict[str, list[str]]:
        """The queries of each way to keep the events."""

    @abstractmethod
    def count(self) -> int:
        """How many events it holds."""

    @abstractmethod
    def ask(self, query: str) -> None:
        """Fetch all of an answer."""


def strings() -> dict[str, tuple[str, ...]]:
    """What the codes of each column stand for."""
    return {"type": load.TYPES, "domain": load.DOMAINS, "reason": load.REASONS}


def run(peer: Peer) -> None:
    """Fill, ask, print the median milliseconds of a whole tab for each variant."""
    count, until = int(sys.argv[1]), float(sys.argv[2])
    for part in load.day(count, until, seed=7):
        peer.insert(vars(part))
    if peer.count() != count:
        raise RuntimeError(f"{peer.name} holds {peer.count()} of {count} events")
    found: Timings = {
        f"{peer.name}, {name}": statistics.median(_turns(peer, queries))
        for name, queries in peer.variants().items()
    }
    print(json.dumps(found))


def _turns(peer: Peer, queries: list[str]) -> list[float]:
    timings = []
    for _turn in range(TURNS):
        started = time.perf_counter()
        for query in queries:
            peer.ask(query)
        timings.append((time.perf_counter() - started) * 1000)
    return timings[1:]
