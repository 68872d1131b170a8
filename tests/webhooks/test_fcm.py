"""Answers of FCM HTTP v1, by what it publishes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from liveReport.channels import Event, providers
from tests.webhooks.cases import ProviderCases, posted, said_by

AT = "2026-03-04T11:59:51Z"
# firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode and its guide to error handling
UNREGISTERED: dict[str, Any] = {
    "error": {
        "code": 404,
        "message": "Requested entity was not found.",
        "status": "NOT_FOUND",
        "details": [
            {
                "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
                "errorCode": "UNREGISTERED",
            }
        ],
    }
}
BAD_ARGUMENT: dict[str, Any] = {
    "error": {
        "code": 400,
        "message": "The registration token is not a valid FCM registration token",
        "status": "INVALID_ARGUMENT",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": "message.token"}],
            },
            {
                "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
                "errorCode": "INVALID_ARGUMENT",
            },
        ],
    }
}
ANSWERED = {"name": "projects/myproject-b5ae1/messages/0:1500415314455276%31bd1c9631bd1c96"}


def said(*results: dict[str, Any], **envelope: Any) -> list[Any]:
    shared = {"profile": "p-1", "platform": "android", "at": AT}
    body = {"lr_campaign": "spring", "results": [shared | one for one in results]} | envelope
    return said_by(providers()["fcm"].webhook, posted(json.dumps(body).encode()))


class TestFcm(ProviderCases):
    provider = "fcm"
    body_is_signed = False


def test_what_fcm_took_was_sent() -> None:
    (event,) = said({"status": 200, "body": ANSWERED})
    assert (event.type, event.message, event.recipient) == ("sent", ANSWERED["name"], "p-1")
    assert event.keys["lr_campaign"] == "spring"
    assert event.at == datetime(2026, 3, 4, 11, 59, 51, tzinfo=UTC)
    assert event.dimensions == {"platform": "android"}


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        (404, UNREGISTERED, "bounced", "UNREGISTERED"),
        (404, json.dumps(UNREGISTERED), "bounced", "UNREGISTERED"),
        (400, BAD_ARGUMENT, "error", "INVALID_ARGUMENT"),
        (503, {"error": {"status": "UNAVAILABLE"}}, "error", "UNAVAILABLE"),
        (502, "<html>", "error", "502"),
    ],
)
def test_the_code_in_the_details_decides(status: int, body: Any, kind: str, reason: str) -> None:
    (event,) = said({"status": status, "body": body})
    assert (event.type, event.dimensions["reason"]) == (kind, reason)


def test_each_result_is_read_alone() -> None:
    webhook = providers()["fcm"].webhook
    body = {"results": [3, {"profile": "p", "at": AT, "status": 200}]}
    items = list(webhook.items(posted(json.dumps(body).encode())))
    assert [type(item) for item in items] == [int, dict]
    (event,) = webhook.events(items[1])
    assert isinstance(event, Event)
