"""What is shown of a request to whoever sets a source up: what happened, and nobody's data."""

import json
import re
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveReport.channels import HookRequest
from liveReport.ingest.masking import LONGEST, MASK, shown

NAMES = [
    *("event", "eventType", "status", "status_code", "state", "reason", "category", "tag", "code"),
    *("lr_campaign", "lr_execution", "lr_profile", "at", "chat", "sentAt", "timestamp", "date"),
    *("email", "to", "phone", "recipient", "bounceType", "channel", "platform", "machine", "x"),
    *("token", "auth_code", "zip_code", "secret", "signature", "message-id", "data", "mail", ""),
]
names = st.sampled_from(NAMES)

letters = st.text("abcdefghijklmnopqrstuvwxyzé0123456789._+-'\" ", min_size=2, max_size=20)
hosts = st.sampled_from(
    ["example.com", "mail.example.co.uk", "xn--bcher-kva.example", "[10.0.0.1]"]
)
addresses = st.builds("{}@{}".format, letters.filter(str.strip), hosts)
numbers = st.builds(
    lambda digits, begin, mark: begin + mark.join(re.findall("..?", digits)),
    st.text("0123456789", min_size=7, max_size=15).filter(lambda digits: len(set(digits)) > 3),
    st.sampled_from(["+", "00", "", "tel:", "Tel "]),
    st.sampled_from(["", " ", "-", ".", ") "]),
)
secrets = st.builds(
    lambda seed, begin, size: begin + urlsafe_b64encode(sha256(seed).digest()).decode()[:size],
    st.binary(),
    st.sampled_from(["", "sk_live_", "whsec_", "key-"]),
    st.integers(16, 43),
)
private = addresses | numbers | secrets
around = st.sampled_from(
    [
        "{}",
        "Ada <{}>",
        "550 5.1.1 <{}> unknown",
        "for {}",
        "https://{}@x.org/",
        "https://x.org/?q={}",
    ]
)
places = st.recursive(
    st.none() | st.booleans() | st.integers(0, 99_999) | st.just("open"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(names, inner, max_size=4)
        | inner.map(lambda one: json.dumps({"Message": one}))
    ),
    max_leaves=6,
)


def of(body: bytes, query: str = "") -> HookRequest:
    return HookRequest(
        "POST", f"https://report.example/hooks/a/{query}", {}, body, datetime.now(UTC)
    )


def value_under(name: str, value: Any) -> Any:
    return json.loads(shown(of(json.dumps({name: value}).encode())))[name]


def survives(planted: str, text: str) -> bool:
    """Whether it is in a text, or the digits of a number are, however they are grouped."""
    digits = "".join(filter(str.isdigit, planted))
    grouped = re.sub(r"(?<=\d)[^\w\n]{1,3}(?=\d)", "", text)
    return planted in text or (len(digits) >= 7 and digits in grouped)


@given(planted=private, text=around, name=names, other=places, path=st.lists(names, max_size=4))
def test_nobody_s_data_is_shown_wherever_it_stands(
    planted: str, text: str, name: str, other: Any, path: list[str]
) -> None:
    said = text.format(planted)
    for value in (said, [said], {said: "open"}, {planted: 1}, json.dumps({name: said})):
        body: Any = {name: value, "other": other}
        for key in path:
            body = {key: body, "event": other}
        found = shown(of(json.dumps(body).encode()))
        assert not survives(planted, found)
        found = shown(of(json.dumps(body, ensure_ascii=False).encode()))
        assert not survives(planted, found)


@given(planted=private, text=around, name=names)
def test_nor_in_forms_queries_and_other_texts(planted: str, text: str, name: str) -> None:
    said = text.format(planted)
    form = urlencode({name: said, said: "open"})
    bodies = (form, said, f"{name}={said}", f"<{name}>{said}</{name}>", f'{{"{name}": "{said}')
    for body in bodies:
        assert not survives(planted, shown(of(body.encode())))
    assert not survives(planted, shown(of(b"", f"?{form}")))
    assert quote(planted) not in shown(of(b"", f"?{form}"))


@given(number=st.integers(10**7, 10**15 - 1), name=names)
def test_a_number_is_only_shown_where_it_is_about_now(number: int, name: str) -> None:
    assert not survives(str(number), shown(of(json.dumps({name: number}).encode())))


@given(body=st.binary(max_size=300) | places.map(lambda one: json.dumps(one).encode()))
def test_any_body_can_be_shown(body: bytes) -> None:
    found = shown(of(body))
    assert len(found) <= LONGEST
    assert "\0" not in found
    found.encode()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("event", "delivered"),
        ("RecordType", "HardBounce"),
        ("lr_campaign", "spring-2026"),
        ("tag", "welcome v2"),
        ("status", "5.1.1"),
        ("ErrorCode", "30003"),
        ("code", 550),
        ("timestamp", "2026-03-04T12:00:00.123Z"),
        ("BouncedAt", "2026-03-04T12:00:00+01:00"),
        ("message-timestamp", "2026-03-04 12:00:00 UTC"),
        ("date", "Wed, 04 Mar 2026 12:00:00 +0000"),
        ("sg_machine_open", False),
    ],
)
def test_what_has_happened_is_shown(name: str, value: Any) -> None:
    assert value_under(name, value) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lr_profile", "ada"),
        ("auth_code", "abcd"),
        ("otp_code", "1234"),
        ("zip_code", "75001"),
        ("eventSignature", "abc"),
        ("event_id", "abc"),
        ("status", "call 0612345678"),
        ("state", "a1b2c3-d4e5f6"),
        ("date", "2026-99-99"),
        ("chat", "2125551234"),
        ("timestamp", "2125551234"),
        ("ts", "٠٦١٢٣٤٥٦٧٨"),
    ],
)
def test_what_may_be_somebody_s_is_masked(name: str, value: Any) -> None:
    assert value_under(name, value) == MASK


@pytest.mark.parametrize("name", ["timestamp", "ts_epoch", "at", "SentAt"])
def test_a_time_of_about_now_is_shown(name: str) -> None:
    now = int(datetime.now(UTC).timestamp())
    for value in (now, str(now), now * 1_000, f"{now}.25"):
        assert value_under(name, value) == value
    long_ago = int((datetime.now(UTC) - timedelta(days=40)).timestamp())
    assert value_under(name, long_ago) == MASK
