"""Poison: an event that must be refused is refused alone, with its field and reason."""

import json
import sys
from typing import Any, NamedTuple

import pytest

from liveReport import rollup
from liveReport.ingest import BodyError
from liveReport.ingest.body import JSON, NDJSON, split
from liveReport.ingest.contract import current_contract
from liveReport.models import Bucket, Campaign, EventBatch, QuarantinedBatch
from tests.support import hostile
from tests.support.factories import receipt
from tests.support.hostile import (
    FIELDS,
    NO_TIMES,
    NOW,
    PLAIN,
    Post,
    Readers,
    array,
    counted,
    good,
    raw,
    text,
)

pytestmark = pytest.mark.django_db

_at_noon = hostile.at_noon
_without_waiting = hostile.without_waiting
post = hostile.post
readers = hostile.readers


# -- Events as raw JSON --------------------------------------------------------------------


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


TIMES = ("occurred_at", "execution")
OPTIONAL = ("message", "execution")
NAMES = {"campaign": "not_a_slug", "channel": "unknown_channel", "type": "unknown_type"}
"""What is wrong with text that is only not the right text."""


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
        | {f"{n} levels": poison(hostile.nested(n), "wrong_type", unread) for n in LEVELS}
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
    "a deep field of no name": Poison(
        raw("colour", hostile.nested(100_000)), "colour", "unknown_field"
    ),
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


@pytest.mark.parametrize("media", [JSON, NDJSON])
def test_all_poison_at_once_takes_nothing_with_it(
    post: Post, campaign: Campaign, readers: Readers, media: str
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
