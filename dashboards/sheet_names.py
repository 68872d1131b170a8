"""Names of a workbook's sheets: what the format allows, no two alike, the same every time."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import count

LONGEST = 31
"""Units of UTF-16, which is how the format counts."""

_FORBIDDEN = re.compile(r"[][:*?/\\]")
_JOINERS = "\u200c\u200d"
"""Invisible, but part of how words are written."""
_RESERVED = {
    *("history", "historique", "verlauf", "historial", "cronologia", "histórico", "historie"),
    *("geschiedenis", "historia", "журнал", "変更履歴"),
}
"""The sheet of tracked changes, as the editions of Excel call it."""


def sheet_names(titles: Mapping[str, str]) -> dict[str, str]:
    """A name for each tab, by slug, made from the tabs' titles.

    Titles that are alike, reserved or nothing carry their slug.
    """
    plain = {slug: _cleaned(title) for slug, title in titles.items()}
    shared = Counter(map(_key, plain.values()))
    own = {slug for slug, name in plain.items() if shared[_key(name)] == 1 and _is_free(name)}
    names = {slug: plain[slug] for slug in own}
    taken = {_key(name) for name in names.values()}
    for slug in sorted(plain.keys() - own):
        names[slug] = next(n for n in _with_slug(plain[slug], slug) if _key(n) not in taken)
        taken.add(_key(names[slug]))
    return names


def _cleaned(title: str) -> str:
    """The title without what the format forbids or nobody sees."""
    visible = "".join(map(_visible, unicodedata.normalize("NFC", title)))
    return _cut(" ".join(_FORBIDDEN.sub(" ", visible).split()), LONGEST)


def _visible(sign: str) -> str:
    """Marks such as those of the writing's direction are dropped, other controls separate."""
    category = unicodedata.category(sign)
    if sign in _JOINERS or category[0] != "C":
        return sign
    return "" if category == "Cf" else " "


def _cut(name: str, units: int) -> str:
    """As much of the name as fits; quotes stand neither first nor last."""
    name = name.strip("' ")
    while len(name.encode("utf-16-le")) // 2 > units:
        name = name[:-1]
    return name.strip("' " + _JOINERS)


def _key(name: str) -> str:
    """Equal for names that Excel, or a person, takes for the same."""
    bare = name.translate(dict.fromkeys(map(ord, _JOINERS)))
    return unicodedata.normalize("NFKC", bare.casefold())


def _is_free(name: str) -> bool:
    return bool(name) and _key(name) not in _RESERVED


def _with_slug(name: str, slug: str) -> Iterator[str]:
    """“SMS (smsb)”, and others should even that be taken."""
    yield _joined(name, f"({_cut(slug, 20)})")
    for number in count(2):
        yield _joined(name, f"({_cut(slug, 16)} {number})")


def _joined(name: str, end: str) -> str:
    return f"{_cut(name, LONGEST - len(end) - 1)} {end}".strip()
