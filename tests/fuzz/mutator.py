"""How one input becomes another: most changes of bytes end as JSON that nobody can read."""

from random import Random
from typing import Any

import atheris
import msgspec

from tests.webhooks.test_fuzz import changed, places

ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1e308, 2**63, 10**40, 0.1, "", "0", "-1", "1e999", "NaN", "\0", "é" * 300),
    *([], [[]], [None], {}, {"": None}, "lr_campaign=spring&lr_profile=%00", "5.1.1", "[" * 50),
    *(
        1_772_625_591_000,
        "2026-03-04T11:59:51Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59",
    ),
)


def mutated(data: bytes, most: int, seed: int) -> bytes:
    """Something odd in a place of the JSON, or what stands in another place of it; else, and now
    and then, what libFuzzer makes of the bytes."""
    random = Random(seed)
    made = _oddly(data, random) if random.random() < 0.8 else b""
    return made if 0 < len(made) <= most else bytes(atheris.Mutate(data, most))


def _oddly(data: bytes, random: Random) -> bytes:
    """``b""`` for what is no JSON, or cannot be any with this."""
    try:
        item = msgspec.json.decode(data[1:])
        odd = random.choice(ODD) if random.random() < 0.7 else _part(item, random)
        return data[:1] + msgspec.json.encode(changed(item, random.choice(places(item)), odd))
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError):
        return b""


def _part(item: Any, random: Random) -> Any:
    for key in random.choice(places(item)):
        item = item[key]
    return item
