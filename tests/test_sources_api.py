"""``/api/v1/sources/``: who sends, and what became of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from liveReport import rollup
from liveReport.channels import webhook_added
from liveReport.ingest import receive
from liveReport.models import ApiToken, Campaign, Source, SourceMinute
from tests.support.factories import UserFactory, event
from tests.support.hooking import Pigeon, basic, flight, pigeon, posted

pytestmark = pytest.mark.django_db
URL = "/api/v1/sources/"
RING = {"lr_campaign": "summer"}


@pytest.fixture(autouse=True)
def birds() -> Iterator[None]:
    with webhook_added("email", Pigeon):
        yield


def rows(client: Client, token: str) -> dict[str, Any]:
    response = client.get(URL, headers={"authorization": f"Bearer {token}"})
    assert response.status_code == 200
    return {row["name"]: row for row in response.json()["results"]}


def test_each_thing_that_came_is_counted_once(
    client: Client, read_token: str, campaign: Campaign
) -> None:
    header = pigeon()
    items = [flight(ring=RING), flight("hello"), flight("sings"), flight(tags=["whose"])]
    for _time in range(2):
        posted(client, items, header)
    for _time in range(3):
        assert posted(client, items, basic("guess")).status_code == 401
    rollup.fold_pending()
    row = rows(client, read_token)["loft"]
    assert (row["provider"], row["active"], row["refused"]) == ("pigeon", True, 3)
    assert row["events"] == {
        "received": 8,
        "accepted": 2,
        "duplicates": 1,  # without a time of its own, the same is said again
        "ignored": 2,
        "quarantined": 4,
    }
    assert 0 <= row["silent_seconds"] < 60


def test_why_requests_were_refused_is_told(
    client: Client, read_token: str, campaign: Campaign
) -> None:
    header = pigeon()
    for _time in range(2):
        posted(client, [], basic("guess"))
    posted(client, [], "nothing that one could read")
    posted(client, [flight(ring=RING)], header)
    refusals = {one.pop("why"): one for one in rows(client, read_token)["loft"]["refusals"]}
    assert {why: one["count"] for why, one in refusals.items()} == {
        "wrong_credentials": 2,
        "no_credentials": 1,
    }
    assert all(one["since"] <= one["last"] for one in refusals.values())


def test_the_pace_is_that_of_the_last_whole_minutes(
    client: Client, read_token: str, source: Source, campaign: Campaign, time_machine: Any
) -> None:
    noon = datetime(2026, 6, 1, 12, 0, 30, tzinfo=UTC)
    for minute in (0, 1, 5, 6):  # of the first there is none left, of the last nobody knows yet
        time_machine.move_to(noon + timedelta(minutes=minute), tick=False)
        receive(source, msgspec.json.encode([event(), event()]))
    assert rows(client, read_token)["shop"]["events_per_minute"] == 4 / 5


def test_however_many_there_are_they_cost_the_same(
    client: Client, read_token: str, campaign: Campaign, django_assert_num_queries: Any
) -> None:
    header = pigeon()
    posted(client, [flight(ring=RING)], header)
    with CaptureQueriesContext(connection) as queries:
        rows(client, read_token)
    few = len(queries)
    for number in range(7):
        posted(client, [flight(ring=RING)], pigeon(f"loft-{number}"), f"loft-{number}")
    with django_assert_num_queries(few):
        assert len(rows(client, read_token)) == 9


def test_what_is_derived_is_not_counted_again(
    client: Client, read_token: str, campaign: Campaign
) -> None:
    header = pigeon()
    posted(client, [flight("hit", ring=RING), flight("sent", derived=True, ring=RING)], header)
    assert rows(client, read_token)["loft"]["events"]["accepted"] == 1


def test_repeats_and_lag_are_told(client: Client, read_token: str, campaign: Campaign) -> None:
    header, at = pigeon(), timezone.now() - timedelta(seconds=90)
    for _time in range(3):
        posted(client, [flight(at=at, ring=RING)], header)
    rollup.fold_pending()
    row = rows(client, read_token)["loft"]
    assert row["events"]["duplicates"] == 2
    assert 90 <= row["lag_seconds"]["p50"] <= row["lag_seconds"]["p95"] < 120


def test_who_never_sent_is_silent_without_a_number(
    client: Client, read_token: str, source: Source
) -> None:
    row = rows(client, read_token)["shop"]
    assert (row["provider"], row["last_event_at"], row["silent_seconds"]) == (None, None, None)
    assert row["lag_seconds"] == {"p50": None, "p95": None}


def test_a_program_that_uses_the_api_is_counted_too(
    client: Client, read_token: str, source: Source, campaign: Campaign
) -> None:
    receive(source, msgspec.json.encode([event(), event(campaign="nope")]))
    row = rows(client, read_token)["shop"]
    assert (row["events"]["accepted"], row["events"]["quarantined"]) == (1, 1)


def test_it_is_not_for_who_may_see_some_campaigns(
    client: Client, source: Source, campaign: Campaign, alice: User
) -> None:
    _token, text = ApiToken.objects.issue(source, "read", campaigns=[campaign])
    assert client.get(URL, headers={"authorization": f"Bearer {text}"}).status_code == 403
    client.force_login(UserFactory(username="dora", is_staff=True))
    assert client.get(URL).status_code == 403
    client.force_login(alice)
    assert client.get(URL).status_code == 200


def test_minutes_are_forgotten_with_the_log(client: Client) -> None:
    posted(client, [flight("hello")], pigeon())
    assert SourceMinute.objects.count() == 1
    rollup.prune(timezone.now() + timedelta(hours=74))
    assert SourceMinute.objects.count() == 0
