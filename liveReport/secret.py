"""The SECRET_KEY of the embedded default: made up once, readable by its owner only."""

import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key


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
