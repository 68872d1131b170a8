"""Fuzz for some seconds, or try inputs again: ``python -m tests.fuzz [--seconds N] [FILE …]``."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import django
import msgspec

FOLDER = Path("var") / "fuzz"
LONGEST = 16 * 1024
"""Bytes of an input: what providers publish has half of it at most."""
SLOW = 10
"""Seconds that one may take."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("file", nargs="*", type=Path, help="inputs to try again, and nothing else")
    parser.add_argument("--seconds", type=int, default=300, help="how long to go on: 300")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="inputs that reached something")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    if asked.file:
        _try_again(asked.file)
    else:
        _fuzz(asked.folder, asked.seconds)


def _try_again(files: list[Path]) -> None:
    from .attack import attack  # wants the applications to be ready

    for file in files:
        attack(file.read_bytes())
        print(f"{file}: nothing is wrong with it.")


def _fuzz(folder: Path, seconds: int) -> None:
    if find_spec("atheris") is None:
        sys.exit("There is no atheris here: it is made for Linux, and installed by `make fuzz`.")
    corpus, crashes = folder / "corpus", folder / "crashes"
    for one in (corpus, crashes):
        one.mkdir(parents=True, exist_ok=True)
    for data in _first_inputs():
        (corpus / sha256(data).hexdigest()).write_bytes(data)
    before = set(crashes.iterdir())
    options = {"max_total_time": seconds, "max_len": LONGEST, "timeout": SLOW, "rss_limit_mb": 0}
    arguments = [f"-{name}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "tests.fuzz.target", *arguments, "-print_final_stats=1"]
    done = subprocess.run([*command, f"-artifact_prefix={crashes}/", str(corpus)], check=False)
    for file in sorted(set(crashes.iterdir()) - before):
        print(f"An adapter fails. Try it again: python -m tests.fuzz {file}", file=sys.stderr)
    sys.exit(1 if done.returncode else 0)


def _first_inputs() -> Iterator[bytes]:
    """What providers publish, and what they are played with."""
    from tests.webhooks.test_fuzz import ITEMS

    from .attack import NAMES, played, written

    for provider in NAMES:
        tests = import_module(f"tests.webhooks.test_{provider}")
        for payload in getattr(tests, "PAYLOADS", ()):
            body = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
            yield written(provider, body)
        for item in ITEMS[provider]:
            yield written(provider, msgspec.json.encode(item))
        for request in played(provider):
            yield written(provider, request.body or request.url.partition("?")[2].encode())


if __name__ == "__main__":
    main()
