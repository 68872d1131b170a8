"""More executions than are counted apart: totals stay exact, the real ones visible."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec
import pytest
from django.db import connection
from django.db.models import Sum
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.channels import OTHER
from liveReport.counts.cells import OTHER_EXECUTIONS
from liveReport.ingest import receive
from liveReport.models import (
    Bucket,
    Campaign,
    CampaignChannel,
    EventBatch,
    Execution,
    MessageState,
    Series,
    Source,
)
from liveReport.report import tab_widget
from liveReport.report.frames import Frame
from liveReport.rollup import admission
from tests.support import oracle
from tests.support.factories import CampaignFactory, event
from tests.support.isolation import undone
from tests.support.strategies import on_a_database

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
PAGE = "/admin/reports/summer/sms/"
API = "/api/v1/campaigns/summer/report/sms/"
pytestmark = pytest.mark.django_db


def run(number: int) -> str:
    """The start of a run: the higher its number, the longer ago."""
    return f"{NOW - timedelta(seconds=number):%Y-%m-%dT%H:%M:%SZ}"


def sent(number: int, index: int = 0, **fields: Any) -> dict[str, Any]:
    """An event of a run."""
    plain = {
        "id": f"{number}-{index}",
        "channel": "sms",
        "profile": f"p{index}",
        "occurred_at": (NOW - timedelta(minutes=1)).isoformat(),
        "execution": run(number),
    }
    return event(**plain | fields)


def log(source: Source, events: Sequence[dict[str, Any]], size: int = 5_000) -> None:
    for start in range(0, len(events), size):
        batch = msgspec.json.encode(events[start : start + size])
        assert receive(source, batch, now=NOW).rejected == []


def fold(source: Source, events: Sequence[dict[str, Any]], size: int = 5_000) -> None:
    """Send and fold in batches of a size."""
    for start in range(0, len(events), size):
        log(source, events[start : start + size], size)
        rollup.fold_pending(NOW)


def apart() -> set[str]:
    found = Execution.objects.values_list("started_at", flat=True)
    return {f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in found}


def events_counted(tier: int = 3600, **where: Any) -> int:
    buckets = Bucket.objects.filter(tier=tier, series__dimension="", **where)
    return buckets.aggregate(events=Sum("count"))["events"] or 0


def frame(campaign: Campaign, tab: str = "sms", *runs: str) -> Frame:
    chosen = [datetime.fromisoformat(one) for one in runs]
    _head, found = tab_widget(campaign, tab, "statistics", chosen, NOW)
    assert found.frame
    return found.frame


# -- The bound ---------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [0, 1])
def test_at_the_bound_all_are_counted_apart_and_one_past_it_one_is_not(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    monkeypatch.setattr(admission, "EXECUTIONS", 6)
    fold(source, [sent(number, index) for number in range(6 + more) for index in range(2)], 4)
    common = Series.objects.filter(execution=OTHER_EXECUTIONS)
    assert len(apart()) == 6
    assert events_counted() == 2 * (6 + more)
    assert events_counted(series__in=common) == 2 * more
    statistics = frame(campaign, "campaign")
    assert statistics.total_estimates == ["actions_delivered"] * more
    assert statistics.totals["actions_delivered"] == 2 * (6 + more)
    assert (OTHER in {row["execution"] for row in frame(campaign).rows}) == bool(more)
    assert frame(campaign).folded == 2 * more
    assert rollup.verify(NOW) == []


def test_only_executions_beyond_the_bound_are_an_estimate_when_anything_reached_someone(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "EXECUTIONS", 2)
    fold(source, [sent(number, type="targeted") for number in range(4)])
    assert events_counted(series__execution=OTHER_EXECUTIONS) == 2
    assert frame(campaign, "campaign").total_estimates == []


REAL = {number: 5 + number for number in range(10)}
"""The runs there really are, and how many events each has."""


@pytest.mark.parametrize("order", ["first", "last", "interleaved"])
def test_the_real_ones_stay_visible_and_the_totals_exact(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    monkeypatch.setattr(admission, "EXECUTIONS", 30)
    real = [sent(number, index) for number, count in REAL.items() for index in range(count)]
    Random(2).shuffle(real)
    false = [sent(number) for number in range(100, 500)]
    whole = {"first": false + real, "last": real + false}.get(order)
    whole = whole or Random(1).sample(real + false, len(real) + len(false))
    fold(source, whole, 60)
    assert len(apart()) == 30
    assert {run(number) for number in REAL} <= apart()
    assert Series.objects.count() == 31
    assert events_counted() == len(whole)
    shown = frame(campaign)
    assert {run(number) for number in REAL} <= {row["execution"] for row in shown.rows}
    assert sum(1 for row in shown.rows if row["execution"] == OTHER) == 1
    assert shown.totals["sent"] == len(whole)
    assert shown.folded > 300
    assert rollup.verify(NOW) == []


# -- Backlogs ----------------------------------------------------------------------------------

STATEMENTS = 80
"""For a chunk, whatever is in it."""
FIRST = {"email": "sent", "push": "sent", "sms": "sent", "directmail": "sent"} | dict.fromkeys(
    ("inapp", "web"), "impression"
)


def ticks_of_the_backlog() -> int:
    """How many it takes, none of them with more statements than a chunk may have."""
    ticks = 0
    while pending := EventBatch.objects.filter(folded=False).count():
        ticks += 1
        with CaptureQueriesContext(connection) as queries:
            rollup.fold_pending(NOW)
        assert len(queries) < STATEMENTS
        assert EventBatch.objects.filter(folded=False).count() < pending
    return ticks


def test_twelve_thousand_executions_are_a_backlog_like_any_other(
    campaign: Campaign, source: Source
) -> None:
    log(source, [sent(number, channel="email", message=f"m{number}") for number in range(12_000)])
    assert ticks_of_the_backlog() <= 3
    assert (events_counted(), len(apart())) == (12_000, admission.EXECUTIONS)
    log(source, [sent(number, channel="email") for number in range(20_000, 32_000)])
    assert ticks_of_the_backlog() <= 3
    assert (events_counted(), len(apart())) == (24_000, admission.EXECUTIONS)


@pytest.mark.parametrize("runs", [0, 3], ids=["without executions", "with executions"])
def test_two_hundred_campaigns_and_all_their_channels_are_too(source: Source, runs: int) -> None:
    slugs = [f"c{number}" for number in range(200)]
    Campaign.objects.bulk_create(Campaign(slug=slug, name=slug) for slug in slugs)
    whole = [
        sent(number, id=f"{slug}-{channel}-{number}", campaign=slug, channel=channel, type=kind)
        | {"message": "m"}
        for number in range(max(runs, 1))
        for slug in slugs
        for channel, kind in FIRST.items()
    ]
    if not runs:
        whole = [{key: one[key] for key in one if key != "execution"} for one in whole]
    log(source, whole)
    assert ticks_of_the_backlog() <= 3
    assert events_counted() == len(whole)
    channels = CampaignChannel.objects.values_list("campaign__slug", "channel", "version")
    assert set(channels) == {(slug, channel, 1) for slug in slugs for channel in FIRST}
    assert Execution.objects.count() == 200 * 6 * runs
    assert rollup.verify(NOW) == []


# -- Any events --------------------------------------------------------------------------------

EVENTS = st.tuples(
    st.sampled_from(["sent", "delivered", "deferred", "bounced"]),
    st.integers(0, 6),
    st.integers(0, 4),
    st.integers(0, 90),
)
"""Type, run (0 for none), what else there is few of, and age in minutes."""


@given(batches=st.lists(st.lists(EVENTS, max_size=10), max_size=6))
@on_a_database
def test_nothing_is_lost_or_counted_twice_whoever_leaves(
    campaign: Campaign, source: Source, batches: list[list[tuple[str, int, int, int]]]
) -> None:
    with undone(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(admission, "EXECUTIONS", 2)
        patch.setattr(admission, "VALUES", 2)
        whole: list[dict[str, Any]] = []
        for place, batch in enumerate(batches):
            events = [mail(f"{place}-{index}", *one) for index, one in enumerate(batch)]
            fold(source, events)
            whole += events
        if not whole:
            return
        named = {one["execution"] for one in whole if "execution" in one}
        assert len(apart()) == min(len(named), 2)
        stored = set(Series.objects.values_list("execution", flat=True))
        assert len(stored - {0, OTHER_EXECUTIONS}) == min(len(named), 2)
        assert events_counted() == events_counted(60) == len(whole)
        oracle.assert_report(campaign, whole, NOW, apart=False, executions_apart=len(named) <= 2)
        assert rollup.verify(NOW) == []


def mail(id_: str, kind: str, number: int, few: int, age: int) -> dict[str, Any]:
    whole = sent(
        number,
        id=id_,
        channel="email",
        type=kind,
        profile=f"p{few}",
        message=f"m{few}",
        domain=f"{few}.example",
        occurred_at=(NOW - timedelta(minutes=age)).isoformat(),
    )
    return whole if number else {key: whole[key] for key in whole if key != "execution"}


# -- What is said of them ----------------------------------------------------------------------


@pytest.fixture
def crowded(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch, time_machine: Any
) -> Campaign:
    """Of three executions two are counted apart."""
    time_machine.move_to(NOW, tick=False)
    monkeypatch.setattr(admission, "EXECUTIONS", 2)
    fold(source, [sent(number, index) for number in (1, 2, 3) for index in range(number)])
    return campaign


def folded_away() -> str:
    return next(run(number) for number in (1, 2, 3) if run(number) not in apart())


def test_the_api_names_what_is_not_counted_apart(crowded: Campaign, admin_client: Client) -> None:
    away, kept = folded_away(), min(apart())
    tab = admin_client.get(API, {"execution": [away, kept]}).json()
    assert tab["folded_executions"] == [away]
    assert admin_client.get(API, {"execution": kept}).json()["folded_executions"] == []
    assert admin_client.get(API).json()["folded_executions"] == []


def test_one_without_events_is_no_different_where_all_are_counted_apart(
    campaign: Campaign, source: Source, admin_client: Client, time_machine: Any
) -> None:
    time_machine.move_to(NOW, tick=False)
    fold(source, [sent(1)])
    assert admin_client.get(API, {"execution": run(9)}).json()["folded_executions"] == []
    assert "not counted apart" not in admin_client.get(PAGE, {"execution": run(9)}).content.decode()


def test_the_page_and_the_files_say_so(crowded: Campaign, admin_client: Client) -> None:
    chosen = {"execution": folded_away()}
    page = re.sub(r"\s+", " ", admin_client.get(PAGE, chosen).content.decode())
    assert "This execution is not counted apart, because there are too many." in page
    assert f'“Other executions”: <time datetime="{folded_away()}"' in page
    plain = admin_client.get(PAGE, {"execution": min(apart())}).content.decode()
    assert "not counted apart" not in plain
    table = admin_client.get("/admin/reports/summer/export.csv", chosen).content.decode()
    assert "Not counted apart" in table
    admin_client.cookies["django_language"] = "fr"
    page = re.sub(r"\s+", " ", admin_client.get(PAGE, chosen).content.decode())
    assert "Il y a trop d’exécutions pour compter celle-ci à part." in page


def test_messages_that_wait_are_handed_over(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "EXECUTIONS", 1)
    late: dict[str, Any] = {"channel": "email", "type": "deferred"}
    fold(source, [sent(1, message="a", **late), sent(1, 1, message="b", **late)])
    fold(source, [sent(2, index, **late) for index in range(9)])
    assert apart() == {run(2)}
    states = Counter(MessageState.objects.values_list("execution", "waiting"))
    assert states == {(OTHER_EXECUTIONS, True): 2}
    assert rollup.verify(NOW) == []


# -- Their end ---------------------------------------------------------------------------------


def test_executions_go_with_their_last_bucket(campaign: Campaign, source: Source) -> None:
    fold(source, [sent(1), sent(2, occurred_at=(NOW - timedelta(hours=2)).isoformat())])
    rollup.prune(NOW + timedelta(hours=25, minutes=30))
    assert apart() == {run(1)}
    assert {one.execution for one in Series.objects.all()} == {
        round(datetime.fromisoformat(run(1)).timestamp()) * 1_000_000
    }
    rollup.prune(NOW + timedelta(hours=28))
    assert not Execution.objects.exists()
    assert not Series.objects.exists()


@pytest.mark.parametrize("how", ["alone", "chosen"])
def test_a_campaign_goes_with_all_that_the_fold_keeps_of_it(
    campaign: Campaign, source: Source, admin_client: Client, how: str
) -> None:
    fold(source, [sent(1, channel="email", type="deferred", message="m")])
    rollup.prune(NOW + timedelta(hours=27, minutes=30))
    Execution.objects.update_or_create(
        campaign=campaign, channel="email", started_at=NOW, defaults={"last_event_at": NOW}
    )
    assert MessageState.objects.exists()
    name = "admin:livereport_campaign"
    form: dict[str, Any]
    if how == "alone":
        address, form = reverse(f"{name}_delete", args=[campaign.pk]), {"post": "yes"}
    else:
        address = reverse(f"{name}_changelist")
        chosen = {"_selected_action": [campaign.pk], "action": "delete_selected"}
        form = chosen | {"post": "yes"}
    assert admin_client.post(address, form).status_code == 302
    for model in (Campaign, Execution, CampaignChannel, MessageState):
        assert not model.objects.exists()


def test_another_campaign_has_room_of_its_own(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "EXECUTIONS", 2)
    CampaignFactory(slug="winter")
    fold(source, [sent(number) for number in range(5)])
    fold(source, [sent(number, 1, campaign="winter", id=f"w{number}") for number in range(2)])
    fold(source, [sent(number, 1, channel="push", id=f"p{number}") for number in range(2)])
    assert Execution.objects.count() == 6
    assert events_counted(series__execution=OTHER_EXECUTIONS) == 3
