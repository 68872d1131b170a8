"""``manage.py rehearse``: what a source makes of a synthetic send, without its provider."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from liveReport.models import Source
from liveReport.site.rehearsal import rehearse
from liveReport.site.sources import SourceError, webhook_of


class Command(BaseCommand):
    help = "Play a send through the adapter of a source, and print what passes. Nothing is stored."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source")

    def handle(self, *args: Any, source: str, **options: Any) -> None:
        found = Source.objects.exclude(provider="").filter(name=source).first()
        if found is None:
            raise CommandError(f"No source {source!r} of a provider.")
        try:
            webhook = webhook_of(found.provider)
        except SourceError as error:
            raise CommandError(str(error)) from error
        if webhook.rehearsal is None:
            raise CommandError(f"{found.provider} has no rehearsal.")
        failed = 0
        for check in rehearse(webhook, source):
            self.stdout.write(f"{'pass' if check.passed else 'FAIL'}  {check.name}")
            failed += not check.passed
        if failed:
            raise CommandError(f"{failed} failed.")
