"""``manage.py create_source``: whose webhooks come in, and what they need."""

import json
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from liveReport.channels import providers
from liveReport.site.sources import SourceError, Wanted, set_up, url_of, user_of

NO_PUBLIC_URL = (
    "PUBLIC_URL is not set: put the address of this site, https://…, in front of url. Providers "
    "that sign the URL need it set."
)
"""Said where the URL that is printed has no host."""


class Command(BaseCommand):
    help = "Create a source for a provider's webhooks, or change one that exists."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the last part of the URL that the provider sends to")
        parser.add_argument("--provider", required=True, choices=sorted(providers()))
        parser.add_argument("--secret", choices=["-"], help="read the provider's key from stdin")
        parser.add_argument("--campaign", default="", metavar="SLUG", help="of events without one")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="VALUE=SLUG",
            help="a text of the provider that stands for a campaign (repeatable)",
        )
        parser.add_argument("--topic", action="append", default=[], metavar="ARN")
        parser.add_argument("--origin", action="append", default=[], metavar="URL")
        parser.add_argument("--json", action="store_true", help="one object alone on stdout")

    def handle(self, *args: Any, name: str, provider: str, **options: Any) -> None:
        wanted = Wanted(
            options["campaign"], _mapping(options["map"]), options["topic"], options["origin"]
        )
        secret = sys.stdin.read().strip() if options["secret"] else ""
        try:
            source, made = set_up(name, provider, wanted, secret)
        except SourceError as error:
            raise CommandError(str(error)) from error
        answer = {
            "name": source.name,
            "provider": source.provider,
            "url": url_of(source),
            "active": source.account.is_active,
            "username": user_of(source),
            "secret": made or None,
            "key": source.public_key,
        }
        if not settings.PUBLIC_URL:
            self.stderr.write(NO_PUBLIC_URL)
            answer["warning"] = NO_PUBLIC_URL
        if options["json"]:
            self.stdout.write(json.dumps(answer))
            return
        for key, value in answer.items():
            if key != "warning" and value not in (None, ""):
                self.stdout.write(f"{key}: {value}")


def _mapping(pairs: list[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        value, _, slug = pair.rpartition("=")
        if not value or not slug:
            raise CommandError(f"--map {pair!r}: write VALUE=SLUG.")
        found[value] = slug
    return found
