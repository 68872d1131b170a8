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
from .files import EventFile, EventFilePart
from .hooks import (
    RecentRequest,
    SourceFeed,
    SourceMapping,
    SourceMinute,
    SourceSecret,
    SpentToken,
    Subscription,
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
from .verdicts import Adoption, VerdictRule

__all__ = [
    "Adoption",
    "ApiToken",
    "BatchCampaign",
    "Bucket",
    "Campaign",
    "CampaignChannel",
    "CampaignRule",
    "ChannelPlugin",
    "EventBatch",
    "EventFile",
    "EventFilePart",
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
    "Subscription",
    "Suspect",
    "Switch",
    "VerdictRule",
    "in_tab_order",
    "sees_campaigns",
]
