"""One input: a provider, and bytes that it sends, unsigned and signed.

What comes of it must be that it is refused, counted or held. Everything else is a failure, as it
would be a 5xx at the front door. Nothing is stored, and nothing is asked of Amazon.
"""

from contextlib import ExitStack, suppress
from typing import Any
from unittest.mock import patch

import msgspec

from channels_plugins.email import sns
from liveReport.channels import HookRequest, TryLater, Unauthorised, providers
from liveReport.engines.quarantine import RawItems
from liveReport.engines.sources import HookSource
from liveReport.ingest import sorting
from liveReport.ingest.intake import HookPoint, sort
from liveReport.ingest.kept import KeptRequest, items_of
from tests.webhooks.cases import NOW, URL, ProviderCases

NAMES = sorted(name for name, found in providers().items() if found.webhook.rehearsal)
REHEARSALS = {
    name: webhook.rehearsal(webhook)
    for name, (webhook, _channel) in providers().items()
    if webhook.rehearsal
}
CREDENTIALS = {name: rehearsal.credentials for name, rehearsal in REHEARSALS.items()}
SOURCES = {name: HookSource(pk=1, name="ours", provider=name) for name in NAMES}


def played(provider: str) -> list[HookRequest]:
    """Good requests of a provider, one for each event type."""
    cases = ProviderCases()
    cases.provider = provider
    rehearsal = REHEARSALS[provider]
    return [
        rehearsal.request([rehearsal.item(cases.said(kind))], URL, NOW) for kind in rehearsal.types
    ]


GOOD = {provider: played(provider)[0] for provider in NAMES}


def written(provider: str, body: bytes) -> bytes:
    """The input that has a provider send this."""
    return bytes([NAMES.index(provider)]) + body


def attack(data: bytes) -> None:
    """Have a provider send this: raises what its adapter should not have."""
    if not data:
        return
    provider, body = NAMES[data[0] % len(NAMES)], data[1:]
    with ExitStack() as stack:
        stack.enter_context(patch.object(sns, "_fetched", _nobody_answers))
        stack.enter_context(patch.object(sorting, "known_campaigns", lambda slugs: set(slugs)))
        _unsigned(provider, body)
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            _signed(provider, msgspec.json.decode(body))


def _nobody_answers(url: str) -> Any:
    raise TryLater(url)


def _unsigned(provider: str, body: bytes) -> None:
    """As a body, a header, or a query, in place of those of a good request."""
    good, text = GOOD[provider], body.decode("latin-1")
    requests = [
        HookRequest(good.method, good.url, good.headers, body, NOW),
        HookRequest("POST", URL, {}, body, NOW),
        HookRequest(good.method, f"{URL}?{text}", good.headers, good.body, NOW),
        *(
            HookRequest(good.method, good.url, {**good.headers, name: text}, good.body, NOW)
            for name in good.headers
        ),
    ]
    for request in requests:
        with suppress(Unauthorised, TryLater):
            providers()[provider].webhook.verify(request, CREDENTIALS[provider])
    for request in requests[:3]:
        _taken(provider, request)


def _signed(provider: str, item: Any) -> None:
    """As an item in a request that is signed: it has to be let in."""
    try:
        request = REHEARSALS[provider].request([item], URL, NOW)
    except Exception:  # noqa: BLE001 (who plays the provider cannot say this)
        return
    providers()[provider].webhook.verify(request, CREDENTIALS[provider])
    _taken(provider, request)


def _taken(provider: str, request: HookRequest) -> None:
    """All that is done with a request which is let in, but for storing it."""
    point = HookPoint(SOURCES[provider], providers()[provider])
    point.provider.webhook.one_time(request)
    KeptRequest.of(request).sealed()
    with suppress(TryLater):
        items, unreadable = items_of(point.provider.webhook, request)
        found = sort(point, items, unreadable, NOW)
        assert found.received >= len(found.held)
        for reason, held in found.held.items():
            RawItems(held, reason, NOW).payload(0, len(held))
