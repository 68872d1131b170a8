"""Keys, and files that nobody but their owner can read.

``python -m liveReport.site.secret`` prints the ``PSEUDONYM_KEY`` of a site that has run without
one so far, made from the ``SECRET_KEY`` in its environment.
"""

import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

LEAST_LENGTH, LEAST_VARIETY = 32, 8
"""Characters of a key, and different ones among them: 16 random bytes as hexadecimal are enough."""

SQLITE = ("", "-wal", "-shm", "-journal")
"""What the names of the files end with that SQLite keeps one database in."""


def check_key(name: str, key: str) -> None:
    """Raise ``ImproperlyConfigured`` if a key could be guessed."""
    if len(key) < LEAST_LENGTH or len(set(key)) < LEAST_VARIETY:
        raise ImproperlyConfigured(
            f"{name} is too weak: at least {LEAST_LENGTH} random characters are needed. "
            "Make one: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )


def keep_private(database: Path) -> None:
    """Take an SQLite database from everybody else's eyes, whatever the mode of its folder is.

    SQLite would make it readable; the files beside it get the mode that it has.
    """
    with suppress(OSError):  # no such folder, not ours: connecting will say so
        os.close(os.open(database, os.O_RDWR | os.O_CREAT, 0o600))
    for ending in SQLITE:
        with suppress(OSError):
            file = database.with_name(database.name + ending)
            file.chmod(file.stat().st_mode & 0o700)


class PseudonymKey(NamedTuple):
    """What keys the hashes that stand for profiles, ids and messages."""

    version: int
    secret: bytes

    @classmethod
    def derived(cls, text: str) -> "PseudonymKey":
        """Version 0: made from any text, as all keys were before they had versions."""
        return cls(0, blake2b(text.encode(), person=b"pseudonyms").digest())

    @classmethod
    def read(cls, text: str) -> "PseudonymKey":
        """From ``VERSION:HEX``, or derived from a text. ``ImproperlyConfigured`` if it is weak."""
        check_key("PSEUDONYM_KEY", text)
        if found := _VERSIONED.fullmatch(text):
            return cls(int(found["version"]), bytes.fromhex(found["secret"]))
        if _ALMOST.match(text):
            raise ImproperlyConfigured("PSEUDONYM_KEY: after VERSION: stand 64 or 128 hex digits.")
        return cls.derived(text)

    def __str__(self) -> str:
        return f"{self.version}:{self.secret.hex()}"


_VERSIONED = re.compile(r"(?P<version>\d{1,9}):(?P<secret>[0-9a-fA-F]{64}|[0-9a-fA-F]{128})")
_ALMOST = re.compile(r"\d+:")
_SET_ONE = (
    "Set PSEUDONYM_KEY, of its own: with DATABASE_URL none is made up. For a new site: python -c "
    "'import secrets; print(\"1:\" + secrets.token_hex(32))'. For one that ran without it, so that "
    "its profiles and ids stay the same, with its SECRET_KEY: python -m liveReport.site.secret"
)


def given_pseudonym_key(text: str, secret_key: str) -> PseudonymKey:
    """The key in the environment. ``ImproperlyConfigured`` without one, or if it is no other."""
    if text in ("", secret_key):
        raise ImproperlyConfigured(_SET_ONE)
    return PseudonymKey.read(text)


def embedded_pseudonym_key(data_dir: Path, database: Path, secret_key: str) -> PseudonymKey:
    """The key kept in the data directory, created (mode 0600) when there is none.

    A new one for a new site; where the database holds anything, what stood for profiles in
    there: it was derived from the secret key.
    """

    def first() -> str:
        if database.exists() and database.stat().st_size:
            return str(PseudonymKey.derived(secret_key))
        return str(PseudonymKey(1, secrets.token_bytes(32)))

    return PseudonymKey.read(_kept(data_dir / "pseudonym.key", first))


def embedded_secret_key(data_dir: Path) -> str:
    """The key kept in the data directory, created (mode 0600) when there is none."""
    return _kept(data_dir / "secret.key", get_random_secret_key)


def _kept(path: Path, first: Callable[[], str]) -> str:
    """What a file holds, written as ``first`` says (mode 0600) when there is none."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    if not path.exists():
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(first())
        try:
            os.link(draft, path)  # the first of several processes wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()


if __name__ == "__main__":
    print(PseudonymKey.derived(os.environ["SECRET_KEY"]))
