"""Verification counts anew from the log, says what differs and mends it."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.db.models import F

from liveReport import rollup
from liveReport.engines import lease
from liveReport.events.hashes import message_keys, state_keys
from liveReport.models import (
    Bucket,
    Campaign,
    CampaignChannel,
    KeyPeriod,
    MessageState,
    Series,
    Source,
)
from liveReport.report import tab_report
from liveReport.rollup import tick
from tests.support import rollups
from tests.support.rollups import (
    MINUTE,
    NOW,
    RUNS,
    Event,
    by_the_library,
    clock,
    counted,
    event,
    log,
    numbers_of_ids,
    pending,
    recount,
    stored,
)

_without_waiting = rollups.without_waiting


def some_bucket(**where: Any) -> Any:
    return Bucket.objects.filter(**where).order_by("-start", "tier", "series__dimension")[:1]


def only(found: Any) -> Any:
    """The first row of a query, as a query that can be changed."""
    row = found.get()
    return Bucket.objects.filter(series=row.series_id, tier=row.tier, start=row.start)


SKETCHED = {"series__type": "targeted", "series__dimension": ""}
OTHERS = by_the_library([1, 2])


def add_bucket() -> None:
    series = Series.objects.order_by("pk")[:1].get()
    Bucket.objects.create(series=series, tier=60, start=int(NOW.timestamp()) // 60 * 60, count=1)


def add_state(*, waiting: bool) -> None:
    nobodys = message_keys([("summer", "email")], np.zeros(1, np.int64), ["nobody's"])
    MessageState.objects.create(
        period=KeyPeriod.objects.get(closed_at=None).pk,
        key=state_keys("retries", nobodys)[0],
        campaign=Campaign.objects.get(),
        channel="email",
        gauge="retries",
        execution=0,
        at=int(NOW.timestamp()) * 1_000_000,
        rank=1,
        waiting=waiting,
    )


def states(*, waiting: bool) -> Any:
    return MessageState.objects.filter(waiting=waiting)


DAMAGES: dict[str, Callable[[], object]] = {
    "a count too high": lambda: only(some_bucket(tier=60)).update(count=F("count") + 1),
    "an hour too low": lambda: only(some_bucket(tier=3600)).update(count=0),
    "a bucket lost": lambda: only(some_bucket(tier=900)).delete(),
    "a bucket too many": add_bucket,
    "a series lost": lambda: Series.objects.filter(type="targeted").delete(),
    "a sketch lost": lambda: only(some_bucket(**SKETCHED)).update(sketch=None),
    "a sketch too large": lambda: only(some_bucket(**SKETCHED)).update(
        sketch=by_the_library(range(9))
    ),
    "somebody else in a sketch": lambda: only(some_bucket(**SKETCHED)).update(sketch=OTHERS),
    "a sketch cut short": lambda: only(some_bucket(**SKETCHED)).update(sketch=OTHERS[:-3]),
    "a sketch that is none": lambda: only(some_bucket(**SKETCHED)).update(sketch=b"none"),
    "a sketch of nothing": lambda: only(
        some_bucket(series__type="sent", series__dimension="domain")
    ).update(sketch=OTHERS),
    "a message that waits no more": lambda: states(waiting=True).update(waiting=False),
    "a message that waits again": lambda: states(waiting=False).update(waiting=True),
    "a waiting message lost": lambda: states(waiting=True).delete(),
    "a settled message lost": lambda: states(waiting=False).delete(),
    "a waiting message too many": lambda: add_state(waiting=True),
    "a settled message too many": lambda: add_state(waiting=False),
    "a message at another time": lambda: states(waiting=True).update(at=F("at") - 3_600_000_000),
    "a message out of the window": lambda: states(waiting=True).update(at=1),
    "a message of another run": lambda: states(waiting=True).update(execution=7),
    "a message of another rank": lambda: states(waiting=False).update(rank=F("rank") + 1),
}


@pytest.fixture
def rolled_up(campaign: Campaign, source: Source) -> list[Event]:
    """Events of everything that a verification looks at, folded."""
    sent = [
        event(type="targeted", profile="p-1"),
        event(type="targeted", profile="p-2"),
        event(timedelta(hours=2), domain="a.example", execution=RUNS[1]),
        event(timedelta(hours=25, minutes=50), domain="b.example"),
        event(type="deferred", message="waits", execution=RUNS[1]),
        event(type="deferred", message="settled"),
        event(timedelta(), type="delivered", message="settled"),
    ]
    log(source, *sent)
    rollup.fold_pending(NOW)
    return sent


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_verification_finds_and_mends(
    rolled_up: list[Event], campaign: Campaign, damage: Callable[[], object]
) -> None:
    before, shown = stored(), reports_of_email(campaign)
    assert rollup.verify(NOW) == []
    damage()
    damaged = stored()
    assert damaged != before
    found = rollup.verify(NOW)
    assert found
    assert all(difference.expected != difference.found for difference in found)
    assert len({difference.what for difference in found}) == len(found)
    assert stored()["buckets"] == damaged["buckets"]
    assert stored()["states"] == damaged["states"]
    versions = list(CampaignChannel.objects.values_list("version", flat=True))
    assert rollup.verify(NOW, rebuild=True) == found
    assert stored() == before
    assert reports_of_email(campaign) == shown
    assert rollup.verify(NOW) == []
    assert versions < list(CampaignChannel.objects.values_list("version", flat=True))


def reports_of_email(campaign: Campaign) -> Any:
    return [widget.as_json() for widget in tab_report(campaign, "email", [], NOW).widgets]


def test_after_mending_the_fold_goes_on(rolled_up: list[Event], source: Source) -> None:
    Bucket.objects.all().delete()
    MessageState.objects.all().delete()
    rollup.verify(NOW, rebuild=True)
    more = event(timedelta(), type="deferred", message="settled", now=NOW + MINUTE)
    log(source, more, now=NOW + MINUTE)
    assert rollup.fold_pending(NOW + MINUTE) == 1
    horizon = (NOW - timedelta(hours=26)).timestamp()
    mended = {key: held for key, held in recount([*rolled_up, more]).items() if key[-1] >= horizon}
    assert counted(stored()) == mended
    assert states(waiting=True).count() == 2
    assert rollup.verify(NOW + MINUTE) == []


@pytest.mark.django_db(transaction=True)
def test_verification_bears_others_that_write(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(25):
        log(source, event())
    rollup.fold_pending(NOW)
    plain_chunk = tick.Chunk.of

    def write() -> None:
        Source.objects.ensure(f"source-{next(numbers_of_ids)}")
        connection.close()

    def watched(batches: Any) -> tick.Chunk:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(write).result()
        return plain_chunk(batches)

    monkeypatch.setattr(tick.Chunk, "of", watched)
    assert rollup.verify(NOW) == []


def test_verification_leaves_out_what_still_waits(rolled_up: list[Event], source: Source) -> None:
    log(source, event(), event(type="deferred", message="new"))
    assert rollup.verify(NOW) == []
    assert pending() == 1


def test_verification_waits_for_the_lease_but_not_for_ever(
    rolled_up: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    naps = clock(monkeypatch, import_module("liveReport.rollup.verify"))
    held = lease.acquire(NOW)
    assert held
    with time_machine.travel(NOW, tick=False), pytest.raises(TimeoutError):
        rollup.verify(NOW)
    assert len(naps) > 10
    held.release()
    assert rollup.verify(NOW) == []


@pytest.mark.usefixtures("rolled_up")
def test_the_command_says_what_differs_and_mends(capsys: pytest.CaptureFixture[str]) -> None:
    before = stored()
    only(some_bucket(tier=60)).update(count=F("count") + 41)
    out = io.StringIO()
    with time_machine.travel(NOW, tick=False):
        with pytest.raises(SystemExit) as stop:
            call_command("verify_rollups", stdout=out)
        assert stop.value.code == 1
        assert "42" in out.getvalue()
        call_command("verify_rollups", rebuild=True)
        assert stored() == before
        call_command("verify_rollups")
    assert "0 numbers differ." in capsys.readouterr().err
