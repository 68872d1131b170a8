"""The limits by which a campaign is judged: its own, or those that its channels declare."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liveReport.channels import Channel, Metric, Rule
from liveReport.models import Campaign, CampaignRule, ChannelPlugin

FIELDS = ("warn", "critical", "min_sample", "enabled")
"""What a campaign can change of a rule."""


@dataclass(frozen=True)
class Limits:
    """A rule of a channel as it holds for a campaign."""

    channel: Channel
    rule: Rule
    warn: float
    critical: float
    min_sample: int
    enabled: bool = True

    @property
    def metric(self) -> Metric:
        """The rate that is judged."""
        return self.channel.metric_by_key[self.rule.metric]

    @property
    def key(self) -> tuple[str, str]:
        """The slug of the channel and the key of the rate."""
        return self.channel.slug, self.rule.metric

    def as_json(self) -> dict[str, Any]:
        channel, metric = self.key
        changeable = {name: getattr(self, name) for name in FIELDS}
        return {"channel": channel, "metric": metric, **changeable}


def declared(channels: Iterable[Channel]) -> list[Limits]:
    """The limits of campaigns that have none of their own."""
    return [
        Limits(channel, rule, rule.warn, rule.critical, rule.min_sample)
        for channel in channels
        for rule in channel.rules
    ]


def limits_of(wanted: Mapping[int, Sequence[Channel]]) -> dict[int, list[Limits]]:
    """The limits of some campaigns, by their ids, each with its channels; in one statement."""
    names = ("campaign_id", "channel", "metric", *FIELDS)
    rows = CampaignRule.objects.filter(campaign__in=wanted).values_list(*names)
    own = {(campaign, channel, metric): values for campaign, channel, metric, *values in rows}
    return {
        campaign: [
            Limits(limits.channel, limits.rule, *own.get((campaign, *limits.key), _own(limits)))
            for limits in declared(channels)
        ]
        for campaign, channels in wanted.items()
    }


def _own(limits: Limits) -> list[Any]:
    return [getattr(limits, name) for name in FIELDS]


def rules_of(campaign: Campaign) -> list[Limits]:
    """The limits of the channels that a campaign uses and that are switched on, in tab order."""
    used = set(campaign.channels.values_list("channel", flat=True))
    channels = [channel for channel in ChannelPlugin.objects.enabled() if channel.slug in used]
    return limits_of({campaign.pk: channels})[campaign.pk]


def keep(campaign: Campaign, limits: Limits) -> None:
    """Have a campaign judged by these from now on."""
    channel, metric = limits.key
    CampaignRule.objects.update_or_create(
        campaign=campaign,
        channel=channel,
        metric=metric,
        defaults={name: getattr(limits, name) for name in FIELDS},
    )
