"""Taking apart what no strict decoder reads: the same pieces, whatever they hold."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from liveReport.ingest.salvage import elements, leniently

anything = st.text(st.characters(codec=None), max_size=8)
values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-9, 9),
        st.sampled_from(["[", "]", "{", "}", ",", '"', "\\", '\\"', '"],[{', "\\\\", ""]),
        anything,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(anything, inner, max_size=4)
    ),
    max_leaves=12,
)
MARKS = [b"[", b"]", b"{", b"}", b",", b'"', b"\\", b'\\"', b"\\\\", b" ", b"7", b"x"]


@given(
    document=st.lists(values, max_size=6),
    escaped=st.booleans(),
    indent=st.sampled_from([None, 0, 3]),
    before=st.sampled_from(["", " ", "\r\n\t"]),
)
def test_the_elements_are_those_of_the_list(
    document: list[Any], escaped: bool, indent: int | None, before: str
) -> None:
    written = before + json.dumps(document, ensure_ascii=escaped, indent=indent) + before
    text = written.encode("utf-8", "surrogatepass")
    assert [json.loads(one.decode("utf-8", "surrogatepass")) for one in elements(text)] == document


@given(text=st.one_of(st.binary(), st.lists(st.sampled_from(MARKS), max_size=30).map(b"".join)))
@example(b"")
@example(b"[")
@example(b"]")
@example(b'["')
@example(b"[]]")
@example(b"[[]")
@example(b"[,]")
@example(b"[1,]")
@example(b"[] []")
@example(b'["\\"]')
def test_of_anything_else_nothing_gets_lost(text: bytes) -> None:
    """Or it is refused; and what is JSON is not."""
    try:
        found = list(elements(text))
    except ValueError:
        assert not is_list(text)
        return
    blank = dict.fromkeys(b" \t\r\n")
    joined = b"[" + b",".join(found) + b"]"
    assert joined.translate(None, bytes(blank)) == text.translate(None, bytes(blank))
    if is_list(text):
        assert [json.loads(one) for one in found] == json.loads(text)


def is_list(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text.decode()), list)
    except (ValueError, RecursionError):
        return False


@pytest.mark.parametrize("depth", [1, 1_000, 100_000])
def test_depth_is_no_matter(depth: int) -> None:
    deep = b"[" * depth + b"]" * depth
    objects = b'{"a":' * depth + b"1" + b"}" * depth
    assert list(elements(b"[%s, 1, %s]" % (deep, objects))) == [deep, b"1", objects]


@given(members=st.dictionaries(anything, values, max_size=5))
def test_of_an_object_what_is_flat_is_read(members: dict[str, Any]) -> None:
    text = json.dumps(members).encode()
    numbers = {name: 0 if type(value) is int else value for name, value in members.items()}
    flat = {name: value for name, value in numbers.items() if not isinstance(value, list | dict)}
    assert leniently(text) == flat


@pytest.mark.parametrize("text", [b"", b"{", b'{"a": [}', b"{} {}", b"[{}", b'{"a": [1], b: 2}'])
def test_what_is_not_even_lenient_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        leniently(text)
