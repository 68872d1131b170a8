"""What has to be read again, and is nobody else's to read: encrypted, by keys that can change."""

from base64 import urlsafe_b64encode
from functools import cache
from hashlib import blake2b

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

MARK = b"gAAAAA"
"""Begins everything that is sealed: Fernet's version and the first bits of the time."""


class Unsealable(Exception):
    """It was sealed with a key that is not here any more, or has been changed since."""


def seal(plain: bytes) -> bytes:
    """The bytes, encrypted by the first key: URL-safe base64."""
    return _fernet(tuple(settings.SEALING_KEYS)).encrypt(plain)


def unseal(sealed: bytes) -> bytes:
    """What was sealed with any of the keys. Raises ``Unsealable``."""
    try:
        return _fernet(tuple(settings.SEALING_KEYS)).decrypt(sealed)
    except InvalidToken as error:
        raise Unsealable(
            "Sealed with a key that is neither SEALING_KEY nor a former one."
        ) from error


def sealed_anew(sealed: bytes) -> bytes:
    """The same, encrypted by the first key. Raises ``Unsealable``."""
    return seal(unseal(sealed))


@cache
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    return urlsafe_b64encode(blake2b(key.encode(), digest_size=32, person=b"sealing").digest())
