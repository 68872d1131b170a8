"""For any events, in any order and batching, every frame says what a naive recount says."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.channels import Channel, all_channels, get_channel
from liveReport.ingest import receive
from liveReport.models import Campaign, Source
from liveReport.report import every, tab_report
from tests.support import oracle
from tests.support.isolation import undone
from tests.support.strategies import events_of, on_a_database

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
EXECUTIONS = [None, "2026-03-14T08:00:00Z", "2026-03-13T20:00:00Z"]

pytestmark = pytest.mark.django_db


def every_value(channel: Channel) -> list[dict[str, Any]]:
    """Events of every type, three with each known value of its dimensions (the first: four)."""
    known = {
        dimension.key: [None, *(dimension.choices or dimension.labels or ("a", "b", "c"))]
        for dimension in channel.dimensions
    }
    drafts = [
        {"type": kind.key, **{key: known[key][turn % len(known[key])] for key in kind.dimensions}}
        for kind in channel.events
        for turn in range(1 + 3 * max([1, *(len(known[key]) for key in kind.dimensions)]))
    ]
    return [
        {
            "id": str(number),
            "campaign": "summer",
            "channel": channel.slug,
            "occurred_at": (NOW - timedelta(minutes=number)).isoformat(),
            "profile": str(number % 5),
            "message": str(number % 7),
            "execution": EXECUTIONS[number % 2],
            **draft,
        }
        for number, draft in enumerate(drafts)
    ]


def send_in_batches(source: Source, events: Sequence[dict[str, Any]], sizes: Sequence[int]) -> None:
    """Cut the events into requests of these sizes; fold after every other one."""
    rest = list(events)
    for number, size in enumerate([*sizes, len(rest)]):
        batch, rest = rest[:size], rest[size:]
        if batch:
            receipt = receive(source, msgspec.json.encode(batch), now=NOW)
            assert not receipt.rejected
        if number % 2:
            rollup.fold_pending(NOW)
    rollup.fold_pending(NOW)


# Times cluster at the window's edges.
NEAR = st.sampled_from([0, 24 * 3600, 24 * 3600 - 34, 23 * 3600, 26 * 3600 - 60])
SECONDS = st.one_of(st.integers(-240, 25 * 3600), st.integers(-240, 3600), NEAR)


bases = st.sampled_from(["", "run", "window"])


@st.composite
def spans(draw: st.DrawFn) -> oracle.Part:
    """A span of whole minutes within the last 24 hours."""
    first, end = oracle.window(NOW)
    minutes = st.integers(0, 1440) | st.sampled_from([0, 60, 360, 1380, 1439, 1440])
    start, stop = sorted(draw(st.lists(minutes, min_size=2, max_size=2, unique=True)))
    assert first + timedelta(minutes=1440) == end
    since, until = (first + timedelta(minutes=minute) for minute in (start, stop))
    return oracle.zoomed(since, until, draw(bases))


names = st.sampled_from(["15m", "1h", "6h", "24h"])
parts = st.builds(oracle.named, names, st.just(NOW), bases) | spans()


@pytest.mark.parametrize("slug", [channel.slug for channel in all_channels()])
@given(data=st.data())
@on_a_database
def test_every_frame_equals_the_recount(
    slug: str, campaign: Campaign, source: Source, data: st.DataObject
) -> None:
    channel = get_channel(slug)
    drawn = events_of(channel, NOW, SECONDS, EXECUTIONS)
    events = data.draw(st.lists(drawn, max_size=40))
    sizes = data.draw(st.lists(st.integers(1, 12), max_size=6))
    chosen = data.draw(st.sampled_from([(), EXECUTIONS[1:2], EXECUTIONS[1:]]))
    part = data.draw(parts)
    with undone():
        campaign.channels.create(channel=slug, declared=True)
        send_in_batches(source, events, sizes)
        oracle.assert_report(campaign, events, NOW, [run for run in chosen if run])
        oracle.assert_report(campaign, events, NOW, [run for run in chosen if run], part=part)
        assert rollup.verify(NOW) == []


@pytest.mark.parametrize("slug", [channel.slug for channel in all_channels()])
def test_every_value_is_in_every_frame(slug: str, campaign: Campaign, source: Source) -> None:
    channel = get_channel(slug)
    events = every_value(channel)
    send_in_batches(source, events, [len(events) // 2])
    report = tab_report(campaign, slug, [], NOW, wanted=every)
    for declared, shown in zip(channel.widgets, report.widgets, strict=True):
        assert shown.frame is not None, declared.key
        assert any(shown.frame.totals.values()), declared.key
    oracle.assert_report(campaign, events, NOW)
