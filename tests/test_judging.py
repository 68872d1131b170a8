"""When a rate is bad enough to say so: bounds, samples, the first minute, the part behind it."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveReport.channels import NONE, OTHER, all_channels, get_channel
from liveReport.report.frames import Base
from liveReport.report.judging import (
    LEAST,
    Level,
    Minute,
    Part,
    excess,
    largest_part,
    level_of,
    since,
    value_of,
    worst,
)
from liveReport.report.proportions import SURE, ratio, wilson
from liveReport.report.rules import Limits, declared

RULES = declared(all_channels())
EVERY = st.sampled_from(RULES)
COUNTS = st.integers(0, 3_000)
OK, UNKNOWN, WARNING, CRITICAL = Level.OK, Level.UNKNOWN, Level.WARNING, Level.CRITICAL


def of(channel: str, metric: str) -> Limits:
    (limits,) = [one for one in declared([get_channel(channel)]) if one.rule.metric == metric]
    return limits


ERRORS = of("email", "error_rate")
COMPLAINTS = of("email", "complaint_rate")
REACTIONS = of("web", "interaction_rate")


# -- Bounds --------------------------------------------------------------------------------------


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_proportion_lies_in_its_interval_which_is_wider_the_surer(part: int, more: int) -> None:
    whole = part + more
    low, high = wilson(part, whole, SURE)
    assert low <= part / whole <= high
    narrow = wilson(part, whole)
    assert low <= narrow.low <= narrow.high <= high


@given(COUNTS, COUNTS, st.integers(1, 10**6))
def test_more_harm_is_never_less_sure(one: int, other: int, whole: int) -> None:
    less, more = sorted((one, other))
    assert ratio(less, whole, SURE).low <= ratio(more, whole, SURE).low
    if more <= whole:
        assert wilson(less, whole, SURE).low <= wilson(more, whole, SURE).low + 1e-12


@given(st.integers(1, 500), st.integers(1, 500), st.integers(2, 50))
def test_the_same_rate_of_more_is_surer(part: int, more: int, times: int) -> None:
    whole = part + more
    for bound in (wilson, ratio):
        few, many = bound(part, whole, SURE), bound(times * part, times * whole, SURE)
        assert few.low <= many.low + 1e-12
        assert many.high <= few.high + 1e-12


def test_a_ratio_of_counts_is_known_as_well_as_its_counts() -> None:
    """The exact limits of ten events are 4.795 and 18.39 (Garwood, 95 %)."""
    low, high = ratio(10, 1)
    assert low == pytest.approx(4.795, rel=0.01)
    assert high == pytest.approx(18.39, rel=0.01)
    assert ratio(0, 100).low == 0
    assert ratio(0, 0) == (0, math.inf)
    with pytest.raises(ValueError, match="-1 to 2 is no ratio"):
        ratio(-1, 2)


# -- Levels --------------------------------------------------------------------------------------


@given(EVERY, COUNTS, COUNTS)
def test_nobody_judges_too_few(limits: Limits, part: int, whole: int) -> None:
    if whole < limits.min_sample:
        assert level_of(limits, Base(part, whole)) in (OK, UNKNOWN)


@given(EVERY, COUNTS, COUNTS)
def test_what_is_undefined_is_never_calm(limits: Limits, part: int, whole: int) -> None:
    if value_of(limits, Base(part, whole)) is None:
        assert level_of(limits, Base(part, whole)) == UNKNOWN


@given(EVERY, COUNTS, COUNTS)
def test_a_verdict_is_about_a_rate_beyond_its_limit(limits: Limits, part: int, whole: int) -> None:
    base = Base(part, whole)
    level = level_of(limits, base)
    if level in (WARNING, CRITICAL):
        limit = limits.critical if level == CRITICAL else limits.warn
        value = value_of(limits, base)
        assert value is not None
        assert value <= limit if limits.rule.lower_is_worse else value >= limit
        assert excess(limits, base, level) >= 1


@given(EVERY, COUNTS, COUNTS, COUNTS)
def test_more_harm_is_never_better(limits: Limits, one: int, other: int, whole: int) -> None:
    less, more = sorted((one, other))
    if limits.rule.lower_is_worse or more > whole:
        return
    calmer, graver = (level_of(limits, Base(part, whole)) for part in (less, more))
    assert calmer.rank <= graver.rank


@pytest.mark.parametrize(
    ("limits", "part", "whole", "level"),
    [
        (ERRORS, 125, 500, WARNING),  # a quarter of the attempts
        (ERRORS, 500, 500, CRITICAL),  # nothing is sent at all
        (ERRORS, 49, 49, OK),  # too few, whatever they say
        (ERRORS, 105, 500, OK),  # 21 %, but it might be less than 20
        (ERRORS, 0, 0, UNKNOWN),
        (COMPLAINTS, 57, 230, CRITICAL),
        (COMPLAINTS, 4, 100, OK),  # fewer than are needed to speak of
        (COMPLAINTS, 5, 0, UNKNOWN),  # harm, and nobody knows of how much
        (COMPLAINTS, 30, 20, UNKNOWN),
        (REACTIONS, 1, 50_000, CRITICAL),
        (REACTIONS, 100, 50_000, WARNING),
        (REACTIONS, 0, 50_000, UNKNOWN),  # that is silence
        (REACTIONS, 90_000, 50_000, OK),
        (REACTIONS, 1, 999, OK),
    ],
)
def test_what_is_judged_how(limits: Limits, part: int, whole: int, level: Level) -> None:
    assert level_of(limits, Base(part, whole)) == level


def test_levels_outrank_each_other() -> None:
    assert [level.rank for level in (OK, UNKNOWN, WARNING, CRITICAL)] == [0, 1, 2, 3]
    assert worst([]) == OK
    assert worst([UNKNOWN, OK]) == UNKNOWN
    assert worst([WARNING, UNKNOWN]) == WARNING


# -- Days in which nothing is wrong, and others --------------------------------------------------

USUAL = {
    "error_rate": 0.01, "complaint_rate": 0.0008, "hard_bounce_rate": 0.012, "bounce_rate": 0.034,
    "unsubscribe_rate": 0.003, "return_rate": 0.045, "interaction_rate": 0.14,
}  # fmt: skip
"""What a sound campaign has of each."""


def minutes_of(random: Random, rate: float, pace: int, count: int) -> list[Minute]:
    return [
        Minute(60 * n, sum(random.random() < rate for _ in range(pace)), pace) for n in range(count)
    ]


def course(minutes: list[Minute]) -> list[Base]:
    """What was counted by the end of each minute."""
    part = whole = 0
    found = []
    for minute in minutes:
        part, whole = part + minute.part, whole + minute.whole
        found.append(Base(part, whole))
    return found


@pytest.mark.parametrize("limits", RULES, ids=lambda one: "-".join(one.key))
def test_a_quiet_day_has_no_verdict_at_any_minute(limits: Limits) -> None:
    for seed, pace in enumerate((1, 7, 40)):
        minutes = minutes_of(Random(seed), USUAL[limits.rule.metric], pace, 400)
        assert {level_of(limits, base) for base in course(minutes)} <= {OK, UNKNOWN}


@pytest.mark.parametrize("limits", RULES, ids=lambda one: "-".join(one.key))
def test_an_incident_is_found_and_dated(limits: Limits) -> None:
    """Sound for an hour, then three times beyond the limit for two."""
    beyond = limits.warn / 3 if limits.rule.lower_is_worse else min(1, 3 * limits.warn)
    sound = 0 if limits.rule.lower_is_worse else 60
    random = Random(7)
    before = minutes_of(random, USUAL[limits.rule.metric] / 4, 200, sound)
    minutes = before + [
        minute._replace(start=minute.start + 60 * sound)
        for minute in minutes_of(random, beyond, 200, 120)
    ]
    assert level_of(limits, course(minutes)[-1]) in (WARNING, CRITICAL)
    began = since(limits, minutes)
    assert began is not None
    assert abs(began - 60 * sound) <= 5 * 60


# -- Since when ------------------------------------------------------------------------------------


def test_what_is_bad_from_the_beginning_began_then() -> None:
    assert since(ERRORS, [Minute(60 * n, 5, 10) for n in range(9)]) == 0


def test_it_begins_with_the_first_minute_of_harm() -> None:
    sound = [Minute(60 * n, 0, 10) for n in range(30)]
    idle = [Minute(60 * n, 0, 0) for n in range(30, 40)]
    bad = [Minute(60 * n, 9, 10) for n in range(40, 50)]
    assert since(ERRORS, sound + idle + bad) == 40 * 60


def test_what_was_mended_still_began_when_it_did() -> None:
    bad = [Minute(60 * n, 9, 10) for n in range(10)]
    sound = [Minute(60 * n, 0, 10) for n in range(10, 30)]
    assert since(ERRORS, bad + sound) == 0


def test_nothing_wrong_has_no_beginning() -> None:
    assert since(ERRORS, []) is None
    assert since(ERRORS, [Minute(0, 0, 10)]) is None


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=60))
def test_a_run_beyond_its_limit_has_a_beginning(counts: list[tuple[int, int]]) -> None:
    minutes = [Minute(60 * n, part, part + more) for n, (part, more) in enumerate(counts)]
    base = Base(sum(minute.part for minute in minutes), sum(minute.whole for minute in minutes))
    if level_of(ERRORS, base) in (WARNING, CRITICAL):
        assert since(ERRORS, minutes) in {minute.start for minute in minutes if minute.part}


# -- Which part ------------------------------------------------------------------------------------


def test_the_largest_part_is_named() -> None:
    assert largest_part("reason", {"5.7.26": 87, "5.1.1": 13}) == Part("reason", "5.7.26", 0.87)


def test_a_part_that_has_no_more_than_its_share_is_not() -> None:
    everything = {"gmail.com": 600, "orange.fr": 400}
    assert largest_part("domain", {"gmail.com": 60, "orange.fr": 40}, everything) is None
    found = largest_part("domain", {"gmail.com": 95, "orange.fr": 5}, everything)
    assert found == Part("domain", "gmail.com", 0.95)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"a": LEAST - 1},
        {OTHER: 90, "a": 10},
        {NONE: 90, "a": 10},
        dict.fromkeys("abcd", 10),
    ],
)
def test_what_is_small_or_nameless_is_no_part(wrong: dict[str, int]) -> None:
    assert largest_part("reason", wrong) is None
