"""A tick folds chunk by chunk, within its budget, however long the backlog is."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.db.models import Sum

from liveReport import rollup
from liveReport.engines import log as engine_log
from liveReport.events.batch import Events, decode, encode
from liveReport.models import Bucket, Campaign, EventBatch, Source
from liveReport.rollup import tick
from tests.support import rollups
from tests.support.rollups import NOW, clock, counted, event, log, pending, recount, stored

_without_waiting = rollups.without_waiting


@pytest.mark.django_db
def test_a_backlog_of_more_batches_than_one_statement_takes(
    campaign: Campaign, source: Source
) -> None:
    count = engine_log.BATCHES + 5
    log(source, event())
    row = EventBatch.objects.get()
    (one,) = decode(row.payload)
    batches = (
        EventBatch(
            source=source,
            received_at=NOW,
            count=1,
            payload=encode(Events.of([one._replace(id=number)])),
        )
        for number in range(count)
    )
    EventBatch.objects.bulk_create(batches, batch_size=1_000)
    assert rollup.fold_pending(NOW, budget=300) == count + 1
    assert pending() == 0
    hours = Bucket.objects.filter(tier=3_600, series__dimension="")
    assert hours.aggregate(events=Sum("count"))["events"] == count + 1


@pytest.mark.django_db
def test_a_tick_stops_at_its_budget_and_the_next_one_goes_on(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tick, "CHUNK", 2)
    clock(monkeypatch, tick)
    sent = [event() for _ in range(9)]
    for one in sent:
        log(source, one)
    done = [rollup.fold_pending(NOW, budget=5) for _ in range(5)]
    assert sum(done) == len(sent)
    assert 0 < done[0] < len(sent)
    assert done[-1] == 0
    assert counted(stored()) == recount(sent)


@pytest.mark.django_db
def test_without_a_budget_nothing_is_done_and_the_lease_is_given_back(
    campaign: Campaign, source: Source
) -> None:
    log(source, event())
    assert rollup.fold_pending(NOW, budget=0) == 0
    assert pending() == 1
    assert rollup.fold_pending(NOW) == 1


@pytest.mark.parametrize(
    ("chunk", "chunks"), [(1, [3, 1, 1, 2]), (2, [3, 2, 2]), (4, [4, 3]), (9, [7])]
)
@pytest.mark.django_db
def test_a_chunk_is_some_whole_batches(
    campaign: Campaign,
    source: Source,
    monkeypatch: pytest.MonkeyPatch,
    chunk: int,
    chunks: list[int],
) -> None:
    for size in (3, 1, 1, 2):
        log(source, *(event() for _ in range(size)))
    monkeypatch.setattr(tick, "CHUNK", chunk)
    sizes: list[int] = []
    plain_chunk = tick.fold_chunk

    def spied(batches: Sequence[EventBatch], *args: Any) -> int:
        sizes.append(sum(batch.count for batch in batches))
        return plain_chunk(batches, *args)

    monkeypatch.setattr(tick, "fold_chunk", spied)
    assert rollup.fold_pending(NOW) == 7
    assert sizes == chunks
