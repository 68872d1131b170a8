"""``manage.py drain_spool``: what waits on this machine goes into the event log now."""

import sqlite3
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from liveReport.ingest.drain import drain
from liveReport.ingest.spool import spool

PAUSE = 0.5
"""Seconds between two looks at a spool that another process drains."""


class Command(BaseCommand):
    help = (
        "Move what waits in this machine's spool into the event log. The web processes do it"
        " by themselves as soon as the database answers. Exits with 1 while it does not, and"
        " when something was set aside because it cannot be stored."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--again", action="store_true", help="try once more what was set aside")

    def handle(self, *args: Any, again: bool, **options: Any) -> None:
        try:
            if again:
                spool().line_up_again()
            moved = _drain()
        except Error as error:
            left = spool().waiting()
            raise CommandError(
                f"The database does not take events ({type(error).__name__}); {left} wait."
            ) from error
        except (sqlite3.Error, OSError) as error:
            raise CommandError(f"The spool cannot be used: {error}.") from error
        self.stdout.write(f"{moved} events were moved into the event log.")
        self._tell_aside()

    def _tell_aside(self) -> None:
        aside = spool().aside()
        for source, events, reason in aside:
            self.stderr.write(f"{events} events of source {source} are set aside: {reason}.")
        if aside:
            raise CommandError("What is set aside stays on disk; --again tries it once more.")


def _drain() -> int:
    """Drain until nothing waits, also if another process has begun to."""
    moved = drain()
    while spool().holds_anything():
        time.sleep(PAUSE)
        moved += drain()
    return moved
