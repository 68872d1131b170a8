"""The embedded set-up under load: no line above INFO, nobody is started again."""

from pathlib import Path

import pytest

from tests.endurance import endure, unexpected


def test_nobody_has_to_complain(tmp_path: Path) -> None:
    endured = endure(tmp_path, 20, 100, "--no-demo")
    assert endured.complaints == []
    assert endured.events > 500
    assert endured.looks > 10


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-26 23:00:00,000 WARNING liveReport.site.beat: Sending tasks fails: away",
        "[2026-11-26 23:00:00,000: CRITICAL/MainProcess] Unrecoverable error",
        "Traceback (most recent call last):",
        "worker ended (1), starting it again",
    ],
)
def test_whoever_complains_is_heard(line: str) -> None:
    log = "a warning\nCtrl-C stops everything.\n\n{}\n2026-11-26 23:00:00,000 INFO a: b\n"
    assert unexpected(log.format(line)) == [line]
    assert unexpected(log.format("")) == []
