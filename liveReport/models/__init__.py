"""The tables, split by stage: campaigns, the event log, rollups, access."""

from .access import ApiToken, Source
from .campaigns import (
    Campaign,
    CampaignChannel,
    CampaignRule,
    ChannelPlugin,
    Execution,
    Switch,
    in_tab_order,
    sees_campaigns,
)
from .hooks import SourceMapping, SourceMinute, SourceSecret, SpentToken
from .log import BatchCampaign, EventBatch, SetAsideBatch, Suspect
from .quarantine import QuarantinedBatch, QuarantinedCampaign, QuarantineTally
from .rollups import (
    Bucket,
    FoldLease,
    KeyPage,
    KeyPeriod,
    Ledger,
    LedgerCount,
    LedgerSegment,
    MessageState,
    Series,
)

__all__ = [
    "ApiToken",
    "BatchCampaign",
    "Bucket",
    "Campaign",
    "CampaignChannel",
    "CampaignRule",
    "ChannelPlugin",
    "EventBatch",
    "Execution",
    "FoldLease",
    "KeyPage",
    "KeyPeriod",
    "Ledger",
    "LedgerCount",
    "LedgerSegment",
    "MessageState",
    "QuarantineTally",
    "QuarantinedBatch",
    "QuarantinedCampaign",
    "Series",
    "SetAsideBatch",
    "Source",
    "SourceMapping",
    "SourceMinute",
    "SourceSecret",
    "SpentToken",
    "Suspect",
    "Switch",
    "in_tab_order",
    "sees_campaigns",
]
