"""Distinct profiles as mergeable theta sketches (Apache DataSketches).

A sketch keeps the smallest hashes of a set, so it is a function of the set
alone: merging minutes or hours, in any order, gives the same sketch. Exact up to
16,384 members, about 0.8 % standard error beyond.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from datasketches import compact_theta_sketch, theta_union, update_theta_sketch

LG_K = 14


@dataclass(frozen=True)
class Estimate:
    """How many members a sketch has, and whether that is an estimate."""

    value: int
    approximate: bool


def build(members: Iterable[int]) -> bytes:
    """The sketch of some signed 64-bit integers."""
    sketch = update_theta_sketch(LG_K)
    for member in members:
        sketch.update(member)
    sketch.trim()
    return bytes(sketch.compact().serialize())


def merge(sketches: Iterable[bytes | memoryview]) -> bytes:
    """The sketch of the union."""
    return bytes(_union(sketches).serialize())


def estimate(sketches: Iterable[bytes | memoryview]) -> Estimate:
    """The size of the union."""
    union = _union(sketches)
    return Estimate(round(union.get_estimate()), union.is_estimation_mode())


def _union(sketches: Iterable[bytes | memoryview]) -> compact_theta_sketch:
    union = theta_union(LG_K)
    for sketch in sketches:
        union.update(compact_theta_sketch.deserialize(bytes(sketch)))
    return union.get_result()
