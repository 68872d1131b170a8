"""Many fold at once, while events arrive again and again: each counts once, nobody is stuck."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Event
from typing import Any

import msgspec
import pytest
from django.db import connection
from django.db.models import F, Sum

from liveReport import rollup
from liveReport.events.batch import decode
from liveReport.ingest import receive
from liveReport.ingest.drain import drain
from liveReport.models import Bucket, Campaign, EventBatch, Source
from tests.support.factories import event

FOLDERS = 20
PRODUCERS = 3
ROUNDS = 12
pytestmark = pytest.mark.django_db(transaction=True)


def in_threads(work: Callable[[int], object], number: int, pool: ThreadPoolExecutor) -> list[Any]:
    """Do the work in that many threads, each with a connection of its own."""

    def alone(index: int) -> None:
        try:
            work(index)
        finally:
            connection.close()

    return [pool.submit(alone, index) for index in range(number)]


def test_twenty_folders_and_repeating_producers(campaign: Campaign, source: Source) -> None:
    events = [event(id=f"e{number}", profile=f"p{number % 90}") for number in range(600)]
    sent = Event()

    def produce(index: int) -> None:
        chance = Random(index)
        for _ in range(ROUNDS):
            receive(source, msgspec.json.encode(chance.sample(events, 100)))

    def fold(index: int) -> None:
        while not sent.wait(0.01):
            rollup.fold_pending(budget=5)

    with ThreadPoolExecutor(FOLDERS + PRODUCERS) as pool:
        folders = in_threads(fold, FOLDERS, pool)
        producers = in_threads(produce, PRODUCERS, pool)
        for producer in producers:
            producer.result(timeout=120)
        sent.set()
        for folder in folders:
            folder.result(timeout=120)
    drain()  # what found the database locked for too long
    rollup.fold_pending()
    batches = EventBatch.objects.all()
    assert not batches.filter(folded=False).exists()
    totals = batches.aggregate(sent=Sum("count"), counted=Sum(F("count") - F("duplicates")))
    assert totals["sent"] == PRODUCERS * ROUNDS * 100
    whole = Bucket.objects.filter(series__dimension="", tier=60).aggregate(Sum("count"))
    assert whole["count__sum"] == totals["counted"] == different_ids()
    assert rollup.verify() == []


def different_ids() -> int:
    return len({one.id for batch in EventBatch.objects.all() for one in decode(batch.payload)})


def test_two_ticks_and_a_pruning_at_once(campaign: Campaign, source: Source) -> None:
    """None of them waits for another for good, and none fails."""
    for number in range(30):
        receive(source, msgspec.json.encode([event(id=f"{number}-{n}") for n in range(20)]))
    work: list[Callable[[], object]] = [
        rollup.fold_pending,
        rollup.prune,
        rollup.fold_pending,
        rollup.prune,
    ]
    with ThreadPoolExecutor(len(work)) as pool:
        done = in_threads(lambda index: work[index](), len(work), pool)
        for one in done:
            one.result(timeout=60)
    rollup.fold_pending()
    assert rollup.verify() == []
    assert not EventBatch.objects.filter(folded=False).exists()
