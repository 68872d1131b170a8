"""What is read of many campaigns at once, in one statement each, however many there are."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

import numpy as np

from liveReport.models.campaigns import CampaignQuerySet

from . import sql


class ChannelOf(NamedTuple):
    """A channel that a campaign declared or has had events of."""

    campaign: int
    slug: str
    name: str
    status: str
    channel: str | None
    """``None`` for a campaign without any: it has this one row."""
    last_event_at: datetime | None
    version: int | None


class SeriesOf(NamedTuple):
    """A series of all events of one type, of one execution."""

    pk: int
    campaign: int
    channel: str
    type: str


def channels(campaigns: CampaignQuerySet) -> list[ChannelOf]:
    """Some campaigns with their channels, switched on or off, in no order."""
    names = ("channels__channel", "channels__last_event_at", "channels__version")
    rows = campaigns.order_by().values_list("pk", "slug", "name", "status", *names)
    return [ChannelOf(*row) for row in rows]


def series(wanted: Collection[tuple[int, str, str]]) -> list[SeriesOf]:
    """The series of whole event types; each is wanted by its campaign, channel and type."""
    if not wanted:
        return []
    ids, slugs, types = zip(*sorted(wanted), strict=True)
    keys: dict[str, sql.Each] = {
        "campaign_id": np.array(ids, np.int64),
        "channel": list(slugs),
        "type": list(types),
        "dimension": [""] * len(ids),
    }
    rows = sql.fetch_in("id, campaign_id, channel, type", "livereport_series", keys)
    return [SeriesOf(*row) for row in rows]
