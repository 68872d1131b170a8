"""Public keys of providers, as their pages show them."""

from base64 import b64decode, b64encode
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)


@lru_cache(maxsize=64)
def public_key(text: str) -> PublicKeyTypes:
    """The key as base64 of DER, in a frame of PEM or without. ``ValueError`` if it is none."""
    lines = (line.strip() for line in text.splitlines())
    try:
        return load_der_public_key(b64decode("".join(one for one in lines if one[:1] != "-")))
    except UnsupportedAlgorithm as error:
        raise ValueError("not a key that is known") from error


def shown(key: PublicKeyTypes) -> str:
    """A key as base64 of DER: what ``public_key`` reads."""
    return b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
