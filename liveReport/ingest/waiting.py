"""What of a source waits in quarantine, by the texts that a mapping could name."""

from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Min, Sum

from liveReport.channels import Event, Webhook
from liveReport.engines import quarantine
from liveReport.events.sealing import Unsealable
from liveReport.models import QuarantinedBatch, QuarantinedCampaign, SourceMapping

from .attribution import keys_in
from .intake import HookPoint
from .kept import read_again

LATEST = 20
"""Batches that are opened to see what texts their events carry."""
MOST = 20
"""Campaigns and texts that are listed, those with most events."""
_UNKNOWN = QuarantinedBatch.Reason.UNKNOWN_CAMPAIGN
_NAMELESS = QuarantinedBatch.Reason.NO_CAMPAIGN


class Named(NamedTuple):
    """So many events that name the same, the first of them received ``since``."""

    text: str
    events: int
    since: datetime | None


class Waiting(NamedTuple):
    """What waits for campaigns that do not exist, and for texts that stand for none."""

    campaigns: list[Named]
    texts: list[Named]
    unlisted: int
    """Events of further campaigns and texts, or of batches that were not opened."""
    others: int
    """Those that say nothing of a campaign, or are no events."""

    def __bool__(self) -> bool:
        return bool(self.campaigns or self.texts or self.unlisted or self.others)


def waiting(source: int) -> Waiting:
    """Of a source that has a provider: all that waits, the texts from the latest batches."""
    campaigns, more_campaigns = _campaigns(source)
    texts, nameless, unopened = _nameless(source)
    held = QuarantinedBatch.objects.filter(source=source).exclude(reason=_UNKNOWN)
    raw = held.aggregate(sum=Sum("count", default=0))["sum"]
    unlisted = more_campaigns + unopened + sum(one.events for one in texts[MOST:])
    others = max(raw - nameless - unopened, 0)
    return Waiting(campaigns, texts[:MOST], unlisted, others)


def _campaigns(source: int) -> tuple[list[Named], int]:
    """Those with most events, and how many events the others have; by what is tallied."""
    tallied = QuarantinedCampaign.objects.filter(source=source).exclude(campaign="")
    events = dict(tallied.values_list("campaign", "events").order_by("-events", "campaign"))
    listed = [*events][:MOST]
    rows = QuarantinedBatch.objects.filter(source=source, campaign__in=listed).order_by()
    first = rows.values_list("campaign").annotate(Min("received_at"))
    since: dict[str, datetime] = dict(first.values_list("campaign", "received_at__min"))
    found = [Named(slug, events[slug], since.get(slug)) for slug in listed]
    return found, sum(events.values()) - sum(one.events for one in found)


def _nameless(source: int) -> tuple[list[Named], int, int]:
    """The texts of the latest batches of no campaign, how many events those are, and how many
    events there are in batches that were not opened."""
    rows = QuarantinedBatch.objects.filter(source=source, reason=_NAMELESS)
    opened = list(rows.order_by("-pk")[:LATEST])
    counts, since = Counter[str](), dict[str, datetime]()
    point = HookPoint.get(source) if opened else None
    for batch in opened:
        for text in _texts(point.provider.webhook, batch) if point else ():
            counts[text] += 1
            since[text] = min(batch.received_at, since.get(text, batch.received_at))
    texts = [Named(text, n, since[text]) for text, n in counts.most_common()]
    all_events = rows.aggregate(sum=Sum("count", default=0))["sum"]
    return texts, counts.total(), max(all_events - sum(batch.count for batch in opened), 0)


def _texts(webhook: Webhook, batch: QuarantinedBatch) -> list[str]:
    try:
        items, _unreadable = read_again(webhook, quarantine.raw_items(batch), batch.received_at)
    except Unsealable:
        return []
    return [text for item in items for text in _labels(webhook, item)]


def _labels(webhook: Webhook, item: Any) -> list[str]:
    """Of each event of an item the first text that could be mapped."""
    try:
        events = [one for one in webhook.events(item) if isinstance(one, Event)]
    except Exception:  # noqa: BLE001 (it waits for that reason)
        return []
    said = (one.labels for one in events if not one.derived)
    labels = (next(filter(_can_be_mapped, each), "") for each in said)
    return [label for label in labels if label]


def _can_be_mapped(text: str) -> bool:
    return 0 < len(text) <= SourceMapping.LONGEST and "\0" not in text and not keys_in(text)
