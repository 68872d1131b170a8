"""Whatever comes in: refused alone with field and reason, or stored and shown as plain text."""

import csv
import gzip
import io
import json
import sys
import tracemalloc
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import product
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.channels import all_channels
from liveReport.ingest import BodyError
from liveReport.ingest.body import JSON, NDJSON, SEQUENCE, split
from liveReport.ingest.contract import current_contract
from liveReport.models import Bucket, Campaign, EventBatch, Execution, QuarantinedBatch
from tests.support.factories import CampaignFactory, receipt

NOW = datetime(2026, 6, 1, 12, 7, 30, tzinfo=UTC)
URL = "/api/v1/events/"
STATUSES = {202, 400, 413, 415, 422}
"""All that the contract has for someone with a good token who is in no hurry."""

pytestmark = pytest.mark.django_db

Post = Callable[..., Any]


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liveReport.rollup.tick.let_others_write", lambda held: None)


@pytest.fixture
def post(client: Client, ingest_token: str, campaign: Campaign) -> Post:
    """Post a body as the shop."""

    def send(body: bytes, content_type: str = JSON, encoding: str = "") -> Any:
        headers = {"authorization": f"Bearer {ingest_token}"}
        if encoding:
            headers["content-encoding"] = encoding
        return client.post(URL, body, content_type=content_type, headers=headers)

    return send


# -- Events as raw JSON --------------------------------------------------------------------

PLAIN = {
    "id": "bad",
    "campaign": "summer",
    "channel": "email",
    "type": "bounced",
    "occurred_at": "2026-06-01T12:00:00Z",
    "profile": "p-1",
}


def raw(field: str, value: bytes) -> bytes:
    """A bounce in which the value of one field is this very text."""
    members = {key: json.dumps(plain).encode() for key, plain in PLAIN.items()}
    members[field] = value
    return b"{%s}" % b", ".join(b'"%s": %s' % (key.encode(), v) for key, v in members.items())


def good(number: int) -> bytes:
    """A neighbour: its ``sent`` is what gets counted."""
    return json.dumps(PLAIN | {"id": f"good-{number}", "type": "sent"}).encode()


def array(*events: bytes) -> bytes:
    return b"[" + b",".join(events) + b"]"


def text(value: str) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


class Poison(NamedTuple):
    """An event that must be refused, with what the producer is told.

    ``id`` is what the refusal repeats. ``whole``: as JSON it makes the whole body
    unreadable; only as a line of its own it leaves the others alone.
    """

    event: bytes
    field: str
    code: str
    id: str | None = "bad"
    whole: bool = False


NUMBERS = {
    "2^63": b"9223372036854775808",
    "5,000 digits": b"9" * 5_000,
    "1e999": b"1e999",
    "0": b"0",
}
NO_NUMBERS = {"NaN": b"NaN", "Infinity": b"Infinity", "-Infinity": b"-Infinity"}
OTHER_TYPES = {"true": b"true", "a list": b'["x"]', "an object": b'{"x": "y"}'}
SURROGATES = {
    "a high surrogate": b'"\\ud800"',
    "a low surrogate": b'"x\\udc00"',
    "a high surrogate and a letter": b'"\\ud83dx"',
}
NO_UTF8 = {
    "no UTF-8": b'"x\xff"',
    "an overlong NUL": b'"\xc0\x80"',
    "Latin-1": b'"caf\xe9"',
}
CONTROLS = {
    "NUL": b'"x\\u0000y"',
    "a line feed": b'"x\\ny"',
    "an escape sequence": b'"\\u001b[2J"',
    "DEL": b'"x\x7f"',
    "an escaped DEL": b'"\\u007f"',
}
RAW_CONTROLS = {
    "a raw NUL": b'"x\x00y"',
    "a raw tab": b'"x\ty"',
    "a raw escape": b'"\x1b[2J"',
    "a raw carriage return": b'"x\ry"',
}
LEVELS = (1, 2, 32, 990, 1_000, 100_000)
"""How many lists there are in each other where text should be."""
FIELDS = ("id", "campaign", "channel", "type", "occurred_at", "profile", "message", "execution")
TIMES = ("occurred_at", "execution")
OPTIONAL = ("message", "execution")
NAMES = {"campaign": "not_a_slug", "channel": "unknown_channel", "type": "unknown_type"}
"""What is wrong with text that is only not the right text."""


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


def poison_in(field: str) -> dict[str, Poison]:
    """What no field takes as its value."""
    bad_id = field == "id"

    def poison(value: bytes, code: str, known: str | None = "bad") -> Poison:
        return Poison(raw(field, value), field, code, known)

    unread = None if bad_id else "bad"
    not_text = "not_a_time" if field in TIMES else "malformed"
    too_long = "not_a_time" if field in TIMES else "too_long"
    control = "not_a_time" if field in TIMES else NAMES.get(field, "control_character")
    long = {f"{length} characters": text("é" * length) for length in (201, 10_000)}
    return (
        {name: poison(v, "wrong_type", unread) for name, v in (NUMBERS | OTHER_TYPES).items()}
        | {name: poison(v, "malformed", unread) for name, v in (NO_NUMBERS | SURROGATES).items()}
        | {name: poison(v, not_text, unread) for name, v in NO_UTF8.items()}
        | {n: poison(v, control, json.loads(v) if bad_id else "bad") for n, v in CONTROLS.items()}
        | {
            n: poison(v, "control_character", json.loads(v, strict=False) if bad_id else "bad")
            for n, v in RAW_CONTROLS.items()
        }
        | {f"{n} levels": poison(nested(n), "wrong_type", unread) for n in LEVELS}
        | {name: poison(v, too_long, "é" * 200 if bad_id else "bad") for name, v in long.items()}
    )


def poison_without(field: str) -> dict[str, Poison]:
    """What comes of a required field that says nothing."""
    rest = {key: value for key, value in PLAIN.items() if key != field}
    own = rest.get("id")
    blank = "not_a_time" if field in TIMES else "blank"
    return {
        "null": Poison(raw(field, b"null"), field, "wrong_type", own),
        "nothing in it": Poison(raw(field, b'""'), field, blank, "" if own is None else own),
        "missing": Poison(json.dumps(rest).encode(), field, "required", own),
    }


OTHER_POISON = {
    "a list": Poison(b"[]", "", "not_an_object", None),
    "null": Poison(b"null", "", "not_an_object", None),
    "text": Poison(b'"\\u202e"', "", "not_an_object", None),
    "a number": Poison(b"7", "", "not_an_object", None),
    "no number": Poison(b"NaN", "", "malformed", None),
    "an empty object": Poison(b"{}", "id", "required", None),
    "a name of no field": Poison(raw("colour", b'"red"'), "colour", "unknown_field"),
    "a field of a prototype": Poison(raw("__proto__", b"{}"), "__proto__", "unknown_field"),
    "a field in capitals": Poison(raw("Reason", b'"x"'), "Reason", "unknown_field"),
    "a field of markup": Poison(raw("<script>", b"1"), "<script>", "unknown_field"),
    "a huge field": Poison(raw("x" * 100_000, b"1"), "x" * 200, "unknown_field"),
    "a field that is no text": Poison(
        raw("reason", b'"x"').replace(b'"reason"', b'"\\ud800"'), "", "malformed"
    ),
    "a field that is neither text nor number": Poison(
        raw("reason", b"NaN").replace(b'"reason"', b'"\\ud800"'), "", "malformed"
    ),
    "nothing but lists": Poison(b"[" * 100_000 + b"]" * 100_000, "", "not_an_object", None),
    "a deep field of no name": Poison(raw("colour", nested(100_000)), "colour", "unknown_field"),
    "a control character in a name": Poison(raw("colour\t", b'"red"'), "", "malformed"),
    "a cut event": Poison(raw("reason", b'"x"')[:-9], "", "malformed", None, whole=True),
    "two events without a comma": Poison(raw("reason", b'"x"') + b" {}", "", "malformed", None),
    "a leading zero": Poison(raw("reason", b"007"), "", "malformed", None),
    "single quotes": Poison(b"{'id': 'x'}", "", "malformed", None),
    "a comment": Poison(raw("reason", b'"x" /* y */'), "", "malformed", None),
    "a slug with a space": Poison(raw("campaign", b'"sum mer"'), "campaign", "not_a_slug"),
    "a slug with a path": Poison(raw("campaign", b'"../summer"'), "campaign", "not_a_slug"),
    "a slug with an accent": Poison(raw("campaign", text("été")), "campaign", "not_a_slug"),
    "a slug of 101": Poison(raw("campaign", text("x" * 101)), "campaign", "not_a_slug"),
    "a channel's neighbour": Poison(raw("channel", b'"Email"'), "channel", "unknown_channel"),
    "another channel's type": Poison(raw("type", b'"impression"'), "type", "unknown_type"),
    "another channel's dimension": Poison(raw("platform", b'"ios"'), "platform", "not_taken"),
    "another type's dimension": Poison(raw("offer", b'"o"'), "offer", "not_taken"),
    "no choice": Poison(raw("category", b'"HARD"'), "category", "not_a_choice"),
    "a reserved none": Poison(raw("reason", b'"__none__"'), "reason", "reserved"),
    "a reserved other": Poison(raw("domain", b'"__other__"'), "domain", "reserved"),
}

NO_TIMES = [
    "0000-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "-001-01-01T00:00:00Z",
    "+02026-06-01T12:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-06-31T00:00:00Z",
    "2026-06-30T23:59:60Z",
    "2026-06-01T24:00:00Z",
    "2026-06-01T12:60:00Z",
    "2026-06-01T12:00:00+24:00",
    "2026-06-01T12:00:00+00:60",
    "2026-06-01T12:00:00+0",
    "2026-06-01T12:00:00 Europe/Paris",
    "2026-06-01T12:00:00,5Z",
    "2026-06-01T12:00Z",
    "2026-06-01",
    "2026-W23-1T12:00:00Z",
    "2026-152T12:00:00Z",
    "12:00:00Z",
    "Mon, 01 Jun 2026 12:00:00 GMT",
    "1780315200",
    "1780315200000",
    "-1",
    "now",
    "NaN",
    "٢٠٢٦-06-01T12:00:00Z",
    "2026-06-01T12:00:00Z\N{ZERO WIDTH SPACE}",
    " 2026-06-01T12:00:00Z",
]
NO_EPOCHS = ["1780315200", "1780315200000", "-1", "1780315200.5"]
OUT_OF_TIME = {
    "2026-06-01T12:12:30.000001Z": "in_the_future",
    "2026-06-01T13:12:30.5+01:00": "in_the_future",
    "2036-06-01T12:00:00Z": "in_the_future",
    "9999-12-31T23:59:59Z": "in_the_future",
    "9999-12-31T23:59:59.999999-23:59": "in_the_future",
    "2026-05-29T12:07:29.999999Z": "too_old",
    "2026-05-29T14:07:29+02:00": "too_old",
    "2016-06-01T12:00:00Z": "too_old",
    "1970-01-01T00:00:00Z": "too_old",
    "1969-12-31T23:59:59Z": "too_old",
    "0001-01-01T00:00:00Z": "too_old",
    "0001-01-01T00:00:00+23:59": "too_old",
}
NO_RUNS = [
    "0001-01-01T00:00:00+23:59",
    "1970-01-01T00:00:00Z",
    "1999-12-31T23:59:59.999999Z",
    "2000-01-01T00:00:00+00:01",
    "2199-12-31T23:59:59-00:01",
    "2200-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999-23:59",
]


def poison_times(field: str) -> dict[str, Poison]:
    """What is no time, or one that cannot be."""
    wrong = {moment: code for moment, code in OUT_OF_TIME.items() if field == "occurred_at"}
    wrong |= {moment: "out_of_range" for moment in NO_RUNS if field == "execution"}
    wrong |= dict.fromkeys(NO_TIMES, "not_a_time") | {"2026-06-01T12:00:00": "no_offset"}
    return {
        moment: Poison(raw(field, text(moment)), field, code) for moment, code in wrong.items()
    } | {
        f"a number {epoch}": Poison(raw(field, epoch.encode()), field, "wrong_type")
        for epoch in NO_EPOCHS
    }


POISON = {
    f"{field}: {name}": poison
    for fields, kind in (
        ((*FIELDS, "reason", "domain"), poison_in),
        (set(FIELDS) - set(OPTIONAL), poison_without),
        (TIMES, poison_times),
    )
    for field in sorted(fields)
    for name, poison in kind(field).items()
}
POISON |= OTHER_POISON


# -- Refused alone -------------------------------------------------------------------------


def assert_refused_alone(response: Any, poison: Poison) -> None:
    assert response.status_code == 202, response.content
    answer = response.json()
    assert answer["accepted"] == 2
    (refusal,) = answer["rejected"]
    assert refusal["index"] == 1
    assert (refusal["field"], refusal["code"]) == (poison.field, poison.code), refusal
    assert refusal["id"] == poison.id
    assert refusal["message"].endswith(".")
    assert 10 < len(refusal["message"]) < 1_000


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
def test_poison_is_refused_alone_with_its_field_and_reason(
    post: Post, campaign: Campaign, poison: Poison
) -> None:
    lines = b"\n".join((good(1), poison.event, good(2)))
    assert_refused_alone(post(lines, NDJSON), poison)
    response = post(array(good(3), poison.event, good(4)))
    if poison.whole:
        assert response.status_code == 400
        assert response.json()["code"] == "malformed"
    else:
        assert_refused_alone(response, poison)
    expected = 2 if poison.whole else 4
    assert rollup.fold_pending() == expected
    assert counted(campaign) == {"sent": expected}


def counted(campaign: Campaign) -> dict[str, int]:
    """The events of the whole campaign by type."""
    rows = Bucket.objects.filter(tier=3600, series__dimension="", series__campaign=campaign)
    found: Counter[str] = Counter()
    for kind, count in rows.values_list("series__type", "count"):
        found[kind] += count
    return dict(found)


@pytest.mark.parametrize("media", [JSON, NDJSON])
def test_all_poison_at_once_takes_nothing_with_it(
    post: Post, campaign: Campaign, readers: "Readers", media: str
) -> None:
    poison = [one for one in POISON.values() if media == NDJSON or not one.whole]
    events: list[bytes] = []
    for number, one in enumerate(poison):
        events += [good(number), one.event]
    answer = post(b"\n".join(events) if media == NDJSON else array(*events), media).json()
    assert answer["accepted"] == len(poison)
    assert [refusal["index"] for refusal in answer["rejected"]] == list(range(1, len(events), 2))
    assert [refusal["field"] for refusal in answer["rejected"]] == [one.field for one in poison]
    rollup.fold_pending()
    assert counted(campaign) == {"sent": len(poison)}
    assert EventBatch.objects.get().count == len(poison)
    assert not QuarantinedBatch.objects.exists()
    readers.read_everything()


def test_poison_alone_is_422_and_leaves_nothing(post: Post) -> None:
    poison = [one for one in POISON.values() if not one.whole]
    response = post(b'{"events": %s}' % array(*(one.event for one in poison)))
    assert response.status_code == 422
    assert len(response.json()["rejected"]) == len(poison)
    assert not EventBatch.objects.exists()


def test_a_refusal_is_never_larger_than_what_it_refuses(post: Post) -> None:
    event = raw("x" * 1_000_000, b"1")
    assert len(post(array(event)).content) < 2_000


def test_the_last_of_two_members_of_one_name_counts_however_it_is_read(
    post: Post, campaign: Campaign
) -> None:
    double = good(0).replace(b'"type"', b'"domain": "first", "domain": "last", "type"')
    assert post(array(double)).json()["rejected"] == []
    slow = double.replace(b"good-0", b"good-1")
    assert post(array(slow, POISON["reason: NaN"].event)).json()["accepted"] == 1
    rollup.fold_pending()
    values = Bucket.objects.filter(tier=60, series__dimension="domain")
    assert list(values.values_list("series__value", "count")) == [("last", 2)]


def test_good_lines_are_decoded_at_once(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def split_after_all(*args: Any) -> None:
        raise AssertionError(args)

    monkeypatch.setattr("liveReport.ingest.contract.split", split_after_all)
    body = b"\r\n".join((b"", good(1), b" ", good(2), b"\t", good(3), b""))
    assert post(body, NDJSON).json() == receipt(3)
    assert post(b"\n\n \r\n", NDJSON).json() == receipt(0)


@pytest.mark.parametrize("other", [b"", b"\n{}"], ids=["among good ones", "among others"])
def test_a_line_is_an_event_and_an_event_a_line(post: Post, other: bytes) -> None:
    """With and without another event that is to blame for something else."""
    broken = good(2).replace(b", ", b",\n")
    two = post(b"\n".join((good(0), good(1) + b" " + good(2))) + other, NDJSON).json()
    assert (two["accepted"], two["rejected"][0]["index"]) == (1, 1)
    more = post(b"\n".join((good(3), broken)) + other, NDJSON).json()
    assert more["accepted"] == 1
    assert len(more["rejected"]) == len((broken + other).splitlines())


def test_no_depth_of_nesting_breaks_the_lenient_parser() -> None:
    """One level decides whether reading still works and writing what was read does not."""
    for depth in range(sys.getrecursionlimit() - 200, sys.getrecursionlimit() + 5):
        for nested in (b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth):
            try:
                events = split(array(b"NaN", nested), JSON, 10)
                assert len(events) == 2
                current_contract().validate(array(b"NaN", nested), JSON, NOW, 10, source=1)
            except BodyError:
                continue


def test_too_many_events_are_refused_before_anything_is_made_of_them(post: Post) -> None:
    response = post(b"[NaN" + b",{}" * 5_000 + b"]")
    assert response.status_code == 413
    assert response.json()["code"] == "too_many"


# -- Refused as a whole --------------------------------------------------------------------

GOOD = array(good(1))
ZIPPED = gzip.compress(GOOD)


def stored_gzip(body: bytes) -> bytes:
    """The same, not compressed but wrapped."""
    packer = zlib.compressobj(0, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


def in_json(body: bytes) -> tuple[bytes, str, str, int, str]:
    return body, JSON, "", 400, "malformed"


def zipped(body: bytes) -> tuple[bytes, str, str, int, str]:
    return body, JSON, "gzip", 400, "gzip"


def typed(content_type: str, code: str = "media_type") -> tuple[bytes, str, str, int, str]:
    return GOOD, content_type, "", 415, code


def encoded(encoding: str) -> tuple[bytes, str, str, int, str]:
    return ZIPPED, JSON, encoding, 415, "content_encoding"


BODIES: dict[str, tuple[bytes, str, str, int, str]] = {
    **{
        f"{name} {media}": (GOOD.decode().encode(name), media, "", 415, "charset")
        for media in (JSON, NDJSON, SEQUENCE)
        for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")
    },
    "half a byte order mark": in_json(b"\xef\xbb" + GOOD),
    "a byte order mark alone": in_json(b"\xef\xbb\xbf"),
    "a NUL before": in_json(b"\x00" + GOOD),
    "a NUL behind": in_json(GOOD + b"\x00"),
    "cut": in_json(GOOD[:-1]),
    "cut within an event": in_json(GOOD[:-20]),
    "two documents": in_json(GOOD + GOOD),
    "a trailing comma": in_json(GOOD[:-1] + b",]"),
    "lines as JSON": in_json(good(1) + b"\n" + good(2)),
    "another envelope": in_json(b'{"event": %s}' % GOOD),
    "more in the envelope": in_json(b'{"events": %s, "x": 1}' % GOOD),
    "more in an envelope to salvage": in_json(b'{"events": [NaN], "x": %s}' % GOOD),
    "an envelope in an envelope": in_json(b'{"events": {"events": %s}}' % GOOD),
    "one event": in_json(good(1)),
    "deep and cut beside a good one": in_json(array(good(1), nested(100_000)[:-1])),
    "deep and closed too often": in_json(array(good(1), nested(100_000) + b"]")),
    "a cut string beside a good one": in_json(array(raw("reason", b'"x'), good(1))),
    "a control character beside a cut one": in_json(array(raw("reason", b'"\t"'), b"{", good(1))),
    "deep and never closed": in_json(b'{"events":' * 100_000),
    "a form": in_json(b"events=%5B%5D"),
    "XML": in_json(b'<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>'),
    "zipped and not said": in_json(ZIPPED),
    "zipped twice": (gzip.compress(ZIPPED), JSON, "gzip", 400, "malformed"),
    "said to be zipped": zipped(GOOD),
    "zipped nothing": zipped(b""),
    "a zip cut in its head": zipped(ZIPPED[:5]),
    "a zip cut in its middle": zipped(ZIPPED[:-20]),
    "a zip cut in its sum": zipped(ZIPPED[:-1]),
    "a zip with a wrong sum": zipped(ZIPPED[:-8] + b"\x00" * 4 + ZIPPED[-4:]),
    "a zip with a wrong length": zipped(ZIPPED[:-4] + b"\xff" * 4),
    "a zip with something behind it": zipped(ZIPPED + b"x"),
    "two documents in two zips": (ZIPPED + gzip.compress(b"[]"), JSON, "gzip", 400, "malformed"),
    "zlib as gzip": zipped(zlib.compress(GOOD)),
    "a broken zip": zipped(ZIPPED[:20] + bytes(len(ZIPPED) - 20)),
    "a wrapped one that is too long": (
        stored_gzip(b" " * 5_242_881),
        JSON,
        "gzip",
        413,
        "too_large",
    ),
    "a bomb of lines": (
        gzip.compress(b"[]\n" * 5_000_000),
        NDJSON,
        "gzip",
        413,
        "ratio",
    ),
    "events beyond counting": (b"[" + b"0," * 2_000_000 + b"0]", JSON, "", 413, "too_many"),
    "no events beyond counting": (b"[" + b"NaN," * 1_000_000 + b"0]", JSON, "", 413, "too_many"),
    "compress": encoded("compress"),
    "gzip beside another": encoded("gzip, compress"),
    "gzip too often": encoded("gzip, gzip, gzip, gzip"),
    "gzip with a weight": encoded("gzip;q=1"),
    "an encoding that is long": encoded("x" * 5_000),
    "an encoding of markup": encoded("<script>"),
    "text": typed("text/plain"),
    "a sequence of something else": typed("application/cbor-seq"),
    "JSON in an image": typed("image/x+json"),
    "half a suffix": typed("application/+json"),
    "a form's type": typed("application/x-www-form-urlencoded"),
    "a form with parts": typed("multipart/form-data; boundary=x"),
    "anything": typed("*/*"),
    "half a type": typed("application"),
    "a type of markup": typed("<script>"),
    "a type that is long": typed("x" * 5_000),
    "UTF-16 said": typed("application/json; charset=utf-16", "charset"),
    "Latin-1 said": typed('application/json; charset="iso-8859-1"', "charset"),
    "UTF-7 said": typed("application/x-ndjson;charset=utf-7", "charset"),
}


@pytest.mark.parametrize("case", BODIES.values(), ids=BODIES)
def test_an_unreadable_body_is_refused_as_a_whole(
    post: Post, case: tuple[bytes, str, str, int, str]
) -> None:
    body, content_type, encoding, status, code = case
    response = post(body, content_type, encoding)
    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code), problem
    assert response.headers["Content-Type"] == "application/problem+json"
    assert not EventBatch.objects.exists()
    assert post(array(good(1))).json() == receipt(1)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"9" * 1_000_000, NDJSON),
        (b"[%s]" % (b"9" * 1_000_000), JSON),
        (b"[NaN, %s]" % (b"9" * 1_000_000), JSON),
        (b"\xef\xbb\xbf{}", NDJSON),
        (GOOD[:1] + b"\xef\xbb\xbf" + GOOD[1:], JSON),
        (b"\x1e{}", SEQUENCE),
        (GOOD, SEQUENCE),
        (ZIPPED, NDJSON),
        (GOOD, NDJSON),
        (array(b"{%s}" % b",".join(b'"k%d":0' % n for n in range(100_000))), JSON),
    ],
)
def test_what_can_be_split_is_refused_event_by_event(
    post: Post, body: bytes, content_type: str
) -> None:
    response = post(body, content_type)
    assert response.status_code == 422
    assert response.json()["rejected"]
    assert not EventBatch.objects.exists()


def test_a_bomb_never_unfolds_in_memory(post: Post) -> None:
    bomb = gzip.compress(bytes(200_000_000), 9)
    post(array(good(1)))
    tracemalloc.start()
    try:
        assert post(bomb, encoding="gzip").status_code == 413
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 30_000_000


# -- Stored, and shown as text -------------------------------------------------------------

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "＝1+1", "＋1", "－1", "＠x")
VALUES = (
    *FORMULAS,
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</title></style></textarea><svg onload=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "<!--",
    "]]>",
    "&lt;b&gt; &amp; &#x41;",
    "{{ 7*7 }}{% debug %}",
    "${7*7} #{7*7} %s %(x)s {0} {x}",
    "\\u003cscript\\u003e \\ \\n",
    "'; DROP TABLE livereport_bucket; --",
    'a "quoted", comma; semicolon',
    "../../../etc/passwd",
    "None",
    "null",
    "NaN",
    "0",
    "__proto__",
    "constructor",
    "bidi \u202egnp.exe\u202c \u2066isolated\u2069.",
    "zero\u200bwidth\u200d\u2060\ufeff, and more",
    "a mark\ufeff within",
    "line\u2028and\u2029paragraph",
    "next\u0085line \u009b31m",
    "strange\N{NO-BREAK SPACE}spaces \u3000 within",
    "é as one",
    "e\u0301 as two",
    "Ω and \N{OHM SIGN}",
    "ﬁ ß İ ı",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "z̷̢̛̮̗̘a̸̡l̵̢g̷̛o̴",
    "العربية שלום 中文",
    "\uffff \ufffe \ufdd0 \U0010ffff",
    "\ufffd \ue000",
    "😀" * 200,
    "x" * 200,
)
assert len(VALUES) < 50, "more would be folded into one row"
PLACES = {
    ("email", "bounced", "reason"): "bounce_reasons",
    ("email", "opened", "domain"): "recipient_domains",
    ("push", "delivered", "platform"): "platform_breakdown",
    ("web", "impression", "element"): "interactions_by_element",
}
"""Where a dimension of an event comes to light."""
AS_DOMAINS = {
    "None": "none",
    "NaN": "nan",
    "👩‍👩‍👧‍👦🏳️‍🌈": "xn--1ugaaa94880difb8wgapb",
}
"""Values that are domain names by chance, in the form that all spellings of them have."""


def events_with(values: Mapping[str, str], channel: str, kind: str, dimension: str) -> bytes:
    """An event for each value, which is also its id, its profile and its message."""
    plain = PLAIN | {"channel": channel, "type": kind}
    events = (
        plain
        | {"id": f"{channel} {dimension}"[:20] + name[:180], "profile": value, "message": name}
        | {dimension: value}
        for name, value in values.items()
    )
    return json.dumps(list(events), ensure_ascii=False).encode()


class Structure(HTMLParser):
    """The tags of a page with the names of their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.text: list[str] = []
        self.values: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[" ".join([tag, *sorted(name for name, _ in attrs)])] += 1
        self.values += [value for _, value in attrs if value]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


class Readers:
    """Alice's browser and a program: they look at everything there is to read."""

    def __init__(self, browser: Client, token: str) -> None:
        self.browser = browser
        self.headers = {"authorization": f"Bearer {token}"}

    def api(self, path: str) -> Any:
        response = Client().get(f"/api/v1/{path}", headers=self.headers)
        assert response.status_code == 200, (path, response.content)

        def refuse(constant: str) -> None:
            raise ValueError(constant)

        return json.loads(response.content.decode(), parse_constant=refuse)

    def table(self, path: str) -> list[list[str]]:
        """A CSV file, all of whose lines are equally long and none of whose cells calculates."""
        rows = self.sheet(path)
        assert len({len(row) for row in rows}) == 1
        return rows

    def sheet(self, path: str) -> list[list[str]]:
        reader, headers = (
            (Client(), self.headers) if path.startswith("/api") else (self.browser, {})
        )
        response = reader.get(path, headers=headers)
        assert response.status_code == 200, path
        assert response.headers["Content-Type"].startswith("text/csv")
        rows = list(csv.reader(io.StringIO(response.content.decode(), newline="")))
        assert rows
        for cell in (cell for row in rows for cell in row):
            assert not cell.startswith(tuple("=+@\t\r＝＋－＠"))
            assert not cell.startswith("-") or float(cell)
        return rows

    def page(self, path: str) -> Structure:
        response = self.browser.get(path)
        assert response.status_code == 200, path
        assert response.headers["Content-Type"].startswith("text/html")
        return Structure(response.content.decode())

    def read_everything(self, slug: str = "summer") -> None:
        self.api("campaigns/")
        assert self.api(f"campaigns/{slug}/")["slug"] == slug
        tabs = [tab["slug"] for tab in self.api(f"campaigns/{slug}/report/")["tabs"]]
        for tab in tabs:
            self.read_tab(slug, tab)
        self.sheet(f"/admin/reports/{slug}/export.csv")
        pk = Campaign.objects.get(slug=slug).pk
        for path in ("campaign/", f"campaign/{pk}/change/", "eventbatch/", "execution/"):
            self.page(f"/admin/livereport/{path}")
        self.page("/admin/livereport/quarantinedbatch/")
        assert rollup.verify() == []

    def read_tab(self, slug: str, tab: str) -> None:
        address = f"campaigns/{slug}/report/{tab}/"
        found = self.api(address)
        assert found["widgets"]
        for widget in found["widgets"]:
            assert widget["frame"], widget["slug"]
            assert self.api(f"{address}{widget['slug']}/")["frame"] == widget["frame"]
            rows = self.table(f"/api/v1/{address}{widget['slug']}/?format=csv")
            assert len(rows) >= 1 + len(widget["frame"]["rows"])
            self.table(f"/admin/reports/{slug}/{tab}/{widget['slug']}.csv")
        for execution in found["executions"]:
            chosen = self.api(f"{address}?execution={execution.replace('+', '%2B')}")
            assert chosen["widgets"]
        self.page(f"/admin/reports/{slug}/{tab}/")
        self.page(f"/admin/reports/{slug}/{tab}/changes/")


@pytest.fixture
def readers(alice: Any, campaign: Campaign, read_token: str) -> Readers:
    browser = Client()
    browser.force_login(alice)
    return Readers(browser, read_token)


@pytest.fixture
def shown(post: Post, campaign: Campaign, readers: Readers) -> Readers:
    """Every value in every place, and in another campaign as many harmless ones."""
    CampaignFactory(slug="winter")
    for place in PLACES:
        body = events_with({value: value for value in VALUES}, *place)
        assert post(body).json() == receipt(len(VALUES))
        harmless = {value: f"value {number:02}" for number, value in enumerate(VALUES)}
        body = events_with(harmless, *place).replace(b'"summer"', b'"winter"')
        body = body.replace(b'"id": "', b'"id": "w ')
        assert post(body).json()["accepted"] == len(VALUES)
    assert rollup.fold_pending() == 2 * len(VALUES) * len(PLACES)
    return readers


def quoted(value: str) -> str:
    """As a cell says it, also where a semicolon would begin another one."""
    value = value.replace("; --", ";' --")
    return f"'{value}" if value in FORMULAS else value


def test_strange_values_are_kept_as_they_came(shown: Readers) -> None:
    for (channel, _kind, dimension), key in PLACES.items():
        address = f"campaigns/summer/report/{channel}/{key}/"
        frame = shown.api(address)["frame"]
        expected = {value: value for value in VALUES}
        expected |= AS_DOMAINS if dimension == "domain" else {}
        values = {row[dimension] for row in frame["rows"]}
        assert values - {"__none__"} == set(expected.values())
        cells = {row[0] for row in shown.table(f"/api/v1/{address}?format=csv")}
        assert {quoted(value) for value in expected.values()} <= cells


def test_strange_values_change_nothing_but_text(shown: Readers) -> None:
    for tab in ("campaign", "email", "push", "web"):
        hostile = shown.page(f"/admin/reports/summer/{tab}/")
        harmless = shown.page(f"/admin/reports/winter/{tab}/")
        assert hostile.tags == harmless.tags
        if tab != "campaign":
            seen = "\n".join([*hostile.text, *hostile.values])
            expected = AS_DOMAINS if tab == "email" else {}
            assert [v for v in VALUES if v not in seen and expected.get(v, v) not in seen] == []


def test_strange_values_break_no_read(shown: Readers) -> None:
    shown.read_everything()


def test_strange_values_make_a_sound_workbook(shown: Readers) -> None:
    response = shown.browser.get("/admin/reports/summer/export.xlsx")
    assert response.status_code == 200
    with zipfile.ZipFile(io.BytesIO(response.content)) as book:
        parts = {name: book.read(name) for name in book.namelist() if name.endswith(".xml")}
    for name, part in parts.items():
        tree = ElementTree.fromstring(part)
        assert not list(
            tree.iter("{http://schemas.openxmlformats.org/spreadsheetml/2006/main}f")
        ), name


def test_strange_ids_and_profiles_are_told_apart(post: Post, campaign: Campaign) -> None:
    events = [PLAIN | {"id": value, "profile": value, "type": "targeted"} for value in VALUES]
    body = json.dumps(events).encode()  # this time with escapes
    assert post(body).json() == receipt(len(VALUES))
    assert post(json.dumps(events, ensure_ascii=False).encode()).status_code == 202
    assert rollup.fold_pending() == 2 * len(VALUES)
    assert counted(campaign) == {"targeted": len(VALUES)}
    assert [batch.duplicates for batch in EventBatch.objects.order_by("pk")] == [0, len(VALUES)]


# -- Times at the edges --------------------------------------------------------------------


EDGES = [
    ("2026-06-01T12:12:30Z", 1),
    ("2026-06-02T12:11:30+23:59", 1),
    ("2026-05-31T12:08:30.000001-23:59", 1),
    ("2026-06-01t12:00:00z", 1),
    ("2026-06-01T12:00:00-00:00", 1),
    ("2026-06-01T12:00:00.999999999Z", 1),
    ("2026-06-01T12:00:00.0000000000000000000001Z", 1),
    ("2026-05-31T10:07:30Z", 1),
    ("2026-05-31T10:07:29.999999Z", 0),
    ("2026-05-29T12:07:30Z", 0),
    ("2026-05-30T00:07:30-12:00", 0),
]


@pytest.mark.parametrize(("moment", "counts"), EDGES)
def test_a_time_at_the_edge_never_makes_a_bucket_out_of_range(
    post: Post, campaign: Campaign, readers: Readers, moment: str, counts: int
) -> None:
    event = raw("occurred_at", text(moment)).replace(b"bounced", b"delivered")
    assert post(array(event, good(1))).json() == receipt(2)
    rollup.fold_pending()
    assert counted(campaign).get("delivered", 0) == counts
    assert EventBatch.objects.get().late == 1 - counts
    earliest, latest = NOW - timedelta(hours=27), NOW + timedelta(minutes=5)
    starts = Bucket.objects.values_list("start", flat=True)
    assert all(earliest.timestamp() < start <= latest.timestamp() for start in starts)
    readers.api("campaigns/summer/report/email/")


RUNS = [
    "2000-01-01T00:00:00Z",
    "1999-12-31T23:59:00-00:01",
    "2199-12-31T23:59:59.999999Z",
    "2200-01-01T00:00:00+00:01",
    "2024-02-29T23:59:59.123456+14:00",
    "2026-06-01T12:00:00.1Z",
]


@pytest.mark.parametrize("moment", RUNS)
def test_every_execution_that_was_accepted_can_be_asked_for(
    post: Post, readers: Readers, moment: str
) -> None:
    event = raw("execution", text(moment)).replace(b"bounced", b"sent")
    assert post(array(event, good(1))).json()["accepted"] == 2
    rollup.fold_pending()
    report = "campaigns/summer/report/email/"
    (execution,) = readers.api(report)["executions"]
    assert datetime.fromisoformat(execution) == datetime.fromisoformat(moment)
    for chosen in (execution, moment):
        widget = readers.api(f"{report}statistics/?execution={chosen.replace('+', '%2B')}")
        assert [row["execution"] for row in widget["frame"]["rows"]] == [execution]
        assert widget["frame"]["totals"]["sent"] == 1
    assert Execution.objects.get().started_at == datetime.fromisoformat(moment)


def test_times_at_the_edge_break_no_read(post: Post, readers: Readers) -> None:
    events = [
        PLAIN | {"id": f"{number}", "occurred_at": moment, "execution": run}
        for number, ((moment, _), run) in enumerate(product(EDGES, RUNS))
    ]
    assert post(json.dumps(events).encode()).json() == receipt(len(events))
    rollup.fold_pending()
    readers.read_everything()


# -- Anything at all -----------------------------------------------------------------------

anything = st.text(st.characters(codec=None), max_size=20)
"""Text that may hold lone surrogates."""
values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers(-(10**400), 10**400),
        st.floats(),
        anything,
        st.sampled_from(NO_TIMES),
        st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(anything, inner, max_size=3)
    ),
    max_leaves=6,
)
dimensions = sorted({d.key for channel in all_channels() for d in channel.dimensions})
members = st.dictionaries(
    st.one_of(st.sampled_from([*FIELDS, *dimensions]), anything), values, min_size=1, max_size=4
)
never_500 = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@given(
    changes=members,
    kept=st.booleans(),
    escaped=st.booleans(),
    media=st.sampled_from([JSON, NDJSON]),
)
@settings(never_500, max_examples=50)
@example(changes={"id": "\ud800", "\udfff": 1}, kept=True, escaped=True, media=JSON)
@example(changes={"reason": float("nan"), "id": 10**400}, kept=True, escaped=True, media=JSON)
@example(changes={"reason": float("nan"), "id": "\ud800"}, kept=True, escaped=False, media=JSON)
def test_whatever_an_event_is_its_neighbours_count(
    post: Post, readers: Readers, changes: dict[str, Any], kept: bool, escaped: bool, media: str
) -> None:
    """``kept``: the rest of the event is fine."""
    event = (PLAIN if kept else {}) | changes
    event_text = json.dumps(event, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    parts = (good(1), event_text, good(2))
    body = b"\n".join(parts) if media == NDJSON else array(*parts)
    with transaction.atomic():
        response = post(body, media)
        assert response.status_code == 202, response.content
        answer = response.json()
        assert answer["accepted"] + len(answer["rejected"]) == 3
        for refusal in answer["rejected"]:
            assert refusal["index"] == 1
            assert refusal["code"]
            assert refusal["message"]
        rollup.fold_pending()
        assert (
            QuarantinedBatch.objects.count()
            + sum(batch.count for batch in EventBatch.objects.all())
            == answer["accepted"]
        )
        domains = readers.api("campaigns/summer/report/email/sending_performance/")
        assert domains["frame"]["totals"]["delivered"] in (0, 1)
        table = readers.api("campaigns/summer/report/email/statistics/")
        assert table["frame"]["totals"]["sent"] in (2, 3)
        readers.table("/api/v1/campaigns/summer/report/email/statistics/?format=csv")
        transaction.set_rollback(True)


bodies = st.one_of(
    st.binary(max_size=200),
    st.lists(
        st.sampled_from(
            [
                b"[",
                b"]",
                b"{",
                b"}",
                b'"',
                b",",
                b":",
                b"\\u",
                b"events",
                b"NaN",
                b"\n",
                b"1e9",
                b"\xff",
                good(9),
            ]
        )
    ).map(b"".join),
    st.tuples(st.integers(0, len(GOOD)), st.binary(max_size=3)).map(
        lambda change: GOOD[: change[0]] + change[1] + GOOD[change[0] :]
    ),
    st.integers(0, len(GOOD)).map(lambda end: GOOD[:end]),
    st.tuples(st.integers(0, len(ZIPPED) - 1), st.integers(0, 255)).map(
        lambda change: ZIPPED[: change[0]] + bytes([change[1]]) + ZIPPED[change[0] + 1 :]
    ),
)


@given(
    body=bodies,
    content_type=st.one_of(
        st.sampled_from([JSON, NDJSON, ""]),
        st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"])),
    ),
    encoding=st.one_of(
        st.sampled_from(["", "gzip", "identity", "GZIP "]),
        st.text(st.characters(max_codepoint=127, exclude_categories=["Cc"])),
    ),
)
@settings(never_500, max_examples=80)
def test_whatever_a_body_is_it_gets_an_answer_of_the_contract(
    post: Post, body: bytes, content_type: str, encoding: str
) -> None:
    with transaction.atomic():
        response = post(body, content_type, encoding)
        answer = json.loads(response.content)
        assert response.status_code in STATUSES
        if response.status_code == 202:
            kept = sum(batch.count for batch in EventBatch.objects.all())
            assert kept + QuarantinedBatch.objects.count() == answer["accepted"]
        else:
            assert answer["status"] == response.status_code
            assert answer["code"]
            assert not EventBatch.objects.exists()
        rollup.fold_pending()
        assert not EventBatch.objects.filter(folded=False).exists()
        transaction.set_rollback(True)
