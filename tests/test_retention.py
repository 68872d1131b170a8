"""A long run: what is old goes in short transactions, and nobody sees it go."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count, groupby
from pathlib import Path
from threading import Condition
from threading import Event as Flag
from typing import Any

import msgspec
import pytest
from django.apps import apps
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from liveReport import rollup
from liveReport.engines import outage, pruning, quarantine
from liveReport.engines.keys.periods import LONGEST
from liveReport.ingest import receive
from liveReport.memory import forget_all
from liveReport.models import Bucket, Campaign, KeyPage, QuarantinedBatch, Series
from liveReport.models import Source as Sender
from liveReport.report import tab_report
from liveReport.rollup import tick
from tests.support import oracle
from tests.support.isolation import undone
from tests.support.mishaps import failing, held

START = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
STEP = timedelta(hours=1)
TYPES = ("sent", "delivered", "deferred", "opened", "bounced")
ROLLUPS = ("bucket", "series", "keypage", "messagestate", "eventbatch", "quarantinedbatch")

Event = dict[str, Any]


class Soak:
    """Constant traffic of a campaign under a clock that runs fast."""

    def __init__(self, campaign: Campaign, source: Sender) -> None:
        self.campaign = campaign
        self.source = source
        self.now = START
        self.sent: list[Event] = []
        self.number = 0

    def step(self) -> None:
        """An hour: some events come in, some of them late or repeated; fold and prune."""
        self.now += STEP
        fresh = [self._event(minutes) for minutes in (1, 7, 29, 300, 1_435, 1_500)]
        again = self.sent[-4:-2]
        lost = [self._event(1) | {"campaign": "nowhere"}]
        receipt = receive(self.source, msgspec.json.encode(fresh + again + lost), now=self.now)
        assert not receipt.rejected
        self.sent = [one for one in self.sent + fresh if self._is_recent(one)]
        rollup.fold_pending(self.now)
        self.check()
        rollup.prune(self.now)
        self.check()

    def check(self) -> None:
        """Every frame of the tab says what the plain list of events says."""
        # What was built before stays true while events are pruned: the rollups must say the same.
        forget_all()
        oracle.assert_tab(self.campaign, "email", self.sent, self.now)

    def _event(self, minutes: int) -> Event:
        """The type follows from the message: a message is in one state for good."""
        self.number += 1
        return {
            "id": str(self.number),
            "campaign": "summer",
            "channel": "email",
            "type": TYPES[self.number % len(TYPES)],
            "occurred_at": (self.now - timedelta(minutes=minutes)).isoformat(),
            "profile": str(self.number % 11),
            "message": str(self.number),
        }

    def _is_recent(self, event: Event) -> bool:
        return oracle.moment(event) > self.now - timedelta(hours=26)


def rows() -> Counter[str]:
    return Counter({name: apps.get_model("livereport", name).objects.count() for name in ROLLUPS})


def pages() -> int:
    """The size of an SQLite database, with its free pages."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_disk_use_is_flat_and_no_number_flickers(
    campaign: Campaign, source: Sender, settings: Any
) -> None:
    settings.LOG_RETENTION = timedelta(hours=27)
    settings.QUARANTINE_RETENTION = timedelta(hours=30)
    soak = Soak(campaign, source)
    most: list[Counter[str]] = []
    sizes: list[int] = []
    for _period in range(3):
        held: Counter[str] = Counter()
        for _ in range(int(timedelta(hours=34) / STEP)):
            soak.step()
            held |= rows()
        most.append(held)
        if connection.vendor == "sqlite":
            sizes.append(pages())
    first, *later = most
    assert all(first.values())
    for held in later:
        # A period of keys ends up to six hours later or earlier.
        assert all(held[name] <= first[name] * 1.25 for name in ROLLUPS), (first, held)
    assert not sizes or sizes[2] <= sizes[1] * 1.05
    if connection.vendor == "sqlite":
        log = Path(f"{connection.settings_dict['NAME']}-wal")
        assert log.stat().st_size < 16 * 1024 * 1024
    assert rollup.verify(soak.now) == []


# -- One transaction at a time -----------------------------------------------------------------


@contextmanager
def each_transaction(monkeypatch: Any, after: Any) -> Iterator[None]:
    """Look at what others see after every transaction of the pruning."""
    plain = pruning.short_transaction

    @contextmanager
    def watched() -> Iterator[None]:
        before = rows()
        with plain():
            yield
        after(before - rows())

    with monkeypatch.context() as patch:
        for module in (pruning, quarantine):
            patch.setattr(module, "short_transaction", watched)
        yield


@pytest.mark.django_db(transaction=True)
def test_a_reader_sees_the_same_numbers_after_every_transaction(
    campaign: Campaign, source: Sender, monkeypatch: Any
) -> None:
    """Three days at once, as after a long pause, two rows at a time."""
    in_slices(monkeypatch, SLICE=2, BATCHES=2, BUCKETS=3)
    soak = paused_for_days(campaign, source)
    rollup.fold_pending(soak.now)
    shown = frames(soak)
    gone: list[Counter[str]] = []

    def look(deleted: Counter[str]) -> None:
        gone.append(deleted)
        assert frames(soak) == shown

    with each_transaction(monkeypatch, look):
        rollup.prune(soak.now)
    assert len(gone) > 10
    assert max(one["eventbatch"] for one in gone) == 2
    assert max(one["keypage"] for one in gone) <= 2
    assert rollup.verify(soak.now) == []


def in_slices(monkeypatch: Any, **sizes: int) -> None:
    for name, size in sizes.items():
        monkeypatch.setattr(pruning, name, size)


def paused_for_days(campaign: Campaign, source: Sender) -> Soak:
    """All that was folded is long over; what came since waits."""
    soak = Soak(campaign, source)
    for _ in range(3):
        soak.step()
    rollup.fold_pending(soak.now + LONGEST)
    soak.now += timedelta(hours=80)
    soak.sent = []
    for _ in range(2):
        send(soak, *(soak._event(minutes) for minutes in (1, 1_439, 1_441)))
    return soak


def send(soak: Soak, *batch: Event) -> None:
    receive(soak.source, msgspec.json.encode(batch), now=soak.now)
    soak.sent += batch


def frames(soak: Soak, tab: str = "email") -> list[Any]:
    forget_all()
    widgets = tab_report(soak.campaign, tab, [], soak.now).widgets
    return [(widget.as_json(), widget.trend and widget.trend.as_json()) for widget in widgets]


@pytest.mark.django_db
def test_a_pruning_that_fails_at_any_statement_is_finished_by_the_next(
    campaign: Campaign, source: Sender, settings: Any, monkeypatch: Any
) -> None:
    settings.QUARANTINE_RETENTION = settings.LOG_RETENTION
    in_slices(monkeypatch, SLICE=20, BATCHES=2, BUCKETS=100)
    soak = paused_for_days(campaign, source)
    rollup.fold_pending(soak.now)
    soak.check()
    shown = frames(soak)
    with undone():
        rollup.prune(soak.now)
        pruned = held()
    for step in count():
        with undone():
            try:
                with failing(step):
                    rollup.prune(soak.now)
            except OperationalError:
                transaction.set_rollback(False)  # nothing is broken: it was only said to be
            else:
                break
            assert frames(soak) == shown
            rollup.prune(soak.now)
            assert held() == pruned
    assert step > 30, "most statements were never reached"


# -- All at the same time ----------------------------------------------------------------------


class Reader:
    """Reads tabs again and again, each time from scratch, while others write."""

    def __init__(self, soak: Soak) -> None:
        self.soak = soak
        self.seen: dict[str, list[Any]] = {"email": [], "campaign": []}
        self.begun = 0
        self.turn = Condition()
        self.over = Flag()

    def read(self) -> None:
        while not self.over.is_set():
            with self.turn:
                self.begun += 1
                self.turn.notify_all()
            for tab, seen in self.seen.items():
                seen.append(frames(self.soak, tab))

    def let_read(self, held: float) -> None:
        """Go on when another read has begun: what is written next, is written during that."""
        with self.turn:
            last = self.begun
            assert self.turn.wait_for(lambda: self.begun > last, timeout=60)


@pytest.mark.django_db(transaction=True)
def test_who_reads_during_pruning_and_folding_sees_one_chunk_after_the_other(
    campaign: Campaign, source: Sender, monkeypatch: Any
) -> None:
    """Nothing else in between: never half a chunk, and nothing that goes and comes again."""
    in_slices(monkeypatch, SLICE=10, BATCHES=2, BUCKETS=20)
    monkeypatch.setattr(tick, "CHUNK", 1)
    soak = paused_for_days(campaign, source)
    rollup.fold_pending(soak.now)
    batches = [[soak._event(minutes) for minutes in (0, 1, 700, 1_439)] for _ in range(6)]
    states = replayed(soak, batches)
    for batch in batches:
        send(soak, *batch)
    reader = Reader(soak)
    for module in (outage, tick):
        monkeypatch.setattr(module, "let_others_write", reader.let_read)
    before = rows()
    with ThreadPoolExecutor(3) as pool:
        reading = pool.submit(alone, reader.read)
        writing = [
            pool.submit(alone, partial(work, soak.now))
            for work in (rollup.prune, rollup.fold_pending)
        ]
        wait(writing, timeout=120)
        reader.over.set()
        for done in (*writing, reading):
            done.result(timeout=60)
    assert before["eventbatch"] > rows()["eventbatch"]
    for tab, seen in reader.seen.items():
        assert len(seen) > len(batches)
        assert_in_order([shown for shown, _same in groupby(seen)], states[tab])
    soak.check()
    assert rollup.verify(soak.now) == []


def replayed(soak: Soak, batches: list[list[Event]]) -> dict[str, list[Any]]:
    """What each tab shows before all batches and after each, if nothing else happens."""
    states = {tab: [frames(soak, tab)] for tab in ("email", "campaign")}
    with undone():
        sent = list(soak.sent)
        for batch in batches:
            send(soak, *batch)
            rollup.fold_pending(soak.now)
            soak.check()
            for tab, shown in states.items():
                shown.append(frames(soak, tab))
        soak.sent = sent
    return states


def assert_in_order(seen: list[Any], states: list[Any]) -> None:
    """All that was seen is a state, and none comes before one that was seen earlier."""
    places = [states.index(shown) for shown in seen]
    assert places == sorted(places)


def alone(work: Callable[[], object]) -> None:
    """In a thread, on a connection of its own."""
    try:
        work()
    finally:
        connection.close()


@pytest.mark.django_db
def test_nothing_due_takes_no_lock(campaign: Campaign, source: Sender, monkeypatch: Any) -> None:
    """However many series there are, pruning looks them up and writes nothing."""
    soak = Soak(campaign, source)
    soak.step()
    with CaptureQueriesContext(connection) as queries:
        rollup.prune(soak.now)
    assert len(queries) <= 15
    assert not [one for one in queries.captured_queries if not one["sql"].startswith("SELECT")]


@pytest.mark.django_db
def test_after_a_long_pause_a_transaction_takes_so_many_buckets(
    campaign: Campaign, monkeypatch: Any
) -> None:
    """Of few series with many buckets as of many with few."""
    monkeypatch.setattr(pruning, "BUCKETS", 20)
    now = int(START.timestamp()) // 3600 * 3600
    series = [
        Series.objects.create(campaign=campaign, channel="email", type="sent", value=str(number))
        for number in range(12)
    ]
    Bucket.objects.bulk_create(
        Bucket(series=one, tier=60, start=now - 60 * minute, count=1)
        for number, one in enumerate(series)
        for minute in range(18 if number < 3 else 4)
    )
    taken: list[int] = []
    with each_transaction(monkeypatch, lambda gone: taken.append(gone["bucket"])):
        rollup.prune(START + timedelta(hours=30))
    assert taken == [18, 18, 18, 20, 16]
    assert not Series.objects.exists()


# -- Quarantine --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_quarantine_ends(
    campaign: Campaign, source: Sender, settings: Any, monkeypatch: Any, caplog: Any
) -> None:
    settings.QUARANTINE_RETENTION = timedelta(hours=168)
    monkeypatch.setattr(quarantine, "BATCHES", 2)
    for number in range(5):
        lost = Soak(campaign, source)._event(number) | {"campaign": "nowhere", "id": str(number)}
        receive(source, msgspec.json.encode([lost]), now=START)
    kept = Soak(campaign, source)._event(0) | {"campaign": "nowhere", "id": "kept"}
    receive(source, msgspec.json.encode([kept]), now=START + timedelta(seconds=1))
    rollup.prune(START + timedelta(hours=168))
    assert QuarantinedBatch.objects.count() == 6
    taken: list[int] = []
    with each_transaction(monkeypatch, lambda gone: taken.append(gone["quarantinedbatch"])):
        rollup.prune(START + timedelta(hours=168, microseconds=1))
    assert taken == [2, 2, 1]
    assert QuarantinedBatch.objects.count() == 1
    assert "5 quarantined events were deleted: too old." in caplog.text
    assert not KeyPage.objects.exists()
