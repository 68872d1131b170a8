"""``manage.py verify_rollups``: does the event log confirm every number?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from liveReport.rollup import verify


class Command(BaseCommand):
    help = "Recount every rollup from the event log and print the differences."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="replace what differs")

    def handle(self, *args: Any, rebuild: bool, **options: Any) -> None:
        differences = verify(rebuild=rebuild)
        for difference in differences:
            self.stdout.write(
                f"{difference.what}: the log says {difference.expected},"
                f" the rollups say {difference.found}"
            )
        mended = " and were mended" if rebuild and differences else ""
        self.stderr.write(f"{len(differences)} numbers differ{mended}.")
        if differences and not rebuild:
            raise SystemExit(1)
