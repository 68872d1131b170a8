"""The former release with a day of data, replaced by this one while events come in."""

import random
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings

from tests.chaos.checker import Verdict
from tests.chaos.driver import Driver, event_of
from tests.chaos.ledger import Ledger
from tests.chaos.run import check
from tests.chaos.stage import Stage, staged, wait
from tests.support.processes import eventually

FORMER = "c70e571003ff96e3089efa4782b812cd2b3e460f"
"""The commit that sites run until they upgrade."""
DAY = 86_400
RATE = 100
PATIENCE = 60.0
STAGES = ("worker-1", "worker-2", "slow", "beat-1", "beat-2")


def former_release(folder: Path) -> Path:
    """The former release as it was, in a folder of its own."""
    folder.mkdir()
    packed = subprocess.run(
        ["git", "archive", FORMER], cwd=settings.BASE_DIR, check=True, capture_output=True
    )
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed.stdout, check=True)
    return folder


def day_of_events(count: int) -> Iterator[dict[str, Any]]:
    """Events from the last 24 hours, some in runs, some of them repeated."""
    chance = random.Random(count)
    now = datetime.now(UTC)
    event: dict[str, Any] = {}
    for number in range(count):
        if number % 10 != 9:
            event = event_of(chance, f"day-{number}")
            event["occurred_at"] = (now - timedelta(seconds=chance.randrange(DAY))).isoformat()
            if number % 3 == 0:
                event["execution"] = (now - timedelta(hours=number % 20)).isoformat()
        yield event


def upgraded(kind: str, folder: Path, events: int) -> tuple[Verdict, Sequence[int]]:
    """What an upgrade under load costs, and answers that no outage explains."""
    path = folder / "ledger"
    with staged(kind, folder / "site", code=former_release(folder / "former")) as stage:
        ledger = Ledger(path)
        day = list(day_of_events(events))
        stage.site.manage("send_events", "-", given=b"\n".join(map(msgspec.json.encode, day)))
        ledger.note("ok", {event["id"] for event in day})
        driver = Driver(stage.target, ledger, seed=1, rate=RATE, patience=PATIENCE)
        with driver.running():
            eventually(lambda: driver.delays, "the former release counts")
            _upgrade(stage)
            seen = len(driver.delays)
            eventually(lambda: len(driver.delays) > seen + 4, "this release counts")
        ledger.close()
        return check(stage, path, PATIENCE), driver.unexpected


def _upgrade(stage: Stage) -> None:
    """As docs/running.md says: whoever counts stops, and events go on coming in meanwhile."""
    for name in STAGES:
        stage.actors[name].end()
    wait(1.0)  # so that the new release finds events that nobody has counted
    stage.site.code = settings.BASE_DIR
    stage.site.manage("migrate", "-v0")
    stage.actors["web"].end()
    stage.begin_all()
