"""Lob's events, by what it publishes."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from liveReport.channels import Event, HookRequest, Ignored, Unauthorised, providers
from tests.webhooks.cases import NOW, URL, ProviderCases, posted, said_by

# lob/lob-openapi, resources/events: the example of a letter's event
CREATED: dict[str, Any] = {
    "id": "evt_d95ff8ffd2b5cfb4",
    "body": {
        "id": "ltr_4868c3b754655f90",
        "description": "Demo Letter",
        "metadata": {"lr_campaign": "spring", "lr_profile": "p-1"},
        "to": {"id": "adr_d3489cd64c791ab5", "name": "HARRY ZHANG"},
        "object": "letter",
    },
    "reference_id": "ltr_4868c3b754655f90",
    "event_type": {
        "id": "letter.created",
        "enabled_for_test": True,
        "resource": "letters",
        "object": "event_type",
    },
    "date_created": "2016-12-04T22:50:08.180Z",
    "object": "event",
}
AT = datetime(2016, 12, 4, 22, 50, 8, 180000, UTC)


def said(kind: str) -> Any:
    item = CREATED | {"event_type": {"id": kind}}
    (event,) = said_by(providers()["lob"].webhook, posted(json.dumps(item).encode()))
    return event


class TestLob(ProviderCases):
    provider = "lob"

    def test_an_old_signature_is_stale(self) -> None:
        rehearsal, request = self.requests()[0]
        late = HookRequest(
            "POST", URL, request.headers, request.body, NOW + timedelta(minutes=5, seconds=1)
        )
        with pytest.raises(Unauthorised, match="stale"):
            self.webhook.verify(late, rehearsal.credentials)


def test_a_letter_that_was_made_is_sent() -> None:
    metadata = CREATED["body"]["metadata"]
    assert said("letter.created") == Event("sent", AT, "", "ltr_4868c3b754655f90", metadata)


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        ("postcard.delivered", "delivered"),
        ("letter.certified.delivered", "delivered"),
        ("letter.returned_to_sender", "returned"),
        ("letter.certified.returned_to_sender", "returned"),
        ("self_mailer.failed", "error"),
        ("check.rejected", "error"),
    ],
)
def test_the_ends_of_a_piece_count(kind: str, ours: str) -> None:
    assert said(kind).type == ours


@pytest.mark.parametrize(
    "kind",
    [
        "letter.rendered_pdf",
        "postcard.mailed",
        "letter.in_transit",
        "letter.re-routed",
        "letter.return_envelope.created",
        "letter.certified.pickup_available",
        "postcard.viewed",
    ],
)
def test_stages_on_the_way_are_ignored(kind: str) -> None:
    assert said(kind) == Ignored(kind)


@pytest.mark.parametrize("kind", ["bank_account.verified", "letter.sung"])
def test_other_kinds_wait(kind: str) -> None:
    assert said(kind) == "unknown_type"
