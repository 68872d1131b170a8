"""``manage.py issue_token``: a new API token, once, alone on stdout."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_slug

from liveReport.models import ApiToken, Campaign, Source

MAX_DAYS = 3650


class Command(BaseCommand):
    help = "Issue an API token for a source, which is created if need be, and print it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the source: the program that will use the token")
        parser.add_argument("--scope", required=True, choices=ApiToken.Scope.values)
        parser.add_argument(
            "--campaign",
            action="append",
            default=[],
            metavar="SLUG",
            help="only this campaign (repeatable); all of them when left out",
        )
        parser.add_argument(
            "--events",
            action="store_true",
            help="one that reads reports may also list the events behind their numbers",
        )
        parser.add_argument("--days", type=int, default=settings.TOKEN_DAYS, help="until expiry")

    def handle(
        self,
        *args: Any,
        name: str,
        scope: str,
        campaign: list[str],
        days: int,
        events: bool,
        **options: Any,
    ) -> None:
        if events and scope != ApiToken.Scope.READ:
            raise CommandError("--events goes with --scope read.")
        if not 1 <= days <= MAX_DAYS:
            raise CommandError(f"--days must be between 1 and {MAX_DAYS}.")
        campaigns = _campaigns(campaign) if campaign else None
        source = _source(name)
        token, text = ApiToken.objects.issue(
            source, scope, campaigns=campaigns, days=days, events=events
        )
        self.stderr.write(
            f"A token of {source} to {token.get_scope_display().lower()},"
            f" valid until {token.expiry:%Y-%m-%d %H:%M} UTC. It is not shown again."
        )
        self.stdout.write(text)


def _campaigns(slugs: list[str]) -> list[Campaign]:
    found = list(Campaign.objects.filter(slug__in=slugs))
    if missing := set(slugs) - {campaign.slug for campaign in found}:
        raise CommandError(f"No such campaign: {', '.join(sorted(missing))}.")
    return found


def _source(name: str) -> Source:
    try:
        validate_slug(name)
    except ValidationError as error:
        raise CommandError(f"{name!r} is no name: use letters, digits, - and _.") from error
    return Source.objects.ensure(name)
