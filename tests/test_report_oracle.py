"""For any events, in any order and batching, every frame says what a naive recount says."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.channels import Channel, Count, Series, Widget, get_channel
from liveReport.ingest import receive
from liveReport.models import Campaign, Source
from liveReport.report import tab_report
from liveReport.report.frames import Frame
from tests import oracle

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
EXECUTIONS = [None, "2026-03-14T08:00:00Z", "2026-03-13T20:00:00Z"]

pytestmark = pytest.mark.django_db


def events_of(channel: Channel) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of([_events_of_type(channel, event.key) for event in channel.events])


def _events_of_type(channel: Channel, kind: str) -> st.SearchStrategy[dict[str, Any]]:
    def values(key: str) -> st.SearchStrategy[str | None]:
        choices = channel.dimension_by_key[key].choices or ("a", "b", "é=1")
        return st.sampled_from([None, *choices])

    # Few ids, profiles and messages, so that they meet; times cluster at the window's edges.
    near = st.sampled_from([0, 24 * 3600, 24 * 3600 - 34, 23 * 3600, 26 * 3600 - 60])
    seconds = st.one_of(st.integers(-240, 25 * 3600), near)
    return st.fixed_dictionaries(
        {
            "id": st.integers(0, 60).map(str),
            "campaign": st.just("summer"),
            "channel": st.just(channel.slug),
            "type": st.just(kind),
            "occurred_at": seconds.map(lambda s: (NOW - timedelta(seconds=s)).isoformat()),
            "profile": st.integers(0, 6).map(str),
            "message": st.one_of(st.none(), st.integers(0, 6).map(str)),
            "execution": st.sampled_from(EXECUTIONS),
            **{key: values(key) for key in channel.event_by_key[kind].dimensions},
        }
    )


def send_in_batches(source: Source, events: Sequence[dict[str, Any]], sizes: Sequence[int]) -> None:
    """Cut the events into requests of these sizes; fold after every other one."""
    rest = list(events)
    for number, size in enumerate([*sizes, len(rest)]):
        batch, rest = rest[:size], rest[size:]
        if batch:
            receipt = receive(source, msgspec.json.encode(batch), now=NOW)
            assert not receipt.rejected
        if number % 2:
            rollup.tick(NOW)
    rollup.tick(NOW)


def assert_frame(
    widget: Widget,
    channel: Channel,
    frame: Frame,
    inside: list[dict[str, Any]],
    known: list[dict[str, Any]],
) -> None:
    rows, totals = oracle.frame(channel, widget, inside, known)
    assert frame.totals == totals, widget.key
    if isinstance(widget, Series):
        for metric in channel.columns(widget):
            if isinstance(metric, Count):
                assert sum(row[metric.key] for row in frame.rows) == totals[metric.key]
    else:
        assert sorted(frame.rows, key=str) == sorted(rows, key=str), widget.key


@pytest.mark.parametrize("slug", ["email", "push", "sms", "inapp", "web", "directmail"])
@given(data=st.data())
@settings(
    max_examples=25,
    deadline=None,
    # Each example is rolled back: the fixtures' rows stay as they were.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_frame_equals_the_recount(
    slug: str, campaign: Campaign, source: Source, data: st.DataObject
) -> None:
    channel = get_channel(slug)
    events = data.draw(st.lists(events_of(channel), max_size=40))
    sizes = data.draw(st.lists(st.integers(1, 12), max_size=6))
    chosen = data.draw(st.sampled_from([(), EXECUTIONS[1:2], EXECUTIONS[1:]]))
    with transaction.atomic():
        campaign.channels.create(channel=slug, declared=True)
        send_in_batches(source, events, sizes)
        selected = [datetime.fromisoformat(execution) for execution in chosen]
        report = tab_report(campaign, slug, selected, NOW)
        assert rollup.verify(NOW) == []
        transaction.set_rollback(True)
    plain = [{k: v for k, v in event.items() if v is not None} for event in events]
    known = [
        event
        for event in oracle.first_of_each_id(plain)
        if not chosen or event.get("execution") in chosen
    ]
    inside = oracle.in_window(known, NOW)
    shown = {widget.slug.split(".")[1]: widget.frame for widget in report.widgets}
    for key, frame in shown.items():
        assert frame is not None, key
        assert_frame(channel.widget_by_key[key], channel, frame, inside, known)
    hidden = set(channel.widget_by_key) - set(shown)
    assert all(channel.widget_by_key[key].only_with_data for key in hidden)
