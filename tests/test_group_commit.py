"""Requests that come at the same moment share a commit, and nothing else."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection

from liveReport.events.batch import Events, LogEvent, Shape
from liveReport.ingest.append import _commit, append
from liveReport.ingest.group_commit import GroupCommit
from liveReport.models import Campaign, EventBatch, Source
from tests.support.processes import PATIENCE, eventually

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


class Recorder:
    """Work that notes its calls; the first goes on until it is let go."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.is_at_work = threading.Event()
        self.may_end = threading.Event()

    def __call__(self, items: Sequence[int]) -> None:
        self.calls.append(sorted(items))
        self.is_at_work.set()
        assert self.may_end.wait(PATIENCE)
        if 13 in items:
            raise ValueError(13)


def wait_for(together: GroupCommit[Any], count: int) -> None:
    """Until so many have lined up."""
    eventually(lambda: len(together._wishes) >= count, f"{count} have lined up")


def lined_up(
    together: GroupCommit[int], work: Recorder, items: Sequence[int]
) -> list[Future[None]]:
    """What became of the first item, which was at work, and of those that came meanwhile."""
    with ThreadPoolExecutor(len(items)) as pool:
        asked = [pool.submit(together.do, items[0])]
        assert work.is_at_work.wait(PATIENCE)
        asked += [pool.submit(together.do, item) for item in items[1:]]
        wait_for(together, len(items) - 1)
        work.may_end.set()
    return asked


def test_who_comes_alone_does_not_wait_for_others() -> None:
    work = Recorder()
    work.may_end.set()
    together = GroupCommit(work)
    together.do(1)
    together.do(2)
    assert work.calls == [[1], [2]]


def test_who_comes_while_one_is_at_work_shares_the_next_call() -> None:
    work = Recorder()
    asked = lined_up(GroupCommit(work), work, [1, 2, 3, 4])
    assert [future.exception() for future in asked] == [None] * 4
    assert work.calls == [[1], [2, 3, 4]]


def test_what_goes_wrong_is_told_to_all_who_shared_the_call_and_to_no_one_else() -> None:
    work = Recorder()
    together = GroupCommit(work)
    asked = lined_up(together, work, [1, 2, 13, 4])
    assert [type(future.exception()) for future in asked] == [type(None), *[ValueError] * 3]
    together.do(5)
    assert work.calls[-1] == [5]


def an_event(number: int) -> Events:
    shape = Shape("spring", "email", "targeted", 0, ())
    return Events.of([LogEvent(number, shape, int(NOW.timestamp() * 1e6), number)])


def stored(source: Source, number: int) -> Exception | None:
    """What ``append`` raises in a thread of its own."""
    try:
        append(source.pk, an_event(number), NOW)
    except IntegrityError as error:
        return error
    finally:
        connection.close()
    return None


@pytest.mark.django_db(transaction=True)
def test_a_row_that_cannot_be_stored_takes_no_other_with_it() -> None:
    Campaign.objects.create(slug="spring", name="Spring")
    good = Source.objects.ensure("shop")
    gone = Source(pk=good.pk + 1)
    with ThreadPoolExecutor(4) as pool:
        with _commit._turn:  # as if one were being committed
            senders = [pool.submit(stored, good, number) for number in range(3)]
            stranger = pool.submit(stored, gone, 3)
            wait_for(_commit, 4)
        assert [sender.result() for sender in senders] == [None] * 3
        assert isinstance(stranger.result(), IntegrityError)
    assert sorted(EventBatch.objects.values_list("source_id", "count")) == [(good.pk, 1)] * 3


@pytest.mark.django_db(transaction=True)
def test_what_shares_a_commit_is_one_transaction() -> None:
    Campaign.objects.create(slug="spring", name="Spring")
    source = Source.objects.ensure("shop")
    stored(source, 0)  # from now on it is known that the campaign exists
    with ThreadPoolExecutor(5) as pool:
        with _commit._turn:
            senders = [pool.submit(stored, source, number) for number in range(1, 6)]
            wait_for(_commit, 5)
        assert [sender.result() for sender in senders] == [None] * 5
    assert EventBatch.objects.count() == 6
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(DISTINCT xmin::text) FROM livereport_eventbatch")
            assert cursor.fetchone() == (2,)
