"""Events of a large email send, column by column: numpy only, so that peers can share them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.int64]

DOMAINS = ("gmail.com", "outlook.com", "orange.fr", "yahoo.com", "free.fr", "icloud.com")
REASONS = ("5.1.1", "5.2.2", "4.7.0")
TYPES = ("targeted", "sent", "delivered", "opened", "clicked", "excluded", "deferred", "bounced")
WEIGHTS = (24, 22, 21, 8, 2, 2, 1, 1)
WITHOUT_DOMAIN = (TYPES.index("targeted"), TYPES.index("excluded"))
WITH_REASON = tuple(TYPES.index(kind) for kind in ("excluded", "deferred", "bounced"))
BOUNCED = TYPES.index("bounced")
PROFILES = 400_000
HOUR = 3_600
CHUNK = 200_000
"""Events that are made, sent and folded at a time: some 100 MB while they are Python objects."""


@dataclass(frozen=True)
class Columns:
    """Events in order of time. ``at`` is in microseconds since 1970.

    ``type``, ``domain`` and ``reason`` are places in ``TYPES``, ``DOMAINS`` and
    ``REASONS``; -1 where the type has no such dimension.
    """

    type: Column
    profile: Column
    at: Column
    domain: Column
    reason: Column

    def __len__(self) -> int:
        return len(self.at)


def columns(count: int, until: float, seconds: float, seed: int) -> Columns:
    """So many events of the ``seconds`` before ``until``, which is in seconds since 1970."""
    rng = np.random.default_rng(seed)
    kinds = rng.choice(len(TYPES), count, p=np.array(WEIGHTS) / sum(WEIGHTS))
    profile = rng.integers(0, PROFILES, count)
    at = np.sort(((until - rng.random(count) * seconds) * 1e6).astype(np.int64))
    domain = np.where(np.isin(kinds, WITHOUT_DOMAIN), -1, profile % len(DOMAINS))
    reason = np.where(np.isin(kinds, WITH_REASON), profile % len(REASONS), -1)
    return Columns(kinds, profile, at, domain, reason)


def day(
    count: int, until: float, seed: int, hours: float = 23.5, skip: int = 0
) -> Iterator[Columns]:
    """So many events of the hours before ``until``, earliest first, in chunks.

    The first ``skip`` are left out, as if someone had taken them already.
    """
    chunks = max(1, -(-count // CHUNK))
    span = hours * HOUR / chunks
    for chunk in range(skip // CHUNK, chunks):
        size = min(CHUNK, count - chunk * CHUNK)
        yield columns(size, until - span * (chunks - chunk - 1), span, seed * 10_000 + chunk)
