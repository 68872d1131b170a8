"""Distinct profiles: exact while they are few, close and marked beyond, however they are united."""

from datetime import UTC, datetime, timedelta
from math import sqrt
from typing import Any

import numpy as np
import pytest

from liveReport import rollup
from liveReport.channels import find_channel
from liveReport.ingest import append
from liveReport.ingest.payload import Events, Shape
from liveReport.models import Campaign, Source
from liveReport.report import tab_widget
from liveReport.report.frames import Frame
from liveReport.rollup import sketch
from liveReport.rollup.sets import Sets
from liveReport.rollup.sketch import EXACT

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
RUNS = (0, 1_773_446_400_000_000, 1_773_450_000_000_000)


def profiles(count: int, seed: int = 0) -> Any:
    """Pseudonyms, as random as keyed hashes are."""
    return np.random.default_rng(seed).integers(-(2**63), 2**63, count)


def targeted(source: Source, channel: str, members: Any, run: int = 0) -> None:
    """Each of some profiles is targeted once, at some time of the last 22 hours."""
    events = find_channel(channel)
    assert events
    age = np.random.default_rng(len(members)).integers(0, 22 * 3_600_000_000, len(members))
    whole = Events(
        [Shape("summer", channel, "targeted", run, ())],
        np.zeros(len(members), np.int64),
        [f"{channel}-{run}-{number}" for number in range(len(members))],
        int(NOW.timestamp()) * 1_000_000 - age,
        members,
        [""] * len(members),
    )
    append(source, whole, NOW)
    rollup.tick(NOW)


def frame(campaign: Campaign, tab: str, widget: str, *runs: int) -> Frame:
    chosen = [datetime.fromtimestamp(run / 1e6, UTC) for run in runs]
    _, found = tab_widget(campaign, tab, widget, chosen, NOW)
    assert found.frame
    return found.frame


def test_the_standard_error_is_below_one_percent() -> None:
    errors = []
    for seed in range(24):
        members = profiles(60_000, seed)
        number = np.arange(len(members)) % 3
        parts = Sets(number, sketch.hashes(members)).sketched()
        errors.append(sketch.estimate(parts.values()).value / len(members) - 1)
    assert sqrt(sum(error**2 for error in errors) / len(errors)) < 0.01
    assert abs(sum(errors)) / len(errors) < 0.005  # and it leans to no side


@pytest.mark.django_db
def test_up_to_the_limit_every_union_is_exact(campaign: Campaign, source: Source) -> None:
    """Over minutes and hours, over runs, and over channels."""
    everybody = profiles(EXACT)
    for run, part in zip(RUNS, (everybody[:9_000], everybody[6_000:], everybody[::5]), strict=True):
        targeted(source, "email", part, run)
    targeted(source, "push", everybody[1_000:])
    whole = frame(campaign, "email", "statistics")
    assert (whole.totals["targeted"], whole.approximate) == (9_000 + 10_384 + 3_277, [])
    audience = frame(campaign, "campaign", "statistics")
    assert audience.totals["audience"] == EXACT
    assert "audience" not in audience.approximate


@pytest.mark.django_db
def test_beyond_it_the_number_is_close_and_marked(campaign: Campaign, source: Source) -> None:
    everybody = profiles(2 * EXACT)
    targeted(source, "email", everybody[: EXACT + EXACT // 2])
    targeted(source, "push", everybody[EXACT // 2 :])
    audience = frame(campaign, "campaign", "statistics")
    assert "audience" in audience.approximate
    shown = audience.totals["audience"]
    assert isinstance(shown, int)
    assert abs(shown / len(everybody) - 1) < 0.03
    assert rollup.verify(NOW) == []


@pytest.mark.django_db
def test_one_more_than_the_limit_is_marked(campaign: Campaign, source: Source) -> None:
    targeted(source, "email", profiles(EXACT + 1))
    assert "audience" in frame(campaign, "campaign", "statistics").approximate


@pytest.mark.django_db
def test_every_tier_says_the_same_at_any_minute(campaign: Campaign, source: Source) -> None:
    """A window is cut into hours and minutes elsewhere each minute; the union must not notice."""
    members = profiles(12_000)
    targeted(source, "email", members)
    for minutes in (0, 7, 31, 59, 60):
        _, found = tab_widget(
            campaign, "campaign", "statistics", [], NOW + timedelta(minutes=minutes)
        )
        assert found.frame
        assert found.frame.totals["audience"] == len(members)
