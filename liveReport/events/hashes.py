"""Keyed hashes: what names a person, an event or a message is never stored, a number is.

All are 64 bits: of 100 million ids that are remembered, one new id in 10¹¹ meets
one of them by chance, and without the key nobody can make two meet on purpose.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import blake2b

import numpy as np
from django.conf import settings

from .columns import Ints

NO_MESSAGE = 0
_ID, _MESSAGE = b"event id", b"message"
_STEP = 0x9E3779B97F4A7C15
_MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
"""Of splitmix64: shifts, and what is multiplied with then. Different numbers stay different."""


def pseudonyms(profiles: Iterable[str]) -> Ints:
    """The numbers that stand for profiles; only the key's owner can link them."""
    copy = _keyed(b"").copy
    digests = []
    for text in profiles:
        digest = copy()
        digest.update(text.encode())
        digests.append(digest.digest())
    return _numbers(digests)


def id_keys(source: int, campaigns: Sequence[str], place: Ints, ids: Iterable[str]) -> Ints:
    """The numbers that stand for events' ids, by which repeats are known.

    An id is unique within its source and campaign: ``place`` says which of ``campaigns``.
    """
    return _hashed(_ID, [f"{source}\0{campaign}\0" for campaign in campaigns], place, ids)


def message_keys(
    scopes: Sequence[tuple[str, str]], place: Ints, messages: Sequence[str | None]
) -> Ints:
    """The numbers that stand for messages, ``NO_MESSAGE`` for none.

    A message is one of a campaign's channel: ``place`` says which of ``scopes``.
    """
    named = np.flatnonzero(np.fromiter(map(bool, messages), np.bool_, len(messages)))
    texts = [messages[number] or "" for number in named.tolist()]
    prefixes = [f"{campaign}\0{channel}\0" for campaign, channel in scopes]
    keys = np.full(len(messages), NO_MESSAGE, np.int64)
    found = _hashed(_MESSAGE, prefixes, place[named], texts)
    found[found == NO_MESSAGE] = NO_MESSAGE + 1
    keys[named] = found
    return keys


def state_keys(gauge: str, messages: Ints) -> Ints:
    """The numbers that stand for messages under a gauge, from those that stand for messages."""
    salt = int.from_bytes(blake2b(gauge.encode(), digest_size=8).digest(), "little")
    mixed = (messages.view(np.uint64) ^ np.uint64(salt)) + np.uint64(_STEP)
    for shift, factor in _MIX:
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return (mixed ^ (mixed >> np.uint64(31))).view(np.int64)


def written(key: int) -> str:
    """A key as people are shown it: 16 hexadecimal digits."""
    return f"{key & 0xFFFF_FFFF_FFFF_FFFF:016x}"


@cache
def _keyed(person: bytes) -> "blake2b":
    """A hash that has taken in the key: copying it is half the price of doing so anew."""
    return blake2b(digest_size=8, key=settings.PSEUDONYM_KEY.secret, person=person)


def _hashed(person: bytes, prefixes: Sequence[str], place: Ints, texts: Iterable[str]) -> Ints:
    """``place`` says which of ``prefixes``, that end where no text can, is before a text."""
    copies = []
    for prefix in prefixes:
        begun = _keyed(person).copy()
        begun.update(prefix.encode())
        copies.append(begun.copy)
    digests = []
    for number, text in zip(place.tolist(), texts, strict=True):
        digest = copies[number]()
        digest.update(text.encode())
        digests.append(digest.digest())
    return _numbers(digests)


def _numbers(digests: Iterable[bytes]) -> Ints:
    return np.frombuffer(b"".join(digests), "<i8").astype(np.int64)
