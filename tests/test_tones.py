"""Tones that meet in a widget are told apart by all eyes, and mean one thing each."""

import re
from collections.abc import Iterator
from itertools import combinations, pairwise

import pytest
from django.conf import settings

from dashboards import tones
from liveReport.channels import NONE, OTHER, TONES, Axis, all_channels
from liveReport.report.build import metric_column
from tests.support.colours import EYES, contrast, distance, linear, mixed, seen

CSS = (settings.BASE_DIR / "dashboards/frontend/css/tokens.css").read_text()
THEMES = ("light", "dark")
CLEARLY, STILL = 15, 11
"""ΔE between colours in a chart: for people with all cones, and for those who lack one kind."""

each_theme = pytest.mark.parametrize("theme", range(len(THEMES)), ids=THEMES)


def colour(name: str, theme: int) -> str:
    found = re.search(rf"--lr-{name}: light-dark\((#\w+), (#\w+)\)", CSS)
    assert found, name
    return found.groups()[theme]


def meeting() -> Iterator[tuple[str, str]]:
    """Pairs of tones that some widget of a shipped channel draws side by side."""
    for channel in all_channels():
        for widget in channel.widgets:
            if widget.axis == Axis.ROWS:
                continue  # the shades of one
            columns = [metric_column(channel.metric_by_key[key]) for key in widget.metrics]
            found = sorted(set(tones.of_metrics(columns).values()))
            yield from combinations(found, 2)


@each_theme
@pytest.mark.parametrize("eyes", EYES)
def test_tones_that_meet_are_apart(theme: int, eyes: str) -> None:
    least = CLEARLY if eyes == "all cones" else STILL
    pairs = sorted(set(meeting()))
    assert len(pairs) > 20
    near = {
        pair: round(distance(colour(pair[0], theme), colour(pair[1], theme), eyes), 1)
        for pair in pairs
    }
    assert {pair: found for pair, found in near.items() if found < least} == {}


@each_theme
@pytest.mark.parametrize("tone", TONES)
def test_a_tone_stands_out_from_its_card(theme: int, tone: str) -> None:
    assert contrast(colour(tone, theme), colour("card", theme)) >= 3


@each_theme
@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("tone", TONES)
def test_each_shade_is_apart_from_the_next(theme: int, eyes: str, tone: str) -> None:
    ramp = [shade(tone, number, theme) for number in range(1, tones.SHADES + 1)]
    assert min(distance(one, other, eyes) for one, other in pairwise(ramp)) > 5


def shade(tone: str, number: int, theme: int) -> str:
    """As the stylesheet mixes it."""
    found = re.search(
        rf'\[data-shade="{number}"\] {{\n  --tone: (?:color-mix\(in srgb, )?var\(--hue\)'
        rf"(?: (\d+)%, var\(--lr-(text|card)\)\))?;",
        CSS,
    )
    assert found, number
    own = colour(tone, theme)
    if not found[1]:
        return own
    return mixed(own, colour(found[2], theme), int(found[1]) / 100)


def test_values_are_shades_of_what_they_divide() -> None:
    """Reasons of errors look like no other metric; what is not told apart is grey."""
    values = ["a", NONE, "b", OTHER, *"cdefgh"]
    found = tones.of_values(values, "red")
    assert [tone for tone in found if tone != (tones.REST, 0)] == [
        ("red", number) for number in range(1, tones.SHADES + 1)
    ]
    assert found[1] == found[3] == found[-1] == (tones.REST, 0)


def test_colours_are_measured_as_others_do() -> None:
    assert distance("#000000", "#ffffff", "all cones") == pytest.approx(100, abs=0.1)
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    red, green = (seen(linear(one), "deuteranopia") for one in ("#d40000", "#7a7a00"))
    assert abs(red[0] - green[0]) < 0.05
