"""``manage.py reseal``: encrypt anew, by the present key, what a former one has sealed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from liveReport.engines import files, quarantine
from liveReport.events.sealing import Unsealable, sealed_anew
from liveReport.models import SourceSecret


class Command(BaseCommand):
    help = "Encrypt anew by SEALING_KEY what SEALING_KEY_PREVIOUS opens, and print how much."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = _secrets() + quarantine.reseal() + files.reseal()
        except Unsealable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(str(done))


def _secrets() -> int:
    rows = list(SourceSecret.objects.exclude(sealed=b""))
    for row in rows:
        row.sealed = sealed_anew(bytes(row.sealed))
    return SourceSecret.objects.bulk_update(rows, ["sealed"])
