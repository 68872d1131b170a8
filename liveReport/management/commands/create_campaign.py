"""``manage.py create_campaign``: a live campaign, new or changed."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from liveReport.channels import all_channels
from liveReport.models import Campaign, CampaignChannel


class Command(BaseCommand):
    help = "Create a live campaign, or rename it and add channels to it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--name", required=True)
        parser.add_argument(
            "--channel",
            action="append",
            default=[],
            metavar="SLUG",
            help="a channel that gets its tab before its first event (repeatable)",
        )

    def handle(self, *args: Any, slug: str, name: str, channel: list[str], **options: Any) -> None:
        _check_channels(channel)
        with transaction.atomic():
            campaign, created = _save(slug, name)
            for found in channel:
                CampaignChannel.objects.update_or_create(
                    campaign=campaign, channel=found, defaults={"declared": True}
                )
        self.stdout.write(f"{campaign.slug} was {'created' if created else 'updated'}.")


def _check_channels(slugs: list[str]) -> None:
    installed = [channel.slug for channel in all_channels()]
    for slug in slugs:
        if slug not in installed:
            raise CommandError(f"No channel {slug!r}. Installed: {', '.join(installed)}.")


def _save(slug: str, name: str) -> tuple[Campaign, bool]:
    campaign = Campaign.objects.filter(slug=slug).first()
    created = campaign is None
    campaign = campaign or Campaign(slug=slug)
    campaign.name = name
    campaign.status = Campaign.Status.LIVE
    try:
        campaign.full_clean()
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    campaign.save()
    return campaign, created
