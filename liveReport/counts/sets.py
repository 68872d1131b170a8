"""Many small sets of profiles at once, as columns, and the sketches that say the same.

The library takes members one by one, and the fold has thousands of sets at a time.
While a sketch is exact it is no more than its sorted hashes, so all of them are made
together, each to the byte as the library makes it; the library makes the others. Member
by member it takes three times as long: benchmark part ``libraries``.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from datasketches import update_theta_sketch

from liveReport.events.columns import Ints, concatenated

from .edges import starts_of_runs
from .sketch import EXACT, LG_K, merge


def _begins(members: int) -> bytes:
    sketch = update_theta_sketch(LG_K)
    for member in range(members):
        sketch.update(member)
    return bytes(sketch.compact().serialize())[:8]


_ONE, _MORE = _begins(1), _begins(2)
"""The first word of an exact sketch. The hash follows, or the number of hashes and the hashes."""


@dataclass(frozen=True, eq=False)
class Sets:
    """Sets by number: set ``number[i]`` has a member of ``hash[i]``, said once or more often.

    ``sketches`` hold further members, each with the number of its set.
    """

    number: Ints
    hash: Ints
    sketches: Sequence[tuple[int, bytes]] = ()

    @classmethod
    def of(cls, sketches: Iterable[tuple[int, bytes]]) -> "Sets":
        """What sketches hold, each with the number of its set."""
        numbers: list[int] = []
        hashes: list[bytes] = []
        others: list[tuple[int, bytes]] = []
        for number, sketch in sketches:
            if head := _head(sketch):
                numbers.append(number)
                hashes.append(sketch[head:])
            else:
                others.append((number, sketch))
        sizes = [len(each) // 8 for each in hashes]
        whole = np.frombuffer(b"".join(hashes), "<i8").astype(np.int64)
        return cls(np.repeat(np.array(numbers, np.int64), sizes), whole, others)

    @classmethod
    def joined(cls, parts: Sequence["Sets"]) -> "Sets":
        """The members of all parts; sets of the same number are one."""
        return cls(
            concatenated(part.number for part in parts),
            concatenated(part.hash for part in parts),
            [each for part in parts for each in part.sketches],
        )

    def __len__(self) -> int:
        return len(self.number) + len(self.sketches)

    def numbers(self) -> Ints:
        """Those of the sets that have members, in order."""
        others = np.array([number for number, _ in self.sketches], np.int64)
        return np.flatnonzero(np.bincount(np.concatenate((self.number, others))))

    def renumbered(self, numbers: Ints) -> "Sets":
        """Set i as set ``numbers[i]``; left out where that is negative."""
        number = numbers[self.number]
        kept = number >= 0
        sketches = [(int(numbers[old]), sketch) for old, sketch in self.sketches]
        return Sets(number[kept], self.hash[kept], [each for each in sketches if each[0] >= 0])

    def distinct(self) -> "Sets":
        """The same sets in order, each member said once."""
        order = _order(self.number, self.hash)
        number, hash_ = self.number[order], self.hash[order]
        first = starts_of_runs(number, hash_)
        return Sets(number[first], hash_[first], self.sketches)

    def sketched(self) -> dict[int, bytes]:
        """The sketch of each set that has members, by its number."""
        sets = self.distinct()
        starts = starts_of_runs(sets.number)
        exact = _serialized(sets.hash, np.diff(starts, append=len(sets.hash)))
        made = dict(zip(sets.number[starts].tolist(), exact, strict=True))
        for number, sketch in self.sketches:
            made[number] = merge([sketch, *filter(None, [made.get(number)])])
        return made


def _order(number: Ints, hash_: Ints) -> Ints:
    """The order by number, then hash.

    It takes one sort of what of both fits in 63 bits. The rest of two hashes of a set
    hardly ever matters, and equal ones may follow each other in any order.
    """
    bits = int(number.max(initial=0)).bit_length()
    order = np.argsort(number << 63 - bits | hash_ >> bits, kind="stable")
    numbers, hashes = number[order], hash_[order]
    wrong = (numbers[1:] == numbers[:-1]) & (hashes[1:] < hashes[:-1])
    return np.lexsort((hash_, number)) if wrong.any() else order


def _head(sketch: bytes) -> int:
    """The bytes before the hashes of an exact sketch; 0 for any other."""
    if sketch.startswith(_ONE) and len(sketch) == 16:
        return 8
    size = int.from_bytes(sketch[8:16], "little")
    return 16 if sketch.startswith(_MORE) and len(sketch) == 16 + 8 * size else 0


def _serialized(hashes: Ints, sizes: Ints) -> Iterator[bytes]:
    """The sketches of sets, each of so many of the hashes, which are in order."""
    heads = np.where(sizes > 1, 2, 1)
    ends = np.cumsum(heads + sizes)
    starts = ends - heads - sizes
    words = np.empty(len(hashes) + heads.sum(), "<i8")
    words[starts] = np.frombuffer(_ONE + _MORE, "<i8")[heads - 1]
    words[starts + 1] = sizes
    words[np.arange(len(hashes)) + np.repeat(np.cumsum(heads), sizes)] = hashes
    written = words.tobytes()
    for start, end, size in zip(
        *((starts * 8).tolist(), (ends * 8).tolist(), sizes.tolist()), strict=True
    ):
        sketch = written[start:end]
        yield sketch if size <= EXACT else merge([sketch])
