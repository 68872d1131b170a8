"""Answers of APNs, by what it publishes."""

import json
from typing import Any

import pytest

from liveReport.channels import providers
from tests.webhooks.cases import ProviderCases, posted, said_by

# developer.apple.com, “Handling notification responses from APNs”
UNREGISTERED = {"reason": "Unregistered", "timestamp": 1629000000000}
APNS_ID = "eabeae54-14a8-11e5-b60b-1697f925ec7b"


def said(status: int, body: Any = "", **more: Any) -> Any:
    result = {"profile": "p-1", "at": "2026-03-04T11:59:51+00:00", "status": status, "body": body}
    envelope = {"lr_campaign": "spring", "results": [result | more]}
    (event,) = said_by(providers()["apns"].webhook, posted(json.dumps(envelope).encode()))
    return event


class TestApns(ProviderCases):
    provider = "apns"
    body_is_signed = False


def test_what_apns_took_was_sent() -> None:
    event = said(200, headers={"Apns-Id": APNS_ID})
    assert (event.type, event.message, event.dimensions) == ("sent", APNS_ID, {})


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        (410, UNREGISTERED, "bounced", "Unregistered"),
        (400, {"reason": "BadDeviceToken"}, "bounced", "BadDeviceToken"),
        (400, '{"reason": "DeviceTokenNotForTopic"}', "bounced", "DeviceTokenNotForTopic"),
        (403, {"reason": "ExpiredProviderToken"}, "error", "ExpiredProviderToken"),
        (413, {"reason": "PayloadTooLarge"}, "error", "PayloadTooLarge"),
        (503, "", "error", "503"),
    ],
)
def test_the_reason_says_whose_fault_it_is(status: int, body: Any, kind: str, reason: str) -> None:
    event = said(status, body)
    assert (event.type, event.dimensions["reason"]) == (kind, reason)
