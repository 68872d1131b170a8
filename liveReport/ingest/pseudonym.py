"""Keyed hashes: profiles become pseudonyms, event ids and messages short keys."""

import struct
from functools import cache
from hashlib import blake2b

from django.conf import settings

_signed = struct.Struct("<q").unpack


@cache
def _keyed(size: int) -> "blake2b":
    """A hash that has taken in the key: copying it is half the price of keying anew."""
    return blake2b(digest_size=size, key=settings.PSEUDONYM_KEY)


def pseudonym(profile: str) -> int:
    """The 64-bit number that stands for a profile; only the key's owner can link them."""
    digest = _keyed(8).copy()
    digest.update(profile.encode())
    return int(_signed(digest.digest())[0])


def event_key(source: int, event_id: str) -> bytes:
    """The 16 bytes by which a repeated event is known: unique within its source."""
    return _key(f"{source}\0{event_id}")


def message_key(campaign: str, channel: str, gauge: str, message: str) -> bytes:
    """The 16 bytes that stand for a message of a campaign's channel under a gauge."""
    return _key(f"{campaign}\0{channel}\0{gauge}\0{message}")


def _key(text: str) -> bytes:
    digest = _keyed(16).copy()
    digest.update(text.encode())
    return digest.digest()
