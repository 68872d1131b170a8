"""The tables, split by stage: campaigns, the event log, rollups, access."""

from .access import ApiToken, Source
from .campaigns import (
    Campaign,
    CampaignChannel,
    ChannelPlugin,
    Execution,
    Switch,
    in_tab_order,
    sees_campaigns,
)
from .hooks import (
    RecentRequest,
    SourceFeed,
    SourceMapping,
    SourceMinute,
    SourceSecret,
    SpentToken,
)
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
from .verdicts import VerdictRule

__all__ = [
    "ApiToken",
    "BatchCampaign",
    "Bucket",
    "Campaign",
    "CampaignChannel",
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
    "RecentRequest",
    "Series",
    "SetAsideBatch",
    "Source",
    "SourceFeed",
    "SourceMapping",
    "SourceMinute",
    "SourceSecret",
    "SpentToken",
    "Suspect",
    "Switch",
    "VerdictRule",
    "in_tab_order",
    "sees_campaigns",
]
