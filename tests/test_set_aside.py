"""A batch that cannot be folded never holds up the others, and nothing else is lost by it."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError
from django.db.models import Sum

from liveReport import rollup
from liveReport.engines import buckets, executions
from liveReport.engines import log as engine_log
from liveReport.models import Campaign, EventBatch, SetAsideBatch, Source, Suspect
from liveReport.rollup import faults, tick
from tests.support import oracle, poisoning
from tests.support.poisoning import (
    NOW,
    SECRET,
    Poison,
    assert_balanced,
    corrupt,
    counted_ids,
    event,
    ids_set_aside,
    log,
    tick_until_still,
)

pytestmark = pytest.mark.django_db

_without_waiting = poisoning.without_waiting
poison = poisoning.poison


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
