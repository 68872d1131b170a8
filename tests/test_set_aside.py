"""A batch that cannot be folded never holds up the others, and nothing else is lost by it."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
import pytest
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, ProgrammingError
from django.db.models import Sum
from hypothesis import given
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.engines import buckets, executions, lease, suspects
from liveReport.engines import log as engine_log
from liveReport.ingest import receive
from liveReport.models import (
    Campaign,
    EventBatch,
    FoldLease,
    SetAsideBatch,
    Source,
    Suspect,
)
from liveReport.rollup import faults, tick
from tests.support import factories, oracle
from tests.support.isolation import undone
from tests.support.mishaps import at_statement, end_of, forked
from tests.support.names import names
from tests.support.strategies import on_a_database

NOW = datetime(2026, 3, 14, 15, 9, 26, 500_000, tzinfo=UTC)
EXPIRED = lease.LENGTH + timedelta(seconds=1)
SECRET = "bob@example.com"
Event = dict[str, Any]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tick, "let_others_write", lambda held: None)
    suspects._unheard.clear()


def event(name: str, **fields: Any) -> Event:
    plain = factories.event(id=name, profile=f"p-{name}", occurred_at=NOW.isoformat())
    return plain | fields


def log(source: Source, *events: Event) -> EventBatch:
    assert receive(source, msgspec.json.encode(events), now=NOW).rejected == []
    return EventBatch.objects.latest("pk")


def corrupt(source: Source, count: int = 3) -> EventBatch:
    return EventBatch.objects.create(
        source=source, count=count, payload=b"no frame", received_at=NOW
    )


class Poison:
    """Makes the fold do something where it meets certain events."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ids: set[str] = set()
        self.act: Callable[[], None] = self.fail
        plain = tick.fold

        def poisoned(events: Any, *given: Any) -> Any:
            if self.ids & set(names(events)):
                self.act()
            return plain(events, *given)

        monkeypatch.setattr(tick, "fold", poisoned)

    def fail(self) -> None:
        raise ValueError(f"cannot fold {SECRET} of '{SECRET}'")


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Poison:
    return Poison(monkeypatch)


def tick_until_still(most: int = 12) -> int:
    """Tick as beat would until nothing is pending; how many ticks that took."""
    for number in range(1, most + 1):
        rollup.fold_pending(NOW + number * timedelta(seconds=2))
        if not EventBatch.objects.filter(folded=False).exists():
            return number
    raise AssertionError(f"{EventBatch.objects.filter(folded=False).count()} still wait")


def ids_set_aside() -> list[str]:
    return sorted(one for row in SetAsideBatch.objects.all() for one in names(row.payload))


def counted_ids() -> list[str]:
    return sorted(
        one for row in EventBatch.objects.filter(folded=True) for one in names(row.payload)
    )


def assert_balanced(received: int) -> None:
    """Received is counted and repeated and late and set aside."""
    ends = EventBatch.objects.aggregate(Sum("count"))["count__sum"] or 0
    aside = SetAsideBatch.objects.aggregate(Sum("count"))["count__sum"] or 0
    assert ends + aside == received
    assert rollup.verify(NOW + timedelta(minutes=1)) == []


# -- What fails each time ------------------------------------------------------------------


def test_a_payload_that_cannot_be_unpacked_is_set_aside_whole(
    campaign: Campaign, source: Source
) -> None:
    before = event("a")
    log(source, before)
    corrupt(source)
    after = event("b")
    log(source, after)
    assert rollup.fold_pending(NOW) == 2
    oracle.assert_report(campaign, [before, after], NOW)
    tick_until_still()
    row = SetAsideBatch.objects.get()
    assert (row.source, row.count, row.received_at, bytes(row.payload)) == (
        source,
        3,
        NOW,
        b"no frame",
    )
    assert row.error.startswith("ZstdError (liveReport/events/batch.py:")
    assert_balanced(5)
    assert not Suspect.objects.exists()


def test_of_a_batch_only_the_events_that_fail_are_set_aside(
    campaign: Campaign, source: Source, poison: Poison
) -> None:
    sent = [event(str(number)) for number in range(300)]
    poison.ids = {"0", "77", "78", "299"}
    log(source, *sent)
    other = event("other")
    log(source, other)
    assert tick_until_still() <= 4
    assert ids_set_aside() == sorted(poison.ids)
    assert SetAsideBatch.objects.count() == 1
    good = [one for one in sent if one["id"] not in poison.ids]
    oracle.assert_report(campaign, [*good, other], NOW)
    assert_balanced(301)


def test_every_other_batch_is_counted_in_the_first_tick(
    campaign: Campaign, source: Source, poison: Poison
) -> None:
    poison.ids = {"17"}
    for number in range(40):
        log(source, event(str(number)))
    assert rollup.fold_pending(NOW) == 39
    assert SetAsideBatch.objects.count() == 0, "a single failure in time is no proof"


def test_what_fails_for_a_moment_is_counted(
    campaign: Campaign, source: Source, poison: Poison
) -> None:
    poison.ids = {"a"}
    log(source, event("a"), event("b"))
    rollup.fold_pending(NOW)
    rollup.fold_pending(NOW)
    poison.ids = set()
    tick_until_still()
    assert counted_ids() == ["a", "b"]
    assert not Suspect.objects.exists()
    assert_balanced(2)


def test_what_fails_by_its_size_is_counted_in_parts(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = tick.fold

    def small_only(events: Any, *given: Any) -> Any:
        if len(events) > 7:
            raise MemoryError
        return plain(events, *given)

    monkeypatch.setattr(tick, "fold", small_only)
    sent = [event(str(number)) for number in range(100)]
    log(source, *sent)
    assert tick_until_still() == 1
    assert not SetAsideBatch.objects.exists()
    oracle.assert_report(campaign, sent, NOW)
    assert_balanced(100)


@pytest.mark.parametrize(
    ("place", "name"), [(executions, "admit"), (buckets, "apply"), (engine_log, "mark")]
)
def test_it_does_not_matter_where_it_fails(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch, place: Any, name: str
) -> None:
    """Half of a chunk is written by then: nothing of it stays."""
    plain = getattr(place, name)
    bad = log(source, event("bad"))
    fails = {bad.pk}

    def failing_after(*args: Any) -> Any:
        done = plain(*args)
        if (
            Suspect.objects.filter(pk__in=fails, trying=True).exists()
            or not Suspect.objects.exists()
        ):
            raise DatabaseError("Failing row contains (1, bob)")
        return done

    monkeypatch.setattr(place, name, failing_after)
    good = event("good")
    log(source, good)
    tick_until_still()
    assert ids_set_aside() == ["bad"]
    oracle.assert_report(campaign, [good], NOW)
    assert_balanced(2)


def test_the_log_says_it_in_one_line_without_any_data(
    campaign: Campaign, source: Source, poison: Poison, caplog: pytest.LogCaptureFixture
) -> None:
    poison.ids = {"a", "b"}
    log(source, event("a"), event("b"), event("c"))
    with caplog.at_level(logging.INFO):
        tick_until_still()
    (line,) = [one for one in caplog.records if "set aside" in one.message]
    assert line.levelname == "ERROR"
    assert line.message.startswith(
        f"2 events of source {source.pk}, accepted at 2026-03-14T15:09:26"
    )
    assert "ValueError" in line.message
    assert SECRET not in caplog.text + SetAsideBatch.objects.get().error
    assert "\n" not in line.message


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (KeyError("bob"), "KeyError: …"),
        (ValueError(f"no such profile {SECRET}, line 7"), "ValueError: no such profile … line …"),
        (DatabaseError('bad: "x"\nDETAIL:  Failing row contains (bob).'), "DatabaseError: bad: …"),
        (MemoryError(), "MemoryError"),
        (ValueError("x " * 5_000), ("ValueError: " + "x " * 200)[: faults.LONGEST].strip()),
    ],
)  # fmt: skip
def test_an_error_is_described_without_quoting(error: Exception, text: str) -> None:
    assert faults.described(error).strip() == text


# -- Repeats -------------------------------------------------------------------------------


@pytest.mark.parametrize("good_first", [False, True])
def test_a_repeat_of_what_was_set_aside_counts_once(
    campaign: Campaign, source: Source, poison: Poison, good_first: bool
) -> None:
    poison.ids = {"bad"}
    log(source, event("bad"), event("fine"))
    tick_until_still()
    assert ids_set_aside() == ["bad"]
    poison.ids = set()
    rows = list(SetAsideBatch.objects.values_list("pk", flat=True))
    if good_first:
        log(source, event("bad"))
        tick_until_still()
    assert rollup.try_again(rows) == 1
    tick_until_still()
    if not good_first:
        log(source, event("bad"))
        tick_until_still()
    oracle.assert_report(campaign, [event("bad"), event("fine")], NOW)
    assert EventBatch.objects.aggregate(Sum("duplicates"))["duplicates__sum"] == 1
    assert_balanced(3)


def test_what_is_tried_again_moves_once_and_comes_back_if_it_still_fails(
    campaign: Campaign, source: Source, poison: Poison
) -> None:
    poison.ids = {"bad"}
    log(source, event("bad"))
    corrupt(source)
    tick_until_still()
    rows = list(SetAsideBatch.objects.values_list("pk", flat=True))
    assert rollup.try_again([*rows, *rows]) == 4
    assert rollup.try_again(rows) == 0
    tick_until_still()
    assert sorted(SetAsideBatch.objects.values_list("count", flat=True)) == [1, 3]
    assert_balanced(4)


def test_verification_counts_neither_suspects_nor_what_is_set_aside(
    campaign: Campaign, source: Source, poison: Poison, capsys: pytest.CaptureFixture[str]
) -> None:
    poison.ids = {"3"}
    log(source, *(event(str(number)) for number in range(20)))
    for _ in range(4):
        rollup.fold_pending(NOW)
        assert rollup.verify(NOW) == []
    assert ids_set_aside() == ["3"]
    call_command("verify_rollups")
    assert "0 numbers differ." in capsys.readouterr().err


# -- Nobody's fault ------------------------------------------------------------------------


class Cause(Exception):
    def __init__(self, **code: str) -> None:
        for name, value in code.items():
            setattr(self, name, value)


def caused(kind: type[Exception], text: str = "x", **code: str) -> Exception:
    error = kind(text)
    error.__cause__ = Cause(**code) if code else None
    return error


BLAMELESS = [
    caused(OperationalError, "the connection is closed"),
    caused(OperationalError, sqlstate="57P01"),
    caused(OperationalError, sqlstate="55P03"),
    caused(OperationalError, sqlstate="53100"),
    caused(OperationalError, sqlstate="40001"),
    caused(OperationalError, sqlstate="40P01"),
    caused(DatabaseError, sqlstate="25P03"),
    caused(DatabaseError, sqlstate="XX001"),
    caused(ProgrammingError, sqlstate="42P01"),
    caused(OperationalError, sqlite_errorname="SQLITE_BUSY"),
    caused(OperationalError, sqlite_errorname="SQLITE_FULL"),
    caused(DatabaseError, sqlite_errorname="SQLITE_CORRUPT"),
    caused(OperationalError, "no such table: livereport_bucket", sqlite_errorname="SQLITE_ERROR"),
    lease.Fenced(),
    KeyboardInterrupt(),
]
BLAMED = [
    ValueError(),
    MemoryError(),
    RecursionError(),
    caused(DatabaseError, sqlstate="22003"),
    caused(OperationalError, "Expression tree is too large", sqlite_errorname="SQLITE_ERROR"),
]


@pytest.mark.parametrize("error", BLAMELESS, ids=repr)
def test_outages_are_no_poison(error: BaseException) -> None:
    assert not faults.is_poison(error)


@pytest.mark.parametrize("error", BLAMED, ids=repr)
def test_everything_else_may_be(error: BaseException) -> None:
    assert faults.is_poison(error)


@pytest.mark.parametrize("error", BLAMELESS[:2] + BLAMELESS[-2:], ids=repr)
def test_nothing_is_set_aside_however_often_it_is_nobodys_fault(
    campaign: Campaign, source: Source, poison: Poison, error: BaseException
) -> None:
    log(source, event("a"), event("b"))

    def fail() -> None:
        raise error

    poison.ids, poison.act = {"a", "b"}, fail
    for number in range(40):
        with suppress(type(error)):
            rollup.fold_pending(NOW + number * EXPIRED)
    other = log(source, event("other"))
    with suppress(type(error)):
        rollup.fold_pending(NOW + 41 * EXPIRED)
    other.refresh_from_db()
    assert other.folded, "it holds up others"
    assert not SetAsideBatch.objects.exists()
    assert EventBatch.objects.count() == 2, "nor is it divided"
    poison.ids = set()
    rollup.fold_pending(NOW + 42 * EXPIRED)
    assert counted_ids() == ["a", "b", "other"]
    assert not Suspect.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_nor_if_the_database_does_not_come_back_in_time_to_say_so(
    campaign: Campaign, source: Source
) -> None:
    """From one statement on each fails, also those that would tell whose fault it is not."""
    log(source, event("a"))
    for number in range(60):
        with suppress(OperationalError), lasting(number % 15):
            rollup.fold_pending(NOW + number * EXPIRED)
        assert not SetAsideBatch.objects.exists()
    rollup.fold_pending(NOW + 61 * EXPIRED)
    assert counted_ids() == ["a"]


@contextmanager
def lasting(at: int) -> Iterator[None]:
    """The database goes away at a statement, and stays away."""
    from django.db import connection

    statements = iter(range(10_000))

    def execute(plain: Any, *args: Any) -> Any:
        if next(statements) >= at:
            raise OperationalError("the database went away")
        return plain(*args)

    with connection.execute_wrapper(execute):
        yield


def test_innocent_takeovers_lead_to_smaller_chunks_and_a_success_to_larger_ones(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tick, "CHUNK", 64)
    for number in range(160):
        log(source, event(str(number)))
    for number in range(3):
        assert lease.acquire(NOW + number * EXPIRED)  # and is not heard of again
    sizes: list[int] = []
    plain = tick.fold_chunk

    def spied(batches: Any, *args: Any) -> int:
        sizes.append(len(batches))
        return plain(batches, *args)

    monkeypatch.setattr(tick, "fold_chunk", spied)
    assert rollup.fold_pending(NOW + 4 * EXPIRED) == 160
    assert sizes == [1, 64, 64, 31]
    assert FoldLease.objects.get().failures == 0
    assert not Suspect.objects.exists()
    assert not SetAsideBatch.objects.exists()


def test_whoever_was_paused_and_goes_on_takes_the_blame_back(
    campaign: Campaign, source: Source, poison: Poison
) -> None:
    log(source, event("a"))
    clock = [NOW]

    def pause() -> None:
        """Beyond its lease: another has taken it, and found the note."""
        clock[0] += EXPIRED
        poison.ids = set()
        other = lease.acquire(clock[0])
        assert other
        suspects.convict(other.fence - 1)
        other.release(failed=True)

    for _ in range(12):
        poison.ids, poison.act = {"a"}, pause
        clock[0] += EXPIRED
        assert rollup.fold_pending(clock[0]) == 0
        assert not SetAsideBatch.objects.exists()
        assert set(Suspect.objects.values_list("attempts", flat=True)) <= {0}
    rollup.fold_pending(clock[0] + EXPIRED)
    assert counted_ids() == ["a"]


# -- Deaths --------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_events_that_kill_whoever_folds_them_are_found_and_set_aside(
    campaign: Campaign, source: Source, poison: Poison
) -> None:
    """A process really ends, each time, without a word; meanwhile the others are counted."""
    sent = [event(str(number)) for number in range(40)]
    log(source, *sent[:20])
    log(source, *sent[20:])
    poison.ids, poison.act = {"7"}, lambda: os._exit(DIED)
    now, deaths = NOW, 0
    others: list[Event] = []
    while EventBatch.objects.filter(folded=False).exists():
        assert deaths < 14
        if end_of(forked(partial(ticking, now))) == DIED:
            deaths += 1
            if deaths > suspects.CAREFUL + 2:  # from then on it is known what to beware of
                assert not EventBatch.objects.filter(folded=False, suspect=None).exists()
            others.append(event(f"other-{deaths}"))
            log(source, others[-1])
        now += EXPIRED
    assert deaths >= 3, "so few deaths are no proof"
    assert ids_set_aside() == ["7"]
    assert SetAsideBatch.objects.get().error == suspects.DIED
    assert counted_ids() == sorted(one["id"] for one in [*sent, *others] if one["id"] != "7")
    assert rollup.verify(now) == []


DIED = 9


def ticking(now: datetime) -> int:
    rollup.fold_pending(now)
    return 0


class Died(BaseException):
    """Stands for a process that ends: nothing of it is carried out after this."""


@contextmanager
def like_a_death() -> Iterator[None]:
    """Whoever is told to die does not clean up after itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lease.Lease, "release", lambda *args, **kwargs: None)
        patch.setattr(suspects, "excuse", lambda fence: None)
        with suppress(Died):
            yield


@on_a_database
@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    bad=st.sets(st.integers(0, 120), max_size=6),
    spoilt=st.booleans(),
    deaths=st.lists(st.integers(0, 25), max_size=6),
)
def test_poison_is_exactly_what_is_set_aside(
    campaign: Campaign,
    source: Source,
    sizes: list[int],
    bad: set[int],
    spoilt: bool,
    deaths: list[int],
) -> None:
    """Whatever else dies at whichever moment, everything that is not poison counts once."""
    with undone(), pytest.MonkeyPatch.context() as patch:
        poison = Poison(patch)
        poison.ids = set(map(str, bad))
        number = 0
        for size in sizes:
            log(source, *(event(str(one)) for one in range(number, number + size)))
            number += size
        received = number
        if spoilt:
            received += corrupt(source).count
        now = NOW
        for moment in deaths:
            with like_a_death(), dying(moment):
                rollup.fold_pending(now)
            now += EXPIRED
        for _ in range(10):
            now += EXPIRED
            rollup.fold_pending(now)
        assert not EventBatch.objects.filter(folded=False).exists()
        poisonous = {str(one) for one in bad if one < number}
        whole = SetAsideBatch.objects.filter(payload=b"no frame")
        assert whole.count() == spoilt
        whole.delete()
        assert set(ids_set_aside()) == poisonous
        assert counted_ids() == sorted({str(one) for one in range(number)} - poisonous)
        assert_balanced(received - 3 * spoilt)
        assert not Suspect.objects.exists()


@contextmanager
def dying(moment: int) -> Iterator[None]:
    """At the so-many-th statement; savepoints roll back what was not committed."""

    def die() -> None:
        raise Died

    with at_statement(moment, die):
        yield


# -- How long it is kept -------------------------------------------------------------------


def test_what_was_set_aside_goes_with_the_quarantine(
    campaign: Campaign, source: Source, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    corrupt(source, 5)
    tick_until_still()
    since = SetAsideBatch.objects.get().since
    rollup.prune(since + settings.QUARANTINE_RETENTION)
    assert SetAsideBatch.objects.exists()
    rollup.prune(since + settings.QUARANTINE_RETENTION + timedelta(seconds=1))
    assert not SetAsideBatch.objects.exists()
    assert "5 events that had been set aside were deleted: too old." in caplog.text
