"""What may be shown of a request: its structure and its words, but nobody's address or secret.

Nothing is known of what a provider may put where. So what is shown is what is told to be
harmless by its name and its look; all else is masked.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from liveReport.channels import HookRequest

MASK = "•••"
LONGEST = 2_000
"""Characters that are shown of a request."""
READ = 256 * 1024
"""Bytes of a body beyond which it is not looked into."""
ITEMS = 3
"""Of a list; how many more there are is said."""
DEPTH = 6

_WORD = re.compile(
    r"lr_campaign|lr_execution|.*(event|type|status|state|record|stage|severity|reason|category|"
    r"campaign|tag|code|channel|platform|bounce|class|subtype|hard|soft|machine|bot|resource).*",
    re.IGNORECASE,
)
"""Names of what says what has happened, or whose campaign it is of."""
_TIME = re.compile(r"(.*[-_ ])?(ts|at|on)|.*(time|date|when|stamp).*|.*At", re.IGNORECASE)
_SECRET = re.compile(r".*(sign|token|secret|key|auth|passw|hash|sig|id)$", re.IGNORECASE)
_HARMLESS = re.compile(r"[A-Za-z][A-Za-z0-9 _.:-]{0,38}|\d{1,5}|[245]\.\d{1,3}\.\d{1,3}")
_LETTERS_AND_DIGITS = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_-]{10,}")
_MOMENT = re.compile(
    r"[12]\d{9}(\.\d{1,6})?|[12]\d{12}"
    r"|\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(\.\d{1,9})?)? ?(Z|[+-]\d\d:?\d\d|UTC)?"
)


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
    return name if _HARMLESS.fullmatch(name) and not _LETTERS_AND_DIGITS.search(name) else MASK


def _is_harmless(name: str, text: str) -> bool:
    if _TIME.fullmatch(name) and _MOMENT.fullmatch(text):
        return True
    if not _WORD.fullmatch(name) or _SECRET.fullmatch(name):
        return False
    return bool(_HARMLESS.fullmatch(text)) and not _LETTERS_AND_DIGITS.search(text)
