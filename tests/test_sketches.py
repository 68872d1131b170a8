"""Sketches of profiles: to the byte those of the library, a function of the set."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from datasketches import update_theta_sketch
from hypothesis import given, settings
from hypothesis import strategies as st

from liveReport.counts import sketch
from liveReport.counts.sets import Sets
from liveReport.events.hashes import pseudonyms
from tests.support.rollups import by_the_library

members = st.integers(-(2**63), 2**63 - 1)


EMPTY = bytes(update_theta_sketch(sketch.LG_K).compact().serialize())


def sketched(*parts: Sequence[int]) -> dict[int, bytes]:
    """Sketches by the number of the part, made all at once."""
    sizes = [len(part) for part in parts]
    number = np.repeat(np.arange(len(parts)), sizes)
    flat = np.array(list(itertools.chain(*parts)), np.int64)
    order = np.random.default_rng(len(flat)).permutation(len(flat))
    return Sets(number[order], sketch.hashes(flat[order])).sketched()


@given(st.lists(st.lists(members, max_size=60), max_size=9))
@settings(deadline=None)
def test_sketches_are_to_the_byte_those_of_the_library(parts: list[list[int]]) -> None:
    expected = {place: by_the_library(part) for place, part in enumerate(parts) if part}
    assert sketched(*parts) == expected
    held = Sets.of(expected.items())
    assert held.sketches == []
    assert held.numbers().tolist() == sorted(expected)
    assert held.sketched() == Sets.joined([held, held]).sketched() == expected


def test_hashes_that_differ_in_their_last_bits_are_in_order() -> None:
    """However many sets there are besides."""
    number = np.array([7, 1_000_000, 7, 3, 7])
    found = Sets(number, np.array([2**62 + 3, 5, 2**62 + 1, 5, 2**62 + 3])).distinct()
    assert found.number.tolist() == [3, 7, 7, 1_000_000]
    assert found.hash.tolist() == [5, 2**62 + 1, 2**62 + 3, 5]


@pytest.mark.parametrize("size", [16_383, 16_384, 16_385, 30_720, 40_000])
def test_large_sketches_too(size: int) -> None:
    """Exact or not, united with smaller ones, larger ones and ones that share members."""
    whole = pseudonyms(str(number) for number in range(size + 7)).tolist()
    many, few, some = whole[7:], whole[:9], whole[3:20_000]
    assert sketched(many, few, some) == dict(enumerate(map(by_the_library, (many, few, some))))
    sketches = list(map(by_the_library, (many, few, some)))
    for parts in itertools.permutations(sketches):
        assert Sets.of((0, part) for part in parts).sketched() == {0: by_the_library(whole)}


@given(st.lists(members, max_size=60), st.data())
@settings(deadline=None)
def test_a_sketch_is_a_function_of_the_set(members: list[int], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(members))
    cut = data.draw(st.integers(0, len(members)))
    parts = [by_the_library(part) for part in (shuffled[:cut], shuffled[cut:], shuffled[:cut])]
    assert by_the_library(shuffled) == sketch.merge(parts) == by_the_library(members)
    assert Sets.of((7, part) for part in parts).sketched().get(7, EMPTY) == sketch.merge(parts)
    assert sketch.estimate(parts) == sketch.Estimate(len(set(members)), approximate=False)


def test_a_large_sketch_says_that_it_estimates() -> None:
    members = pseudonyms(str(number) for number in range(40_000)).tolist()
    parts = [by_the_library(members[start::3]) for start in range(3)]
    whole = by_the_library(reversed(members))
    assert sketch.merge([sketch.merge(parts[:2]), parts[2]]) == sketch.merge(reversed(parts))
    assert sketch.merge(parts) == whole
    size = sketch.estimate([whole])
    assert size.approximate
    assert abs(size.value - len(members)) < 0.03 * len(members)
    exact = sketch.Estimate(16_384, approximate=False)
    assert sketch.estimate([by_the_library(members[:16_384])]) == exact
