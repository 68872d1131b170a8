"""Twilio's status callbacks, by what it publishes; its own library is the oracle of signatures."""

from typing import Any
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from channels_plugins.sms.webhooks.twilio import ALGORITHM, SIGNATURE
from liveReport.channels import Credentials, Event, Ignored, Unauthorised, providers
from tests.webhooks.cases import ProviderCases, posted, said_by

PUBLIC = "https://report.example.com/hooks/our-source/?lr_campaign=spring"
KEY = "12345"
# twilio.com/docs/messaging/guides/track-outbound-message-status: the fields of its example
DELIVERED = {
    "SmsSid": "SM2xxxxxx",
    "SmsStatus": "sent",
    "Body": "McAvoy or Stewart? These timelines can get so confusing.",
    "MessageStatus": "sent",
    "To": "+1512zzzyyyy",
    "MessageSid": "SM2xxxxxx",
    "AccountSid": "ACxxxxxxx",
    "From": "+1512xxxyyyy",
    "ApiVersion": "2010-04-01",
}


def form(**fields: str) -> bytes:
    return urlencode(DELIVERED | fields).encode()


def said(url: str = PUBLIC, **fields: str) -> Any:
    (event,) = said_by(providers()["twilio"].webhook, posted(form(**fields), url=url))
    return event


def signed_by_twilio(url: str, fields: dict[str, str]) -> str:
    return RequestValidator(KEY).compute_signature(url, fields)


class TestTwilio(ProviderCases):
    provider = "twilio"
    recipient = "+15005550001"


def test_a_status_is_an_event_of_the_query_s_campaign() -> None:
    event = said(MessageStatus="delivered", To="+15125550100")
    assert event == Event("delivered", None, "+15125550100", "SM2xxxxxx", {"lr_campaign": "spring"})


@pytest.mark.parametrize(
    ("status", "code", "kind", "reason"),
    [
        ("undelivered", "30003", "bounced", "30003"),
        ("undelivered", "30007", "bounced", "30007"),
        ("failed", "30034", "error", "30034"),
        ("undelivered", "30002", "error", "30002"),
        ("failed", "21610", "excluded", "SMSNoConsent"),
        ("failed", "21211", "bounced", "21211"),
        ("failed", "", "error", None),
        ("undelivered", "", "bounced", None),
    ],
)
def test_the_code_says_who_has_to_act(
    status: str, code: str, kind: str, reason: str | None
) -> None:
    event = said(MessageStatus=status, ErrorCode=code)
    assert (event.type, event.dimensions.get("reason")) == (kind, reason)


@pytest.mark.parametrize("status", ["queued", "sending", "accepted", "scheduled", "read"])
def test_stages_on_the_way_are_ignored(status: str) -> None:
    assert said(MessageStatus=status) == Ignored(status)


@pytest.mark.parametrize(
    "url",
    [
        PUBLIC,
        PUBLIC.replace(".com/", ".com:443/"),
        "http://report.example.com:8080/hooks/x/",
        "https://report.example.com/hooks/x",
    ],
)
def test_what_its_own_library_signs_is_good(url: str) -> None:
    headers = {SIGNATURE: signed_by_twilio(url, DELIVERED)}
    providers()["twilio"].webhook.verify(
        posted(form(), headers, url=url), Credentials(secrets=["other", KEY])
    )


def test_the_url_is_the_public_one() -> None:
    internal = PUBLIC.replace("https://report.example.com", "http://10.0.0.7:8000")
    headers = {SIGNATURE: signed_by_twilio(internal, DELIVERED)}
    with pytest.raises(Unauthorised):
        providers()["twilio"].webhook.verify(
            posted(form(), headers, url=PUBLIC), Credentials(secrets=[KEY])
        )


def test_the_settings_header_names_the_algorithm() -> None:
    webhook = providers()["twilio"].webhook
    made = RequestValidator(KEY).compute_signature(PUBLIC, DELIVERED, "HMAC_SHA256")
    headers = {SIGNATURE: made, ALGORITHM: "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"}
    webhook.verify(posted(form(), headers, url=PUBLIC), Credentials(secrets=[KEY]))
    without = posted(form(), {SIGNATURE: made}, url=PUBLIC)
    with pytest.raises(Unauthorised):
        webhook.verify(without, Credentials(secrets=[KEY]))


@pytest.mark.parametrize("junk", ["", "é", "=", "\x00"])
def test_junk_is_no_signature(junk: str) -> None:
    with pytest.raises(Unauthorised):
        providers()["twilio"].webhook.verify(
            posted(form(), {SIGNATURE: junk}, url=PUBLIC), Credentials(secrets=[KEY])
        )
