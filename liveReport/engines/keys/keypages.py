"""Event keys and the batch that first brought each, many to a row.

A row for each key would cost more than all else that the fold writes. So the new keys
of a chunk are one row, a page; when their period is closed, all of its keys are divided
anew, into pages so small that to look for a single key is to read little. What a key takes
on disk then, and that the fold does not slow down: benchmark part ``growth``.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from liveReport.engines import sql
from liveReport.events.columns import Ints, Mask

EVENTS = "livereport_keypage"
PAGE = 128
"""Keys of a page in a closed period, about: PostgreSQL keeps more than 2 kB elsewhere."""
_READ = 5_000
"""Pages to hold in memory."""
_COLUMNS = "first_batch, keys, batches"


class Owned(NamedTuple):
    """Keys, none of them twice, and the batch that first brought each."""

    keys: Ints
    batches: Ints

    @classmethod
    def joined(cls, parts: Sequence["Owned"]) -> "Owned":
        """The keys of all parts, in order."""
        nothing = np.empty(0, np.int64)
        return cls(
            np.concatenate([nothing, *(part.keys for part in parts)]),
            np.concatenate([nothing, *(part.batches for part in parts)]),
        )

    def merged(self, others: Sequence["Owned"]) -> "Owned":
        """These sorted keys and all others, sorted."""
        more = Owned.joined(others)
        order = np.argsort(more.keys, kind="stable")  # quick where it meets what is sorted
        keys, batches = more.keys[order], more.batches[order]
        places = np.searchsorted(self.keys, keys)
        return Owned(np.insert(self.keys, places, keys), np.insert(self.batches, places, batches))

    def divided(self) -> dict[int, "Owned"]:
        """These sorted keys by the page of a closed period that holds them."""
        page = page_of(self.keys, len(self.keys))
        numbers, starts = np.unique(page, return_index=True)
        keys, batches = np.split(self.keys, starts[1:]), np.split(self.batches, starts[1:])
        return dict(zip(numbers.tolist(), map(Owned, keys, batches), strict=False))


def page_of(keys: Ints, size: int) -> Ints:
    """The page of each key in a closed period of so many keys: hashes are spread evenly."""
    share = (keys >> 32) + 2**31
    return share * (1 + size // PAGE) >> 32


def places_in(keys: Ints, wanted: Ints) -> tuple[Mask, Ints]:
    """Which of the wanted keys are among some sorted keys, and the places of those there."""
    if not len(keys):
        return np.zeros(len(wanted), np.bool_), np.empty(0, np.int64)
    places = np.searchsorted(keys, wanted)
    places[places == len(keys)] = 0
    found: Mask = keys[places] == wanted
    return found, places[found]


def write(period: int, pages: dict[int, Owned]) -> None:
    """Add pages to a period, none of them empty. Call inside a transaction."""
    first = [int(page.batches.min()) for page in pages.values()]
    offsets = [page.batches - low for page, low in zip(pages.values(), first, strict=True)]
    sql.insert(
        EVENTS,
        {
            "page": np.array(list(pages), np.int64),
            "period": period,
            "first_batch": np.array(first, np.int64),
            "keys": [page.keys.astype("<i8").tobytes() for page in pages.values()],
            "batches": [_packed(offset) for offset in offsets],
        },
    )


def read_from(period: int, page: int) -> list[tuple[int, Owned]]:
    """The pages of a period with this or a higher number, in order."""
    query = f"SELECT page, {_COLUMNS} FROM {EVENTS} WHERE period = %s AND page >= %s ORDER BY page"
    return [(number, _owned(*row)) for number, *row in sql.fetch(query, [period, page])]


def read(places: Ints) -> Iterator[Owned]:
    """The keys of pages, of which ``places`` has periods and numbers; missing ones are empty."""
    for start in range(0, len(places), _READ):
        part = places[start : start + _READ]
        keys = {"period": part[:, 0], "page": part[:, 1]}
        rows = sql.fetch_in(_COLUMNS, EVENTS, keys)
        yield Owned.joined([_owned(*row) for row in rows])


def _packed(offsets: Ints) -> bytes:
    """In as few bytes for each as the greatest of them needs."""
    return offsets.astype(f"<u{np.min_scalar_type(offsets.max()).itemsize}").tobytes()


def _owned(first_batch: int, keys: bytes, batches: bytes) -> Owned:
    width = 8 * len(batches) // len(keys)
    return Owned(
        np.frombuffer(keys, "<i8"),
        np.frombuffer(batches, f"<u{width}").astype(np.int64) + first_batch,
    )
