"""Events to be drawn, and how many examples a property that asks a database is given."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from liveReport.channels import Channel

on_a_database = settings(
    max_examples=settings().max_examples // 4,
    deadline=None,
    # Each example is rolled back: the fixtures' rows stay as they were.
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)
"""A quarter of what the profile says: an example costs as much as a hundred without one."""

IDS = st.integers(0, 60).map(str)
"""Few, so that they meet: of events with the same id, the first counts."""


def events_of(
    channel: Channel,
    now: datetime,
    seconds: st.SearchStrategy[int],
    runs: Sequence[str | None],
    ids: st.SearchStrategy[str] = IDS,
) -> st.SearchStrategy[dict[str, Any]]:
    """Events of any type that occurred so many ``seconds`` before ``now``."""

    def of_type(kind: str) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries(
            {
                "id": ids,
                "campaign": st.just("summer"),
                "channel": st.just(channel.slug),
                "type": st.just(kind),
                "occurred_at": seconds.map(lambda s: (now - timedelta(seconds=s)).isoformat()),
                # Few profiles and messages, so that they meet.
                "profile": st.integers(0, 6).map(str),
                "message": st.one_of(st.none(), st.integers(0, 6).map(str)),
                "execution": st.sampled_from(runs),
                **{key: _values(channel, key) for key in channel.event_by_key[kind].dimensions},
            }
        ).map(_given)

    return st.one_of([of_type(event.key) for event in channel.events])


def _values(channel: Channel, key: str) -> st.SearchStrategy[str | None]:
    choices = channel.dimension_by_key[key].choices or ("a", "b", "é=1")
    return st.sampled_from([None, *choices])


def _given(event: dict[str, Any]) -> dict[str, Any]:
    """Without what an event does not say."""
    return {key: value for key, value in event.items() if value is not None}
