"""Which keys are certainly not among many: asked in memory, by 20 bits for each of them.

Where a key's bits are is worked out once for the filters of all periods, which no library
offers. What asking costs is in benchmark part ``growth``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from liveReport.events.columns import Ints, Mask

_BITS = 20
"""Bits of a filter for each key: about 1 key in 6,000 is looked up in vain."""
_PORTION = 50_000
"""Keys that go into a filter at once: their hashes take several times their own room."""
_SCATTER = (np.uint64(1), np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
"""Odd factors that make other hashes of a hash; three words of a filter belong to each key."""
_PICKS = (np.uint64(0), np.uint64(6), np.uint64(12))
"""Where in a hash the numbers of the three bits are that are set in a word."""
_HALF = np.uint64(32)


class Probe(NamedTuple):
    """One of the words that each of some keys has in any filter, and its bits in there.

    ``share`` says which word: how far down the filter, in fractions of 2³².
    """

    share: NDArray[np.uint64]
    bits: NDArray[np.uint64]

    @classmethod
    def all_of(cls, keys: Ints) -> list["Probe"]:
        """The keys are hashes already."""
        hashes = [keys.view(np.uint64) * factor for factor in _SCATTER]
        return [cls(hash_ >> _HALF, _bits(hash_)) for hash_ in hashes]

    def at(self, places: Ints) -> "Probe":
        return Probe(self.share[places], self.bits[places])


def _bits(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    bits = np.zeros(len(hashes), np.uint64)
    for pick in _PICKS:
        bits |= np.uint64(1) << (hashes >> pick & np.uint64(63))
    return bits


@dataclass(frozen=True)
class Filter:
    """A Bloom filter, by words of 64 bits: most keys that it lacks cost one look."""

    words: NDArray[np.uint64]

    @classmethod
    def of(cls, keys: Ints) -> "Filter":
        made = cls(np.zeros(1 + len(keys) * _BITS // 64, np.uint64))
        for start in range(0, len(keys), _PORTION):
            for probe in Probe.all_of(keys[start : start + _PORTION]):
                np.bitwise_or.at(made.words, made._places(probe), probe.bits)
        return made

    def may_hold(self, probes: Sequence[Probe]) -> Ints:
        """The places of keys that may be among those that the filter was made of."""
        first, *others = probes
        left = np.flatnonzero(self._agrees(first))
        for probe in others:
            left = left[self._agrees(probe.at(left))]
        return left

    def _agrees(self, probe: Probe) -> Mask:
        agrees: Mask = (self.words[self._places(probe)] & probe.bits) == probe.bits
        return agrees

    def _places(self, probe: Probe) -> NDArray[np.uint64]:
        return probe.share * np.uint64(len(self.words)) >> _HALF
