"""How many values of a dimension are counted apart, and which.

Values come from strangers: there can be a million of them. A group of series (see
``Group``) has room for ``LIMIT`` values; what the others add is counted in the series
of ``__other__``, so that totals stay exact. Half of the room is for the heaviest
values, half for the newest, whatever came first: a value that makes up one in
``LIMIT / 2`` of what arrives is noticed, and once it has become heavy it stays.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from liveReport.channels import OTHER
from liveReport.engines import writes

from .cells import Cells, SeriesKey

LIMIT = 1_000
"""Values of one dimension, for one event type and execution."""


class Group(NamedTuple):
    """Series that differ in nothing but their dimension's value."""

    campaign: str
    channel: str
    type: str
    dimension: str
    execution: int

    @classmethod
    def of(cls, key: SeriesKey) -> "Group":
        return cls(key.campaign, key.channel, key.type, key.dimension, key.execution)

    @property
    def other(self) -> SeriesKey:
        return self.series(OTHER)

    def series(self, value: str) -> SeriesKey:
        return SeriesKey(*self[:4], value, self.execution)


class Standing(NamedTuple):
    """What speaks for keeping a value apart. Greater stays longer."""

    weight: int
    """Events of the value, as far as they were counted apart."""
    age: int
    """The id of its series; more than any for one that is new."""


@dataclass
class Admitted:
    """What may be added to the rollups, and the series that must make room for it."""

    cells: Cells
    leaving: dict[SeriesKey, list[int]]
    """Ids of series by the one that takes over what they hold."""


def admit(cells: Cells, known: Mapping[SeriesKey, int]) -> Admitted:
    """Keep the values apart that there is room for; ``known`` has every series of the groups."""
    stored = _by_group(known)
    events = dict(zip(cells.keys, cells.events(), strict=True))
    heirs: dict[SeriesKey, SeriesKey] = {}
    leaving: dict[SeriesKey, list[int]] = {}
    for group, keys in _by_group(cells.keys).items():
        held = {key: known[key] for key in stored.get(group, []) if key != group.other}
        arriving = {key: events[key] for key in keys if key != group.other}
        if group.dimension and len(held.keys() | arriving.keys()) > LIMIT:
            staying = keep(_standings(held, arriving), LIMIT)
            heirs.update(dict.fromkeys(arriving.keys() - staying, group.other))
            leaving[group.other] = [pk for key, pk in held.items() if key not in staying]
    return Admitted(cells.renamed(lambda key: heirs.get(key, key)), leaving)


def keep(standings: Mapping[SeriesKey, Standing], limit: int) -> set[SeriesKey]:
    """The values with the best standing: half by weight, the rest by age."""
    heaviest = sorted(standings, key=lambda key: (*standings[key], key), reverse=True)
    heavy, others = heaviest[: limit // 2], heaviest[limit // 2 :]
    others.sort(key=lambda key: standings[key].age, reverse=True)  # stable: heavier ones first
    return {*heavy, *others[: limit - len(heavy)]}


def _by_group(keys: Iterable[SeriesKey]) -> dict[Group, list[SeriesKey]]:
    groups: dict[Group, list[SeriesKey]] = defaultdict(list)
    for key in keys:
        groups[Group.of(key)].append(key)
    return groups


def _standings(
    held: Mapping[SeriesKey, int], arriving: Mapping[SeriesKey, int]
) -> dict[SeriesKey, Standing]:
    """Of the values that are stored, by their ids, and of those that so many events arrive of."""
    weights = writes.weights(list(held.values()))
    standings = {key: Standing(weights.get(pk, 0), pk) for key, pk in held.items()}
    newest = max(held.values(), default=0) + 1
    for key, count in arriving.items():
        weight, age = standings.get(key, Standing(0, newest))
        standings[key] = Standing(weight + count, age)
    return standings
