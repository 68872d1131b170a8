"""Why an email was not delivered, and whether trying again could help: by RFC 3463 first.

Providers' own words differ, and several call hard what is not; codes of the receiving server don't.
"""

import re
from collections.abc import Mapping

HARD_CODES = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.2.1", "5.4.4"})
"""The address or its domain does not exist (any more). Every other code may pass, or is ours to
mend: a full mailbox (5.2.2), a policy (5.7.x), and all of 4.x."""
HARD, SOFT, IGNORED = "hard", "soft", "ignored"

_ENHANCED = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])[45]\d\d(?![\d.])")


def status_code(*texts: object) -> str:
    """The first enhanced status code that says more than its class (not x.0.0), or ``""``."""
    for text in texts:
        for code in _ENHANCED.findall(str(text or "")):
            if not code.endswith(".0.0"):
                return str(code)
    return ""


def reason(status: object = "", text: object = "", word: object = "") -> dict[str, str]:
    """The reason that a status field, what the server answered, and a provider's word make.

    In this order: an enhanced code of either, the reply's three digits, the provider's word.
    """
    code = status_code(status, text)
    if not code:
        reply = _REPLY.search(str(status or "")) or _REPLY.search(str(text or ""))
        code = reply[0] if reply else str(word or "")
    return {"reason": code} if code else {}


def bounce(
    status: object = "", text: object = "", word: object = "", *, hard: bool | None = None
) -> Mapping[str, str]:
    """Reason and category of a bounce. ``hard`` is the provider's word, for want of a code."""
    code = status_code(status, text)
    is_hard = code in HARD_CODES if code else bool(hard)
    return reason(status, text, word) | {"category": HARD if is_hard else SOFT}
