"""``manage.py demo``: a day of history, then live traffic over HTTP until stopped."""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from random import Random
from typing import Any

import httpx
import msgspec
from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from liveReport.demo.scenario import CAMPAIGNS
from liveReport.demo.traffic import Event, Stream, history
from liveReport.ingest import BodyError, receive
from liveReport.models import ApiToken, Campaign, EventBatch, Source

SOURCE = "demo"
BATCH = 5_000
PERIOD = 1.0
"""Seconds between two requests of the live stream."""


class Command(BaseCommand):
    help = "Fill the last 24 hours once, then send live demo traffic to a running site."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", required=True, help="where the site answers")
        parser.add_argument("--scale", type=float, default=1.0, help="how much traffic")
        parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after")

    def handle(self, *args: Any, url: str, scale: float, seconds: float, **options: Any) -> None:
        source = Source.objects.ensure(SOURCE)
        for campaign in CAMPAIGNS:
            create(campaign.slug, campaign.name, campaign.channels)
        random = Random()  # noqa: S311 (a demo, not a secret)
        now = timezone.now()
        past, pending = history(random, now, scale)
        if not EventBatch.objects.filter(source=source).exists():
            send_history(source, past)
        _, token = ApiToken.objects.issue(source, ApiToken.Scope.INGEST)
        deadline = time.monotonic() + seconds
        stream = Stream(random, now, pending, scale)
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}) as client:
            while time.monotonic() < deadline:
                deliver(client, stream.advance(timezone.now()))
                time.sleep(PERIOD)


def create(slug: str, name: str, channels: Sequence[str]) -> None:
    """A campaign that declares its channels, if there is none yet."""
    campaign, _ = Campaign.objects.get_or_create(slug=slug, defaults={"name": name})
    for channel in channels:
        campaign.channels.get_or_create(channel=channel, defaults={"declared": True})


def send_history(source: Source, events: Sequence[Event]) -> None:
    """Append a day's events through the front door of ingest, the latest first."""
    starts = range(0, len(events), BATCH)
    with tqdm(total=len(events), unit=" events", desc="24 h of history", file=sys.stderr) as bar:
        for start in reversed(starts):
            batch = events[start : start + BATCH]
            body = msgspec.json.encode(batch)
            while not _received(source, body):
                time.sleep(1)
            bar.update(len(batch))


def _received(source: Source, body: bytes) -> bool:
    try:
        receive(source, body)
    except BodyError as error:
        if error.retry_after is None:
            raise
        return False
    return True


def deliver(client: httpx.Client, events: Sequence[Event]) -> None:
    """Send events until the site has them: the same ids again can do no harm."""
    for start in range(0, len(events), BATCH):
        body = msgspec.json.encode(events[start : start + BATCH])
        for attempt in range(60):
            if _accepted(client, body):
                break
            time.sleep(min(1 + attempt, 10))


def _accepted(client: httpx.Client, body: bytes) -> bool:
    try:
        answer = client.post(
            "/api/v1/events/", content=body, headers={"Content-Type": "application/json"}
        )
    except httpx.TransportError:
        return False
    return answer.status_code == 202
