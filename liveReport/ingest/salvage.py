"""What no strict decoder reads is taken apart here, so that one bad event fails alone.

Nothing recurses, and nothing takes longer than in proportion to the text: it may be
as deep as it is long. Only quotes and brackets are gone by. What is between them is
for whoever decodes the pieces. That takes no longer than ``json.raw_decode``, which
depth would kill: benchmark part ``libraries``.
"""

import json
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from liveReport.events.columns import Ints

BLANKS = b" \t\r\n"
_QUOTE, _COMMA = b'",'
_STEP = np.zeros(256, np.int8)
_STEP[list(b"[{")] = 1
_STEP[list(b"]}")] = -1
_IS_MARK = _STEP != 0
_IS_MARK[[_QUOTE, _COMMA]] = True


def elements(text: bytes) -> Iterator[bytes]:
    """The texts of an array's elements: all are valid JSON exactly if the array is.

    Raises ``ValueError`` if its quotes or brackets do not match, and on the way if
    nothing is between two commas.
    """
    text = text.strip(BLANKS)
    if not (text.startswith(b"[") and text.endswith(b"]")):
        raise ValueError("no array")
    if not text[1:-1].strip(BLANKS):
        return
    cuts, _ = _cuts(text)
    for start, end in pairwise(cuts.tolist()):
        element = text[start + 1 : end].strip(BLANKS)
        if not element:
            raise ValueError("nothing between two commas")
        yield element


def leniently(text: bytes) -> object:
    """What JSON says if NaN, control characters, lone surrogates and no UTF-8 are let pass.

    No field takes a number, so it does not matter which one: thousands of digits are
    none. Nor does any take what is nested: members that are not flat are left out.
    Raises ``ValueError``.
    """
    plain = _flat(text.strip(BLANKS)).decode(errors="surrogateescape")
    return json.loads(plain, strict=False, parse_int=_zero, parse_float=_zero)


def has_odd_quotes(text: bytes) -> bool:
    """Whether a string begins in the text and does not end, or the other way round."""
    return bool(_without_escapes(text).count(b'"') % 2)


def _without_escapes(text: bytes) -> bytes:
    """The same with blanks for quotes and backslashes that are escaped."""
    # Pairs first: a backslash that is left then escapes what comes next.
    return text.replace(rb"\\", b"  ").replace(rb"\"", b"  ")


def _zero(digits: str) -> int:
    return 0


def _flat(text: bytes) -> bytes:
    """A list or an object without the members that hold lists or objects."""
    if text.count(b"[") + text.count(b"{") <= 1:
        return text
    cuts, nested = _cuts(text)
    left_out = set((np.searchsorted(cuts, nested) - 1).tolist())
    members = [
        text[start + 1 : end]
        for place, (start, end) in enumerate(pairwise(cuts.tolist()))
        if place not in left_out
    ]
    return text[:1] + b",".join(members) + text[-1:]


def _cuts(text: bytes) -> tuple[Ints, Ints]:
    """Where the members of a list or object begin and end, and where others open in them.

    The former are its own brackets and the commas between.
    """
    places, marks = _marks(text)
    depth = np.cumsum(_STEP[marks], dtype=np.int32)
    if not (len(places) > 1 and places[0] == 0 and places[-1] == len(text) - 1):
        raise ValueError("something before or behind the brackets")
    if depth[-1] != 0 or (depth[:-1] < 1).any():
        raise ValueError("the brackets do not match")
    own = (marks == _COMMA) & (depth == 1)
    own[[0, -1]] = True
    return places[own], places[(depth == 2) & (_STEP[marks] == 1)]


def _marks(text: bytes) -> tuple[Ints, np.ndarray]:
    """The places of brackets and commas outside of strings, and what they are."""
    codes = np.frombuffer(_without_escapes(text), np.uint8)
    places = np.flatnonzero(_IS_MARK[codes])
    marks = codes[places]
    quotes = marks == _QUOTE
    if quotes.sum() % 2:
        raise ValueError("a string does not end")
    outside = ~(np.logical_xor.accumulate(quotes) | quotes)
    return places[outside], marks[outside]
