"""The lease: one folds at a time, and who was replaced commits nothing."""

from datetime import timedelta
from typing import Any

import pytest

from liveReport import rollup
from liveReport.engines import lease
from liveReport.models import Campaign, EventBatch, Source
from liveReport.rollup import tick
from tests.support import rollups
from tests.support.rollups import NOW, RUNS, TICK, counted, event, log, pending, recount, stored

EXPIRED = lease.LENGTH + timedelta(seconds=1)

_without_waiting = rollups.without_waiting


@pytest.mark.django_db
def test_while_one_holds_the_lease_nobody_else_folds(campaign: Campaign, source: Source) -> None:
    log(source, event())
    held = lease.acquire(NOW)
    assert held
    assert lease.acquire(NOW + lease.LENGTH - TICK) is None
    assert rollup.fold_pending(NOW + lease.LENGTH - TICK) == 0
    assert pending() == 1
    held.release()
    assert rollup.fold_pending(NOW) == 1


@pytest.mark.django_db
def test_who_dies_is_replaced_when_the_lease_expires(campaign: Campaign, source: Source) -> None:
    log(source, event())
    assert lease.acquire(NOW)
    assert rollup.fold_pending(NOW + lease.LENGTH) == 1


@pytest.mark.django_db
def test_every_chunk_extends_the_lease(campaign: Campaign, source: Source) -> None:
    log(source, event())
    held = lease.acquire(NOW)
    assert held
    tick.fold_chunk(list(EventBatch.objects.all()), held, NOW + lease.LENGTH / 2)
    assert lease.acquire(NOW + lease.LENGTH) is None


@pytest.mark.django_db
def test_a_paused_holder_commits_nothing_after_it_was_replaced(
    campaign: Campaign, source: Source
) -> None:
    sent = [event(message="m", execution=RUNS[1]), event(type="bounced", reason="r")]
    log(source, *sent)
    paused = lease.acquire(NOW)
    assert paused
    batches = list(EventBatch.objects.all())
    assert rollup.fold_pending(NOW + EXPIRED) == 2
    before = stored()
    with pytest.raises(lease.Fenced):
        tick.fold_chunk(batches, paused, NOW)
    assert stored() == before
    assert counted(before) == recount(sent)
    assert EventBatch.objects.get().duplicates == 0


@pytest.mark.django_db
def test_a_tick_that_was_paused_gives_way_to_the_one_that_went_on(
    campaign: Campaign, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pause falls between folding and committing, and the other holder is still at it."""
    sent = [event(profile=str(number), message="m") for number in range(6)]
    for one in sent:
        log(source, one)
    monkeypatch.setattr(tick, "CHUNK", 2)
    others: list[lease.Lease] = []
    plain_fold = tick.fold

    def paused(*args: Any) -> Any:
        if not others:
            other = lease.acquire(NOW + EXPIRED)
            assert other
            others.append(other)
            tick.fold_chunk(tick.log.pending(tick.CHUNK), other, NOW + EXPIRED)
        return plain_fold(*args)

    monkeypatch.setattr(tick, "fold", paused)
    assert rollup.fold_pending(NOW) == 0
    assert pending() == 4
    assert counted(stored()) == recount(sent[:2])
    tick.fold_chunk(tick.log.pending(tick.CHUNK), others[0], NOW + EXPIRED)
    others[0].release()
    assert rollup.fold_pending(NOW + EXPIRED) == 2
    assert counted(stored()) == recount(sent)


@pytest.mark.django_db
def test_who_lost_the_lease_cannot_release_it(campaign: Campaign) -> None:
    old = lease.acquire(NOW)
    new = lease.acquire(NOW + EXPIRED)
    assert old
    assert new
    old.release()
    assert lease.acquire(NOW + EXPIRED) is None
    new.renew(NOW + EXPIRED)
    with pytest.raises(lease.Fenced):
        old.renew(NOW + EXPIRED)


@pytest.mark.django_db
def test_every_holder_has_a_greater_fence(campaign: Campaign) -> None:
    fences = []
    for number in range(4):
        held = lease.acquire(NOW + number * EXPIRED)
        assert held
        fences.append(held.fence)
        if number % 2:
            held.release()
    assert fences == sorted(set(fences))


@pytest.mark.parametrize("back", [timedelta(seconds=1), timedelta(hours=1), timedelta(days=400)])
@pytest.mark.django_db
def test_a_clock_that_steps_back_does_not_stop_the_fold(
    campaign: Campaign, source: Source, back: timedelta
) -> None:
    rollup.fold_pending(NOW)
    log(source, event(now=NOW - back), now=NOW - back)
    assert rollup.fold_pending(NOW - back) == 1


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=400)])
@pytest.mark.django_db
def test_nor_when_the_holder_died_before_the_clock_stepped_back(
    campaign: Campaign, source: Source, back: timedelta
) -> None:
    assert lease.acquire(NOW)
    log(source, event(now=NOW - back), now=NOW - back)
    assert rollup.fold_pending(NOW - back) == 1


@pytest.mark.django_db
def test_a_clock_that_is_a_little_behind_takes_nothing_away(campaign: Campaign) -> None:
    """Between two machines a few seconds are nothing: the holder is alive."""
    assert lease.acquire(NOW)
    assert lease.acquire(NOW - lease.LENGTH / 2) is None
