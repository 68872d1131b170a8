"""Clocks that differ, and clocks that are set: real processes fold within seconds."""

from pathlib import Path

import pytest

from tests.support.processes import Clock, Site, eventually


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.prepared(tmp_path / "site")


def counts(site: Site) -> None:
    """Send an event, and see it counted: sooner than any clock here catches up with another."""
    site.send("sent")
    eventually(lambda: site.unfolded() == 0, "the event is counted")


def test_a_worker_follows_whatever_its_clock_and_beats_say(site: Site, tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock", 120.0)
    with site.beat(), clock.under(site).worker():
        counts(site)
        for ahead in (5.0, -120.0):
            clock.set(ahead)
            counts(site)


def test_beat_rings_on_when_its_clock_is_set(site: Site, tmp_path: Path) -> None:
    """Also when it starts anew, and finds that everything was last done in the future."""
    clock = Clock(tmp_path / "clock", 7_200.0)
    with site.worker():
        with clock.under(site).beat():
            counts(site)
            clock.set(0.0)
            counts(site)
        clock.set(-7_200.0)
        with clock.under(site).beat():
            counts(site)


def test_the_clock_of_the_machine_is_set_back(site: Site, tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock", 7_200.0)
    with clock.under(site).celery():
        counts(site)
        clock.set(0.0)
        counts(site)
