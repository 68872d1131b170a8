"""Keyed hashes: profiles become pseudonyms, event ids and messages short keys."""

import struct
from hashlib import blake2b

from django.conf import settings

_signed = struct.Struct("<q").unpack


def pseudonym(profile: str) -> int:
    """The 64-bit number that stands for a profile; only the key's owner can link them."""
    digest = blake2b(profile.encode(), digest_size=8, key=settings.PSEUDONYM_KEY).digest()
    return int(_signed(digest)[0])


def event_key(source: int, event_id: str) -> bytes:
    """The 16 bytes by which a repeated event is known: unique within its source."""
    return blake2b(
        f"{source}\0{event_id}".encode(), digest_size=16, key=settings.PSEUDONYM_KEY
    ).digest()


def message_key(*parts: str) -> bytes:
    """The 16 bytes that stand for a message of a campaign's channel under a gauge."""
    return blake2b("\0".join(parts).encode(), digest_size=16, key=settings.PSEUDONYM_KEY).digest()
