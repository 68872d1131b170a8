"""The series of the rollups, as they are stored: many at a time.

Call inside a transaction of the fold.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection

from liveReport.counts.cells import Cells, Group, SeriesKey
from liveReport.counts.ranks import Admission, Rank
from liveReport.counts.tiers import TIERS

from . import sql

SERIES = "livereport_series"
_NAMES = ("campaign_id", "channel", "type", "dimension", "value", "execution")


@dataclass(frozen=True)
class Admitted:
    """What may be added to the rollups, and the series that must make room for it.

    ``known`` has the ids of all series that are named, as far as they exist.
    """

    cells: Cells
    leaving: dict[SeriesKey, list[int]]
    """Ids of series by the one that takes over what they hold."""
    known: Mapping[SeriesKey, int]

    def heirs(self, ids: Mapping[SeriesKey, int]) -> dict[int, int]:
        """The id of the series that takes over, by that of each one that leaves."""
        return {pk: ids[heir] for heir, leaving in self.leaving.items() for pk in leaving}

    def ids(self, campaigns: Mapping[str, int], fold: int) -> dict[SeriesKey, int]:
        """Those of all that are named, created where missing by the fold of this number."""
        named = {*self.cells.keys, *self.leaving}
        gone = [pk for ids in self.leaving.values() for pk in ids]
        return ensured(named, campaigns, self.known, gone, fold)


def admit(
    cells: Cells,
    handed: Mapping[SeriesKey, Sequence[int]],
    admission: Admission,
    campaigns: Mapping[str, int],
) -> Admitted:
    """Keep the values apart that there is room for.

    ``handed`` has the ids of series that leave in any case, by the one that is to take
    over what they hold, if it is kept apart.
    """
    arriving = _by_group(dict.fromkeys([*cells.keys, *handed]))
    stored = known([key for keys in arriving.values() for key in keys], campaigns)
    full = _full(arriving, stored, admission.values, campaigns)
    in_groups = _by_group(stored := {**stored, **_of_groups(full, campaigns)})
    events = _events(cells, handed) if full else {}
    heirs: dict[SeriesKey, SeriesKey] = {}
    leaving: dict[SeriesKey, list[int]] = defaultdict(list)
    for group in full:
        held = {key: stored[key] for key in in_groups.get(group, []) if key != group.other}
        coming = {key: events[key] for key in arriving[group] if key != group.other}
        staying = admission.keep(_ranks(held, coming), admission.values)
        heirs.update(dict.fromkeys(coming.keys() - staying, group.other))
        if gone := [pk for key, pk in held.items() if key not in staying]:
            leaving[group.other] += gone
    for key, ids in handed.items():
        leaving[heirs.get(key, key)] += ids
    return Admitted(cells.renamed(lambda key: heirs.get(key, key)), leaving, stored)


def _full(
    arriving: Mapping[Group, Sequence[SeriesKey]],
    stored: Mapping[SeriesKey, int],
    limit: int,
    campaigns: Mapping[str, int],
) -> list[Group]:
    """The groups that have no room for all values that are new."""
    new = Counter(
        group
        for group, keys in arriving.items()
        for key in keys
        if group.dimension and key not in stored
    )
    held = _sizes(list(new), campaigns)
    return [group for group, more in new.items() if held.get(group, 0) + more > limit]


def _events(cells: Cells, handed: Mapping[SeriesKey, Sequence[int]]) -> dict[SeriesKey, int]:
    """How many events each series is to have more."""
    events = Counter(dict(zip(cells.keys, cells.events(), strict=True)))
    held = weights([pk for ids in handed.values() for pk in ids])
    for key, ids in handed.items():
        events[key] += sum(held.get(pk, 0) for pk in ids)
    return events


def _ranks(
    held: Mapping[SeriesKey, int], arriving: Mapping[SeriesKey, int]
) -> dict[SeriesKey, Rank]:
    """Of the values that are stored, by their ids, and of those that so many events arrive of."""
    events = weights(list(held.values()))
    ranks = {key: Rank(events.get(pk, 0), pk) for key, pk in held.items()}
    newest = max(held.values(), default=0) + 1
    for key, count in arriving.items():
        weight, age = ranks.get(key, Rank(0, newest))
        ranks[key] = Rank(weight + count, age)
    return ranks


def _by_group(keys: Iterable[SeriesKey]) -> dict[Group, list[SeriesKey]]:
    groups: dict[Group, list[SeriesKey]] = defaultdict(list)
    for key in keys:
        groups[Group.of(key)].append(key)
    return groups


def known(keys: Iterable[SeriesKey], campaigns: Mapping[str, int]) -> dict[SeriesKey, int]:
    """The ids of those of some series that exist."""
    rows = sql.fetch_in(f"id, {', '.join(_NAMES)}", SERIES, _columns(sorted(keys), campaigns))
    return _by_key(rows, campaigns)


def ensured(
    keys: Iterable[SeriesKey],
    campaigns: Mapping[str, int],
    stored: Mapping[SeriesKey, int],
    leaving: Iterable[int] = (),
    fold: int = 0,
) -> dict[SeriesKey, int]:
    """The ids of series, created where missing; none can be deleted before the transaction ends.

    Nor those that are ``leaving``, by their ids, before this transaction deletes them. ``fold``
    is the number of the one that creates them.
    """
    wanted = set(keys)
    living = alive({*(stored[key] for key in wanted if key in stored), *leaving})
    missing = sorted(key for key in wanted if stored.get(key) not in living)
    if not missing:
        return dict(stored)
    # What takes over from others has events of earlier folds.
    since = np.array([0 if key.is_common else fold for key in missing], np.int64)
    sql.insert(SERIES, _columns(missing, campaigns) | {"since": since}, "DO NOTHING")
    return {**stored, **known(missing, campaigns)}


def alive(ids: Iterable[int]) -> set[int]:
    """Which of these series exist: they do until the transaction ends."""
    inside, given = sql.among("id", sorted(ids))
    lock = "ORDER BY id FOR NO KEY UPDATE" if connection.vendor == "postgresql" else ""
    found = sql.fetch(f"SELECT id FROM {SERIES} WHERE {inside} {lock}", [given])
    return {pk for (pk,) in found}


def weights(ids: Sequence[int]) -> dict[int, int]:
    """The events that each of some series has counted, as far as they are kept."""
    inside, given = sql.among("series_id", ids)
    query = f"SELECT series_id, SUM(count) FROM livereport_bucket WHERE {inside} AND tier = %s"
    found = sql.fetch(f"{query} GROUP BY series_id", [given, TIERS[0]])
    return {series: int(count) for series, count in found}


def _sizes(groups: Sequence[Group], campaigns: Mapping[str, int]) -> dict[Group, int]:
    """How many series there are of each group that has any."""
    names = "campaign_id, channel, type, dimension, execution"
    keys = _columns(groups, campaigns)
    rows = sql.fetch_in(f"{names}, COUNT(*)", SERIES, keys, tail=f"GROUP BY {names}")
    slugs = {pk: slug for slug, pk in campaigns.items()}
    return {Group(slugs[campaign], *rest): count for campaign, *rest, count in rows}


def _of_groups(groups: Sequence[Group], campaigns: Mapping[str, int]) -> dict[SeriesKey, int]:
    """The ids of all series of some groups."""
    rows = sql.fetch_in(f"id, {', '.join(_NAMES)}", SERIES, _columns(groups, campaigns))
    return _by_key(rows, campaigns)


def stored() -> dict[SeriesKey, int]:
    """The ids of all."""
    query = f"SELECT campaign.slug, {', '.join(_NAMES[1:])}, {SERIES}.id FROM {SERIES}"
    joined = "JOIN livereport_campaign campaign ON campaign.id = campaign_id"
    return {SeriesKey(*key): pk for *key, pk in sql.fetch(f"{query} {joined}", [])}


def delete(ids: Sequence[int]) -> None:
    """Delete some, which hold nothing any more."""
    inside, given = sql.among("id", ids)
    sql.fetch(f"DELETE FROM {SERIES} WHERE {inside} RETURNING id", [given])


def _columns(
    keys: Sequence[SeriesKey] | Sequence[Group], campaigns: Mapping[str, int]
) -> dict[str, sql.Each]:
    """The columns by which series, or groups of them, are found."""
    if not keys:
        return {"campaign_id": np.empty(0, np.int64)}
    columns = dict(zip(keys[0]._fields, zip(*keys, strict=True), strict=True))
    ids = np.array([campaigns[slug] for slug in columns.pop("campaign")], np.int64)
    execution = np.array(columns.pop("execution"), np.int64)
    return {"campaign_id": ids, **columns, "execution": execution}


def _by_key(rows: Iterable[tuple[Any, ...]], campaigns: Mapping[str, int]) -> dict[SeriesKey, int]:
    slugs = {pk: slug for slug, pk in campaigns.items()}
    return {SeriesKey(slugs[campaign], *rest): pk for pk, campaign, *rest in rows}
