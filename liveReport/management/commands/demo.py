"""``manage.py demo``: a day of history, and live traffic over HTTP at the same time."""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import httpx
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from liveReport.demo.campaigns import CAMPAIGNS, Demo
from liveReport.demo.feed import Feed, Progress, Refused, Sender, append
from liveReport.demo.posts import Post, deliver_past, open_posts, sorted_out
from liveReport.demo.shop import furnish, progress_path
from liveReport.demo.traffic import Event, World
from liveReport.models import ApiToken, Campaign, Source

SOURCE = "demo"
PERIOD = 1.0
"""Seconds between two requests of the live stream."""


class Command(BaseCommand):
    help = "Send a day of demo history, and live demo traffic to a running site until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", required=True, help="where the site answers")
        parser.add_argument("--scale", type=float, default=1.0, help="how much traffic")
        parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after")

    def handle(self, *args: Any, url: str, scale: float, seconds: float, **options: Any) -> None:
        source = Source.objects.ensure(SOURCE)
        for campaign in CAMPAIGNS:
            create(campaign)
        furnish(url)
        path = progress_path()
        now = timezone.now()
        progress = Progress.load(path, now)
        world = World(progress.anchor, scale)
        feed = Feed(world, progress, next_minute=world.minute_of(now) + 1)
        posts = open_posts(url)
        history = _history(source, posts, feed)
        with (
            httpx.Client(base_url=url, headers=_authorization(source), timeout=30) as client,
            httpx.Client(base_url=url, timeout=30) as provider,
        ):
            live = partial(_send, Sender(client), Sender(provider), posts)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                started, now = time.monotonic(), timezone.now()
                try:
                    live(feed.live(now))
                except Refused as error:  # a restart gets another token
                    raise CommandError(str(error)) from error
                progress.until = now
                progress.save(path)
                while time.monotonic() < started + PERIOD:
                    if next(history, None) is None:
                        time.sleep(max(0.0, started + PERIOD - time.monotonic()))


def create(demo: Demo) -> None:
    """A campaign that declares its channels, if there is none yet."""
    campaign, _ = Campaign.objects.get_or_create(slug=demo.slug, defaults={"name": demo.name})
    for stream in demo.streams:
        campaign.channels.get_or_create(channel=stream.channel, defaults={"declared": True})


def _send(sender: Sender, provider: Sender, posts: Mapping[str, Post], events: list[Event]) -> None:
    """The demo's own events to the API, those that providers tell of to their addresses."""
    own, others = sorted_out(events, posts)
    sender.post(own)
    for post, told in others:
        provider.deliver(post.requests(told, timezone.now()))


def _authorization(source: Source) -> dict[str, str]:
    """A new token; those of earlier runs, which nobody holds any more, end."""
    for token in ApiToken.objects.usable().filter(source=source):
        token.revoke()
    _, text = ApiToken.objects.issue(source, ApiToken.Scope.INGEST)
    return {"Authorization": f"Bearer {text}"}


def _history(source: Source, posts: Mapping[str, Post], feed: Feed) -> Iterator[datetime]:
    """Sends what is past, batch after batch, and shows how far back it has come."""
    first = feed.next_minute - 1
    with tqdm(
        desc="history",
        unit=" min",
        total=first - max(first - 24 * 60, -24 * 60),
        file=sys.stderr,
        leave=False,
        disable=None,  # only on a terminal
    ) as bar:
        events = 0
        for oldest, batch in feed.backlog(timezone.now):
            own, others = sorted_out(batch, posts)
            append(source, own)
            for post, told in others:
                deliver_past(post, told)
            events += len(batch)
            feed.progress.oldest = min(feed.progress.oldest, oldest)
            bar.update(first - oldest - bar.n)
            bar.set_postfix_str(f"{events:,} events")
            yield timezone.now()
    sys.stderr.write(f"The last 24 hours are complete: {events:,} events.\n")
