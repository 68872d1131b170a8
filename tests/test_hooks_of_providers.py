"""The front door with real providers: signed as they sign, from the request to the numbers."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as site
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from liveReport import rollup
from liveReport.channels import HookRequest, Rehearsal, Said, providers
from liveReport.ingest import drain as draining
from liveReport.ingest import intake
from liveReport.memory import forget_all
from liveReport.models import (
    Bucket,
    Campaign,
    EventBatch,
    MessageState,
    QuarantinedBatch,
    Series,
)
from liveReport.site.sources import Wanted, set_up
from tests.support.spooling import AWAY

pytestmark = pytest.mark.django_db
INTERNAL = "http://testserver"


def playing(provider: str, name: str = "ours", **wanted: Any) -> Rehearsal:
    """A source of a provider, and who plays it."""
    webhook = providers()[provider].webhook
    assert webhook.rehearsal
    rehearsal = webhook.rehearsal(webhook)
    given = "" if webhook.secret.is_ours else rehearsal.secret
    _source, made = set_up(name, provider, Wanted(**wanted), given)
    rehearsal.secret = made or rehearsal.secret
    return rehearsal


def said(kind: str, recipient: str = "ada@example.com", **changes: Any) -> Said:
    at = timezone.now() - timedelta(seconds=30)
    keys = {"lr_campaign": "summer", "lr_profile": recipient}
    return Said(kind, recipient, "pm-1", at, keys)._replace(**changes)


def sent(client: Client, request: HookRequest) -> Any:
    """The request, as the server gets it."""
    path = request.url.removeprefix(INTERNAL)
    content = request.header("content-type") or "application/json"
    headers = {name: text for name, text in request.headers.items() if name != "content-type"}
    if request.method == "GET":
        return client.get(path, headers=headers)
    return client.post(path, request.body, content, headers=headers)


def signed(rehearsal: Rehearsal, *what: Said, url: str = f"{INTERNAL}/hooks/ours/") -> HookRequest:
    return rehearsal.request([rehearsal.item(one) for one in what], url, timezone.now())


@pytest.mark.parametrize("provider", sorted(set(providers()) - {"amazon_ses", "beacon"}))
def test_what_is_signed_is_counted(client: Client, campaign: Campaign, provider: str) -> None:
    rehearsal = playing(provider, campaign="summer")
    recipient = "+15005550001" if providers()[provider].channel == "sms" else "ada@example.com"
    response = sent(client, signed(rehearsal, said(rehearsal.types[0], recipient)))
    assert (response.status_code, response.json()["accepted"]) == (200, 1)
    rollup.fold_pending()
    assert Series.objects.filter(type=rehearsal.types[0]).exists()


def test_deferred_and_then_delivered_leaves_the_retries_gauge(
    client: Client, campaign: Campaign
) -> None:
    rehearsal = playing("sendgrid")
    times = [timezone.now() - timedelta(minutes=10 - number) for number in range(4)]
    kinds = ("sent", "deferred", "deferred", "delivered")
    for kind, at in zip(kinds[:3], times, strict=False):
        sent(client, signed(rehearsal, said(kind, at=at)))
    rollup.fold_pending()
    assert MessageState.objects.count() == 1
    late = said("delivered", at=times[3])
    for _repeat in range(3):
        assert sent(client, signed(rehearsal, late)).json()["accepted"] == 1
    rollup.fold_pending()
    assert sum(EventBatch.objects.values_list("duplicates", flat=True)) == 2


def test_machines_are_told_from_people_by_what_the_provider_says(
    client: Client, campaign: Campaign
) -> None:
    rehearsal = playing("sendgrid")
    agents: dict[str, list[dict[str, object]]] = {
        "machine": [{"sg_machine_open": True}, {"useragent": "Googlebot/2.1"}],
        "human": [{"useragent": "Mozilla/5.0 (via ggpht.com GoogleImageProxy)"}, {}, {}],
    }
    signs = [sign for signs in agents.values() for sign in signs]
    items = [
        rehearsal.item(said("opened", f"u{number}@example.com")) | sign
        for number, sign in enumerate(signs)
    ]
    request = rehearsal.request(items, f"{INTERNAL}/hooks/ours/", timezone.now())
    assert sent(client, request).json()["accepted"] == 5
    rollup.fold_pending()
    opens = Bucket.objects.filter(series__type="opened", tier=60)
    by_verdict = opens.filter(series__dimension="verdict").values_list("series__value")
    assert dict(by_verdict.annotate(Sum("count"))) == {"human": 3, "machine": 2}


def test_the_public_url_is_the_one_that_is_signed(
    client: Client, campaign: Campaign, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://report.example.com"
    rehearsal = playing("twilio", campaign="summer")
    public = signed(rehearsal, said("delivered"), url="https://report.example.com/hooks/ours/")
    path = public.url.removeprefix("https://report.example.com")
    through_the_proxy = HookRequest(
        "POST", f"{INTERNAL}{path}", public.headers, public.body, public.received_at
    )
    assert sent(client, through_the_proxy).status_code == 200
    assert sent(client, signed(rehearsal, said("delivered"))).status_code == 401


def test_two_thousand_at_once_are_taken(client: Client, campaign: Campaign) -> None:
    rehearsal = playing("sendgrid")
    many = [said("delivered", f"u{number}@example.com") for number in range(2_000)]
    assert sent(client, signed(rehearsal, *many)).json()["accepted"] == 2_000


def test_nothing_that_names_anybody_is_stored_in_clear(
    client: Client, campaign: Campaign, monkeypatch: Any
) -> None:
    rehearsal = playing("sendgrid")
    monkeypatch.setattr(draining.drainer, "start", lambda: None)
    names = ("clara@example.com", "berta@example.com", "zoe@example.com")
    sent(client, signed(rehearsal, said("delivered", names[0])))
    sent(client, signed(rehearsal, said("delivered", names[1], keys={})))

    def fail(*args: Any, **kwargs: Any) -> None:
        raise AWAY

    with monkeypatch.context() as away:
        away.setattr(intake, "append", fail)
        assert sent(client, signed(rehearsal, said("delivered", names[2]))).status_code == 200
    stored = [bytes(batch.payload) for batch in EventBatch.objects.all()]
    stored += [bytes(batch.payload) for batch in QuarantinedBatch.objects.all()]
    stored += [file.read_bytes() for file in site.SPOOL_DIR.glob("*.sqlite3*")]
    assert len(stored) >= 3
    for name in (*names, rehearsal.secret):
        assert not any(name.encode() in one for one in stored)


def test_a_key_that_is_gone_lets_nobody_in(
    client: Client, campaign: Campaign, settings: Any
) -> None:
    rehearsal = playing("sendgrid")
    settings.SEALING_KEYS = ["another key, of just as many letters"]
    forget_all()
    assert sent(client, signed(rehearsal, said("delivered"))).status_code == 401
