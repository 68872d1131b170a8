"""The ledgers of runs, as they are stored: which there are, and how many profiles are what.

Call inside a transaction of the fold.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from liveReport.counts.cells import OTHER_EXECUTIONS, Run
from liveReport.counts.histories import Met
from liveReport.engines import sql
from liveReport.engines.campaigns import CHANNELS
from liveReport.engines.places import columns_of, columns_of_runs
from liveReport.engines.places import slugs as slugs_of
from liveReport.engines.series import SERIES
from liveReport.events.columns import Ints
from liveReport.events.limits import MAX_FUTURE

from .segments import SEGMENTS

LEDGERS = "livereport_ledger"
COUNTS = "livereport_ledgercount"
NUMBERS = (
    *("queued", "excluded", "failed", "awaiting", "deferred", "delivered", "bounced"),
    *("impossible", "repeats"),
)
"""What is counted, in the order of ``counts.fates.Fate``."""
STRAYS = 1_000
"""Ledgers of a campaign's channel, beyond which none is begun for events that all came too late
for the report: of the executions that it shows there are not more, whoever sends."""
_AHEAD = round(MAX_FUTURE.total_seconds() * 1_000_000)


class Known(NamedTuple):
    """A ledger that there is."""

    pk: int
    last_received: int


def note(
    met: Mapping[Run, Met], in_scope: Collection[Run], campaigns: Mapping[str, int]
) -> dict[Run, int]:
    """Note when runs were met; the ids of their ledgers, created where missing.

    A run that is not ``in_scope``, as all of its events came too late, may have none.
    """
    held = known(met, campaigns)
    new = met.keys() - held.keys()
    strays = {run for run in new - set(in_scope) if run.execution > 0}
    runs = sorted(met.keys() - _without_room(strays, campaigns))
    began = _began_before([run for run in runs if run in new], campaigns)
    first = [began.get(run, met[run].first_received) for run in runs]
    sql.insert(
        LEDGERS,
        {
            **columns_of_runs(runs, campaigns),
            "whole": np.array([run not in began for run in runs], np.bool_),
            "last_at": np.array([met[run].last_at for run in runs], np.int64),
            "first_received": np.array(first, np.int64),
            "last_received": np.array([met[run].last_received for run in runs], np.int64),
            "kept_since": np.array([met[run].first_received for run in runs], np.int64),
        },
        f"(campaign_id, channel, execution) DO UPDATE SET {_least('first_received')},"
        f" {_least('kept_since')}, {_most('last_at')}, {_most('last_received')}",
    )
    return {run: found.pk for run, found in known(runs, campaigns).items()}


def _least(name: str) -> str:
    return (
        f"{name} = CASE WHEN excluded.{name} < {LEDGERS}.{name}"
        f" THEN excluded.{name} ELSE {LEDGERS}.{name} END"
    )


def _most(name: str) -> str:
    return (
        f"{name} = CASE WHEN excluded.{name} > {LEDGERS}.{name}"
        f" THEN excluded.{name} ELSE {LEDGERS}.{name} END"
    )


def known(runs: Iterable[Run], campaigns: Mapping[str, int]) -> dict[Run, Known]:
    """The ledgers that there are of some runs."""
    names = "campaign_id, channel, execution, id, last_received"
    rows = sql.fetch_in(names, LEDGERS, columns_of_runs(sorted(runs), campaigns))
    slugs = slugs_of(campaigns)
    return {
        Run(slugs[campaign], channel, execution): Known(pk, last_received)
        for campaign, channel, execution, pk, last_received in rows
    }


def _without_room(strays: Collection[Run], campaigns: Mapping[str, int]) -> set[Run]:
    """Those of some new runs for which there is no room."""
    new = Counter(run.place for run in strays)
    by = "campaign_id, channel"
    keys = columns_of(sorted(new), campaigns)
    rows = sql.fetch_in(f"{by}, COUNT(*)", LEDGERS, keys, tail=f"GROUP BY {by}")
    slugs = slugs_of(campaigns)
    held = {(slugs[campaign], channel): count for campaign, channel, count in rows}
    return {run for run in strays if held.get(run.place, 0) + new[run.place] > STRAYS}


def _began_before(new: Sequence[Run], campaigns: Mapping[str, int]) -> dict[Run, int]:
    """Of runs without a ledger, those that had events before, and when the first was received.

    That is 0 where nobody knows: some may have been counted as of many executions together.
    """
    common = {Run(*run.place, OTHER_EXECUTIONS) for run in new}
    counted = _counted({*new, *common}, campaigns)
    since = {run.place: known.last_received for run, known in known(common, campaigns).items()}
    first = first_received(new, campaigns)
    found = {}
    for run in new:
        # The log, and a ledger with it, outlives the counts: until then it may hold such events.
        is_crowded = run.place in since or Run(*run.place, OTHER_EXECUTIONS) in counted
        began_later = run.execution > since.get(run.place, run.execution)
        if run.execution == OTHER_EXECUTIONS or (is_crowded and not began_later):
            found[run] = 0
        elif run in counted:
            found[run] = first[run]
    return found


def first_received(runs: Collection[Run], campaigns: Mapping[str, int]) -> dict[Run, int]:
    """Before when no event of these runs can have been received, as far as anybody knows.

    What is of an execution is not received before it began, nor any event long before it occurs.
    """
    keys = columns_of(sorted({run.place for run in runs}), campaigns)
    rows = sql.fetch_in("campaign_id, channel, first_event_at", CHANNELS, keys)
    slugs = slugs_of(campaigns)
    first = {(slugs[pk], channel): sql.microseconds(at) for pk, channel, at in rows if at}
    return {run: max(run.execution, first.get(run.place, 0)) - _AHEAD for run in runs}


def _counted(runs: Collection[Run], campaigns: Mapping[str, int]) -> set[Run]:
    """Those of which something has been counted."""
    names = "campaign_id, channel, execution"
    rows = sql.fetch_in(
        names, SERIES, columns_of_runs(sorted(runs), campaigns), also="dimension = ''"
    )
    slugs = slugs_of(campaigns)
    return {Run(slugs[campaign], *run) for campaign, *run in rows}


def take_out(runs: Sequence[Run], campaigns: Mapping[str, int]) -> None:
    """Delete the ledgers of some runs."""
    keys = [found.pk for found in known(runs, campaigns).values()]
    if not keys:
        return
    for table, name in ((SEGMENTS, "ledger_id"), (COUNTS, "ledger_id"), (LEDGERS, "id")):
        inside, given = sql.among(name, keys)
        sql.fetch(f"DELETE FROM {table} WHERE {inside} RETURNING {name}", [given])


def move(ledgers: Ints, by: Ints) -> None:
    """Change the counts of ledgers, which are in order, by as much as ``fates.counts`` differ."""
    place, targeted = np.nonzero(by.any(axis=2))
    moved = by[place, targeted]
    sql.insert(
        COUNTS,
        {
            "ledger_id": ledgers[place],
            "targeted": targeted.astype(np.bool_),
            **{name: moved[:, number] for number, name in enumerate(NUMBERS)},
        },
        "(ledger_id, targeted) DO UPDATE SET "
        + ", ".join(f"{name} = {COUNTS}.{name} + excluded.{name}" for name in NUMBERS),
    )
