"""How many values of a dimension are counted apart, and which.

Values come from strangers: there can be a million of them. A group of series (see
``Group``) has room for ``LIMIT`` values; what the others add is counted in the series
of ``__other__``, so that totals stay exact. Half of the room is for the heaviest
values, half for the newest, whatever came first: a value that makes up one in
``LIMIT / 2`` of what arrives is noticed, and once it has become heavy it stays.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from liveReport.counts.cells import Cells, Group, SeriesKey
from liveReport.engines import writes

LIMIT = 1_000
"""Values of one dimension, for one event type and execution."""

Key = TypeVar("Key", bound=tuple[Any, ...])


class Rank(NamedTuple):
    """What speaks for keeping a value apart. Greater stays longer."""

    weight: int
    """Events of the value, as far as they were counted apart."""
    age: int
    """The id of its series; more than any for one that is new."""


@dataclass
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


def admit(
    cells: Cells, handed: Mapping[SeriesKey, Sequence[int]], campaigns: Mapping[str, int]
) -> Admitted:
    """Keep the values apart that there is room for.

    ``handed`` has the ids of series that leave in any case, by the one that is to take
    over what they hold, if it is kept apart. Call inside the transaction that counts.
    """
    arriving = _by_group(dict.fromkeys([*cells.keys, *handed]))
    known = writes.known_series([key for keys in arriving.values() for key in keys], campaigns)
    full = _full(arriving, known, campaigns)
    stored = _by_group(known := {**known, **writes.series_of(full, campaigns)})
    events = _events(cells, handed) if full else {}
    heirs: dict[SeriesKey, SeriesKey] = {}
    leaving: dict[SeriesKey, list[int]] = defaultdict(list)
    for group in full:
        held = {key: known[key] for key in stored.get(group, []) if key != group.other}
        coming = {key: events[key] for key in arriving[group] if key != group.other}
        staying = keep(_standings(held, coming), LIMIT)
        heirs.update(dict.fromkeys(coming.keys() - staying, group.other))
        if gone := [pk for key, pk in held.items() if key not in staying]:
            leaving[group.other] += gone
    for key, ids in handed.items():
        leaving[heirs.get(key, key)] += ids
    return Admitted(cells.renamed(lambda key: heirs.get(key, key)), leaving, known)


def keep(standings: Mapping[Key, Rank], limit: int) -> set[Key]:
    """Those with the best standing: half by weight, the rest by age."""
    heaviest = sorted(standings, key=lambda key: (*standings[key], key), reverse=True)
    heavy, others = heaviest[: limit // 2], heaviest[limit // 2 :]
    others.sort(key=lambda key: standings[key].age, reverse=True)  # stable: heavier ones first
    return {*heavy, *others[: limit - len(heavy)]}


def _full(
    arriving: Mapping[Group, Sequence[SeriesKey]],
    known: Mapping[SeriesKey, int],
    campaigns: Mapping[str, int],
) -> list[Group]:
    """The groups that have no room for all values that are new."""
    new = Counter(
        group
        for group, keys in arriving.items()
        for key in keys
        if group.dimension and key not in known
    )
    held = writes.sizes(list(new), campaigns)
    return [group for group, more in new.items() if held.get(group, 0) + more > LIMIT]


def _events(cells: Cells, handed: Mapping[SeriesKey, Sequence[int]]) -> dict[SeriesKey, int]:
    """How many events each series is to have more."""
    events = Counter(dict(zip(cells.keys, cells.events(), strict=True)))
    held = writes.weights([pk for ids in handed.values() for pk in ids])
    for key, ids in handed.items():
        events[key] += sum(held.get(pk, 0) for pk in ids)
    return events


def _by_group(keys: Iterable[SeriesKey]) -> dict[Group, list[SeriesKey]]:
    groups: dict[Group, list[SeriesKey]] = defaultdict(list)
    for key in keys:
        groups[Group.of(key)].append(key)
    return groups


def _standings(
    held: Mapping[SeriesKey, int], arriving: Mapping[SeriesKey, int]
) -> dict[SeriesKey, Rank]:
    """Of the values that are stored, by their ids, and of those that so many events arrive of."""
    weights = writes.weights(list(held.values()))
    standings = {key: Rank(weights.get(pk, 0), pk) for key, pk in held.items()}
    newest = max(held.values(), default=0) + 1
    for key, count in arriving.items():
        weight, age = standings.get(key, Rank(0, newest))
        standings[key] = Rank(weight + count, age)
    return standings
