"""Infobip's events, by what it publishes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from liveReport.channels import providers
from tests.webhooks.cases import ProviderCases, posted, said_by

# infobip.com/docs/api: receive outbound SMS message reports, its example
REPORT: dict[str, Any] = {
    "bulkId": "BULK-ID-123-xyz",
    "messageId": "MESSAGE-ID-123-xyz",
    "to": "41793026727",
    "sentAt": "2019-11-09T16:00:00.000+0100",
    "doneAt": "2019-11-09T16:00:05.000+0100",
    "smsCount": 1,
    "price": {"pricePerMessage": 0.01, "currency": "EUR"},
    "callbackData": "callbackData",
    "status": {
        "groupId": 3,
        "groupName": "DELIVERED",
        "id": 5,
        "name": "DELIVERED_TO_HANDSET",
    },
    "error": {"groupId": 0, "groupName": "Ok", "id": 0, "name": "NO_ERROR", "permanent": False},
}


def said(**changes: Any) -> Any:
    body = json.dumps({"results": [REPORT | changes]}).encode()
    (event,) = said_by(providers()["infobip"].webhook, posted(body))
    return event


class TestInfobip(ProviderCases):
    provider = "infobip"
    body_is_signed = False
    recipient = "+41793026727"


def test_a_report_has_its_own_zone() -> None:
    event = said()
    assert event.at == datetime(2019, 11, 9, 15, 0, 5, tzinfo=UTC)
    assert (event.type, event.recipient) == ("delivered", "+41793026727")
    assert (event.message, event.labels) == ("MESSAGE-ID-123-xyz", ("callbackData",))


@pytest.mark.parametrize("group", ["UNDELIVERABLE", "EXPIRED", "REJECTED"])
def test_what_did_not_arrive_is_bounced(group: str) -> None:
    error = {"id": 27, "name": "EC_ABSENT_SUBSCRIBER", "permanent": False}
    event = said(status={"groupName": group}, error=error)
    assert (event.type, event.dimensions) == ("bounced", {"reason": "infobip:27"})
