"""How many values of a dimension are counted apart, and which.

Values come from strangers: there can be a million of them. A group of series (see
``Group``) has room for ``LIMIT`` values; what the others add is counted in the series
of ``__other__``, so that totals stay exact. Half of the room is for the heaviest
values, half for the newest, whatever came first: a value that makes up one in
``LIMIT / 2`` of what arrives is noticed, and once it has become heavy it stays.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from liveReport.channels import OTHER
from liveReport.engines import writes

from .fold import Cell, SeriesKey

LIMIT = 1_000
"""Values of one dimension, for one event type and execution."""

Cells = dict[SeriesKey, dict[int, Cell]]


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
    leaving: dict[SeriesKey, list[int]] = field(default_factory=dict)
    """Ids of series by the one that takes over what they hold."""


def admit(cells: Cells, known: Mapping[SeriesKey, int]) -> Admitted:
    """Keep the values apart that there is room for; ``known`` has every series of the groups."""
    admitted = Admitted(dict(cells))
    stored = _by_group(known)
    for group, arriving in _by_group(cells).items():
        held = stored.get(group, [])
        if group.dimension and len({*held, *arriving} - {group.other}) > LIMIT:
            _make_room(admitted, group, {key: known[key] for key in held}, arriving)
    return admitted


def keep(standings: Mapping[SeriesKey, Standing], limit: int) -> set[SeriesKey]:
    """The values with the best standing: half by weight, the rest by age."""
    heaviest = sorted(standings, key=lambda key: (*standings[key], key), reverse=True)
    heavy, others = heaviest[: limit // 2], heaviest[limit // 2 :]
    others.sort(key=lambda key: standings[key].age, reverse=True)  # stable: heavier ones first
    return {*heavy, *others[: limit - len(heavy)]}


def unite(cells: Cells, key: SeriesKey, minutes: Mapping[int, Cell]) -> None:
    """Add the minutes of one series to those of another."""
    whole = cells.setdefault(key, {})
    for minute, cell in minutes.items():
        held = whole.setdefault(minute, Cell())
        held.count += cell.count
        held.profiles |= cell.profiles


def _by_group(keys: Iterable[SeriesKey]) -> dict[Group, list[SeriesKey]]:
    groups: dict[Group, list[SeriesKey]] = defaultdict(list)
    for key in keys:
        groups[Group.of(key)].append(key)
    return groups


def _make_room(
    admitted: Admitted, group: Group, held: dict[SeriesKey, int], arriving: list[SeriesKey]
) -> None:
    other = group.other
    apart = {key: pk for key, pk in held.items() if key != other}
    weights = writes.weights(list(apart.values()))
    standings = {key: Standing(weights.get(pk, 0), pk) for key, pk in apart.items()}
    newest = max(held.values(), default=0) + 1
    for key in arriving:
        if key != other:
            weight, age = standings.get(key, Standing(0, newest))
            count = sum(cell.count for cell in admitted.cells[key].values())
            standings[key] = Standing(weight + count, age)
    staying = keep(standings, LIMIT)
    admitted.cells.setdefault(other, {})
    refused = [key for key in arriving if key not in staying and key != other]
    for key in refused:
        unite(admitted.cells, other, admitted.cells.pop(key))
    admitted.leaving[other] = [pk for key, pk in apart.items() if key not in staying]
