"""Every limit of ingest, at the limit and one past it; and the server outlives refusals."""

import gzip
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from liveReport.engines.outage import PAUSE
from liveReport.ingest import Receipt, receive
from liveReport.ingest.coding import SMALL
from liveReport.models import Campaign, EventBatch, Source
from tests.support.factories import event
from tests.support.processes import JSON, Site, free_port

URL = "/api/v1/events/"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LENGTHS = {"id": 200, "profile": 200, "message": 200, "domain": 200, "campaign": 100}
"""The longest text that each field takes, in characters."""


@pytest.fixture
def take(campaign: Campaign, source: Source) -> Callable[..., Receipt]:
    def receive_events(*events: Any, **options: Any) -> Receipt:
        return receive(source, msgspec.json.encode(events), now=NOW, **options)

    return receive_events


def sent(**fields: Any) -> dict[str, Any]:
    return event(occurred_at=NOW, **fields)


def code(receipt: Receipt) -> str:
    """What became of the one event."""
    if receipt.accepted:
        assert not receipt.rejected
        return "accepted"
    (rejection,) = receipt.rejected
    return rejection.code


# -- One event ---------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("letter", ["x", "é", "漢", "😀"])
@pytest.mark.parametrize(("field", "limit"), LENGTHS.items())
def test_a_text_may_be_this_long(take: Any, field: str, limit: int, letter: str) -> None:
    letter = "x" if field == "campaign" else letter
    assert code(take(sent(**{field: letter * limit}))) == "accepted"
    assert code(take(sent(**{field: letter * (limit + 1)}))) != "accepted"


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["id", "profile", "campaign"])
def test_what_is_required_is_not_empty(take: Any, field: str) -> None:
    assert code(take(sent(**{field: "x"}))) == "accepted"
    assert code(take(sent(**{field: ""}))) != "accepted"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("occurred_at", NOW - timedelta(hours=72), NOW - timedelta(hours=72) - MICROSECOND),
        ("occurred_at", NOW + timedelta(minutes=5), NOW + timedelta(minutes=5) + MICROSECOND),
        ("execution", "2000-01-01T00:00:00Z", "1999-12-31T23:59:59.999999Z"),
        ("execution", "2199-12-31T23:59:59.999999Z", "2200-01-01T00:00:00Z"),
        ("execution", "2000-01-01T00:00:00-23:59", "2000-01-01T00:00:00+00:01"),
    ],
)
def test_a_time_may_be_this_far(take: Any, field: str, good: Any, bad: Any) -> None:
    assert code(take(sent() | {field: good})) == "accepted"
    assert code(take(sent() | {field: bad})) != "accepted"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "moment",
    [
        "0001-01-01T00:00:00+12:00",
        "9999-12-31T23:59:59-12:00",
        "2026-02-30T00:00:00Z",
        "2026-03-01T12:00:00",
        "2026-03-01T24:00:01Z",
        1772366400,
        1772366400000,
        "1772366400",
        1e308,
        None,
    ],
)
def test_a_time_that_is_none_is_refused(take: Any, moment: Any) -> None:
    assert code(take(sent() | {"occurred_at": moment})) != "accepted"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "value",
    ["7", "-0", "9223372036854775807", "9223372036854775808", "1" * 5_000, "1.5", "1e308",
     "1e309", "NaN", "-Infinity", "true", "null", "[]", "{}", "[[]]", '{"a": {}}'],
)  # fmt: skip
@pytest.mark.parametrize("media", [JSON, "application/x-ndjson"])
def test_a_field_takes_text_only(
    campaign: Campaign, source: Source, value: str, media: str
) -> None:
    """Numbers of any size, and anything nested, are refused; the event beside is not."""
    good = msgspec.json.encode(sent())
    bad = good.replace(b'"p-1"', value.encode())
    body = b"\n".join([bad, good]) if media != JSON else b"[%s,%s]" % (bad, good)
    receipt = receive(source, body, content_type=media, now=NOW)
    assert (receipt.accepted, [one.index for one in receipt.rejected]) == (1, [0])


@pytest.mark.django_db
def test_an_event_has_these_keys_and_no_other(take: Any) -> None:
    assert code(take(sent(message="m", execution=NOW, domain="example.org"))) == "accepted"
    assert code(take(sent(another=""))) != "accepted"
    assert code(take(sent(**{f"key-{number}": "" for number in range(10_000)}))) != "accepted"


# -- One request -------------------------------------------------------------------------------


@pytest.fixture
def post(client: Client, ingest_token: str, campaign: Campaign) -> Callable[..., Any]:
    def send(body: bytes, **headers: str) -> Any:
        kind = headers.pop("content_type", JSON)
        headers["authorization"] = f"Bearer {ingest_token}"
        return client.post(URL, body, content_type=kind, headers=headers)

    return send


RUNS = b"".join(b" " * length + b"\n" for length in Random(1).choices(range(99), k=110_000))
"""Blanks of which gzip does not make next to nothing."""


def padded(size: int, *, by: bytes = b" ") -> bytes:
    """A body of exactly so many bytes, with one good event in it."""
    whole = msgspec.json.encode([event()])
    missing = size - len(whole)
    return whole[:-1] + (by * (missing // len(by) + 1))[:missing] + whole[-1:]


def zipped(body: bytes, size: int) -> bytes:
    """The body in exactly so many bytes of gzip, by means of a file name in its head."""
    plain = gzip.compress(body)
    name = b"x" * (size - len(plain) - 1) + b"\0"
    return plain[:3] + b"\x08" + plain[4:10] + name + plain[10:]


@pytest.mark.django_db
def test_so_many_bytes_may_come(post: Any) -> None:
    assert post(padded(settings.INGEST_MAX_BYTES)).status_code == 202
    assert post(padded(settings.INGEST_MAX_BYTES + 1)).status_code == 413


@pytest.mark.django_db
@pytest.mark.parametrize("level", [0, 1, 9])
def test_so_many_bytes_may_unfold(post: Any, level: int) -> None:
    most = settings.INGEST_MAX_BYTES

    def packed(size: int) -> bytes:
        return gzip.compress(padded(size, by=RUNS), level)

    gzipped = {"content-encoding": "gzip"}
    if level:
        assert post(packed(most), **gzipped).status_code == 202
    assert post(packed(most + 1), **gzipped).json()["code"] == "too_large"


@pytest.mark.django_db
def test_a_body_may_unfold_to_so_many_times_its_bytes(post: Any) -> None:
    gzipped = {"content-encoding": "gzip"}
    for size in (1_000, 5_000, 25_000):
        most = size * settings.INGEST_MAX_RATIO
        assert post(zipped(padded(most), size), **gzipped).status_code == 202
        refused = post(zipped(padded(most + 1), size), **gzipped)
        assert (refused.status_code, refused.json()["code"]) == (413, "ratio")
    assert EventBatch.objects.count() == 3


@pytest.mark.django_db
def test_a_small_body_may_unfold_to_more(post: Any) -> None:
    gzipped = {"content-encoding": "gzip"}
    small, large = (zipped(padded(size), 300) for size in (SMALL, SMALL + 1))
    assert settings.INGEST_MAX_RATIO * 300 < SMALL
    assert post(small, **gzipped).status_code == 202
    assert post(large, **gzipped).json()["code"] == "ratio"


@pytest.mark.django_db
def test_events_that_repeat_themselves_are_no_bomb(post: Any) -> None:
    """All that can be equal is, and as long as it may be."""
    long = {field: field[0] * limit for field, limit in LENGTHS.items() if field != "campaign"}
    events = [event(**long | {"id": f"{number:0200}"}) for number in range(4_000)]
    body = msgspec.json.encode(events)
    assert post(gzip.compress(body, 9), **{"content-encoding": "gzip"}).json()["accepted"] == 4_000


@pytest.mark.django_db
def test_so_many_events_may_come(post: Any) -> None:
    most = settings.INGEST_MAX_EVENTS
    events = [event() for _ in range(most + 1)]
    encodings: list[tuple[str, Callable[[list[Any]], bytes]]] = [
        (JSON, msgspec.json.encode),
        ("application/x-ndjson", lambda some: b"\n".join(map(msgspec.json.encode, some))),
        (JSON, lambda some: msgspec.json.encode({"events": some})),
    ]
    for media, encode in encodings:
        assert post(encode(events[:most]), content_type=media).json()["accepted"] == most
        assert post(encode(events), content_type=media).status_code == 413
    assert EventBatch.objects.count() == 3


@pytest.mark.django_db
def test_blank_lines_are_no_events(post: Any) -> None:
    body = b"\n" * 100_000 + msgspec.json.encode(event()) + b"\r\n" * 100_000
    assert post(body, content_type="application/x-ndjson").json()["accepted"] == 1


@pytest.mark.django_db
@pytest.mark.parametrize("nested", [b"[" * 100_000, b'{"a":' * 100_000, b'[{"id":' * 50_000])
def test_depth_is_refused_not_followed(post: Any, nested: bytes) -> None:
    assert post(nested).status_code == 400
    assert post(b"[" + nested + b"]").status_code == 400


FRAMES = {"array": b"[%s]", "envelope": b'{"events": [%s]}', "lines": b"%s"}


@pytest.mark.django_db
@pytest.mark.parametrize("depth", [1, 2, 31, 32, 33, 989, 990, 999, 1_000, 1_001, 100_000])
@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_an_event_is_flat(
    post: Any, depth: int, frame: str, opening: bytes, closing: bytes
) -> None:
    """What is nested in a field is refused alone, whether any parser could follow it or not."""
    good, other = msgspec.json.encode(event()), msgspec.json.encode(event())
    nested = opening * (depth - 1) + b'"p-1"' + closing * (depth - 1)
    parts = [good, event_with(b"profile", nested), event_with(b"a field", nested), other]
    media = JSON if frame != "lines" else "application/x-ndjson"
    body = FRAMES[frame] % (b"\n" if frame == "lines" else b",").join(parts)
    answer = post(body, content_type=media).json()
    at_the_limit = depth == 1
    assert answer["accepted"] == 2 + at_the_limit
    wrong = [(1, "bad", "profile", "wrong_type")] * (not at_the_limit)
    assert [(one["index"], one["id"], one["field"], one["code"]) for one in answer["rejected"]] == [
        *wrong,
        (2, "bad", "a field", "unknown_field"),
    ]


def event_with(field: bytes, value: bytes) -> bytes:
    plain = msgspec.json.encode(event(id="bad"))
    return plain.replace(b'"profile":"p-1"', b'"profile":"p-1","%s":%s' % (field, value))


@pytest.mark.django_db
def test_an_event_may_not_be_nested_but_its_envelope_is(post: Any) -> None:
    one = msgspec.json.encode(event())
    assert post(b'{"events":[' + one + b"]}").status_code == 202
    assert post(b'{"events":[[' + one + b"]]}").status_code == 422
    assert post(b'[{"events":[' + one + b"]}]").status_code == 422


@pytest.mark.django_db
def test_a_cache_that_is_away_is_asked_once_in_a_while(post: Any, monkeypatch: Any) -> None:
    """Its timeout must not be every request's."""
    asked: list[object] = []

    def hang_up(*args: Any) -> None:
        asked.append(args)
        raise ConnectionError

    clock = 1_000.0
    monkeypatch.setattr("liveReport.engines.outage.time.monotonic", lambda: clock)
    monkeypatch.setattr("liveReport.api.throttles.cache.add", hang_up)
    assert {post(b"[]").status_code for _ in range(5)} == {202}
    assert len(asked) == 1
    clock += PAUSE
    assert {post(b"[]").status_code for _ in range(5)} == {202}
    assert len(asked) == 2


# -- The real server ---------------------------------------------------------------------------

live = pytest.mark.skipif(connection.vendor != "sqlite", reason="has a database of its own")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site.prepared(tmp_path_factory.mktemp("site"), PORT=free_port())
    with site.web("--workers", "1"):
        yield site


def ask(
    kept: HTTPConnection, site: Site, body: bytes, token: str = "", **headers: str
) -> HTTPResponse:
    """A request on a connection that is kept; the answer, read to its end."""
    headers = {"Authorization": f"Bearer {token or site.may_send}", "Content-Type": JSON} | headers
    kept.request("POST", URL, body, headers)
    answer = kept.getresponse()
    answer.read()
    return answer


def connect(site: Site) -> HTTPConnection:
    return HTTPConnection("127.0.0.1", int(site.environment["PORT"]), timeout=30)


@live
@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (padded(settings.INGEST_MAX_BYTES + 1), {}, 413),
        (gzip.compress(b" " * 50_000_000), {"Content-Encoding": "gzip"}, 413),
        (padded(4 * settings.INGEST_MAX_BYTES), {}, 413),
        (zipped(padded(1_000_001), 5_000), {"Content-Encoding": "gzip"}, 413),
        (b"[" * 100_000, {}, 400),
        (b"nonsense", {"Content-Encoding": "gzip"}, 400),
        (b"[]", {"Content-Type": "text/csv"}, 415),
        (b"[]", {"Authorization": "Bearer wrong"}, 401),
        (b"[" + b"1" * 5_000 + b"]", {}, 422),
    ],
    ids=lambda value: str(value)[:30] if not isinstance(value, bytes) else str(len(value)),
)
def test_after_a_refusal_the_client_goes_on(
    site: Site, body: bytes, headers: dict[str, str], status: int
) -> None:
    with closing(connect(site)) as kept:
        kept.connect()
        first = kept.sock
        for _ in range(3):
            assert ask(kept, site, body, **headers).status == status
            assert ask(kept, site, msgspec.json.encode([event()])).status == 202
        assert kept.sock is first


@live
def test_a_body_that_is_far_too_large_is_not_even_read(site: Site) -> None:
    with closing(connect(site)) as kept:
        kept.putrequest("POST", URL)
        kept.putheader("Authorization", f"Bearer {site.may_send}")
        kept.putheader("Content-Length", str(4 * settings.INGEST_MAX_BYTES + 1))
        kept.endheaders(b"[")
        assert kept.getresponse().status == 413


@live
def test_a_body_in_chunks_is_limited_too(site: Site) -> None:
    most = settings.INGEST_MAX_BYTES
    with closing(connect(site)) as kept:
        for size, status in ((most, 202), (most + 1, 413), (most, 202)):
            body = padded(size)
            parts = (body[start : start + 65_536] for start in range(0, size, 65_536))
            headers = {"Authorization": f"Bearer {site.may_send}", "Content-Type": JSON}
            kept.request("POST", URL, parts, headers, encode_chunked=True)
            answer = kept.getresponse()
            answer.read()
            assert answer.status == status


@live
@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ({f"X-{number}": "x" for number in range(50)}, {f"X-{n}": "x" for n in range(200)}),
        ({"X-Long": "x" * 60_000}, {"X-Long": "x" * 2_000_000}),
    ],
    ids=["many headers", "a long header"],
)
def test_headers_are_limited(site: Site, good: dict[str, str], bad: dict[str, str]) -> None:
    body = msgspec.json.encode([event()])
    with closing(connect(site)) as kept:
        assert ask(kept, site, body, **good).status == 202
        with suppress(OSError):  # or hung up on while still sending
            assert ask(kept, site, body, **bad).status in (400, 431)
    with closing(connect(site)) as another:
        assert ask(another, site, body).status == 202


@live
def test_strangers_who_send_slowly_hold_nobody_up(site: Site) -> None:
    """Who has no token is refused before the body is waited for."""
    head = (
        f"POST {URL} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer wrong\r\n"
        f"Content-Type: {JSON}\r\nContent-Length: 1000000\r\n\r\n["
    )
    strangers = []
    try:
        for _ in range(50):
            slow = socket.create_connection(("127.0.0.1", int(site.environment["PORT"])), 30)
            slow.sendall(head.encode())
            strangers.append(slow)
        for _ in range(10):
            assert site.post(event()).status == 202
        assert all(b" 401 " in slow.recv(100) for slow in strangers)
    finally:
        for slow in strangers:
            slow.close()


@live
def test_memory_is_bounded(site: Site) -> None:
    """A hundred bombs later the process has not grown by more than one of them may unfold to."""
    bomb = gzip.compress(b"[" + b" " * 200_000_000 + b"]")

    def throw(times: int) -> None:
        with closing(connect(site)) as kept:
            for _ in range(times):
                headers = {"Content-Encoding": "gzip"}
                assert ask(kept, site, bomb, **headers).status == 413

    throw(10)
    before = resident(site)
    throw(40)
    assert resident(site) - before < 8 * settings.INGEST_MAX_BYTES


def resident(site: Site) -> int:
    """The bytes of memory that the site's processes hold."""
    page = os.sysconf("SC_PAGE_SIZE")
    held = [Path(f"/proc/{pid}/statm").read_text().split()[1] for pid in site.processes()]
    return sum(map(int, held)) * page
