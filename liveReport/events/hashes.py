"""Keyed hashes: profiles become pseudonyms, event ids and messages short keys.

All are 64 bits: of 100 million ids that are remembered, one new id in 10¹¹ meets
one of them by chance, and without the key nobody can make two meet on purpose.
"""

from collections.abc import Iterable
from functools import cache
from hashlib import blake2b

import numpy as np
from django.conf import settings

from .columns import Ints


@cache
def _keyed(prefix: bytes) -> "blake2b":
    """A hash that has taken in key and prefix: copying it is half the price of doing so anew."""
    digest = blake2b(digest_size=8, key=settings.PSEUDONYM_KEY)
    digest.update(prefix)
    return digest


def _hashed(prefix: str, texts: Iterable[str]) -> Ints:
    copy = _keyed(prefix.encode()).copy
    digests = []
    for text in texts:
        digest = copy()
        digest.update(text.encode())
        digests.append(digest.digest())
    return np.frombuffer(b"".join(digests), "<i8").astype(np.int64)


def pseudonyms(profiles: Iterable[str]) -> Ints:
    """The numbers that stand for profiles; only the key's owner can link them."""
    return _hashed("", profiles)


def event_keys(source: int, ids: Iterable[str]) -> Ints:
    """The numbers by which repeated events are known: an id is unique within its source."""
    return _hashed(f"{source}\0", ids)


def message_keys(campaign: str, channel: str, gauge: str, messages: Iterable[str]) -> Ints:
    """The numbers that stand for messages of a campaign's channel under a gauge."""
    return _hashed(f"{campaign}\0{channel}\0{gauge}\0", messages)
