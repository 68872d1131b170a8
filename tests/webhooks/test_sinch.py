"""Sinch's events, by what it publishes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from liveReport.channels import Event, Ignored, providers
from tests.webhooks.cases import ProviderCases, posted, said_by

# developers.sinch.com/docs/sms/api-reference: its examples of both delivery reports
REPORT: dict[str, Any] = {
    "at": "2022-08-30T08:16:08.930Z",
    "batch_id": "01FC66621XXXXX119Z8PMV1QPQ",
    "client_reference": "client_reference",
    "code": 0,
    "operator_status_at": "2022-08-30T08:16:08.150Z",
    "recipient": "+44231235674",
    "status": "Delivered",
    "type": "recipient_delivery_report_sms",
}
BATCH: dict[str, Any] = {
    "batch_id": "01FC66621XXXXX119Z8PMV1QPQ",
    "statuses": [
        {"code": 402, "count": 1, "recipients": ["44231235674"], "status": "Rejected"},
        {"code": 0, "count": 2, "recipients": ["44700900001", "44700900002"], "status": "Queued"},
    ],
    "total_message_count": 3,
    "type": "delivery_report_sms",
}


def said(item: dict[str, Any]) -> list[Any]:
    return said_by(providers()["sinch"].webhook, posted(json.dumps(item).encode()))


class TestSinch(ProviderCases):
    provider = "sinch"
    recipient = "+44231235674"


def test_a_report_is_of_a_recipient() -> None:
    at = datetime(2022, 8, 30, 8, 16, 8, 930000, UTC)
    assert said(REPORT) == [
        Event("delivered", at, "+44231235674", REPORT["batch_id"], {}, ("client_reference",))
    ]


def test_a_full_report_names_the_recipients_of_each_status() -> None:
    bounced, *others = said(BATCH)
    assert (bounced.type, bounced.recipient) == ("bounced", "+44231235674")
    assert bounced.dimensions == {"reason": "sinch:402"}
    assert others == [Ignored("Queued")] * 2


def test_an_odd_status_of_a_full_report_spoils_no_other() -> None:
    odd = {"code": 1, "count": 1, "recipients": ["44700900003"], "status": "Teleported"}
    bounced, code, *others = said(BATCH | {"statuses": [BATCH["statuses"][0], odd, 7]})
    assert (bounced.type, bounced.recipient) == ("bounced", "+44231235674")
    assert (code, others) == ("unknown_type", ["malformed"])


@pytest.mark.parametrize("status", ["Failed", "Expired", "Aborted", "Unknown"])
def test_what_did_not_arrive_is_bounced(status: str) -> None:
    (event,) = said(REPORT | {"status": status, "code": 403})
    assert (event.type, event.dimensions["reason"]) == ("bounced", "sinch:403")
