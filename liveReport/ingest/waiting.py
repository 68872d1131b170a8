"""What of a source waits in quarantine, by the texts that a mapping could name."""

from collections import Counter
from typing import Any, NamedTuple

from liveReport.channels import Event, Webhook
from liveReport.engines import quarantine
from liveReport.events.sealing import Unsealable
from liveReport.models import QuarantinedBatch, QuarantinedCampaign

from .attribution import keys_in
from .intake import HookPoint
from .kept import read_again

LATEST = 20
"""Batches that are opened to see what texts their events carry."""


class Waiting(NamedTuple):
    """So many events wait, for campaigns that do not exist or texts that stand for none."""

    campaigns: list[tuple[str, int]]
    texts: list[tuple[str, int]]
    others: int
    """Those that say nothing of a campaign, or are no events."""


def waiting(source: int) -> Waiting:
    """Of a source that has a provider: all that waits, the texts from the latest batches."""
    unknown = QuarantinedCampaign.objects.filter(source=source).exclude(campaign="")
    campaigns = list(unknown.order_by("-events", "campaign").values_list("campaign", "events"))
    held = QuarantinedBatch.objects.filter(source=source)
    raw = held.exclude(reason=QuarantinedBatch.Reason.UNKNOWN_CAMPAIGN)
    nameless = raw.filter(reason=QuarantinedBatch.Reason.NO_CAMPAIGN)
    texts = Counter[str]()
    for batch in nameless.order_by("-pk")[:LATEST]:
        texts.update(_texts(batch))
    others = sum(raw.values_list("count", flat=True)) - texts.total()
    return Waiting(campaigns, texts.most_common(), max(others, 0))


def _texts(batch: QuarantinedBatch) -> list[str]:
    point = HookPoint.get(batch.source_id)
    if point is None:
        return []
    webhook = point.provider.webhook
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
    labels = (next((x for x in each if x and not keys_in(x)), "") for each in said)
    return [label for label in labels if label]
