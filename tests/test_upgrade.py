"""Whoever runs the former release gets this one without losing or repeating an event."""

from pathlib import Path

import pytest
from django.db import connection

from tests.chaos.upgrade import upgraded

EVENTS = 20_000

pytestmark = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="has databases of its own, one of each kind"
)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_upgrade_under_load_loses_nothing_and_counts_nothing_twice(
    kind: str, tmp_path: Path
) -> None:
    verdict, unexpected = upgraded(kind, tmp_path, EVENTS)
    assert unexpected == []
    assert verdict.clean, verdict
    assert verdict.acknowledged > EVENTS * 0.9
