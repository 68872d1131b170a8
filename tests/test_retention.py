"""A long run: what is old goes in short transactions, and nobody sees it go."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from liveReport import rollup
from liveReport.channels import get_channel
from liveReport.ingest import receive
from liveReport.models import Bucket, Campaign, KeyPage, QuarantinedBatch, Series
from liveReport.models import Source as Sender
from liveReport.report import tab_report
from liveReport.rollup import retention
from tests import oracle

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
        rollup.tick(self.now)
        self.check()
        rollup.prune(self.now)
        self.check()

    def check(self) -> None:
        """Every frame of the tab says what the plain list of events says."""
        known = oracle.first_of_each_id(self.sent)
        inside = oracle.in_window(known, self.now)
        channel = get_channel("email")
        for widget in tab_report(self.campaign, "email", [], self.now).widgets:
            assert widget.frame is not None
            declared = channel.widget_by_key[widget.slug.split(".")[1]]
            oracle.assert_frame(declared, channel, widget.frame, inside, known)

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
    plain = retention._short_transaction

    @contextmanager
    def watched() -> Iterator[None]:
        before = rows()
        with plain():
            yield
        after(before - rows())

    with monkeypatch.context() as patch:
        patch.setattr(retention, "_short_transaction", watched)
        yield


@pytest.mark.django_db(transaction=True)
def test_a_reader_sees_the_same_numbers_after_every_transaction(
    campaign: Campaign, source: Sender, monkeypatch: Any
) -> None:
    """Three days at once, as after a long pause, two rows at a time."""
    for name, size in {"SLICE": 2, "BATCHES": 2, "BUCKETS": 3}.items():
        monkeypatch.setattr(retention, name, size)
    soak = Soak(campaign, source)
    for _ in range(3):
        soak.step()
    soak.now += timedelta(hours=77)
    for _ in range(2):
        soak.sent = []
        batch = [soak._event(minutes) for minutes in (1, 1_439, 1_441)]
        receive(source, msgspec.json.encode(batch), now=soak.now)
        soak.sent += batch
    rollup.tick(soak.now)
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


def frames(soak: Soak) -> list[Any]:
    widgets = tab_report(soak.campaign, "email", [], soak.now).widgets
    return [widget.as_json() for widget in widgets]


@pytest.mark.django_db
def test_nothing_due_takes_no_lock(campaign: Campaign, source: Sender, monkeypatch: Any) -> None:
    """However many series there are, pruning looks them up and writes nothing."""
    soak = Soak(campaign, source)
    soak.step()
    with CaptureQueriesContext(connection) as queries:
        rollup.prune(soak.now)
    assert len(queries) <= 5
    assert not [one for one in queries.captured_queries if not one["sql"].startswith("SELECT")]


@pytest.mark.django_db
def test_after_a_long_pause_a_transaction_takes_so_many_buckets(
    campaign: Campaign, monkeypatch: Any
) -> None:
    """Of few series with many buckets as of many with few."""
    monkeypatch.setattr(retention, "BUCKETS", 20)
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
    monkeypatch.setattr(retention, "BATCHES", 2)
    for number in range(5):
        lost = Soak(campaign, source)._event(number) | {"campaign": "nowhere", "id": str(number)}
        receive(source, msgspec.json.encode([lost]), now=START)
    kept = Soak(campaign, source)._event(0) | {"campaign": "nowhere", "id": "kept"}
    receive(source, msgspec.json.encode([kept]), now=START + timedelta(seconds=1))
    rollup.prune(START + timedelta(hours=168))
    assert QuarantinedBatch.objects.count() == 6
    with each_transaction(monkeypatch, lambda gone: gone):
        rollup.prune(START + timedelta(hours=168, microseconds=1))
    assert QuarantinedBatch.objects.count() == 1
    assert "5 quarantined events were deleted: too old." in caplog.text
    assert not KeyPage.objects.exists()
