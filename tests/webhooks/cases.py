"""What holds for the webhook of every provider: the base of its tests."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from liveReport.channels import (
    Credentials,
    Event,
    HookRequest,
    Rehearsal,
    Said,
    Unauthorised,
    Webhook,
    get_channel,
    providers,
)
from liveReport.site.rehearsal import said_by

__all__ = ["KEYS", "NOW", "URL", "ProviderCases", "flipped", "posted", "said_by"]

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
URL = "https://report.example.com/hooks/our-source/"
KEYS = {"lr_campaign": "spring", "lr_profile": "p-1", "lr_message": "m-1"}


def posted(
    body: bytes, headers: Mapping[str, str] | None = None, *, url: str = URL, now: datetime = NOW
) -> HookRequest:
    """A request as it comes; header names in any case."""
    lower = {name.lower(): value for name, value in (headers or {}).items()}
    return HookRequest("POST", url, lower, body, now)


def flipped(body: bytes, place: int) -> bytes:
    """The body with one bit of a byte changed."""
    return body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]


class ProviderCases:
    """Subclass it in the test file of a provider, as ``Test…``, and add what is its own.

    ``provider`` is its name. ``body_is_signed``: whether its signature covers the body.
    """

    provider: str
    body_is_signed = True
    recipient = "Ada@Example.com"

    @property
    def webhook(self) -> Webhook:
        return providers()[self.provider].webhook

    def rehearsal(self) -> Rehearsal:
        assert self.webhook.rehearsal
        return self.webhook.rehearsal(self.webhook)

    def said(self, kind: str, **changes: Any) -> Said:
        said = Said(kind, self.recipient, "pm-1", NOW - timedelta(seconds=9), KEYS)
        return said._replace(**changes)

    def requests(self) -> Sequence[tuple[Rehearsal, HookRequest]]:
        made = []
        for kind in self.rehearsal().types:
            rehearsal = self.rehearsal()
            item = rehearsal.item(self.said(kind))
            made.append((rehearsal, rehearsal.request([item], URL, NOW)))
        return made

    def test_what_it_plays_is_understood(self) -> None:
        for rehearsal, request in self.requests():
            self.webhook.verify(request, rehearsal.credentials)
            assert [type(one) for one in said_by(self.webhook, request)]
        played = self.rehearsal().types
        for kind, (_rehearsal, request) in zip(played, self.requests(), strict=True):
            events = [one for one in said_by(self.webhook, request) if isinstance(one, Event)]
            assert kind in [event.type for event in events]

    def test_its_event_types_are_declared(self) -> None:
        declared = get_channel(providers()[self.provider].channel).event_by_key
        for _rehearsal, request in self.requests():
            for event in said_by(self.webhook, request):
                if isinstance(event, Event):
                    assert set(event.dimensions) <= set(declared[event.type].dimensions)

    def test_other_credentials_are_refused(self) -> None:
        for _rehearsal, request in self.requests():
            with pytest.raises(Unauthorised):
                self.webhook.verify(request, self.rehearsal().credentials)
            with pytest.raises(Unauthorised):
                self.webhook.verify(request, Credentials())

    def test_without_any_signature_it_is_refused(self) -> None:
        for rehearsal, request in self.requests():
            bare = HookRequest("POST", URL, {}, b"{}", NOW)
            with pytest.raises(Unauthorised):
                self.webhook.verify(bare, rehearsal.credentials)
            assert request.body is not None

    def test_no_bit_of_a_signed_body_can_be_changed(self) -> None:
        if not self.body_is_signed:
            return
        rehearsal, request = self.requests()[0]
        for place in range(0, len(request.body), max(len(request.body) // 40, 1)):
            changed = HookRequest(
                request.method, request.url, request.headers, flipped(request.body, place), NOW
            )
            with pytest.raises(Unauthorised):
                self.webhook.verify(changed, rehearsal.credentials)

    def test_an_unknown_kind_is_an_odd_item(self) -> None:
        rehearsal = self.rehearsal()
        item = rehearsal.unknown(self.said(rehearsal.types[0]))
        request = rehearsal.request([item], URL, NOW)
        assert said_by(self.webhook, request) == ["unknown_type"]

    def test_it_says_how_to_set_it_up(self) -> None:
        assert all(str(text) for text in self.webhook.set_up[:3])
