"""``manage.py rotate_source``: a new secret for a source."""

import json
import sys
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from liveReport.models import Source
from liveReport.site.sources import SourceError, rotate


class Command(BaseCommand):
    help = "Give a source a new secret; the former one stays good for a while."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--secret", choices=["-"], help="read the provider's key from stdin")
        parser.add_argument(
            "--grace", type=float, default=24, metavar="HOURS", help="of the former one; 0 ends it"
        )
        parser.add_argument("--json", action="store_true", help="one object alone on stdout")

    def handle(self, *args: Any, name: str, grace: float, **options: Any) -> None:
        if not 0 <= grace <= 24 * 365:
            raise CommandError("--grace must be between 0 and 8760 hours.")
        source = Source.objects.exclude(provider="").filter(name=name).first()
        if source is None:
            raise CommandError(f"No source {name!r} of a provider.")
        secret = sys.stdin.read().strip() if options["secret"] else ""
        try:
            made = rotate(source, secret, timedelta(hours=grace))
        except SourceError as error:
            raise CommandError(str(error)) from error
        answer = {"name": source.name, "provider": source.provider, "secret": made or None}
        if options["json"]:
            self.stdout.write(json.dumps(answer))
        else:
            self.stdout.write(made or f"{source.name} has a new secret.")
