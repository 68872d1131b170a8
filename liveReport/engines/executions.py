"""The executions that are counted apart, as they are stored: many at a time.

Call inside a transaction of the fold.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from liveReport.channels import find_channel
from liveReport.counts.cells import OTHER_EXECUTIONS, Place, Run, SeriesKey
from liveReport.counts.ranks import Admission, Rank
from liveReport.events.moments import moment

from . import sql
from .keys.periods import MESSAGES
from .places import columns_of, columns_of_runs
from .places import slugs as slugs_of
from .series import SERIES
from .series import weights as weights_of

EXECUTIONS = "livereport_execution"


@dataclass(frozen=True)
class Admitted:
    """Executions of some events that are not counted apart, and those that no longer are."""

    outside: Collection[Run] = frozenset()
    leaving: Sequence[Run] = ()


def admit(
    arriving: Mapping[Run, int], admission: Admission, campaigns: Mapping[str, int]
) -> Admitted:
    """Keep those apart that there is room for, of which so many events arrive."""
    full = _full(arriving, admission.executions, campaigns)
    if not full:
        return Admitted()
    held = _of_places(full, campaigns)
    coming = {run: events for run, events in arriving.items() if run.place in full}
    staying = _staying(coming, held, admission, campaigns)
    return Admitted(coming.keys() - staying, sorted(held.keys() - staying))


def _full(arriving: Mapping[Run, int], limit: int, campaigns: Mapping[str, int]) -> set[Place]:
    """Where there is no room for all that are new."""
    known = _known(arriving, campaigns)
    new = Counter(run.place for run in arriving if run not in known)
    held = _counts(new, campaigns)
    return {place for place, more in new.items() if held.get(place, 0) + more > limit}


def _staying(
    arriving: Mapping[Run, int],
    held: Mapping[Run, int],
    admission: Admission,
    campaigns: Mapping[str, int],
) -> set[Run]:
    """Of executions that are stored, by their ids, and of those that so many events arrive of."""
    weights = _weights(list(held), campaigns)
    newest = max(held.values(), default=0) + 1
    ranks: dict[Place, dict[Run, Rank]] = defaultdict(dict)
    for run in arriving.keys() | held.keys():
        weight = weights.get(run, 0) + arriving.get(run, 0)
        ranks[run.place][run] = Rank(weight, held.get(run, newest))
    return {run for each in ranks.values() for run in admission.keep(each, admission.executions)}


def apart(campaigns: Mapping[str, int]) -> set[Run]:
    """All executions of some campaigns that are counted apart."""
    inside, given = sql.among("campaign_id", list(campaigns.values()))
    query = f"SELECT campaign_id, channel, started_at FROM {EXECUTIONS} WHERE {inside}"
    return {run for (run,) in _runs(sql.fetch(query, [given]), campaigns)}


def _known(runs: Iterable[Run], campaigns: Mapping[str, int]) -> set[Run]:
    """Those of some executions that are counted apart."""
    wanted = list(runs)
    keys = columns_of([run.place for run in wanted], campaigns)
    keys["started_at"] = [moment(run.execution) for run in wanted]
    rows = sql.fetch_in("campaign_id, channel, found.started_at", EXECUTIONS, keys)
    return {run for (run,) in _runs(rows, campaigns)}


def _counts(places: Iterable[Place], campaigns: Mapping[str, int]) -> dict[Place, int]:
    """How many are counted apart of each place that has any."""
    keys = columns_of(places, campaigns)
    by = "campaign_id, channel"
    rows = sql.fetch_in(f"{by}, COUNT(*)", EXECUTIONS, keys, tail=f"GROUP BY {by}")
    slugs = slugs_of(campaigns)
    return {(slugs[campaign], channel): count for campaign, channel, count in rows}


def _of_places(places: Iterable[Place], campaigns: Mapping[str, int]) -> dict[Run, int]:
    """All that are counted apart, with their ids: the greater, the newer."""
    keys = columns_of(places, campaigns)
    rows = sql.fetch_in("campaign_id, channel, started_at, id", EXECUTIONS, keys)
    return dict(_runs(rows, campaigns))


def _weights(runs: Sequence[Run], campaigns: Mapping[str, int]) -> dict[Run, int]:
    """The events of each execution, as far as they are kept."""
    keys = columns_of_runs(runs, campaigns)
    keys["dimension"] = [""] * len(runs)
    rows = sql.fetch_in("id, campaign_id, channel, execution", SERIES, keys)
    slugs = slugs_of(campaigns)
    events = weights_of([pk for pk, *_run in rows])
    found: Counter[Run] = Counter()
    for pk, campaign, channel, execution in rows:
        found[Run(slugs[campaign], channel, execution)] += events.get(pk, 0)
    return found


def series(runs: Sequence[Run], campaigns: Mapping[str, int]) -> dict[SeriesKey, list[int]]:
    """The ids of all series of some executions, by the one that counts the same of the others."""
    names = "campaign_id, channel, type, dimension, value, id"
    rows = sql.fetch_in(names, SERIES, columns_of_runs(runs, campaigns))
    slugs = slugs_of(campaigns)
    found: dict[SeriesKey, list[int]] = defaultdict(list)
    for campaign, channel, kind, dimension, value, pk in rows:
        heir = SeriesKey(slugs[campaign], channel, kind, dimension, value, OTHER_EXECUTIONS)
        found[heir].append(pk)
    return found


def note(last_events: Mapping[Run, int], campaigns: Mapping[str, int]) -> None:
    """Keep executions apart that had an event at these times, in microseconds."""
    runs = sorted(last_events)
    sql.insert(
        EXECUTIONS,
        {
            "started_at": [moment(run.execution) for run in runs],
            **columns_of([run.place for run in runs], campaigns),
            "last_event_at": [moment(last_events[run]) for run in runs],
        },
        "(campaign_id, channel, started_at) DO UPDATE SET last_event_at = excluded.last_event_at"
        f" WHERE {EXECUTIONS}.last_event_at < excluded.last_event_at",
    )


def take_out(runs: Sequence[Run], campaigns: Mapping[str, int]) -> None:
    """Count executions apart no longer; the messages that wait in them do so in the common one."""
    keys = columns_of([run.place for run in runs], campaigns)
    keys["started_at"] = [moment(run.execution) for run in runs]
    found = sql.fetch_in("id", EXECUTIONS, keys)
    inside, given = sql.among("id", [pk for (pk,) in found])
    sql.fetch(f"DELETE FROM {EXECUTIONS} WHERE {inside} RETURNING id", [given])
    watched = [(run, gauge) for run in runs for gauge in _gauges(run.channel)]
    waiting = columns_of_runs([run for run, _gauge in watched], campaigns)
    waiting["gauge"] = [gauge for _run, gauge in watched]
    # The others are in no execution's number, and their next event brings its own.
    states = sql.fetch_in("period, key", MESSAGES, waiting, also="waiting")
    places = np.array(sorted(states), np.int64).reshape(-1, 2)
    moved = {"period": places[:, 0], "key": places[:, 1]}
    sql.update(MESSAGES, moved, {"execution": OTHER_EXECUTIONS})


def _gauges(channel: str) -> list[str]:
    """Those that the channel shows."""
    found = find_channel(channel)
    return [gauge.key for gauge in found.gauges] if found else []


def _runs(
    rows: Iterable[tuple[Any, ...]], campaigns: Mapping[str, int]
) -> Iterator[tuple[Any, ...]]:
    """Rows of campaign id, channel, start and more, as rows of an execution and that."""
    slugs = slugs_of(campaigns)
    for campaign, channel, started, *more in rows:
        yield Run(slugs[campaign], channel, sql.microseconds(started)), *more
