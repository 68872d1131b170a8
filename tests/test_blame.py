"""Whose fault it is that a fold fails or dies: only poison is set aside, never for an outage."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, ProgrammingError
from hypothesis import given
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.engines import lease, suspects
from liveReport.models import Campaign, EventBatch, FoldLease, SetAsideBatch, Source, Suspect
from liveReport.rollup import faults, tick
from tests.support import poisoning
from tests.support.isolation import undone
from tests.support.mishaps import at_statement, end_of, forked
from tests.support.poisoning import (
    NOW,
    Event,
    Poison,
    assert_balanced,
    corrupt,
    counted_ids,
    event,
    ids_set_aside,
    log,
)
from tests.support.strategies import on_a_database

pytestmark = pytest.mark.django_db

EXPIRED = lease.LENGTH + timedelta(seconds=1)

_without_waiting = poisoning.without_waiting
poison = poisoning.poison


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
