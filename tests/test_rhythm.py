"""Whether a source has fallen silent, by its own rhythm."""

from collections.abc import Sequence
from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveReport.counts.rhythm import HISTORY, LEAST, Rhythm, rhythm

histories = st.dictionaries(
    st.integers(0, 1_440), st.integers(1, 100_000), min_size=1, max_size=200
).map(lambda found: sorted(found.items()))
"""Minutes with events, and how many, in order."""


def judged(events: Sequence[int], now: int) -> Rhythm:
    """Of a source that had so many events in each minute from the first on."""
    minutes = [minute for minute, count in enumerate(events[:now]) if count]
    return rhythm(minutes, [events[minute] for minute in minutes], now)


def first_alarm(events: Sequence[int], until: int) -> int | None:
    """When it is called silent, if ever."""
    return next((now for now in range(1, until) if judged(events, now).is_silent), None)


@given(histories, st.integers(0, 10_000))
def test_monotone_in_the_time_since_the_last_event(
    history: list[tuple[int, int]], later: int
) -> None:
    minutes, events = zip(*history, strict=True)
    found = [rhythm(minutes, events, minutes[-1] + 1 + more) for more in (later, later + 1)]
    assert found[1].quiet == found[0].quiet + 1
    assert found[0].is_silent <= found[1].is_silent


@given(histories, st.integers(0, 1_000_000))
def test_too_little_history_is_never_silent(history: list[tuple[int, int]], later: int) -> None:
    minutes, events = zip(*history[: HISTORY - 1], strict=True)
    assert not rhythm(minutes, events, minutes[-1] + later).is_silent


@given(histories, st.integers(0, LEAST))
def test_a_few_minutes_are_never_silence(history: list[tuple[int, int]], later: int) -> None:
    minutes, events = zip(*history, strict=True)
    assert not rhythm(minutes, events, minutes[-1] + later).is_silent


@given(histories, st.integers(1, 50), st.integers(0, 10_000))
def test_it_is_about_the_rhythm_not_the_volume(
    history: list[tuple[int, int]], times: int, later: int
) -> None:
    minutes, events = zip(*history, strict=True)
    now = minutes[-1] + later
    more = rhythm(minutes, [count * times for count in events], now)
    assert more == rhythm(minutes, events, now)


@given(st.integers(1, 60), st.integers(HISTORY, 100), st.integers(1, 1_000))
def test_a_regular_source_may_miss_three_beats(every: int, beats: int, volume: int) -> None:
    minutes = [every * beat for beat in range(beats)]
    found = rhythm(minutes, [volume] * beats, minutes[-1] + 1)
    assert found.allowed == max(LEAST, 3 * every)


def test_an_event_a_minute_is_missed_after_five() -> None:
    assert first_alarm([1] * 30, 60) == 35


def test_a_stop_in_full_course_is_noticed_at_once() -> None:
    assert first_alarm([1_000] * 60, 120) == 65


@given(st.integers(100, 100_000), st.floats(5, 120), st.integers(0, 2**32))
def test_a_burst_that_fades_is_never_silent(peak: int, constant: float, seed: int) -> None:
    means = [peak * exp(-minute / constant) for minute in range(24 * 60)]
    events = np.random.default_rng(seed).poisson(means).tolist()
    pauses = [now for now in range(1, len(events)) if not any(events[max(0, now - LEAST) : now])]
    assert not any(judged(events, now).is_silent for now in pauses[:: max(1, len(pauses) // 40)])


def test_a_trickle_after_a_burst_that_stops_is_noticed() -> None:
    burst, trickle = [10_000] * 20, [5] * 200
    assert first_alarm([*burst, *trickle], 300) == 225


def test_one_pause_that_was_is_not_the_rule() -> None:
    events = [10] * 60 + [0] * 45 + [10] * 60
    assert first_alarm(events[60:], 300) is not None
    assert judged(events, 170).is_silent


@pytest.mark.parametrize("pause", [20, 40])
def test_a_pause_that_was_made_three_times_is_a_habit(pause: int) -> None:
    beat = [50] * 30 + [0] * pause
    assert judged(beat * 2, len(beat) * 2).is_silent
    usual = beat * 4
    assert not judged(usual, len(usual)).is_silent
    stopped = usual + [0] * pause
    assert judged(stopped, len(stopped)).is_silent


def test_nothing_at_all_is_no_silence() -> None:
    assert rhythm([], [], 1_000) == Rhythm(0, None)
