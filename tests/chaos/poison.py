"""Batches that nobody can fold, and how the site is made to stumble over their events.

A poisonous event is known by its time: in a site under attack the fold fails of it. A spoilt
batch goes past the ingest, straight into the log: nobody can unpack it.
"""

import random
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg

from tests.chaos.driver import EVENTS, Line, event_of
from tests.chaos.ledger import Ledger
from tests.chaos.mutants.defects import plant as replace
from tests.chaos.stage import Stage

MARK = 666_666
"""The microseconds at which poisonous events occur, and no others."""
GOOD, BAD = 17, 3
"""Events of a batch that are to be counted, and that cannot be."""
PATIENCE = 15.0
"""Seconds within which the site, struck as it may be, has accepted a batch."""
_INSERT = """
INSERT INTO livereport_eventbatch
(source_id, received_at, count, payload, folded, duplicates, late)
SELECT MIN(id), {0}, 5, {0}, FALSE, 0, 0 FROM livereport_source
"""


def plant() -> None:
    """Have the fold of this process fail of poisonous events."""
    from liveReport.rollup import tick

    fold = tick.fold

    def fold_or_fail(events: Any, *given: Any) -> Any:
        if (events.at % 1_000_000 == MARK).any():
            raise ValueError("this cannot be folded")
        return fold(events, *given)

    replace(tick, "fold", fold_or_fail)


def poisonous(event: dict[str, Any]) -> dict[str, Any]:
    """The event, at a time by which it is known."""
    at = datetime.fromisoformat(event["occurred_at"])
    return event | {"occurred_at": at.replace(microsecond=MARK).isoformat()}


def send(stage: Stage, ledger: Ledger, name: str) -> bool:
    """Have the site accept poisonous events among good ones; whether it has."""
    chance = random.Random(name)
    bad = [poisonous(event_of(chance, f"poison-{name}-{place}")) for place in range(BAD)]
    batch = [*(event_of(chance, f"{name}-{place}") for place in range(GOOD)), *bad]
    chance.shuffle(batch)
    ids = [one["id"] for one in batch]
    ledger.note("poison", [one["id"] for one in bad])
    line = Line(stage.target, stage.target.may_send)
    status, deadline = 0, time.monotonic() + PATIENCE
    while status != 202 and time.monotonic() < deadline:
        status, pause, _ = line.ask("POST", EVENTS, msgspec.json.encode(batch))
        ledger.note("ok" if status == 202 else "info" if status == 0 else "refused", ids)
        time.sleep(0 if status == 202 else pause)
    line.close()
    return status == 202


def spoil(stage: Stage, ledger: Ledger, name: str) -> bool:
    """Put a batch into the log that nobody can unpack; whether it is in there."""
    now, payload = datetime.now(UTC), name.encode()
    try:
        if stage.database is None:
            file = stage.site.data_dir / "livereport.sqlite3"
            with closing(sqlite3.connect(file, timeout=10)) as connection, connection:
                row = (str(now.replace(tzinfo=None)), payload)
                connection.execute(_INSERT.format("?"), row)
        else:
            with psycopg.connect(stage.database.url) as server:
                server.execute(_INSERT.format("%s"), (now, payload))
    except (sqlite3.Error, psycopg.Error):
        return False
    ledger.note("spoilt", [name])
    return True
