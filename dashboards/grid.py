"""Where widgets stand: a grid of twelve columns on which everything falls upwards."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

COLUMNS = 12
MIN_WIDTH, MIN_HEIGHT = 2, 2
MAX_HEIGHT = 24
MAX_ROWS = 480
"""Twenty of the highest widgets in one column; further down the stylesheet does not reach."""


@dataclass(frozen=True)
class Place:
    """A rectangle in cells; ``x`` and ``y`` count from the top left corner."""

    x: int
    y: int
    w: int
    h: int

    @property
    def columns(self) -> range:
        return range(self.x, self.x + self.w)


def within(place: Place) -> Place:
    """The nearest place that the grid has."""
    w = min(max(place.w, MIN_WIDTH), COLUMNS)
    h = min(max(place.h, MIN_HEIGHT), MAX_HEIGHT)
    return Place(min(max(place.x, 0), COLUMNS - w), min(max(place.y, 0), MAX_ROWS - 1), w, h)


def flow(sizes: Iterable[tuple[int, int]]) -> list[Place]:
    """Places for widgets that have only a size, (columns, rows): line by line, without gaps."""
    return list(_flowed(tuple((w, h) for w, h in sizes)))


@lru_cache(maxsize=64)
def _flowed(sizes: tuple[tuple[int, int], ...]) -> tuple[Place, ...]:
    """The same for every viewer of a tab."""
    taken: set[tuple[int, int]] = set()
    places = []
    for w, h in sizes:
        place = _first_free(within(Place(0, 0, w, h)), taken)
        taken.update((x, y) for x in place.columns for y in range(place.y, place.y + place.h))
        places.append(place)
    return tuple(places)


def _first_free(size: Place, taken: set[tuple[int, int]]) -> Place:
    y = 0
    while True:
        for x in range(COLUMNS - size.w + 1):
            place = Place(x, y, size.w, size.h)
            if not any((cx, y + cy) in taken for cx in place.columns for cy in range(place.h)):
                return place
        y += 1


def settle(wishes: Mapping[str, Place]) -> dict[str, Place]:
    """Widgets fall upwards until they meet another; the result is in reading order.

    What stands higher (further left, earlier given) comes first, so wishes that
    overlap end up below each other.
    """
    skyline = [0] * COLUMNS
    settled = {}
    for key, wish in sorted(wishes.items(), key=lambda item: (item[1].y, item[1].x)):
        place = within(wish)
        y = max(skyline[x] for x in place.columns)
        for x in place.columns:
            skyline[x] = y + place.h
        settled[key] = Place(place.x, y, place.w, place.h)
    return dict(sorted(settled.items(), key=lambda item: (item[1].y, item[1].x)))
