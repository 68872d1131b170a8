"""What may be shown of a request: its structure and its words, but nobody's address or secret.

Nothing is known of what a provider may put where. So what is shown is what is told to be
harmless by its name and its look; all else is masked.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from liveReport.channels import HookRequest

MASK = "•••"
LONGEST = 2_000
"""Characters that are shown of a request."""
READ = 1024 * 1024
"""Bytes of a body beyond which it is not looked into."""
ITEMS = 3
"""Of a list; how many more there are is said."""
DEPTH = 6

_WORD = re.compile(
    r"lr_campaign|lr_execution|.*(event|type|status|state|record|stage|severity|reason|category|"
    r"campaign|tag|code|channel|platform|bounce|class|subtype|hard|soft|machine|bot|resource).*",
    re.IGNORECASE | re.DOTALL,
)
"""Names of what says what has happened, or whose campaign it is of."""
_TIME = re.compile(
    r"(.*[-_ ])?(ts|at|on)|.*(time|date|when|stamp|tsms|epoch).*|(?-i:.*[a-z]At)",
    re.IGNORECASE | re.DOTALL,
)
_SECRET = re.compile(
    r".*(signature|signed|token|secret|auth|passw|credential|cookie|session|cert|otp|invit|verif|"
    r"access|promo|zip|post_?code|postal|(sign|key|hash|sig|id|pin)$).*",
    re.IGNORECASE | re.DOTALL,
)
"""Names of what is nobody's business, though another part of the name sounds harmless."""
_HARMLESS = re.compile(r"[A-Za-z][A-Za-z0-9 _.:-]{0,38}|\d{1,5}|[245]\.\d{1,3}\.\d{1,3}")
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_.:$-]{0,38}")
_PARTS = re.compile(r"[-_.:$ ]+")
_LETTERS = 24
"""In one part of a text: more of them are no word."""
_MIXED = 5
"""Letters and digits in one part, as in “v2”, which one part of a text may have; keys have more."""
_DIGITS = 6
"""A text with more of them, however they are grouped, may be somebody's number."""
_ISO = re.compile(r"20\d\d-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?)? ?(Z|[+-]\d\d:?\d\d|UTC)?")
_MAIL = re.compile(
    r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} 20\d\d \d\d:\d\d:\d\d ([+-]\d{4}|[A-Z]{1,3})"
)
_SECONDS = re.compile(r"[12]\d{9}(\.\d{1,6})?|[12]\d{12}")
_SECONDS_LONG = 10
"""Digits of seconds since 1970; milliseconds have more."""
_LATELY = timedelta(days=31)
"""How far a number may be from now to be a time rather than a number that is called."""


def shown(request: HookRequest) -> str:
    """A request as text of at most ``LONGEST`` characters, masked; ``""`` if it holds nothing."""
    query = _masked_pairs(request.query)
    body = _shown_body(request.body)
    return "\n".join(part for part in (query, body) if part)[:LONGEST]


def _shown_body(body: bytes) -> str:
    if not body:
        return ""
    if len(body) > READ:
        return f"({len(body)} bytes)"
    try:
        found = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return _shown_form(body)
    return msgspec.json.format(msgspec.json.encode(_masked("", found, DEPTH)), indent=1).decode()


def _shown_form(body: bytes) -> str:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=200)
    except ValueError:
        pairs = []
    return _masked_pairs(pairs) or f"({len(body)} bytes, neither JSON nor a form)"


def _masked_pairs(pairs: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"{_name(name)}={_masked(name, text, 0)}" for name, text in pairs)


def _masked(name: str, found: Any, depth: int) -> Any:
    """What is found under a name, with nothing in it that may be anybody's."""
    if isinstance(found, Mapping):
        if not depth:
            return MASK
        return {_name(key): _masked(key, value, depth - 1) for key, value in found.items()}
    if isinstance(found, list):
        if not depth:
            return MASK
        more = [f"… {len(found) - ITEMS} more"] if len(found) > ITEMS else []
        return [_masked(name, value, depth - 1) for value in found[:ITEMS]] + more
    if found is None or isinstance(found, bool):
        return found
    if isinstance(found, str) and found.startswith("{"):  # SNS packs one into another
        return _masked(name, _unpacked(found), depth - 1) if depth else MASK
    return found if _is_harmless(name, str(found)) else MASK


def _unpacked(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return MASK


def _name(name: str) -> str:
    """A key of a mapping, which may be anything as well."""
    return name if _NAME.fullmatch(name) and _is_plain(name) else MASK


def _is_harmless(name: str, text: str) -> bool:
    if _SECRET.fullmatch(name):
        return False
    if _TIME.fullmatch(name) and _is_time(text):
        return True
    return bool(_WORD.fullmatch(name) and _HARMLESS.fullmatch(text)) and _is_plain(text)


def _is_plain(text: str) -> bool:
    """Whether there is neither a number that can be called in a text, nor a key."""
    if sum(map(str.isdigit, text)) > _DIGITS:
        return False
    parts = _PARTS.split(text)
    mixed = [part for part in parts if not (part.isalpha() or part.isdigit() or part == "")]
    return max(map(len, parts)) <= _LETTERS and sum(map(len, mixed)) <= _MIXED


def _is_time(text: str) -> bool:
    """Whether a text is a moment: one that is written out, or seconds of about now."""
    try:
        if _ISO.fullmatch(text):
            return bool(datetime.fromisoformat(text.removesuffix("UTC").strip()))
        if _MAIL.fullmatch(text):
            return bool(parsedate_to_datetime(text))
        if not _SECONDS.fullmatch(text):
            return False
        seconds = float(text) / (1_000 if len(text.partition(".")[0]) > _SECONDS_LONG else 1)
        return abs(datetime.now(UTC) - datetime.fromtimestamp(seconds, UTC)) < _LATELY
    except (ValueError, OverflowError):
        return False
