"""The tiers of the rollups: the lengths of a bucket, and how they add up to a span."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

TIERS = (3600, 900, 60)
"""The lengths of a bucket in seconds, coarse to fine; each a multiple of the next."""


@dataclass(frozen=True)
class Range:
    """The buckets of one tier that start in ``[start, end)`` (seconds)."""

    tier: int
    start: int
    end: int


def within(step: int) -> list[int]:
    """The tiers whose buckets add up to steps of this length, coarse to fine."""
    return [tier for tier in TIERS if step % tier == 0]


def cover(start: int, end: int, tiers: Sequence[int] = TIERS) -> Iterator[Range]:
    """Cut ``[start, end)`` into ranges, each of the coarsest tier that fits.

    Both must be multiples of the finest tier.
    """
    if start >= end:
        return
    tier, *finer = tiers
    first, last = -(-start // tier) * tier, end // tier * tier
    if finer and first >= last:
        yield from cover(start, end, finer)
        return
    yield from cover(start, first, finer)
    yield Range(tier, first, last)
    yield from cover(last, end, finer)
