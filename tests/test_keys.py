"""Each key belongs to the batch that first brought it, wherever the key is kept by now."""

from datetime import UTC, datetime
from unittest import mock

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from liveReport.engines import pruning
from liveReport.engines.keys import keypages, periods
from liveReport.engines.keys.bloom import Filter
from liveReport.engines.keys.keypages import Owned
from liveReport.events.hashes import message_keys, state_keys
from liveReport.models import (
    KeyPage,
    KeyPeriod,
)
from tests.support import names
from tests.support.former import tables_before
from tests.support.isolation import undone

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
FIRST, LAST = -(2**63), 2**63 - 1

any_key = st.integers(FIRST, LAST) | st.sampled_from([FIRST, FIRST + 1, -1, 0, 1, LAST - 1, LAST])
batch_ids = st.sampled_from([1, 2, 3, 256, 257, 70_000, 2**33, 2**62])
owners = st.dictionaries(any_key, batch_ids, max_size=40)


def owned(held: dict[int, int]) -> Owned:
    """Sorted by key, as whoever claims does it."""
    keys = sorted(held)
    return Owned(np.array(keys, np.int64), np.array([held[key] for key in keys], np.int64))


def as_dict(*parts: Owned) -> dict[int, int]:
    whole = Owned.joined(parts)
    assert len(set(whole.keys.tolist())) == len(whole.keys)
    return dict(zip(whole.keys.tolist(), whole.batches.tolist(), strict=True))


@pytest.fixture(autouse=True)
def _cold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periods, "_current", periods.Current.empty(0))


# -- Pages -------------------------------------------------------------------------------------


@given(owners.filter(bool), st.sampled_from([1, 3, 128]))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.django_db
def test_what_is_written_is_read(held: dict[int, int], size: int) -> None:
    with undone(), mock.patch.object(keypages, "PAGE", size):
        pages = owned(held).divided()
        keypages.write(7, pages)
        read = keypages.read_from(7, 0)
        assert [page for page, _ in read] == sorted(pages)
        assert as_dict(*(part for _, part in read)) == held
        for key, batch in held.items():
            page = keypages.page_of(np.array([key]), len(held))
            (part,) = keypages.read(np.column_stack(([7], page)))
            assert as_dict(part)[key] == batch


def test_pages_of_a_closed_period_are_of_one_size() -> None:
    keys = np.sort(np.random.default_rng(1).integers(FIRST, LAST, 100_000))
    sizes = [len(page.keys) for page in Owned(keys, keys).divided().values()]
    assert sum(sizes) == 100_000
    assert max(sizes) < 2 * keypages.PAGE
    assert len(sizes) == 1 + 100_000 // keypages.PAGE


@given(st.lists(owners, max_size=5))
def test_merged_keys_are_sorted(parts: list[dict[int, int]]) -> None:
    whole: dict[int, int] = {}
    merged = Owned.joined([])
    for part in parts:
        fresh = {key: batch for key, batch in part.items() if key not in whole}
        whole |= fresh
        merged = merged.merged([owned(fresh)])
    assert as_dict(merged) == whole
    assert merged.keys.tolist() == sorted(whole)


@pytest.mark.parametrize(
    ("batches", "width"),
    [([5], 1), ([5, 260], 1), ([5, 261], 2), ([5, 70_000], 4), ([5, 2**40], 8)],
)
@pytest.mark.django_db
def test_batches_take_as_few_bytes_as_they_need(batches: list[int], width: int) -> None:
    keypages.write(1, {0: Owned(np.arange(len(batches)), np.array(batches))})
    page = KeyPage.objects.get()
    assert len(page.batches) == width * len(batches)
    assert len(page.keys) == 8 * len(batches)


# -- A life ------------------------------------------------------------------------------------


class Claims(RuleBasedStateMachine):
    """Two processes claim, fail, close, prune and forget, in any order: a dict knows the owners."""

    @initialize()
    def begin(self) -> None:
        self.outer = undone()
        self.outer.__enter__()
        self.owners: dict[int, int] = {}
        self.period: dict[int, int] = {}
        self.other = periods.Current.empty(0)

    def teardown(self) -> None:
        if hasattr(self, "outer"):
            self.outer.__exit__(None, None, None)

    @rule(new=owners, data=st.data(), fails=st.booleans())
    def claim(self, new: dict[int, int], data: st.DataObject, *, fails: bool) -> None:
        known = sorted(self.owners)
        again = data.draw(st.lists(st.sampled_from(known), max_size=9)) if known else []
        chunk = owned(new | dict.fromkeys(again, data.draw(batch_ids)))
        with transaction.atomic():
            counting = periods.load(NOW).claim(*chunk)
            transaction.set_rollback(fails)
        for (key, batch), counts in zip(as_dict(chunk).items(), counting.tolist(), strict=True):
            assert counts == (self.owners.get(key, batch) == batch)
        if not fails:
            self.period |= {k: b for k, b in as_dict(chunk).items() if k not in self.owners}
            self.owners = self.period | self.owners

    @rule(fails=st.booleans())
    def close(self, *, fails: bool) -> None:
        if closing := periods.due(NOW + periods.LONGEST):
            with transaction.atomic():
                closing.save()
                transaction.set_rollback(fails)
            if not fails:
                self.period = {}

    @rule()
    def prune(self) -> None:
        for period in KeyPeriod.objects.exclude(closed_at=None)[:1]:
            gone = as_dict(*(part for _, part in keypages.read_from(period.pk, 0)))
            self.owners = {k: b for k, b in self.owners.items() if k not in gone}
            pruning._prune_keys(period, NOW)

    @rule()
    def let_the_other_process_go_on(self) -> None:
        self.other, periods._current = periods._current, self.other

    @rule()
    def start_anew(self) -> None:
        periods._current = periods.Current.empty(0)
        periods._loaded.clear()

    @invariant()
    def everybody_knows_the_owners(self) -> None:
        if hasattr(self, "outer"):
            probes = np.array(sorted({*self.owners, FIRST, 7, LAST}), np.int64)
            held = periods.load(NOW)
            expected = [self.owners.get(key, periods.NOBODY) for key in probes.tolist()]
            assert held.owners(probes).tolist() == expected
            assert as_dict(held.current.owned) == self.period
            assert KeyPeriod.objects.get(closed_at=None).events == len(self.period)


@pytest.mark.django_db
def test_whatever_happens_a_key_belongs_to_who_first_brought_it() -> None:
    with mock.patch.object(keypages, "PAGE", 3):
        run_state_machine_as_test(
            Claims,
            settings=settings(
                max_examples=25,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


# -- What a process remembers --------------------------------------------------------------------


@pytest.mark.django_db
def test_who_has_seen_the_period_reads_only_what_is_new() -> None:
    one, two, three = (Owned(np.arange(n, n + 5), np.full(5, n)) for n in (10, 20, 30))
    with transaction.atomic():
        periods.load(NOW).claim(*one)
    seen = periods.load(NOW).current
    with mock.patch.object(keypages, "read_from", wraps=keypages.read_from) as read:
        for part in (two, three):
            with transaction.atomic():
                periods.load(NOW).claim(*part)
        read.assert_not_called()
        periods._current = seen
        assert as_dict(periods.load(NOW).current.owned) == as_dict(one, two, three)
        periods.load(NOW)
    read.assert_called_once_with(seen.pk, 1)


@pytest.mark.django_db
def test_a_page_that_was_rolled_back_is_not_taken_for_one_like_it() -> None:
    """Of the same number and size, which another process has written since."""
    periods.load(NOW).claim(np.array([1]), np.array([1]))
    other = periods._current
    with transaction.atomic():
        periods.load(NOW).claim(np.array([2, 3]), np.array([2, 2]))
        transaction.set_rollback(True)
    mine, periods._current = periods._current, other
    periods.load(NOW).claim(np.array([2, 4]), np.array([3, 3]))
    periods._current = mine
    assert as_dict(periods.load(NOW).current.owned) == {1: 1, 2: 3, 4: 3}


@pytest.mark.django_db
def test_a_page_is_written_once() -> None:
    """Whoever claims with an old view of the period fails, whatever became of the lease."""
    held = periods.load(NOW)
    held.claim(np.array([1]), np.array([1]))
    with pytest.raises(IntegrityError), transaction.atomic():
        held.claim(np.array([2]), np.array([1]))
    assert as_dict(periods.load(NOW).current.owned) == {1: 1}


# -- Keys from before there were pages -----------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_keys_move_into_pages() -> None:
    keys = np.sort(np.random.default_rng(2).integers(FIRST, LAST, 3_000))
    parts = [Owned(keys[n::3], np.arange(n, 5_000, 5)[:1_000]) for n in (1, 2)]
    with tables_before("0004_key_pages") as model:
        period, key = model("livereport", "KeyPeriod"), model("livereport", "SeenEvent")
        closed = period.objects.create(
            opened_at=NOW,
            closed_at=NOW,
            events=1_017,
            event_filter=Filter.of(parts[0].keys).words.tobytes(),
            message_filter=Filter.of(keys[:0]).words.tobytes(),
        )
        for one, part in zip((closed, period.objects.create(opened_at=NOW)), parts, strict=True):
            key.objects.bulk_create(
                key(period=one.pk, key=k, batch=b) for k, b in as_dict(part).items()
            )
        period.objects.create(opened_at=NOW, closed_at=NOW, **empty_filters())
    expected = as_dict(*parts)
    for _ in range(2):
        found = periods.load(NOW).owners(keys).tolist()
        assert found == [expected.get(k, periods.NOBODY) for k in keys.tolist()]
    assert list(KeyPeriod.objects.order_by("pk").values_list("events", flat=True)) == [
        1000,
        1000,
        0,
    ]
    with transaction.atomic():
        counting = periods.load(NOW).claim(keys, np.full(3_000, 9_999))
    assert counting.sum() == 1_000
    assert periods.load(NOW).owners(keys).all()


def empty_filters() -> dict[str, bytes]:
    words = Filter.of(np.empty(0, np.int64)).words.tobytes()
    return {"event_filter": words, "message_filter": words}


def test_keys_are_told_apart_by_source_campaign_and_gauge() -> None:
    one = np.zeros(1, np.int64)
    sent = [(1, "c", "1x"), (11, "c", "x"), (2, "c", "1x"), (1, "1", "x"), (1, "1x", "c")]
    keys = [key for source, campaign, text in sent for key in names.keys(source, [text], campaign)]
    messages = [message_keys([scope], one, ["m"]) for scope in (("a", "b"), ("b", "a"))]
    messages += [message_keys([("c", "1")], one, ["x"]), message_keys([("1", "c")], one, ["1x"])]
    keys += [int(key) for each in messages for key in each]
    keys += [int(key) for each in messages for gauge in "cd" for key in state_keys(gauge, each)]
    assert len(set(keys)) == len(keys)
