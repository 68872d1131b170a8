"""Bodies as clients send them: any coding, any name of a framing, marks, one name for one thing."""

import gzip
import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

import brotli
import msgspec
import pytest
import zstandard
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.channels import Dimension
from liveReport.channels.values import domain_name, trimmed
from liveReport.events.moments import start_of_run
from liveReport.ingest import BodyError, receive
from liveReport.ingest.body import JSON, NDJSON, SEQUENCE, documents, plain_text
from liveReport.ingest.coding import SMALL, decompress
from liveReport.ingest.contract import current_contract
from liveReport.ingest.media import media_type
from liveReport.models import Campaign, Source
from liveReport.report import parse_executions, tab_widget
from liveReport.report.frames import Row
from tests.support.factories import event

MARK = b"\xef\xbb\xbf"
LIMIT = settings.INGEST_MAX_BYTES
PLAIN = msgspec.json.encode([{"id": str(number)} for number in range(500)])


# -- Content codings ---------------------------------------------------------------------------


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def adorned_gzip(body: bytes) -> bytes:
    """With a FEXTRA, FNAME, FCOMMENT and FHCRC in its head."""
    plain = gzip.compress(body, mtime=0)
    head = plain[:3] + b"\x1e" + plain[4:10] + b"\x04\0ABCD" + b"name\0" + b"a comment\0"
    return head + (zlib.crc32(head) & 0xFFFF).to_bytes(2, "little") + plain[10:]


def skippable(body: bytes) -> bytes:
    return b"\x50\x2a\x4d\x18\x03\0\0\0abc" + zstandard.compress(body)


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "gzip with fields": ("gzip", adorned_gzip),
    "x-gzip": ("x-gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "zstd": ("zstd", zstandard.compress),
    "zstd with a note": ("zstd", skippable),
    "br": ("br", brotli.compress),
}
packers = pytest.mark.parametrize(("coding", "pack"), PACKERS.values(), ids=PACKERS)


def refused(body: bytes, coding: str) -> tuple[int, str]:
    with pytest.raises(BodyError) as caught:
        decompress(body, coding, LIMIT)
    return caught.value.status, caught.value.code


@packers
def test_a_body_comes_in_any_coding(coding: str, pack: Any) -> None:
    assert decompress(pack(PLAIN), coding, LIMIT) == PLAIN
    assert decompress(pack(b""), coding.upper(), LIMIT) == b""


@pytest.mark.parametrize("coding", ["", ",", "identity", " Identity , ,identity"])
def test_no_coding_changes_nothing(coding: str) -> None:
    assert decompress(PLAIN, coding, LIMIT) == PLAIN


@packers
def test_a_body_is_unpacked_in_the_reverse_of_the_order(coding: str, pack: Any) -> None:
    for listed in (f"{coding}, gzip", f" ,{coding} ,\tidentity,, GZIP,"):
        assert decompress(gzip.compress(pack(PLAIN)), listed, LIMIT) == PLAIN
    assert decompress(gzip.compress(gzip.compress(pack(PLAIN))), f"{coding},gzip,gzip", LIMIT)


@packers
def test_a_body_that_is_cut_or_has_something_behind_it_is_refused(coding: str, pack: Any) -> None:
    packed = pack(PLAIN)
    name = coding.removeprefix("x-")
    for wrong in (b"", packed[:1], packed[:-1], packed[: len(packed) // 2], packed + b"x"):
        assert refused(wrong, coding) == (400, name)
    if name in ("deflate", "br"):
        assert refused(packed + packed, coding) == (400, name)


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("gzip", gzip.compress), ("zstd", zstandard.compress)],
    ids=["gzip", "zstd"],
)
def test_a_body_may_be_in_several_members(coding: str, pack: Any) -> None:
    pieces = [PLAIN[start : start + 40] for start in range(0, len(PLAIN), 40)]
    packed = b"".join(map(pack, [*pieces, b""]))
    assert decompress(packed, coding, LIMIT) == PLAIN
    assert refused(packed + b"x", coding) == (400, coding)
    assert refused(packed[:-1], coding) == (400, coding)
    most = pack(b"") * settings.INGEST_MAX_EVENTS
    assert decompress(most, coding, LIMIT) == b""
    assert refused(most + pack(b""), coding) == (400, coding)


NOISE = Random(1).randbytes(LIMIT // 50)
"""What does not get smaller, so that the ratio allows the rest."""


def blanks(size: int) -> bytes:
    return b" " * size


@packers
def test_no_coding_unfolds_to_more_than_the_limit(coding: str, pack: Any) -> None:
    most = NOISE + blanks(LIMIT - len(NOISE))
    assert decompress(pack(most), coding, LIMIT) == most
    assert refused(pack(most + b"x"), coding) == (413, "too_large")


@packers
def test_no_coding_unfolds_to_more_than_the_ratio(coding: str, pack: Any) -> None:
    assert len(decompress(pack(blanks(SMALL)), coding, LIMIT)) == SMALL
    assert refused(pack(blanks(SMALL + 1)), coding) == (413, "ratio")
    assert refused(gzip.compress(pack(blanks(SMALL + 1))), f"{coding}, gzip") == (413, "ratio")


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("gzip", gzip.compress), ("zstd", zstandard.compress)],
    ids=["gzip", "zstd"],
)
def test_members_share_the_limits(coding: str, pack: Any) -> None:
    assert refused(pack(blanks(SMALL)) + pack(b" "), coding) == (413, "ratio")
    half = pack(NOISE + blanks(LIMIT // 2 - len(NOISE)))
    assert len(decompress(half * 2, coding, LIMIT)) == LIMIT
    assert refused(half * 2 + pack(b" "), coding) == (413, "too_large")


@pytest.mark.parametrize(
    "coding", ["compress", "gzip;q=1", "gzip, x", "gzip gzip", "gzip,gzip,gzip,gzip", "aws-chunked"]
)
def test_what_cannot_be_unpacked_is_told_what_can(coding: str) -> None:
    with pytest.raises(BodyError) as caught:
        decompress(PLAIN, coding, LIMIT)
    assert (caught.value.status, caught.value.code) == (415, "content_encoding")
    assert caught.value.headers == {"Accept-Encoding": "gzip, deflate, zstd, br"}


# -- Content types -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "framing"),
    [
        ("", JSON),
        ("APPLICATION/Json", JSON),
        ("text/json", JSON),
        ("application/cloudevents-batch+json", JSON),
        *((f"application/{name}", NDJSON) for name in ("x-ndjson", "ndjson", "jsonl")),
        *((f"application/{name}", NDJSON) for name in ("x-jsonlines", "jsonlines", "x-jsonl")),
        ("application/json-seq", SEQUENCE),
        ("application/geo+json-seq", SEQUENCE),
        ("application/json;charset=utf-8", JSON),
        ('application/json ; Charset="UTF-8"', JSON),
        ("application/json; charset=us-ascii", JSON),
        ('application/json; profile="a;charset=utf-16;b=\\"c"; charset=utf-8', JSON),
        ('application/json; charset=utf-8; profile="a=b;c"', JSON),
        ("application/json;;odata=verbose;", JSON),
        ("application/json; x*=nothing''y", JSON),
    ],
)
def test_a_content_type_names_a_framing(content_type: str, framing: str) -> None:
    assert media_type(content_type) == framing


@pytest.mark.parametrize(
    ("content_type", "code"),
    [
        ("text/plain", "media_type"),
        ("application/x-www-form-urlencoded", "media_type"),
        ("image/x+json", "media_type"),
        ("application/+json", "media_type"),
        ("application/json+xml", "media_type"),
        ("application/json; charset=latin-1", "charset"),
        ('application/json; profile=";charset=utf-8"; charset="utf-16"', "charset"),
    ],
)
def test_another_content_type_is_refused(content_type: str, code: str) -> None:
    with pytest.raises(BodyError) as caught:
        media_type(content_type)
    assert (caught.value.status, caught.value.code) == (415, code)


# -- Framings and byte order marks -------------------------------------------------------------


@pytest.fixture
def take(campaign: Campaign, source: Source) -> Callable[..., Any]:
    def send(body: bytes, media: str = JSON) -> Any:
        return receive(source, body, content_type=media)

    return send


def one(**fields: Any) -> bytes:
    return msgspec.json.encode(event(**fields))


@pytest.mark.django_db
def test_byte_order_marks_are_skipped(take: Any) -> None:
    array = b"[" + one() + b"]"
    for body in (MARK + array, MARK * 2 + array, b" \n" + MARK + b"\r\n" + array):
        assert take(body).accepted == 1
    assert take(MARK + b'{"events":' + array + b"}").accepted == 1
    joined = MARK + one() + b"\n" + one() + b"\n" + MARK + one() + b"\r\n" + MARK + b"\n" + one()
    receipt = take(joined, NDJSON)
    assert (receipt.accepted, receipt.rejected) == (4, [])
    receipt = take(one() + MARK + one() + MARK, NDJSON)
    assert (receipt.accepted, receipt.rejected) == (2, [])
    receipt = take(MARK + b"\x1e" + one() + b"\n\x1e" + MARK + one() + b"\n", SEQUENCE)
    assert (receipt.accepted, receipt.rejected) == (2, [])


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["a\ufeffb", '"\ufeff"', "\\\ufeff.", '\\"\ufeff}\ufeff{'])
def test_a_mark_in_a_text_belongs_to_it(take: Any, reason: str) -> None:
    """Also on a line that is cut at other marks."""
    line = one(type="error", reason=reason)
    assert (
        take(one() + MARK + line + b"\n" + line.replace(b'"id":"', b'"id":"x'), NDJSON).accepted
        == 3
    )
    rollup.fold_pending()
    table = tab_widget(Campaign.objects.get(), "email", "error_reasons", (), timezone.now())[1]
    assert table.frame
    assert table.frame.rows[0]["reason"] == reason


def test_a_million_marks_are_gone_by_quickly() -> None:
    """In proportion to the body: this would take hours otherwise."""

    assert plain_text(MARK * 1_500_000) == b""
    assert documents(b'"' + MARK * 1_500_000 + b'"') == [b'"' + MARK * 1_500_000 + b'"']
    assert documents(MARK * 1_500_000) == []


@pytest.mark.django_db
def test_a_text_of_a_sequence_that_is_cut_is_refused_alone(take: Any) -> None:
    pretty = json.dumps(json.loads(one()), indent=2).encode()
    body = b"\x1e" + one() + b"\n\x1e" + one()[:-9] + b"\x1e\x1e" + pretty + b"\n\x1e12\x1e" + one()
    receipt = take(body, SEQUENCE)
    assert receipt.accepted == 3
    assert [rejection.index for rejection in receipt.rejected] == [1, 3]


@pytest.mark.django_db
def test_send_events_skips_marks_and_counts_lines(campaign: Campaign, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(
        MARK + one() + MARK + one() + b"\n" + MARK + b"\n" + MARK + one(type="x") + b"\n"
    )
    said = StringIO()
    with pytest.raises(SystemExit):
        call_command("send_events", str(file), stderr=said)
    assert "2 accepted, 1 refused." in said.getvalue()


@pytest.mark.django_db
def test_all_that_is_missing_is_named(take: Any) -> None:
    (rejection,) = take(b'[{"id": "x", "channel": "email", "type": "sent"}]').rejected
    assert (rejection.field, rejection.code) == ("campaign", "required")
    for field in ("campaign", "occurred_at", "profile"):
        assert f"`{field}`" in rejection.message
    assert "`id`" not in rejection.message


# -- Instants ----------------------------------------------------------------------------------


def spellings(moment: datetime) -> st.SearchStrategy[str]:
    """Ways in which RFC 3339 lets one write a moment, to the nanosecond and beyond."""

    def spell(offset: int, digits: str, separator: str, zulu: str) -> str:
        local = moment + timedelta(minutes=offset)
        hours, minutes = divmod(abs(offset), 60)
        zone = f"{'-' if offset < 0 else '+'}{hours:02}:{minutes:02}" if offset else zulu
        return f"{local:%Y-%m-%d}{separator}{local:%H:%M:%S}.{local.microsecond:06}{digits}{zone}"

    return st.builds(
        spell,
        st.integers(-23 * 60, 23 * 60),
        st.sampled_from(["", "0", "000", "4", "499", "49999999999"]),
        st.sampled_from(["T", "t", " "]),
        st.sampled_from(["Z", "z", "+00:00", "-00:00"]),
    )


@pytest.mark.django_db
@given(data=st.data(), moment=st.datetimes(datetime(2000, 1, 3), datetime(2199, 12, 29)))
@hypothesis_settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_spelling_of_a_start_finds_its_run(data: Any, moment: datetime) -> None:

    sent, asked = (data.draw(spellings(moment)) for _ in range(2))
    body = msgspec.json.encode([event(execution=sent)])
    events, _ids, rejected = current_contract().validate(body, JSON, timezone.now(), 10, source=1)
    assert not rejected
    in_a_url = data.draw(st.sampled_from([asked, asked.replace("+", " ")]))
    (found,) = parse_executions([in_a_url, sent])
    assert events.shapes[0].execution == round(found.timestamp() * 1_000_000)
    assert found == moment.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-26T19:14:17.1234567Z", "2026-11-26T19:14:17.123457+00:00"),
        ("2026-11-26T19:14:17.123456789Z", "2026-11-26T19:14:17.123457+00:00"),
        ("2026-11-26T19:14:17.9999999Z", "2026-11-26T19:14:18+00:00"),
        ("2026-12-31T23:59:59.9999999Z", "2027-01-01T00:00:00+00:00"),
        ("2026-11-26 19:14:17z", "2026-11-26T19:14:17+00:00"),
        ("2026-11-26T20:14:17 01:00", "2026-11-26T19:14:17+00:00"),
        ("2026-11-26 20:14:17 01:00", "2026-11-26T19:14:17+00:00"),
    ],
)
def test_ingest_and_filter_read_the_same(text: str, moment: str) -> None:
    assert start_of_run(text).isoformat() == moment


@pytest.mark.parametrize(
    "text",
    ["2026-06-30T23:59:60Z", "2026-11-26T19:14:17", "2026-11-26", "1999-12-31T23:59:59.9Z",
     "2199-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59-12:00", "2026-11-26T24:00:00Z", "1", ""],
)  # fmt: skip
def test_what_ingest_does_not_take_the_filter_does_not_either(text: str) -> None:

    with pytest.raises(ValueError, match=r"RFC 3339|within 2000"):
        start_of_run(text)
    body = msgspec.json.encode([event(execution=text)])
    assert current_contract().validate(body, JSON, timezone.now(), 10, source=1).rejected


# -- Dimensions --------------------------------------------------------------------------------

ONE_NAME = {
    "gmail.com": ["gmail.com", "Gmail.com", "GMAIL.COM", "gmail.com.", " gmail.com", "ｇmail。com"],
    "münchen.de": ["münchen.de", "xn--mnchen-3ya.de", "XN--MNCHEN-3YA.DE.", "MU\u0308NCHEN.de"],
    "straße.de": ["straße.de", "xn--strae-oqa.de"],
    "例え.テスト": ["例え.テスト", "xn--r8jz45g.xn--zckzah"],
    "пример.com": ["пример.com", "xn--e1afmkfd.com"],
    "xn--80ak6aa92e.com": ["аррӏе.com", "xn--80ak6aa92e.com"],
    "xn--pypal-4ve.com": ["pаypal.com", "xn--pypal-4ve.com"],
    "xn--i-7iq.ws": ["i❤.ws", "xn--i-7iq.ws"],
    "xn--zzzzzzzz.de": ["xn--zzzzzzzz.de", "XN--zzzzzzzz.de"],
    "_dmarc.example.org": ["_DMARC.example.org"],
}


@pytest.mark.parametrize(("name", "spelt"), ONE_NAME.items())
def test_spellings_of_a_domain_are_one(name: str, spelt: list[str]) -> None:
    assert {domain_name(trimmed(text)) for text in [name, *spelt]} == {name}


@pytest.mark.parametrize(
    "text",
    ["", ".", "a..b", "Not Given", "Bob@Gmail.com", "[IPv6:2001:DB8::1]", "X" * 64 + ".de", "É as",
     "😀" * 70, "😀." * 39 + "x", "ﷺ" * 80, "－1", "-X.de", "X/Y", "É" * 200],
)  # fmt: skip
def test_what_is_no_domain_stays_as_it_came(text: str) -> None:
    assert domain_name(text) == text


@given(st.text(max_size=200) | st.from_regex(r"[a-zéßжΑ漢😀XN\-.]{1,60}", fullmatch=True))
@example("__NONE__")
@example("__none__.")
def test_the_value_of_a_value_is_itself(text: str) -> None:
    for dimension in (
        Dimension(key="x", label="X"),
        Dimension(key="domain", label="Domain", domain_names=True),
    ):
        value = dimension.value_of(text)
        assert dimension.value_of(value) == value
        assert len(value) <= 200
        assert text.isspace() <= (value == "")
        assert dimension.value_of(f"\ufeff {text}\u200b\n") == value


BLANKS = "\t\n\v\f\r \x85\xa0\xad\u1680\u180e\u2000\u200b\u200e\u2028\u202f\u2060\u3000\u3164\ufeff"


@pytest.mark.parametrize("blank", [*BLANKS, BLANKS, "\u2066", "\U000e0020"])
def test_what_is_not_seen_at_the_ends_is_trimmed(blank: str) -> None:
    assert trimmed(blank) == ""
    assert trimmed(f"{blank}5.1{blank}1{blank}") == f"5.1{blank}1"


def test_flags_are_told_apart() -> None:
    england, scotland = (
        "\U0001f3f4" + "".join(chr(0xE0000 + ord(c)) for c in region) + "\U000e007f"
        for region in ("gbeng", "gbsct")
    )
    assert trimmed(f" {england}\ufeff") == england != trimmed(scotland) == scotland


def rows(widget: str, key: str, metric: str) -> Row:
    found = tab_widget(Campaign.objects.get(), "email", widget, (), timezone.now())[1]
    assert found.frame
    return {str(row[key]): row[metric] for row in found.frame.rows if row[metric]}


@pytest.mark.django_db
def test_spellings_of_a_domain_are_counted_as_one(take: Any, campaign: Campaign) -> None:
    """In one request and over several; and the recount agrees."""
    spelt = [
        "gmail.com",
        "Gmail.com",
        "gmail.com.",
        " gmail.com",
        "münchen.de",
        "xn--mnchen-3ya.de",
    ]
    body = msgspec.json.encode([event(type="opened", domain=text) for text in spelt])
    again = msgspec.json.encode([event(type="opened", domain="GMAIL.COM")])
    assert take(body).accepted + take(again).accepted == 7
    rollup.fold_pending()
    assert rows("recipient_domains", "domain", "opens") == {"gmail.com": 5, "münchen.de": 2}
    assert rollup.verify() == []


@pytest.mark.django_db
def test_padded_reasons_are_known_and_blank_ones_are_none(take: Any, campaign: Campaign) -> None:
    reasons = ["5.1.1 ", "\ufeff5.1.1", "5.1.1\r\n", " ", "\xa0", "\u200b", "\n", None]
    events = [event(type="bounced", category=" hard\t", reason=reason) for reason in reasons]
    receipt = take(msgspec.json.encode(events))
    assert (receipt.accepted, receipt.rejected) == (8, [])
    rollup.fold_pending()
    assert rows("bounce_reasons", "reason", "bounces") == {"5.1.1": 3, "__none__": 5}


@pytest.mark.django_db
def test_a_blank_dimension_that_a_type_does_not_take_says_nothing(take: Any) -> None:
    assert take(msgspec.json.encode([event(reason=" "), event(reason="x")])).accepted == 1
    assert take(msgspec.json.encode([event(domain=" __none__ ")])).rejected[0].code == "reserved"
    assert (
        take(msgspec.json.encode([event(domain="__NONE__"), event(domain="__none__.")])).accepted
        == 2
    )


@pytest.mark.django_db
def test_ids_are_as_they_came(take: Any, campaign: Campaign) -> None:
    ids = ["x", " x", "x ", "X"]
    assert (
        take(
            msgspec.json.encode([event(type="opened", id=name, profile=name) for name in ids])
        ).accepted
        == 4
    )
    assert rollup.fold_pending() == 4
    assert rows("recipient_domains", "domain", "opens") == {"__none__": 4}


def test_labels_and_choices_are_values_too() -> None:
    dimension = Dimension(key="x", label="X", labels={"Gmail.com ": "Google"}, domain_names=True)
    assert dimension.label_of("gmail.com") == "Google"
    assert dimension.label_of("web.de") == "web.de"
