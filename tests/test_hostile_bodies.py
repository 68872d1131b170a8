"""Hostile bodies: refused as a whole where they cannot be split, and never unfolded."""

import gzip
import tracemalloc
import zlib

import pytest

from liveReport.ingest.body import JSON, NDJSON, SEQUENCE
from liveReport.models import EventBatch
from tests.support import hostile
from tests.support.factories import receipt
from tests.support.hostile import GOOD, ZIPPED, Post, array, good, nested, raw

pytestmark = pytest.mark.django_db

_at_noon = hostile.at_noon
_without_waiting = hostile.without_waiting
post = hostile.post


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
