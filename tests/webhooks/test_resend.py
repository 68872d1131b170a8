"""Resend's events, by what it publishes."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from liveReport.channels import Credentials, Event, HookRequest, Unauthorised, providers
from tests.webhooks.cases import NOW, URL, ProviderCases, posted, said_by

# resend.com/docs/dashboard/webhooks/event-types; anymail, tests/test_resend_webhooks.py
SENT: dict[str, Any] = {
    "created_at": "2023-09-28T17:19:43.736Z",
    "data": {
        "created_at": "2023-09-28T17:19:43.982Z",
        "email_id": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        "from": "Sender <from@example.com>",
        "subject": "Sending test",
        "tags": {"lr_campaign": "spring", "tag2": "Tag_2_value"},
        "to": ["Recipient <to@example.org>"],
    },
    "type": "email.sent",
}
SUPPRESSED = "Resend has suppressed sending to this address because it is on the list"
PAYLOADS: list[Any] = [
    SENT | {"type": kind, "data": SENT["data"] | data}
    for kind, data in [
        ("email.sent", {}),
        ("email.delivered", {}),
        ("email.delivery_delayed", {}),
        ("email.complained", {}),
        ("email.bounced", {"bounce": {"message": "hard bounce", "type": "Permanent"}}),
        ("email.bounced", {"bounce": {"message": SUPPRESSED}}),
        ("email.suppressed", {}),
        ("email.failed", {"failed": {"reason": "reached_daily_quota"}}),
        ("email.scheduled", {}),
        ("email.opened", {"open": {"userAgent": "Mozilla/5.0"}}),
        ("email.clicked", {"click": {"link": "https://resend.com/docs"}}),
        ("email.delivered", {"to": ["to@example.org", "to2@example.org"]}),
    ]
]


def said(kind: str = "email.sent", **data: Any) -> Any:
    whole = SENT | {"type": kind, "data": SENT["data"] | data}
    (event,) = said_by(providers()["resend"].webhook, posted(json.dumps(whole).encode()))
    return event


class TestResend(ProviderCases):
    provider = "resend"

    def test_an_old_signature_is_stale(self) -> None:
        rehearsal, request = self.requests()[0]
        for minutes, good in ((4.9, True), (5.1, False), (-5.1, False)):
            at = NOW + timedelta(minutes=minutes)
            later = HookRequest("POST", URL, request.headers, request.body, at)
            if good:
                self.webhook.verify(later, rehearsal.credentials)
            else:
                with pytest.raises(Unauthorised, match="stale"):
                    self.webhook.verify(later, rehearsal.credentials)

    @pytest.mark.parametrize("junk", ["v1", "v1,", ",", "é", "v1,AAAA v2,BBBB"])
    def test_junk_is_no_signature(self, junk: str) -> None:
        rehearsal, request = self.requests()[0]
        headers = {**request.headers, "svix-signature": junk}
        with pytest.raises(Unauthorised):
            self.webhook.verify(posted(request.body, headers), rehearsal.credentials)
        with pytest.raises(Unauthorised):
            self.webhook.verify(posted(b"\xff", request.headers), rehearsal.credentials)
        with pytest.raises(Unauthorised):
            self.webhook.verify(request, Credentials(secrets=["whsec_!", ""]))

    def test_one_of_several_signatures_is_enough(self) -> None:
        rehearsal, request = self.requests()[0]
        several = f"v1,AAAA {request.header('svix-signature')}"
        headers = {**request.headers, "svix-signature": several}
        self.webhook.verify(posted(request.body, headers), rehearsal.credentials)


def test_the_event_has_its_own_time() -> None:
    assert said() == Event(
        "sent",
        datetime(2023, 9, 28, 17, 19, 43, 736000, tzinfo=UTC),
        "to@example.org",
        "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        SENT["data"]["tags"],
        dimensions={"domain": "example.org"},
    )


def test_of_several_recipients_nobody_knows_which() -> None:
    assert said(to=["to@example.org", "to2@example.org"]).recipient == ""


@pytest.mark.parametrize(
    ("bounce", "kind", "details"),
    [
        ({"message": SUPPRESSED}, "excluded", {"reason": "EmailSuppressed"}),
        (
            {"message": "hard bounce", "type": "Permanent", "subType": "General"},
            "bounced",
            {"reason": "General", "category": "hard"},
        ),
        (
            {"message": "550 5.2.2 full", "type": "Permanent", "subType": "General"},
            "bounced",
            {"reason": "5.2.2", "category": "soft"},
        ),
        ({"message": "unclear"}, "bounced", {"category": "soft"}),
    ],
)
def test_a_bounce_says_why(bounce: Any, kind: str, details: dict[str, str]) -> None:
    event = said("email.bounced", bounce=bounce)
    found = {key: text for key, text in event.dimensions.items() if key != "domain"}
    assert (event.type, found) == (kind, details)


def test_a_click_has_its_link() -> None:
    click = {"link": "https://resend.com/docs", "userAgent": "Mozilla/5.0"}
    assert said("email.clicked", click=click).link == "https://resend.com/docs"


def test_tags_may_be_a_list() -> None:
    assert said(tags=[{"name": "lr_campaign", "value": "s"}]).keys == {"lr_campaign": "s"}
