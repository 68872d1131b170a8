"""The facts of runs, many to a row.

What a chunk adds to a run is a segment of its own. Segments of about the same size become one, so
that a run has few of them and each fact is written but a few times, however large the run. What
is as large as ``FULL`` stays as it is.
"""

import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import zstandard
from cachetools import LRUCache

from liveReport.counts.histories import Facts
from liveReport.engines import sql
from liveReport.memory import Memory

SEGMENTS = "livereport_ledgersegment"
FULL = 500_000
"""Facts of a segment that is not joined to others."""
REMEMBERED = 64_000_000
"""Bytes of facts that a process keeps in memory."""
_COLUMNS = (
    ("profile", "<i8"),
    ("message", "<u8"),
    ("at", "<i8"),
    ("mask", "u1"),
    ("sends", "<u4"),
    ("seen", "<u4"),
)
_WIDTH = sum(np.dtype(kind).itemsize for _name, kind in _COLUMNS)


class Segment(NamedTuple):
    """One of the segments of a ledger, by its id."""

    ledger: int
    number: int
    size: int


_remembered = Memory[int, Facts](LRUCache(REMEMBERED, lambda facts: _WIDTH * len(facts) + 1_000))
"""By number, which is drawn. Their run is 0."""


def of_ledgers(ledgers: Collection[int]) -> dict[int, list[Segment]]:
    """The segments of some ledgers, the smallest first."""
    keys = {"ledger_id": np.array(sorted(ledgers), np.int64)}
    found: dict[int, list[Segment]] = {}
    for row in sql.fetch_in("ledger_id, number, size", SEGMENTS, keys):
        found.setdefault(row[0], []).append(Segment(*row))
    return {pk: sorted(some, key=lambda one: one.size) for pk, some in found.items()}


def read(segments: Sequence[Segment]) -> list[Facts]:
    """What is in some segments, in order, each of run 0."""
    return [_remembered.get(one.number) or _read(one) for one in segments]


def _read(segment: Segment) -> Facts:
    query = f"SELECT facts FROM {SEGMENTS} WHERE ledger_id = %s AND number = %s"
    ((packed,),) = sql.fetch(query, [segment.ledger, segment.number])
    return _remembered.put(segment.number, _unpacked(bytes(packed)))


def add(new: Mapping[int, Facts], held: Mapping[int, Sequence[Segment]]) -> None:
    """Add facts to ledgers that have these segments. Call inside a transaction."""
    absorbed: list[Segment] = []
    whole: list[tuple[int, Facts]] = []
    for pk, facts in new.items():
        chosen = _absorbed(len(facts), held.get(pk, ()))
        whole.append((pk, Facts.joined([*read(chosen), facts.of_run(0)]).compact()))
        absorbed += chosen
    delete(absorbed)
    write(whole)


def _absorbed(size: int, held: Sequence[Segment]) -> list[Segment]:
    """The smallest of some segments, as long as none is larger than all before it together."""
    chosen: list[Segment] = []
    for segment in held:
        if segment.size > size or segment.size + size > FULL:
            break
        chosen.append(segment)
        size += segment.size
    return chosen


def write(new: Iterable[tuple[int, Facts]]) -> None:
    """New segments of ledgers, of facts of run 0. Call inside a transaction."""
    parts = [(pk, part) for pk, facts in new for part in _portions(facts)]
    if not parts:
        return
    numbers = [secrets.randbits(63) for _ in parts]
    sql.insert(
        SEGMENTS,
        {
            "number": np.array(numbers, np.int64),
            "ledger_id": np.array([pk for pk, _facts in parts], np.int64),
            "size": np.array([len(facts) for _pk, facts in parts], np.int64),
            "facts": [_packed(facts) for _pk, facts in parts],
        },
    )
    for number, (_pk, facts) in zip(numbers, parts, strict=True):
        _remembered.put(number, facts.copied())


def _portions(facts: Facts) -> Iterator[Facts]:
    """The facts in parts of which none is too large; none if there are none."""
    for start in range(0, len(facts), FULL):
        yield facts.between(start, start + FULL)


def delete(segments: Sequence[Segment]) -> None:
    """Forget some segments. Call inside a transaction."""
    if not segments:
        return
    inside, given = sql.among("number", [one.number for one in segments])
    ledgers, theirs = sql.among("ledger_id", sorted({one.ledger for one in segments}))
    query = f"DELETE FROM {SEGMENTS} WHERE {ledgers} AND {inside} RETURNING size"
    sql.fetch(query, [theirs, given])


def _packed(facts: Facts) -> bytes:
    columns = (getattr(facts, name).astype(kind).tobytes() for name, kind in _COLUMNS)
    return zstandard.ZstdCompressor(level=1).compress(b"".join(columns))


def _unpacked(packed: bytes) -> Facts:
    plain = zstandard.ZstdDecompressor().decompress(packed)
    size = len(plain) // _WIDTH
    columns, start = [], 0
    for _name, kind in _COLUMNS:
        columns.append(np.frombuffer(plain, kind, size, start))
        start += size * np.dtype(kind).itemsize
    return Facts(np.broadcast_to(np.int64(0), size), *columns)
