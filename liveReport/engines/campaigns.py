"""Campaigns and their channels, as they are stored: who exists, and when events were."""

from collections.abc import Iterable, Mapping

import numpy as np
from django.db.models import F

from liveReport.counts.cells import Place, Run
from liveReport.counts.states import Span
from liveReport.events.moments import moment
from liveReport.models import Campaign, CampaignChannel

from . import executions, sql

CHANNELS = "livereport_campaignchannel"


def ids(slugs: Iterable[str]) -> dict[str, int]:
    """The ids of campaigns by slug."""
    return dict(sql.fetch_in("slug, id", "livereport_campaign", {"slug": sorted(slugs)}))


def all_ids() -> dict[str, int]:
    """The ids of all campaigns by slug."""
    return dict(Campaign.objects.values_list("slug", "pk"))


def note_spans(spans: Mapping[Run, Span], campaigns: Mapping[str, int]) -> None:
    """Widen each channel's and execution's times; the channel's version grows."""
    channels: dict[Place, Span] = {}
    for run, span in sorted(spans.items()):
        whole = channels.setdefault(run.place, Span(span.first, span.last))
        whole.include(span.first)
        whole.include(span.last)
    _note_channels(channels, campaigns)
    apart = {run: span.last for run, span in spans.items() if run.execution > 0}
    executions.note(apart, campaigns)


def _note_channels(spans: Mapping[Place, Span], campaigns: Mapping[str, int]) -> None:
    sql.insert(
        CHANNELS,
        {
            "channel": [channel for _campaign, channel in spans],
            "campaign_id": np.array([campaigns[slug] for slug, _channel in spans], np.int64),
            "declared": np.zeros(len(spans), np.bool_),
            "first_event_at": [moment(span.first) for span in spans.values()],
            "last_event_at": [moment(span.last) for span in spans.values()],
            "version": 1,
        },
        "(campaign_id, channel) DO UPDATE SET"
        f" version = {CHANNELS}.version + 1,"
        f" first_event_at = CASE WHEN {CHANNELS}.first_event_at < excluded.first_event_at"
        f" THEN {CHANNELS}.first_event_at ELSE excluded.first_event_at END,"
        f" last_event_at = CASE WHEN {CHANNELS}.last_event_at > excluded.last_event_at"
        f" THEN {CHANNELS}.last_event_at ELSE excluded.last_event_at END",
    )


def show_anew() -> None:
    """Tell pages that show the old numbers that there are others."""
    CampaignChannel.objects.update(version=F("version") + 1)
