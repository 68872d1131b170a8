"""One part, in a process of its own, on the site that the environment names."""

import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import django
import msgspec

from .options import Options


def main(part: str, options: str, result: str) -> None:
    signal.signal(signal.SIGTERM, _end)  # so that the processes of the part are ended in turn
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liveReport.settings")
    django.setup()
    # Not before: what parts import wants the applications to be ready.
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    found = import_module(f"tests.benchmarks.parts.{part}").measure(Options.read(options))
    Path(result).write_bytes(msgspec.json.encode(found.plain()))


def _end(*_: object) -> NoReturn:
    sys.exit("ended")


if __name__ == "__main__":
    main(*sys.argv[1:])
