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
    """A series of the events of one type, of one execution, whole or of one value."""

    pk: int
    campaign: int
    channel: str
    type: str
    dimension: str
    value: str
    execution: int


def channels(campaigns: CampaignQuerySet) -> list[ChannelOf]:
    """Some campaigns with their channels, switched on or off, in no order."""
    names = ("channels__channel", "channels__last_event_at", "channels__version")
    rows = campaigns.order_by().values_list("pk", "slug", "name", "status", *names)
    return [ChannelOf(*row) for row in rows]


def series(wanted: Collection[tuple[int, str, str, str]]) -> list[SeriesOf]:
    """All series of some event types, each wanted by campaign, channel, type and dimension.

    An empty dimension is the events as a whole.
    """
    if not wanted:
        return []
    ids, slugs, types, dimensions = zip(*sorted(wanted), strict=True)
    keys: dict[str, sql.Each] = {
        "campaign_id": np.array(ids, np.int64),
        "channel": list(slugs),
        "type": list(types),
        "dimension": list(dimensions),
    }
    columns = "id, campaign_id, channel, type, dimension, value, execution"
    rows = sql.fetch_in(columns, "livereport_series", keys)
    return [SeriesOf(*row) for row in rows]
