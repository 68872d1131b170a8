"""Whatever comes, no provider's adapter breaks: it refuses, reads, or has items wait."""

import copy
from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liveReport.channels import HookRequest, TryLater, Unauthorised, providers
from liveReport.engines.sources import HookSource
from liveReport.ingest import sorting
from liveReport.ingest.kept import items_of
from liveReport.ingest.sorting import Sorter
from tests.webhooks.cases import NOW, URL
from tests.webhooks.cases import ProviderCases as Cases

PROVIDERS = sorted(name for name, found in providers().items() if found.webhook.rehearsal)
SOURCE = HookSource(pk=1, name="ours", provider="")
texts = st.text(max_size=20) | st.sampled_from(["", "\0", "5.1.1", "1e999", "-1", "NaN", "é" * 300])
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def played(provider: str) -> list[Any]:
    """An item of each type, in the provider's words."""
    cases = Cases()
    cases.provider = provider
    rehearsal = cases.rehearsal()
    return [rehearsal.item(cases.said(kind)) for kind in rehearsal.types]


ITEMS = {provider: played(provider) for provider in PROVIDERS}
CREDENTIALS = {
    name: webhook.rehearsal(webhook).credentials
    for name, (webhook, _channel) in providers().items()
    if webhook.rehearsal
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where there is anything in an item."""
    found = [path] if path else []
    inner: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    for key, one in inner:
        found += places(one, (*path, key))
    return found


def changed(item: Any, path: tuple[Any, ...], value: Any) -> Any:
    whole = copy.deepcopy(item)
    inner = whole
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return whole


def total(provider: str, items: list[Any]) -> int:
    """How many recipients are told of, and each is somewhere."""
    sorter = Sorter(providers()[provider], SOURCE, NOW, NOW)
    with patch.object(sorting, "known_campaigns", lambda slugs: {"spring"} & set(slugs)):
        found = sorter.sort(items)
    assert sum(map(len, found.held.values())) <= len(items)
    return found.received


@pytest.mark.parametrize("provider", PROVIDERS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_an_odd_value_anywhere_spoils_its_item_only(provider: str, data: st.DataObject) -> None:
    item = data.draw(st.sampled_from(ITEMS[provider]))
    odd = changed(item, data.draw(st.sampled_from(places(item))), data.draw(json))
    good = ITEMS[provider][0]
    alone = total(provider, [good])
    assert total(provider, [good, odd]) >= alone + 1 or total(provider, [odd]) == 0
    assert total(provider, [odd, good]) == total(provider, [good, odd])


@pytest.mark.parametrize("tags", [1, True, "spring", {"lr_campaign": "spring"}])
@pytest.mark.parametrize(
    ("provider", "path"), [("mailersend", ("data", "tags")), ("mandrill", ("msg", "tags"))]
)
def test_tags_that_are_no_list_have_their_item_wait(
    provider: str, path: tuple[str, ...], tags: Any
) -> None:
    good = ITEMS[provider][0]
    whole = copy.deepcopy(good)
    whole[path[0]][path[1]] = tags
    sorter = Sorter(providers()[provider], SOURCE, NOW, NOW)
    with patch.object(sorting, "known_campaigns", lambda slugs: {"spring"} & set(slugs)):
        found = sorter.sort([whole, good])
    assert (found.accepted, found.quarantined) == (1, 1)


@pytest.mark.parametrize("provider", PROVIDERS)
@settings(max_examples=30, deadline=None)
@given(item=json)
def test_what_is_no_item_of_anybody_waits(provider: str, item: Any) -> None:
    assert total(provider, [item]) >= 1


@pytest.mark.parametrize("provider", PROVIDERS)
@settings(max_examples=30, deadline=None)
@given(
    body=st.binary(max_size=100) | json.map(lambda value: repr(value).encode()),
    headers=st.dictionaries(
        st.sampled_from(["authorization", "signature", "content-type", "x-twilio-signature"]),
        texts,
        max_size=3,
    ),
)
def test_any_bytes_are_refused_or_read(provider: str, body: bytes, headers: dict[str, str]) -> None:
    webhook = providers()[provider].webhook
    request = HookRequest("POST", URL, headers, body, NOW)
    with pytest.raises((Unauthorised, TryLater)):
        webhook.verify(request, CREDENTIALS[provider])
    with suppress(TryLater):
        items, unreadable = items_of(webhook, request)
        assert len(unreadable) <= 1
        total(provider, items)
