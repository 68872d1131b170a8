"""Vonage's events, by what it publishes."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from liveReport.channels import Credentials, Event, HookRequest, Ignored, Unauthorised, providers
from tests.webhooks.cases import NOW, URL, ProviderCases, said_by

# developer.vonage.com/messaging/sms/guides/delivery-receipts: its example
RECEIPT = {
    "msisdn": "447700900000",
    "to": "AcmeInc",
    "network-code": "12345",
    "messageId": "0A0000001234567B",
    "price": "0.03330000",
    "status": "delivered",
    "scts": "2001011400",
    "err-code": "0",
    "api-key": "abcd1234",
    "client-ref": "spring-sms",
    "message-timestamp": "2020-01-01 12:00:00",
}


def asked(**fields: str) -> HookRequest:
    return HookRequest("GET", f"{URL}?{urlencode(RECEIPT | fields)}", {}, b"", NOW)


def said(**fields: str) -> Any:
    (event,) = said_by(providers()["vonage"].webhook, asked(**fields))
    return event


class TestVonage(ProviderCases):
    provider = "vonage"
    body_is_signed = False
    recipient = "+447700900000"

    def test_each_field_of_the_query_is_signed(self) -> None:
        rehearsal, request = self.requests()[0]
        for changed in ("status=delivered", "msisdn=1"):
            url = f"{request.url}&{changed}"
            with pytest.raises(Unauthorised):
                self.webhook.verify(HookRequest("GET", url, {}, b"", NOW), rehearsal.credentials)

    def test_a_form_or_json_is_as_good_as_a_query(self) -> None:
        rehearsal, request = self.requests()[0]
        form = urlencode(request.query).encode()
        plain = {"content-type": "application/x-www-form-urlencoded"}
        self.webhook.verify(HookRequest("POST", URL, plain, form, NOW), rehearsal.credentials)
        junk = HookRequest("POST", URL, {"content-type": "application/json"}, b"[", NOW)
        with pytest.raises(Unauthorised):
            self.webhook.verify(junk, Credentials(secrets=["x"]))


def test_a_receipt_is_of_the_number_it_was_sent_to() -> None:
    at = datetime(2020, 1, 1, 12, tzinfo=UTC)
    assert said() == Event(
        "delivered", at, "+447700900000", "0A0000001234567B", {}, ("spring-sms",)
    )


@pytest.mark.parametrize(
    ("status", "code", "kind", "reason"),
    [
        ("failed", "6", "bounced", "vonage:6"),
        ("expired", "1", "bounced", "vonage:1"),
        ("rejected", "9", "excluded", "SMSNoConsent"),
        ("failed", "53", "excluded", "SMSNoConsent"),
    ],
)
def test_the_code_says_why(status: str, code: str, kind: str, reason: str) -> None:
    event = said(status=status, **{"err-code": code})
    assert (event.type, event.dimensions) == (kind, {"reason": reason})


def test_a_message_on_its_way_is_ignored() -> None:
    assert said(status="buffered") == Ignored("buffered")


def test_nothing_of_the_account_is_kept() -> None:
    (item,) = providers()["vonage"].webhook.items(asked(sig="x"))
    assert not {"sig", "api-key"} & set(item)


def test_its_codes_have_names() -> None:
    # api.support.vonage.com 204014733: 6 is “Anti-Spam Rejection”
    from liveReport.channels import get_channel

    (reason,) = get_channel("sms").dimensions
    assert str(reason.labels["vonage:6"]) == "Filtered by the carrier (vonage:6)"
