"""For any events, in any order and batching, every frame says what a naive recount says."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.channels import Channel, all_channels, get_channel
from liveReport.engines import sql
from liveReport.ingest import receive
from liveReport.models import Campaign, Source
from liveReport.report import tab_report
from tests import oracle
from tests.isolation import undone
from tests.oracle import assert_frame

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
            rollup.tick(NOW)
    rollup.tick(NOW)


@pytest.mark.parametrize("slug", [channel.slug for channel in all_channels()])
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
    with undone():
        campaign.channels.create(channel=slug, declared=True)
        send_in_batches(source, events, sizes)
        selected = [datetime.fromisoformat(execution) for execution in chosen]
        report = tab_report(campaign, slug, selected, NOW)
        assert rollup.verify(NOW) == []
    plain = [{k: v for k, v in event.items() if v is not None} for event in events]
    known = oracle.first_of_each_id(plain)
    # A message is in the state of its latest event, whichever run that belongs to.
    chosen_ones = [e for e in known if not chosen or e.get("execution") in chosen]
    inside = oracle.in_window(chosen_ones, NOW)
    shown = {widget.slug.split(".")[1]: widget.frame for widget in report.widgets}
    for key, frame in shown.items():
        assert frame is not None, key
        assert_frame(channel.widget_by_key[key], channel, frame, inside, known)
    hidden = set(channel.widget_by_key) - set(shown)
    assert all(channel.widget_by_key[key].only_with_data for key in hidden)


@pytest.mark.parametrize("slug", [channel.slug for channel in all_channels()])
def test_every_value_is_in_every_frame(slug: str, campaign: Campaign, source: Source) -> None:
    channel = get_channel(slug)
    events = every_value(channel)
    send_in_batches(source, events, [len(events) // 2])
    report = tab_report(campaign, slug, [], NOW)
    for declared, shown in zip(channel.widgets, report.widgets, strict=True):
        assert shown.frame is not None, declared.key
        assert any(shown.frame.totals.values()), declared.key
        assert_frame(declared, channel, shown.frame, events, events)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's planner")
@pytest.mark.django_db(transaction=True)
def test_a_report_reads_one_state_and_starts_no_helpers_for_it() -> None:
    before = _planner()
    with sql.snapshot():
        assert _planner() == ("repeatable read", "on", "0", "off")
    assert _planner() == before


def _planner() -> tuple[str, ...]:
    session = ("transaction_isolation", "transaction_read_only")
    asked = (*session, "max_parallel_workers_per_gather", "jit")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(map('current_setting({!r})'.format, asked))}")
        return tuple(cursor.fetchone())
