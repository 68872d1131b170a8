"""The spool: what arrives while the database is away is kept, in order, and counted once."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from liveReport import ingest, rollup
from liveReport.ingest import drain as draining
from liveReport.ingest.drain import drain
from liveReport.ingest.spool import spool
from liveReport.models import Campaign, EventBatch, QuarantinedBatch, Source
from tests.support.factories import CampaignFactory, event
from tests.support.processes import MANAGE, Site
from tests.support.spooling import AWAY, URL, away, logged, take

# -- In order, and counted once --------------------------------------------------------------


@pytest.mark.django_db
def test_spooled_events_come_before_later_ones(campaign: Campaign, source: Source) -> None:
    times = [timezone.now() + timedelta(seconds=second) for second in range(4)]
    with away():
        take(source, event(id="1"), event(id="2"), now=times[0])
    take(source, event(id="3"), now=times[1])  # the database is back, but others were first
    assert EventBatch.objects.count() == 0
    assert spool().waiting() == 3
    assert drain() == 3
    take(source, event(id="4"), now=times[2])
    assert logged() == [["1", "2"], ["3"], ["4"]]
    assert (
        list(EventBatch.objects.order_by("pk").values_list("received_at", flat=True)) == (times[:3])
    )
    assert (spool().waiting(), drain()) == (0, 0)


@pytest.mark.django_db
def test_many_records_are_drained_in_several_transactions(
    campaign: Campaign, source: Source, monkeypatch: Any
) -> None:
    monkeypatch.setattr(draining, "RECORDS", 3)
    monkeypatch.setattr(draining, "EVENTS", 4)
    sizes = [1, 1, 1, 1, 9, 2, 2, 2]
    with away():
        for number, size in enumerate(sizes):
            take(source, *(event(id=f"{number}-{part}") for part in range(size)))
    chunks: list[int] = []
    plain = draining._move

    def counted(waiting: Any, records: Any) -> int:
        chunks.append(len(records))
        return plain(waiting, records)

    monkeypatch.setattr(draining, "_move", counted)
    assert drain() == sum(sizes)
    assert chunks == [3, 1, 1, 2, 1]
    assert [ids[0] for ids in logged()] == [f"{number}-0" for number in range(len(sizes))]


@pytest.mark.django_db
def test_a_database_that_goes_away_again_leaves_the_rest_waiting(
    campaign: Campaign, source: Source, monkeypatch: Any
) -> None:
    monkeypatch.setattr(draining, "RECORDS", 1)
    with away():
        for number in range(3):
            take(source, event(id=str(number)))
    plain, calls = draining._append, []

    def once(*args: Any) -> Any:
        calls.append(args)
        if len(calls) > 1:
            raise AWAY
        return plain(*args)

    with monkeypatch.context() as patch:
        patch.setattr(draining, "_append", once)
        with pytest.raises(OperationalError):
            drain()
    assert logged() == [["0"]]
    assert drain() == 2
    assert logged() == [["0"], ["1"], ["2"]]


@pytest.mark.django_db
def test_a_crash_between_log_and_spool_repeats_what_counts_once(
    campaign: Campaign, source: Source, monkeypatch: Any
) -> None:
    with away():
        take(source, event(type="delivered"), event(campaign="later", type="delivered"))

    def crash(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(spool()), "remove", crash)
        with pytest.raises(KeyboardInterrupt):
            drain()
    drain()
    assert (EventBatch.objects.count(), QuarantinedBatch.objects.count()) == (2, 2)
    CampaignFactory(slug="later")
    ingest.replay(QuarantinedBatch.objects.all())
    rollup.fold_pending()
    assert rollup.verify() == []
    counts = EventBatch.objects.values_list("count", "duplicates")
    assert sum(count - duplicates for count, duplicates in counts) == 2


@pytest.mark.django_db
def test_events_that_have_grown_old_in_the_spool_are_kept(
    campaign: Campaign, source: Source
) -> None:
    long_ago = timezone.now() - timedelta(hours=100)
    with away():
        take(source, event(occurred_at=long_ago - timedelta(hours=71)), now=long_ago)
    assert drain() == 1
    rollup.fold_pending()
    assert EventBatch.objects.get().late == 1


@pytest.mark.django_db
def test_no_profile_is_in_the_spool(campaign: Campaign, source: Source, spool_dir: Path) -> None:
    with away():
        take(source, event(profile="carol@example.org"))
    (record,) = spool().first(1, 1)
    assert "carol" not in repr(list(record.decoded()))
    files = list(spool_dir.iterdir())
    assert not any(b"carol" in file.read_bytes() for file in files)
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert spool_dir.stat().st_mode & 0o777 == 0o700


# -- Full, torn, replaced --------------------------------------------------------------------


def _refusal(source: Source, events: list[dict[str, Any]]) -> ingest.BodyError | None:
    try:
        take(source, *events)
    except ingest.BodyError as refusal:
        return refusal
    return None


@pytest.mark.django_db
def test_a_full_spool_turns_events_away_and_keeps_what_it_took(
    campaign: Campaign, source: Source, settings: Any
) -> None:
    settings.SPOOL_MAX_BYTES = 256 * 1024
    taken = []
    with away():
        for number in range(1_000):
            bulk = [event(id=f"{number}-{os.urandom(90).hex()}") for _ in range(20)]
            if (refusal := _refusal(source, bulk)) is not None:
                break
            taken.append([one["id"] for one in bulk])
    assert refusal is not None
    assert (refusal.status, refusal.code) == (503, "database")
    assert refusal.retry_after
    assert 10 < len(taken) < 1_000
    assert spool()._file.path.stat().st_size <= settings.SPOOL_MAX_BYTES
    assert drain() == 20 * len(taken)
    assert logged() == taken
    with away():
        take(source, event())  # there is room again
    assert spool()._file.path.stat().st_size < settings.SPOOL_MAX_BYTES / 4


@pytest.mark.django_db
def test_a_spool_that_cannot_be_written_is_503(
    client: Client, ingest_token: str, campaign: Campaign, spool_dir: Path
) -> None:
    spool_dir.write_text("no folder")
    headers = {"authorization": f"Bearer {ingest_token}"}
    good = client.post(URL, [event()], content_type="application/json", headers=headers)
    assert good.status_code == 202  # the spool is only needed when there is no database
    with away():
        bad = client.post(URL, [event()], content_type="application/json", headers=headers)
    assert bad.status_code == 503
    assert int(bad.headers["Retry-After"]) > 0
    spool_dir.unlink()
    assert EventBatch.objects.count() == 1


CRASH = """
import os, signal
from django.utils import timezone
from liveReport.events.batch import Events, LogEvent, Shape
from liveReport.ingest.spool import spool
for number in range(3):
    if number == 1 and not os.fork():  # a child opens the spool for itself
        inherited = spool()._file._connection
        spool().put(1, timezone.now(), Events.of([]))
        os._exit(0 if inherited is None else 1)
    if number == 1 and os.wait()[1]:
        raise SystemExit("the child shares its parent's connection")
    sent = LogEvent(number, Shape("c", "email", "sent", 0, ()), 1, 2)
    spool().put(1, timezone.now(), Events.of([sent]))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The spool of a process that put four records and was killed."""
    site = Site(tmp_path_factory.mktemp("crash"))
    done = subprocess.run(
        [sys.executable, MANAGE, "shell", "--no-imports", "-c", CRASH],
        env=site.environment,
        check=False,
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    return site.data_dir / "spool"


@pytest.mark.parametrize("torn", ["nothing", "garbage", "half a record"])
def test_a_torn_tail_costs_nothing_that_was_acknowledged(
    left_behind: Path, spool_dir: Path, torn: str
) -> None:
    """What was being written when the process was killed is on disk in part, or not at all."""
    shutil.copytree(left_behind, spool_dir)
    log = spool_dir / "spool.sqlite3-wal"
    frames = log.read_bytes()
    assert frames
    if torn == "garbage":
        log.write_bytes(frames + os.urandom(3_000))
    elif torn == "half a record":
        log.write_bytes(frames[:-2_000])
    kept = ["0", "", "1", "2"][: 3 if torn == "half a record" else 4]
    records = spool().first(10, 10)
    assert ["".join(str(one.id) for one in record.decoded()) for record in records] == kept
    spool().put(1, timezone.now(), records[0].decoded())
    assert len(spool().first(10, 10)) == len(kept) + 1


@pytest.mark.django_db
def test_a_spool_that_was_deleted_is_made_anew(
    campaign: Campaign, source: Source, spool_dir: Path
) -> None:
    with away():
        take(source, event())
        for file in spool_dir.glob("spool.sqlite3*"):
            file.unlink()
        take(source, event(id="after"))
    with sqlite3.connect(spool_dir / "spool.sqlite3") as other:
        assert other.execute("SELECT sum(events) FROM waiting").fetchone() == (1,)
    other.close()
