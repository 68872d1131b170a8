"""Whom the demo's providers tell: signed webhooks, of what becomes of the messages they carry.

A provider is played by its own rehearsal. What it has no word for, such as who was targeted, the
demo tells itself, as everybody does who sends through a provider.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256

from django.conf import settings
from django.utils import timezone

from liveReport.channels import HookRequest, Rehearsal, Said, providers
from liveReport.ingest import HookPoint, deliver
from liveReport.models import Source
from liveReport.site.sources import Wanted, rotate, set_up

from .campaigns import CAMPAIGNS
from .feed import until_taken
from .traffic import Event

PROVIDERS = {
    (demo.slug, stream.channel): stream.provider
    for demo in CAMPAIGNS
    for stream in demo.streams
    if stream.provider
}
"""Who tells of the messages of a campaign's channel, where it is not the demo itself."""
OPTED_OUT = "SMSNoConsent"
"""The only exclusion that a provider tells of: it knows who has opted out, the sender the rest."""
BELIEF = 1.5
"""Seconds after which no process believes in the secrets of an earlier run any more."""


@dataclass(frozen=True)
class Post:
    """A provider and its source. ``url`` is where it posts to."""

    source: Source
    rehearsal: Rehearsal
    url: str

    def tells_of(self, event: Event) -> bool:
        """Whether the provider has a word for this."""
        if event["type"] == "excluded":
            return "excluded" in self.rehearsal.types and event.get("reason") == OPTED_OUT
        return event["type"] in self.rehearsal.types

    def requests(self, events: Sequence[Event], now: datetime) -> Iterator[HookRequest]:
        """Of so many events at a time as the provider sends at once."""
        most = self.rehearsal.most
        for start in range(0, len(events), most):
            items = [self.rehearsal.item(said(event)) for event in events[start : start + most]]
            yield self.rehearsal.request(items, self.url, now)

    def past(self, events: Sequence[Event]) -> Iterator[HookRequest]:
        """The same of what is past: received when it happened, as some providers say no time."""
        ordered = sorted(events, key=lambda event: event["occurred_at"])
        requests = self.requests(ordered, timezone.now())
        lasts = ordered[self.rehearsal.most - 1 :: self.rehearsal.most]
        for request, last in zip(requests, [*lasts, *ordered[-1:]], strict=False):
            yield replace(request, received_at=last["occurred_at"])


def said(event: Event) -> Said:
    """An event of the demo as a provider is to say it."""
    keys = {"lr_campaign": event["campaign"], "lr_profile": event["profile"]}
    if "execution" in event:
        keys["lr_execution"] = event["execution"].isoformat()
    kind, reason = event["type"], event.get("reason", "")
    return Said(
        kind,
        _recipient(event),
        event["id"].rpartition(".")[0],
        event["occurred_at"],
        keys,
        reason="" if kind == "excluded" else reason,
        category=event.get("category", ""),
        signal=event.get("signal", ""),
    )


def _recipient(event: Event) -> str:
    """An address, or a number that is nobody's."""
    if event["channel"] == "sms":
        digits = int.from_bytes(sha256(event["profile"].encode()).digest()[:4]) % 10_000
        return f"+1500555{digits:04}"
    return f"{event['profile']}@{event.get('domain', 'example.com')}"


def open_posts(url: str) -> dict[str, Post]:
    """The providers that the demo plays, by name; without those that are not installed."""
    names = sorted({*PROVIDERS.values()} & {*providers()})
    known = [_is_known(name) for name in names]
    posts = {name: _opened(name, url) for name in names}
    if any(known):
        time.sleep(BELIEF)
    return posts


def _source_of(provider: str) -> str:
    return f"demo-{provider}"


def _is_known(provider: str) -> bool:
    return Source.objects.filter(name=_source_of(provider)).exists()


def _opened(provider: str, url: str) -> Post:
    """With a new secret: nobody holds that of an earlier run."""
    webhook, name, is_known = (
        providers()[provider].webhook,
        _source_of(provider),
        _is_known(provider),
    )
    assert webhook.rehearsal  # noqa: S101 (those that the demo plays have one)
    rehearsal = webhook.rehearsal(webhook)
    source, _made = set_up(name, provider, Wanted(), rehearsal.secret)
    if is_known:
        rotate(source, rehearsal.secret, timedelta())
    return Post(source, rehearsal, f"{settings.PUBLIC_URL or url}/hooks/{name}/")


def sorted_out(
    events: Iterable[Event], posts: Mapping[str, Post]
) -> tuple[list[Event], list[tuple[Post, list[Event]]]]:
    """What the demo tells itself, and what each provider tells."""
    own: list[Event] = []
    others: dict[str, list[Event]] = {name: [] for name in posts}
    for event in events:
        name = PROVIDERS.get((event["campaign"], event["channel"]), "")
        post = posts.get(name)
        (others[name] if post and post.tells_of(event) else own).append(event)
    return own, [(posts[name], told) for name, told in others.items() if told]


def deliver_past(post: Post, events: Sequence[Event]) -> None:
    """Deliver what is past in this process, by the providers' entrance, however long it takes."""
    point = HookPoint.get(post.source.pk)
    assert point  # noqa: S101 (it has just been made)
    for request in post.past(events):
        until_taken(partial(deliver, point, request))
