"""Out of the quarantine: a replay moves everything once, in short transactions."""

from datetime import timedelta
from importlib import import_module
from itertools import count
from typing import Any

import msgspec
import pytest
from django.apps import apps
from django.db import OperationalError, connection
from django.utils import timezone

from liveReport import ingest, rollup
from liveReport.engines import quarantine as quarantining
from liveReport.engines.quarantine import discard
from liveReport.events.batch import decode
from liveReport.ingest import receive
from liveReport.memory import forget_all
from liveReport.models import (
    EventBatch,
    QuarantinedBatch,
    QuarantinedCampaign,
    QuarantineTally,
    Source,
)
from tests.support import quarantine
from tests.support.factories import CampaignFactory, event, make_source
from tests.support.mishaps import at_once
from tests.support.quarantine import assert_tallied, held, ids, of, send

pytestmark = pytest.mark.django_db


limits = quarantine.limits


def test_a_replay_frees_the_limits(source: Source) -> None:
    send(source, of("a", "b", "c", "c", "c"))
    CampaignFactory(slug="c")
    forget_all()
    assert ingest.replay(QuarantinedBatch.objects.all()) == 3
    assert_tallied()
    assert send(source, of("d", "a", "b")).rejected == []
    rollup.fold_pending()
    assert rollup.verify() == []


def test_a_big_replay_takes_many_short_transactions(
    source: Source, limits: Any, monkeypatch: Any
) -> None:
    limits.QUARANTINE_MAX_EVENTS = limits.QUARANTINE_MAX_TOTAL = 10_000
    monkeypatch.setattr(quarantining, "BATCHES", 4)
    monkeypatch.setattr(quarantining, "EVENTS", 10)
    web = make_source("web")
    sizes = [1] * 9 + [30] + [3] * 4 + [1] * 5
    sent: list[str] = []
    for number, size in enumerate(sizes):
        events = of(*["later"] * size, "never")
        sent += [one["id"] for one in events[:-1]]
        send(web if number % 2 else source, events)
    CampaignFactory(slug="later")
    taken: list[tuple[int, int]] = []
    plain = quarantining.take_out

    def counted(batches: Any) -> Any:
        gone = plain(batches)
        taken.append((len(gone), sum(batch.count for batch in gone)))
        return gone

    monkeypatch.setattr(quarantining, "take_out", counted)
    assert ingest.replay(QuarantinedBatch.objects.all()) == sum(sizes)
    assert all(batches <= 4 and (events <= 10 or batches == 1) for batches, events in taken)
    assert len(taken) >= 7
    assert sorted(ids(EventBatch)) == sorted(sent)
    assert EventBatch.objects.count() <= 2 * len(taken)  # a row for each source, not each batch
    assert {campaign for _source, campaign in held()} == {"never"}
    assert_tallied()


def test_a_replay_that_is_stopped_has_moved_what_it_moved(source: Source, monkeypatch: Any) -> None:
    monkeypatch.setattr(quarantining, "BATCHES", 2)
    for _ in range(5):
        send(source, of("later"))
    CampaignFactory(slug="later")
    plain, calls = quarantining.take_out, count()

    def once(batches: Any) -> Any:
        if next(calls):
            raise OperationalError("away")
        return plain(batches)

    with monkeypatch.context() as patch:
        patch.setattr(quarantining, "take_out", once)
        with pytest.raises(OperationalError):
            ingest.replay(QuarantinedBatch.objects.all())
    assert (len(ids(EventBatch)), held().total()) == (2, 3)
    assert_tallied()
    assert ingest.replay(QuarantinedBatch.objects.all()) == 3
    assert len(set(ids(EventBatch))) == 5


@pytest.mark.django_db(transaction=True)
def test_two_replays_at_once_move_everything_once(source: Source, limits: Any) -> None:
    limits.QUARANTINE_MAX_EVENTS = limits.QUARANTINE_MAX_TOTAL = 100
    for _ in range(40):
        send(source, of("later"))
    CampaignFactory(slug="later")
    moved: list[int] = []

    at_once(3, lambda: moved.append(ingest.replay(QuarantinedBatch.objects.all())))
    assert sum(moved) == 40
    assert len(set(ids(EventBatch))) == len(ids(EventBatch)) == 40
    assert_tallied()


def test_rows_that_nobody_tallied_do_not_stand_in_the_way(source: Source) -> None:
    """A process of the version before may have added some while the database was migrated."""
    send(source, of("a", "b"))
    QuarantinedCampaign.objects.all().delete()
    QuarantineTally.objects.update(events=1)
    assert discard(QuarantinedBatch.objects.all()) == 2
    assert_tallied()


def test_the_migration_tallies_what_is_there(source: Source) -> None:
    web = make_source("web")
    for sender in (source, web):
        send(sender, of("a", "a", "b"))
        send(sender, of("a"))
    QuarantinedCampaign.objects.all().delete()
    QuarantineTally.objects.all().delete()
    migration = import_module("liveReport.migrations.0009_quarantine_tallies")
    migration.count(apps, connection.schema_editor())
    assert_tallied()
    assert held().total() == 8


def test_old_events_are_still_what_they_were(source: Source) -> None:
    """What is held is replayed with its own times, not those of its replay."""
    at = timezone.now() - timedelta(hours=2)
    receive(source, msgspec.json.encode([event(campaign="later", occurred_at=at)]))
    CampaignFactory(slug="later")
    ingest.replay(QuarantinedBatch.objects.all())
    (batch,) = EventBatch.objects.all()
    (one,) = decode(batch.payload)
    assert one.at == round(at.timestamp() * 1_000_000)
