"""How everything grows: each stage adds events to the same day, up to a number of them.

The clock stands still, so that no event leaves the window while others are loaded.
With ``--keep`` the site stays, and a later run goes on with the next stage, or
in the middle of the one that was interrupted.
"""

import statistics
import time
from pathlib import Path

import msgspec
from django.conf import settings

from liveReport import rollup
from liveReport.models import Campaign, Source

from .. import events, load, storage
from ..found import Found, number, table
from ..options import MILLION, Options
from ..reading import email_tab, note_peers, note_tab
from ..site import prepare

LAST = 5
"""The chunks at the end of a stage whose fold is what an event costs at that size: enough
for one of them to close a period of keys."""
SAME = 1.25
"""How much more may count as the same, on a machine that does other things as well."""
LARGE = 10 * MILLION
"""Events from which on the peers are asked as well; for less see ``tab``."""
SPARSE_ROWS = 0.35
"""Rollup rows that an event of sparse traffic may cost."""

Row = dict[str, float]
HEAD = (
    *("events", "tab: ms", "fold: µs/event", "log: B/event", "keys: B/event"),
    "states: B/event",
    *("rollup rows/event", "database: MB"),
)


class State(msgspec.Struct):
    """What a kept site knows of itself; ``until`` in seconds since 1970."""

    until: float
    rows: dict[int, Row] = {}
    plain: dict[str, object] = {}


def measure(options: Options) -> Found:
    state = _loaded()
    source = _source()
    found = Found.of(state.plain) if state.plain else Found()
    before = 0
    for stage, count in enumerate(sorted(options.stages)):
        if count not in state.rows:
            state.rows[count] = _stage(found, source, state, stage, before, count, options)
            state.plain = found.plain()
            _file().write_bytes(msgspec.json.encode(state))
        before = count
    _note(found, [state.rows[count] for count in sorted(state.rows)])
    return found


def _stage(
    found: Found,
    source: Source,
    state: State,
    stage: int,
    before: int,
    count: int,
    options: Options,
) -> Row:
    """Load up to ``count`` events, and measure."""
    cost = _load(source, state.until, stage, before, count)
    storage.vacuum()
    now = events.moment(state.until)
    if count >= LARGE:
        tab = note_tab(found, count, now)
        note_peers(found, count, tab, state.until, options)
    else:
        tab = email_tab(now)
    held = storage.counted_events()  # an interruption may have left some more than asked for
    sizes = (
        storage.log_bytes(),
        storage.table_bytes(storage.KEYS),
        storage.table_bytes(storage.STATES),
    )
    values = (
        *(held, tab, cost, *(size / held for size in sizes)),
        *(storage.bucket_rows() / held, storage.database_bytes() / 1e6),
    )
    return dict(zip(HEAD, values, strict=True))


def _load(source: Source, until: float, stage: int, before: int, count: int) -> float:
    """Add what is missing; µs that the fold took for an event of the last chunks."""
    now = events.moment(until)
    rollup.fold_pending(now, budget=3600)  # an interrupted run may have left something
    there = storage.counted_events() - before
    costs: list[float] = []
    for part in load.day(count - before, until, seed=100 + stage, skip=there):
        events.log(source, part, now)
        started = time.perf_counter()
        rollup.fold_pending(now, budget=3600)
        costs.append((time.perf_counter() - started) / len(part) * 1e6)
    return statistics.mean(costs[-LAST:] or [0.0])


def _note(found: Found, rows: list[Row]) -> None:
    cells = [[number(row[name]) for name in HEAD] for row in rows]
    found.tables["Growth"] = table(HEAD, cells)
    first, last = rows[0], rows[-1]
    found.at_most("event log", last["log: B/event"], 70, "B/event")
    if last["keys: B/event"]:
        found.at_most("keys of events", last["keys: B/event"], 110, "B/event")
    found.at_most("rollup rows", last["rollup rows/event"], SPARSE_ROWS, "per event")
    if len(rows) > 1:
        span = f"from {first['events']:,.0f} to {last['events']:,.0f} events"
        found.at_most(f"growth of a tab {span}", last["tab: ms"] / first["tab: ms"], 3.0, "×")
        cost = last["fold: µs/event"] / first["fold: µs/event"]
        found.at_most(f"growth of the fold's cost {span}", cost, SAME, "×")


def _source() -> Source:
    return Source.objects.get() if Campaign.objects.exists() else prepare()


def _loaded() -> State:
    if _file().exists():
        return msgspec.json.decode(_file().read_bytes(), type=State)
    state = State(until=time.time())
    _file().write_bytes(msgspec.json.encode(state))
    return state


def _file() -> Path:
    return Path(settings.DATA_DIR) / "growth.json"
