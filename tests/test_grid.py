"""The server's grid places as the editor's does; tests/frontend/layout.test.js reads the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from dashboards import grid

CASES: dict[str, Any] = json.loads(
    Path(__file__).with_name("frontend").joinpath("geometry.json").read_text()
)


def named(cases: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in cases]


def as_list(place: grid.Place) -> list[int]:
    return [place.x, place.y, place.w, place.h]


def test_the_limits_are_the_same() -> None:
    assert CASES["limits"] == {
        "columns": grid.COLUMNS,
        "rows": grid.MAX_ROWS,
        "min": {"w": grid.MIN_WIDTH, "h": grid.MIN_HEIGHT},
        "max": {"w": grid.COLUMNS, "h": grid.MAX_HEIGHT},
    }


@pytest.mark.parametrize("case", named(CASES["flow"]))
def test_flowing(case: dict[str, Any]) -> None:
    assert [as_list(place) for place in grid.flow(case["sizes"])] == case["places"]


@pytest.mark.parametrize("case", named(CASES["settle"]))
def test_settling(case: dict[str, Any]) -> None:
    settled = grid.settle({key: grid.Place(*place) for key, place in case["wishes"].items()})
    assert [(key, as_list(place)) for key, place in settled.items()] == [*case["settled"].items()]
