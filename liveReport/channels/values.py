"""When two texts are the same value of a dimension."""

import re
import unicodedata
from functools import lru_cache

import idna

from .fields import LONGEST

_ASCII_BLANKS = " \t\n\v\f\r"
# White space, what Unicode says may be ignored when shown, and two more that show nothing.
_NOTHING = (
    "\t-\r \x85\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f"
    "\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# England's and Scotland's flags differ in nothing else.
_FLAG = "\U0001f3f4[\U000e0030-\U000e007a]+\U000e007f"
_PADDED = re.compile(f"[{_NOTHING}]*((?:.*(?:{_FLAG}|[^{_NOTHING}]))?)[{_NOTHING}]*", re.DOTALL)

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_LONGEST_LABEL = 63
_ACE = "xn--"
_LONGEST_READ = 80
"""Characters of a name in Unicode: longer ones are none, and would take long to encode."""
_CJK = frozenset({"CJK", "IDEOGRAPHIC"})
_KANA = frozenset({"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"})
_WRITTEN_TOGETHER = [
    {"LATIN"} | _CJK | _KANA,
    {"LATIN", "BOPOMOFO"} | _CJK,
    {"LATIN", "HANGUL"} | _CJK,
]
_LIKE_LATIN = frozenset("асԁеһіјӏорԛѕԝхуѵ" + "αικνορυ")
"""Letters of other scripts that nobody tells from Latin ones."""


def trimmed(text: str) -> str:
    """The text without what is not seen at its ends, such as blanks and byte order marks."""
    if text.isascii():
        return text.strip(_ASCII_BLANKS)
    found = _PADDED.fullmatch(text)
    return found[1] if found else text


@lru_cache(maxsize=10_000)
def domain_name(text: str) -> str:
    """A domain name in the one form that all spellings of it have; other text as it came.

    As in DNS neither case nor a final dot matters, nor whether it is written in Unicode or
    ASCII (IDNA, with the mappings of UTS 46). It is shown in Unicode, except labels that are
    not valid, or written to deceive: those stay ASCII, as in browsers.
    """
    if not text.isascii() and len(text) > _LONGEST_READ:
        return text
    try:
        *above, last = idna.uts46_remap(text, std3_rules=False).removesuffix(".").split(".")
    except idna.IDNAError:
        return text
    if max(len(label) for label in (*above, last)) > _LONGEST_LABEL:
        return text
    below_latin = last.isascii() and not last.startswith(_ACE)
    labels = [_label(label, below_latin=below_latin) for label in (*above, last)]
    name = ".".join(labels)
    is_name = all(_LABEL.fullmatch(label) for label in labels if label.isascii())
    return name if is_name and len(name) <= LONGEST else text


def _label(label: str, *, below_latin: bool) -> str:
    if label.isascii() and not label.startswith(_ACE):
        return label
    try:
        readable = idna.ulabel(label)
    except idna.IDNAError:
        return _on_the_wire(label)
    return _on_the_wire(label) if _is_deceptive(readable, below_latin=below_latin) else readable


def _on_the_wire(label: str) -> str:
    return label if label.isascii() else _ACE + label.encode("punycode").decode("ascii")


def _is_deceptive(label: str, *, below_latin: bool) -> bool:
    """Whether a label mixes scripts, or looks like a Latin one below a Latin top level."""
    letters = {char for char in label if char.isalpha()}
    scripts = {unicodedata.name(char, "").partition(" ")[0] for char in letters}
    is_mixed = len(scripts) > 1 and not any(scripts <= some for some in _WRITTEN_TOGETHER)
    return is_mixed or (below_latin and letters <= _LIKE_LATIN)
