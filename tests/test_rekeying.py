"""What the former release stored, ids and messages as they were sent, is this one's afterwards."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any
from zlib import crc32

import msgspec
import numpy as np
import pytest
import zstandard
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from liveReport import ingest, rollup
from liveReport.engines.keys import keypages
from liveReport.engines.keys.bloom import Filter
from liveReport.engines.keys.keypages import Owned
from liveReport.events import former
from liveReport.events.batch import MIXED, Events, decode, encode
from liveReport.events.hashes import message_keys, state_keys
from liveReport.ingest.drain import drain
from liveReport.ingest.spool import Record, spool
from liveReport.models import (
    BatchCampaign,
    Bucket,
    EventBatch,
    KeyPage,
    KeyPeriod,
    MessageState,
    QuarantinedBatch,
    SetAsideBatch,
    Source,
)
from tests.support import factories
from tests.support.factories import CampaignFactory
from tests.support.former import tables_before
from tests.support.names import keys

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
LATER = NOW + timedelta(hours=7)
GAUGE = "retries"
Event = dict[str, Any]


def event(name: str, **fields: Any) -> Event:
    plain = factories.event(id=name, profile=f"p-{name}", occurred_at=NOW.isoformat())
    return plain | {"message": f"m-{name}", "type": "deferred"} | fields


def take(source: Source, *events: Event, now: datetime = NOW) -> EventBatch:
    assert ingest.receive(source, msgspec.json.encode(events), now=now).rejected == []
    return EventBatch.objects.latest("pk")


# -- As it was ---------------------------------------------------------------------------------


def hashed(text: str) -> int:
    digest = blake2b(text.encode(), digest_size=8, key=settings.PSEUDONYM_KEY.secret)
    return int.from_bytes(digest.digest(), "little", signed=True)


def message_key(one: Event) -> int:
    scope = [(one["campaign"], one["channel"])]
    return int(message_keys(scope, np.zeros(1, np.int64), [one["message"]])[0])


class Past:
    """How events that were sent were stored by the former release."""

    def __init__(self, source: Source, sent: Iterable[Event]) -> None:
        self.ids: dict[int, str] = {}
        self.id_keys: dict[int, int] = {}
        self.messages: dict[int, str] = {0: ""}
        self.state_keys: dict[int, int] = {}
        for one in sent:
            (key,) = keys(source, [one["id"]], one["campaign"])
            self.ids[key] = one["id"]
            self.id_keys[key] = hashed(f"{source.pk}\0{one['id']}")
            message = message_key(one)
            self.messages[message] = one["message"]
            state = int(state_keys(GAUGE, np.array([message]))[0])
            text = f"{one['campaign']}\0{one['channel']}\0{GAUGE}\0{one['message']}"
            self.state_keys[state] = hashed(text)

    def payload(self, now: bytes | memoryview) -> bytes:
        events = decode(now)
        columns = [
            list(events.shapes),
            events.shape.astype("<u4").tobytes(),
            [self.ids[key] for key in events.ids.tolist()],
            np.diff(events.at, prepend=0).astype("<i8").tobytes(),
            events.profile.astype("<i8").tobytes(),
            [self.messages[key] for key in events.messages.tolist()],
        ]
        return zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(columns))

    def bring_back(self, model: Any) -> None:
        """Store everything as the former release did."""
        for name in ("EventBatch", "QuarantinedBatch", "SetAsideBatch"):
            for batch in model("livereport", name).objects.all():
                if bytes(batch.payload) != SPOILT:
                    batch.payload = self.payload(batch.payload)
                    batch.save(update_fields=["payload"])
        for state in MessageState.objects.all():
            key = self.state_keys.get(state.key, state.key)
            MessageState.objects.filter(period=state.period, key=state.key).update(key=key)
        for period in KeyPeriod.objects.all():
            held = owned(period.pk)
            old = {self.id_keys.get(key, key): batch for key, batch in held.items()}
            pages = Owned(np.array(sorted(old)), np.array([old[key] for key in sorted(old)]))
            KeyPage.objects.filter(period=period.pk).delete()
            keypages.write(period.pk, pages.divided() if period.closed_at else {0: pages})
            if period.closed_at:
                period.event_filter, period.message_filter = filters(period.pk)
                period.save()


SPOILT = b"no frame"


def owned(period: int) -> dict[int, int]:
    """The batch of each event's key."""
    whole = Owned.joined([page for _number, page in keypages.read_from(period, 0)])
    return dict(zip(whole.keys.tolist(), whole.batches.tolist(), strict=True))


def filters(period: int) -> tuple[bytes, bytes]:
    states = sorted(MessageState.objects.filter(period=period).values_list("key", flat=True))
    both = sorted(owned(period)), states
    events, messages = (Filter.of(np.array(some, np.int64)).words.tobytes() for some in both)
    return events, messages


def stored() -> dict[str, Any]:
    """All that a migration might spoil."""
    periods_ = KeyPeriod.objects.order_by("pk")
    return {
        "keys": {period.pk: owned(period.pk) for period in periods_},
        "states": set(MessageState.objects.values_list("period", "key", "at", "waiting")),
        "filters": {
            period.pk: (bytes(period.event_filter), bytes(period.message_filter))
            for period in periods_
            if period.closed_at
        },
        "log": [
            (batch.pk, batch.count, *described(batch), plain(batch.payload))
            for batch in EventBatch.objects.order_by("pk")
        ],
        "shared": set(BatchCampaign.objects.values_list()),
        "others": [
            plain(batch.payload)
            for model in (QuarantinedBatch, SetAsideBatch)
            for batch in model.objects.order_by("pk")
        ],
        "buckets": set(Bucket.objects.values_list("series", "tier", "start", "count")),
    }


def described(batch: EventBatch) -> tuple[Any, ...]:
    return batch.first_at, batch.last_at, batch.campaign


def plain(payload: bytes | memoryview) -> Any:
    return payload if bytes(payload) == SPOILT else (decode(payload).key, list(decode(payload)))


@pytest.fixture
def source(campaign: Any, source: Source) -> Source:
    CampaignFactory(slug="spring")
    return source


@pytest.fixture
def sent(source: Source) -> list[Event]:
    """Folded in two periods, of which one is closed, with repeats; some are still pending."""
    first = [event(f"a{n}", occurred_at=at(n)) for n in range(300)]
    second = [event(f"b{n}", campaign="spring") for n in range(5)]
    third = [event(f"c{n}", message="m-a1", type="delivered") for n in range(3)]
    plain_ones = [event(f"d{n}", message=None) for n in range(2)]
    pending = [*first[:2], event("e1"), event("e2", campaign="spring")]
    lost = [event("q1", campaign="nope")]
    take(source, *first)
    take(source, *first[:3], *second)
    rollup.fold_pending(NOW)
    take(source, *third, *plain_ones, first[0], now=LATER)
    rollup.fold_pending(LATER)
    take(source, *pending, now=LATER)
    take(source, *lost, now=LATER)
    EventBatch.objects.create(source=source, count=3, payload=SPOILT, received_at=LATER)
    for payload in (SPOILT, EventBatch.objects.earliest("pk").payload):
        SetAsideBatch.objects.create(
            source=source, batch=1, received_at=NOW, count=1, error="x", attempts=3, payload=payload
        )
    assert KeyPeriod.objects.filter(closed_at=None).count() == 1
    assert KeyPeriod.objects.exclude(closed_at=None).count() == 1
    return [
        one | {"message": one["message"] or ""}
        for one in (*first, *second, *third, *plain_ones, *pending, *lost)
    ]


def at(number: int) -> str:
    return (NOW - timedelta(minutes=number)).isoformat()


# -- The migration -----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_all_that_the_former_release_stored_is_what_this_one_had_stored(
    source: Source, sent: list[Event]
) -> None:
    before = stored()
    assert before["shared"]
    with tables_before("0011_log_in_keys") as model:
        Past(source, sent).bring_back(model)
        batch = model("livereport", "EventBatch").objects.earliest("pk")
        found = former.unpack(batch.payload)
        assert found
        assert found.ids[0] == "a0"
    assert stored() == before
    assert_sent_again_counts_once(source, sent)


def assert_sent_again_counts_once(source: Source, sent: list[Event]) -> None:
    EventBatch.objects.filter(payload=SPOILT).delete()
    rollup.fold_pending(LATER)
    assert rollup.verify(LATER) == []
    counted = set(Bucket.objects.values_list("series", "tier", "start", "count"))
    again = [one for one in sent if one["campaign"] != "nope"]
    batch = take(source, *again, now=LATER)
    rollup.fold_pending(LATER + timedelta(seconds=1))
    batch.refresh_from_db()
    assert (batch.folded, batch.duplicates) == (True, len(again))
    assert set(Bucket.objects.values_list("series", "tier", "start", "count")) == counted
    assert rollup.verify(LATER) == []


@pytest.mark.django_db(transaction=True)
def test_one_id_in_two_campaigns_counted_once_and_is_not_counted_anew_by_a_recount(
    source: Source,
) -> None:
    """Formerly it was the source's: the second was a repeat, which its new key must not own."""
    one, other = event("x"), event("x", campaign="spring")
    take(source, one)
    rollup.fold_pending(NOW)
    past = Past(source, [one, other])
    both = take(source, one, other, now=NOW)
    payload = bytes(both.payload)
    both.delete()
    with tables_before("0011_log_in_keys") as model:
        past.bring_back(model)
        batch = model("livereport", "EventBatch").objects.get()
        batch.payload, batch.count, batch.duplicates = past.payload(payload), 2, 1
        batch.save()
    assert rollup.verify(NOW) == []
    take(source, one)
    rollup.fold_pending(NOW + timedelta(seconds=1))
    assert EventBatch.objects.latest("pk").duplicates == 1
    assert rollup.verify(NOW) == []


@pytest.mark.django_db(transaction=True)
def test_another_key_than_the_former_one_stops_the_migration(
    source: Source, sent: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored()
    wrong = settings.PSEUDONYM_KEY._replace(secret=b"another key" * 3)
    refused = pytest.raises(ImproperlyConfigured, match="PSEUDONYM_KEY is not the key")
    with refused, tables_before("0011_log_in_keys") as model:
        Past(source, sent).bring_back(model)
        monkeypatch.setattr(settings, "PSEUDONYM_KEY", wrong)
    monkeypatch.undo()
    with tables_before("0012_keys_for_names"):
        pass
    assert stored()["keys"] == before["keys"]


# -- What it comes too early for -----------------------------------------------------------------


def former_insert(source: Source, payload: bytes, count: int) -> None:
    """As the former release's web processes do, until they are ended."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO livereport_eventbatch"
            " (source_id, received_at, count, payload, folded, duplicates, late)"
            " VALUES (%s, %s, %s, %s, FALSE, 0, 0)",
            [source.pk, connection.ops.adapt_datetimefield_value(NOW), count, payload],
        )


@pytest.mark.django_db
def test_a_batch_that_the_former_release_adds_meanwhile_is_counted_and_kept_as_this_one_does(
    source: Source,
) -> None:
    events = [event("a"), event("b", campaign="spring")]
    first = take(source, *events)
    rollup.fold_pending(NOW)
    more = take(source, *events, event("c"))
    expected = plain(more.payload)
    past = Past(source, [*events, event("c")])
    former_insert(source, past.payload(more.payload), 3)
    expected_description = described(more)
    more.delete()
    BatchCampaign.objects.filter(batch=more.pk).delete()
    rollup.fold_pending(NOW + timedelta(seconds=1))
    batch = EventBatch.objects.latest("pk")
    assert batch.pk > first.pk
    assert (batch.folded, batch.duplicates) == (True, 2)
    assert plain(batch.payload) == expected
    assert described(batch) == expected_description
    assert BatchCampaign.objects.filter(batch=batch.pk).count() == 2
    assert rollup.verify(NOW) == []


@pytest.mark.django_db
def test_a_spool_that_the_former_release_left_is_drained_into_keys(source: Source) -> None:
    events = [event("a"), event("b", campaign="spring")]
    batch = take(source, *events)
    past = Past(source, events)
    rollup.fold_pending(NOW)
    spool().put(source.pk, NOW, decode(batch.payload))
    (record,) = spool().first(10, 10)
    payload = past.payload(record.payload)
    replaced(record, payload)
    assert drain() == 2
    last = EventBatch.objects.latest("pk")
    assert plain(last.payload) == plain(batch.payload)
    assert described(last) == described(batch)
    rollup.fold_pending(NOW + timedelta(seconds=1))
    last.refresh_from_db()
    assert last.duplicates == 2


def replaced(record: Record, payload: bytes) -> None:
    """Let the spool hold another payload in a record."""
    with spool()._file.connection() as held:
        held.execute("UPDATE waiting SET payload = ?, checksum = ?", (payload, crc32(payload)))


def test_no_event_is_packed_with_several_keys() -> None:
    empty = Events.of([])
    assert Events.joined([empty, empty]).key == settings.PSEUDONYM_KEY.version
    other = replace(empty, key=empty.key + 1)
    mixed = Events.joined([empty, other])
    assert mixed.key == MIXED
    with pytest.raises(ValueError, match="same key"):
        encode(mixed)
