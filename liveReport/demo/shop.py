"""The demo's own shop: a campaign whose events come from a page that one can click through."""

import time
from pathlib import Path

from django.conf import settings

from liveReport.channels import providers
from liveReport.models import Campaign, Source
from liveReport.site.sources import Wanted, set_up

NAME = "demo-shop"
"""Of its source, and of its campaign."""
PROVIDER = "beacon"
SILENCE = 60
"""Seconds without a word after which the demo is over."""


def progress_path() -> Path:
    """Where the demo notes what it has sent: every second while it runs."""
    return Path(settings.DATA_DIR) / "demo.json"


def furnish(url: str) -> None:
    """Make its campaign and its source, whose pages are those of the site at ``url``."""
    if (found := providers().get(PROVIDER)) is None:  # the channel was deleted
        return
    campaign, _ = Campaign.objects.get_or_create(slug=NAME, defaults={"name": "Demo shop"})
    campaign.channels.get_or_create(channel=found.channel, defaults={"declared": True})
    set_up(NAME, PROVIDER, Wanted(campaign.slug, origins=[url]))


def open_shop() -> Source | None:
    """The source of the shop, while the demo runs."""
    try:
        silence = time.time() - progress_path().stat().st_mtime
    except FileNotFoundError:
        return None
    if silence > SILENCE:
        return None
    return Source.objects.filter(name=NAME, account__is_active=True).first()
