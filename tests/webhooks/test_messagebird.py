"""MessageBird's events, by what it publishes."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode

import pytest

from channels_plugins.sms.webhooks.messagebird import TOKEN
from liveReport.channels import HookRequest, Ignored, Unauthorised, providers
from tests.webhooks.cases import NOW, URL, ProviderCases, said_by

# developers.messagebird.com/api/sms-messaging: fields of a status report
REPORT = {
    "id": "efa6405d518d4c0c88cce11f7db775fb",
    "reference": "the-customers-reference",
    "recipient": "31612345678",
    "status": "delivered",
    "statusDatetime": "2017-09-01T10:00:05+00:00",
}


def said(**fields: str) -> Any:
    request = HookRequest("GET", f"{URL}?{urlencode(REPORT | fields)}", {}, b"", NOW)
    (event,) = said_by(providers()["messagebird"].webhook, request)
    return event


class TestMessageBird(ProviderCases):
    provider = "messagebird"
    body_is_signed = False
    recipient = "+31612345678"

    def test_the_token_is_of_this_url_and_body(self) -> None:
        rehearsal, request = self.requests()[0]
        for url, body in ((f"{request.url}&a=b", b""), (request.url, b"more")):
            other = HookRequest("GET", url, request.headers, body, NOW)
            with pytest.raises(Unauthorised):
                self.webhook.verify(other, rehearsal.credentials)

    @pytest.mark.parametrize("name", ["exp", "nbf"])
    @pytest.mark.parametrize("odd", ["soon", "", None, [], {}, [1], "1772625591"])
    def test_a_time_that_is_none_is_refused(self, name: str, odd: Any) -> None:
        """Though the signature is right: the key's owner can sign anything."""
        rehearsal, request = self.requests()[0]
        head, claims, _signature = request.header(TOKEN).split(".")
        plain = json.loads(urlsafe_b64decode(claims + "==")) | {name: odd}
        changed = urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")
        made = hmac.digest(rehearsal.secret.encode(), f"{head}.{changed}".encode(), "sha256")
        token = f"{head}.{changed}.{urlsafe_b64encode(made).decode().rstrip('=')}"
        other = HookRequest("GET", request.url, {TOKEN: token}, b"", NOW)
        with pytest.raises(Unauthorised, match="stale"):
            self.webhook.verify(other, rehearsal.credentials)

    @pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é.é.é"])
    def test_junk_is_no_token(self, token: str) -> None:
        rehearsal, request = self.requests()[0]
        other = HookRequest("GET", request.url, {TOKEN: token}, b"", NOW)
        with pytest.raises(Unauthorised):
            self.webhook.verify(other, rehearsal.credentials)


def test_a_report_is_of_a_recipient() -> None:
    event = said()
    assert (event.type, event.recipient) == ("delivered", "+31612345678")
    assert (event.message, event.labels) == (REPORT["id"], ("the-customers-reference",))


def test_a_failure_says_its_code() -> None:
    event = said(status="delivery_failed", statusErrorCode="9")
    assert (event.type, event.dimensions) == ("bounced", {"reason": "messagebird:9"})


def test_a_message_on_its_way_is_ignored() -> None:
    assert said(status="buffered") == Ignored("buffered")
