"""``manage.py replay_quarantine``: attribute again what waits."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from liveReport.ingest import replay
from liveReport.models import QuarantinedBatch, Source


class Command(BaseCommand):
    help = "Move what can be attributed by now out of the quarantine, and print how many events."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--source", metavar="NAME", help="only of this source")

    def handle(self, *args: Any, source: str | None, **options: Any) -> None:
        batches = QuarantinedBatch.objects.all()
        if source is not None:
            if not Source.objects.filter(name=source).exists():
                raise CommandError(f"No source {source!r}.")
            batches = batches.filter(source__name=source)
        self.stdout.write(str(replay(batches)))
