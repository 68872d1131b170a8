"""The tables, split by stage: campaigns, the event log, rollups, access."""

from .access import ApiToken, Source
from .campaigns import (
    Campaign,
    CampaignChannel,
    ChannelPlugin,
    Execution,
    Switch,
    in_tab_order,
)
from .log import EventBatch, QuarantinedBatch
from .rollups import Bucket, FoldLease, KeyPeriod, MessageState, SeenEvent, Series

__all__ = [
    "ApiToken",
    "Bucket",
    "Campaign",
    "CampaignChannel",
    "ChannelPlugin",
    "EventBatch",
    "Execution",
    "FoldLease",
    "KeyPeriod",
    "MessageState",
    "QuarantinedBatch",
    "SeenEvent",
    "Series",
    "Source",
    "Switch",
    "in_tab_order",
]
