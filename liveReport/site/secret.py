"""Keys, and files that nobody but their owner can read."""

import os
from contextlib import suppress
from pathlib import Path

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


def embedded_secret_key(data_dir: Path) -> str:
    """The key kept in the data directory, created (mode 0600) when there is none."""
    path = data_dir / "secret.key"
    draft = data_dir / f"secret.key.{os.getpid()}"
    if not path.exists():
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(get_random_secret_key())
        try:
            os.link(draft, path)  # the first of several processes wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()
