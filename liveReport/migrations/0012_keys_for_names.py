"""What the log calls events and messages becomes keyed hashes, and so does what remembers them.

All in one transaction: a key that was rewritten while its batch was not could not be found any
more. A period of keys and some batches are in memory at a time, however large the log is.

The keys of events and messages that the log no longer names stay as they are: they are older
than anything that may still arrive and count, and go with their period.
"""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any
from zlib import crc32

import numpy as np
from django.apps.registry import Apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F

from liveReport.events import former
from liveReport.events.batch import Events, encode
from liveReport.events.columns import Ints
from liveReport.events.former import Former
from liveReport.events.hashes import state_keys

PORTION = 20
"""Batches to hold in memory."""
PAGE = 128
BITS, KEYS_AT_ONCE = 20, 50_000
SCATTER = (1, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)
PICKS = (0, 6, 12)
MOVES = """
CREATE TEMPORARY TABLE livereport_moves (former BIGINT PRIMARY KEY, renewed BIGINT NOT NULL)
"""
MOVE = """
UPDATE livereport_messagestate SET key = livereport_moves.renewed
FROM livereport_moves WHERE livereport_messagestate.key = livereport_moves.former
"""


def rekey(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Events' keys first: their former ones are made from what the log is about to lose."""
    connection = schema_editor.connection
    # Whoever is folding, against all advice, cannot commit any more.
    _model(apps, "FoldLease").update(fence=F("fence") + 1)
    for period in _model(apps, "KeyPeriod").defer("event_filter", "message_filter").order_by("pk"):
        _rekey_period(apps, period)
    with connection.cursor() as cursor:
        cursor.execute(MOVES)
        states = _model(apps, "MessageState").order_by().values_list("channel", "gauge")
        watched: dict[str, list[str]] = {}
        for channel, gauge in states.distinct():
            watched.setdefault(channel, []).append(gauge)
        moves = 0
        for batch in _batches(_model(apps, "EventBatch")):
            moves += _rekey_batch(apps, cursor, batch, watched)
        if moves:
            _move_states(apps, cursor)
        cursor.execute("DROP TABLE livereport_moves")
    for name in ("QuarantinedBatch", "SetAsideBatch"):
        for batch in _batches(_model(apps, name)):
            if found := _unpacked(batch):  # perhaps gone by now: the site is in use
                payload = encode(found.keyed(batch.source_id))
                _model(apps, name).filter(pk=batch.pk).update(payload=payload)


def _model(apps: Apps, name: str) -> Any:
    return apps.get_model("livereport", name).objects


def _batches(rows: Any) -> Iterator[Any]:
    """Some at a time: SQLite lets nobody write who is still reading."""
    last = 0
    while page := list(rows.filter(pk__gt=last).order_by("pk")[:PORTION]):
        yield from page
        last = page[-1].pk


def _unpacked(batch: Any) -> Former | None:
    """What the former release packed; nothing if it was another, or nobody can unpack it."""
    try:
        return former.unpack(batch.payload)
    except Exception:  # noqa: BLE001 (whatever it is, it stays as it is)
        return None


# -- Keys of events ------------------------------------------------------------------------------


def _rekey_period(apps: Apps, period: Any) -> None:
    """A key that an event counts by becomes that event's new one, and stays with its batch."""
    keys, batches = _owned(_model(apps, "KeyPage").filter(period=period.pk).order_by("page"))
    renewed = keys.copy()
    seen = 0
    owners = np.unique(batches).tolist()
    for start in range(0, len(owners), PORTION):
        some = owners[start : start + PORTION]
        for batch in _model(apps, "EventBatch").filter(pk__in=some):
            if found := _unpacked(batch):
                seen += len(found.ids)
                places, own = _counting(keys, batches, batch, found)
                renewed[places] = found.keyed(batch.source_id).ids[own]
    changed = int((renewed != keys).sum())
    if seen and not changed:
        raise ImproperlyConfigured(
            "PSEUDONYM_KEY is not the key that this site has run with: repeated events would count"
            " twice. Set the former one; see docs/configuration.md."
        )
    if changed:
        order = np.argsort(renewed)
        _write(apps, period, renewed[order], batches[order])


def _owned(pages: Any) -> tuple[Ints, Ints]:
    """All keys of some pages, sorted, and the batch of each."""
    keys, batches = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for page in pages.iterator(chunk_size=500):
        width = 8 * len(page.batches) // len(page.keys)
        keys.append(np.frombuffer(bytes(page.keys), "<i8"))
        offsets = np.frombuffer(bytes(page.batches), f"<u{width}").astype(np.int64)
        batches.append(offsets + page.first_batch)
    joined = np.concatenate(keys)
    order = np.argsort(joined)
    return joined[order], np.concatenate(batches)[order]


def _counting(keys: Ints, batches: Ints, batch: Any, found: Former) -> tuple[Ints, Ints]:
    """The places of a batch's own keys among all, and those of the events that they are of.

    Of events with the same id the first did count, even where they are of several campaigns.
    """
    digest = _prefixed(f"{batch.source_id}\0")
    made, first = np.unique(_hashed(digest, found.ids), return_index=True)
    places = np.minimum(np.searchsorted(keys, made), len(keys) - 1)
    own = (keys[places] == made) & (batches[places] == batch.pk)
    return places[own], first[own]


def _write(apps: Apps, period: Any, keys: Ints, batches: Ints) -> None:
    """Replace the pages of a period by those of these sorted keys."""
    pages = _model(apps, "KeyPage")
    pages.filter(period=period.pk).delete()
    if period.closed_at:
        page = ((keys >> 32) + 2**31) * (1 + len(keys) // PAGE) >> 32
        numbers, starts = np.unique(page, return_index=True)
        period.event_filter = _filter(keys)
        period.checksum = crc32(period.event_filter + bytes(period.message_filter))
        period.save(update_fields=["event_filter", "checksum"])
    else:
        numbers, starts = np.zeros(1, np.int64), np.zeros(1, np.int64)
        period.checksum = _checksum(keys, batches)
        period.save(update_fields=["checksum"])
    parts = zip(np.split(keys, starts[1:]), np.split(batches, starts[1:]), strict=True)
    pages.bulk_create(
        (
            pages.model(period=period.pk, page=number, **_columns(*part))
            for number, part in zip(numbers.tolist(), parts, strict=True)
        ),
        batch_size=500,
    )


def _columns(keys: Ints, batches: Ints) -> dict[str, Any]:
    first = int(batches.min())
    offsets = batches - first
    width = np.min_scalar_type(offsets.max()).itemsize
    packed = offsets.astype(f"<u{width}").tobytes()
    return {"first_batch": first, "keys": keys.astype("<i8").tobytes(), "batches": packed}


def _checksum(keys: Ints, batches: Ints) -> int:
    digest = blake2b((0).to_bytes(8, "little"), digest_size=8)
    digest.update(keys.tobytes())
    digest.update(batches.tobytes())
    return int.from_bytes(digest.digest(), "little", signed=True)


def _filter(keys: Ints) -> bytes:
    """A Bloom filter as the fold asks it."""
    words = np.zeros(1 + len(keys) * BITS // 64, np.uint64)
    for start in range(0, len(keys), KEYS_AT_ONCE):
        plain = keys[start : start + KEYS_AT_ONCE].view(np.uint64)
        for factor in SCATTER:
            hashes = plain * np.uint64(factor)
            bits = np.zeros(len(hashes), np.uint64)
            for pick in PICKS:
                bits |= np.uint64(1) << (hashes >> np.uint64(pick) & np.uint64(63))
            places = (hashes >> np.uint64(32)) * np.uint64(len(words)) >> np.uint64(32)
            np.bitwise_or.at(words, places, bits)
    return words.tobytes()


# -- The log, and states of messages -------------------------------------------------------------


def _rekey_batch(apps: Apps, cursor: Any, batch: Any, watched: Mapping[str, list[str]]) -> int:
    """Pack a batch anew and describe it; how many states its messages may have."""
    found = _unpacked(batch)
    try:
        events = found.keyed(batch.source_id) if found else former.read(batch.payload, 0)
    except Exception:  # noqa: BLE001 (nobody can unpack it: it is set aside, or will be)
        return 0
    if found:
        _model(apps, "EventBatch").filter(pk=batch.pk).update(payload=encode(events))
    _describe(apps, batch, events)
    if not (found and batch.folded):
        return 0
    moves = dict(_moves(found, events, watched))
    _note(cursor, moves)
    return len(moves)


def _describe(apps: Apps, batch: Any, events: Events) -> None:
    campaigns = sorted(events.campaigns())
    at = events.at if len(events) else np.zeros(1, np.int64)
    times = {"first_at": int(at.min()), "last_at": int(at.max())}
    single = campaigns[0] if len(campaigns) == 1 else ""
    _model(apps, "EventBatch").filter(pk=batch.pk).update(campaign=single, **times)
    shared = _model(apps, "BatchCampaign")
    several = campaigns if len(campaigns) > 1 else ()
    shared.bulk_create(shared.model(batch=batch.pk, campaign=slug, **times) for slug in several)


def _moves(
    found: Former, events: Events, watched: Mapping[str, list[str]]
) -> Iterator[tuple[int, int]]:
    """The former key of each state that the messages may have, and the new one."""
    messages: dict[tuple[str, str], dict[str, int]] = {}
    keys = events.messages.tolist()
    for place, message, key in zip(found.shape.tolist(), found.messages, keys, strict=True):
        shape = found.shapes[place]
        if message and shape.channel in watched:
            messages.setdefault((shape.campaign, shape.channel), {})[message] = key
    for (campaign, channel), named in messages.items():
        renewed = np.array(list(named.values()), np.int64)
        for gauge in watched[channel]:
            digest = _prefixed(f"{campaign}\0{channel}\0{gauge}\0")
            olds = _hashed(digest, named).tolist()
            yield from zip(olds, state_keys(gauge, renewed).tolist(), strict=True)


def _note(cursor: Any, moves: Mapping[int, int]) -> None:
    otherwise = "ON CONFLICT (former) DO NOTHING"
    if cursor.db.vendor == "postgresql":
        rows = "SELECT unnest(%s::bigint[]), unnest(%s::bigint[])"
        cursor.execute(
            f"INSERT INTO livereport_moves (former, renewed) {rows} {otherwise}",
            [list(moves), list(moves.values())],
        )
    else:
        cursor.executemany(
            f"INSERT INTO livereport_moves (former, renewed) VALUES (%s, %s) {otherwise}",  # noqa: S608
            list(moves.items()),
        )


def _move_states(apps: Apps, cursor: Any) -> None:
    """Let all states be found by their new keys."""
    if cursor.db.vendor == "postgresql":
        cursor.execute("ANALYZE livereport_moves")
    cursor.execute(MOVE)
    for period in _model(apps, "KeyPeriod").exclude(closed_at=None):
        states = _model(apps, "MessageState").filter(period=period.pk).values_list("key", flat=True)
        keys = np.fromiter(states.iterator(chunk_size=50_000), np.int64)
        period.message_filter = _filter(keys)
        period.checksum = crc32(bytes(period.event_filter) + period.message_filter)
        period.save(update_fields=["message_filter", "checksum"])


# -- Keys as they were made before ---------------------------------------------------------------


def _prefixed(prefix: str) -> Any:
    return blake2b(prefix.encode(), digest_size=8, key=settings.PSEUDONYM_KEY.secret)


def _hashed(begun: Any, texts: Iterable[str]) -> Ints:
    digests = []
    for text in texts:
        digest = begun.copy()
        digest.update(text.encode())
        digests.append(digest.digest())
    return np.frombuffer(b"".join(digests), "<i8").astype(np.int64)


class Migration(migrations.Migration):
    """Apart from that of the tables, which on PostgreSQL nobody could add to until it ends."""

    dependencies = [("livereport", "0011_log_in_keys")]

    operations = [migrations.RunPython(rekey, migrations.RunPython.noop)]
