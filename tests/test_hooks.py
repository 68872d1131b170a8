"""The front door of providers: what is answered, what is stored, and whose it is."""

import hmac
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from liveReport import ingest, rollup
from liveReport.channels import digest_of, signed_with, webhook_added
from liveReport.events.batch import decode
from liveReport.ingest import drain as draining
from liveReport.ingest import intake
from liveReport.ingest.drain import drain
from liveReport.ingest.hook_sources import known_sources
from liveReport.ingest.spool import spool
from liveReport.memory import forget_all
from liveReport.models import Campaign, EventBatch, QuarantinedBatch, Source, SourceSecret
from liveReport.site.sources import Wanted, rotate, set_up
from tests.support.factories import CampaignFactory
from tests.support.hooking import Pigeon, Raven, basic, flight, pigeon, posted
from tests.support.spooling import AWAY, silent

pytestmark = pytest.mark.django_db

RING = {"lr_campaign": "summer"}


@pytest.fixture(autouse=True)
def birds() -> Iterator[None]:
    with webhook_added("email", Pigeon), webhook_added("email", Raven):
        yield


def answer(**counts: int) -> dict[str, int]:
    zero = dict.fromkeys(("received", "accepted", "ignored", "quarantined"), 0)
    return zero | counts | {"received": sum(counts.values())}


def logged() -> list[tuple[str, str]]:
    """Campaign and type of all events in the log, oldest batch first."""
    shapes = [
        event.shape
        for batch in EventBatch.objects.order_by("pk")
        for event in decode(batch.payload)
    ]
    return [(shape.campaign, shape.type) for shape in shapes]


def waiting() -> dict[str, int]:
    rows = QuarantinedBatch.objects.order_by("pk").values_list("reason", "count")
    return dict(rows)


# -- What is answered --------------------------------------------------------------------------


def test_what_is_accepted_is_in_the_log(client: Client, campaign: Campaign) -> None:
    header = pigeon()
    response = posted(client, [flight(ring=RING), flight("gone", ring=RING, why="5.1.1")], header)
    assert (response.status_code, response.json()) == (200, answer(accepted=2))
    assert logged() == [("summer", "delivered"), ("summer", "bounced")]


def test_the_slash_at_the_end_may_be_missing(client: Client, campaign: Campaign) -> None:
    header = {"authorization": pigeon()}
    response = client.post("/hooks/loft", b"[]", "application/json", headers=header)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "header", ["", "Basic", "Basic !", basic("guess"), "Bearer x", "Basic Og=="]
)
def test_who_is_not_the_provider_is_asked_to_log_in(client: Client, header: str) -> None:
    pigeon()
    response = posted(client, [flight(ring=RING)], header)
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Basic realm=")
    assert not EventBatch.objects.exists()


def test_somebody_else_with_the_secret_is_refused(client: Client) -> None:
    _source, secret = set_up("loft", "pigeon", Wanted())
    assert posted(client, [], basic(secret, "admin")).status_code == 401


def test_of_what_is_not_there_nothing_is_told(client: Client) -> None:
    header = pigeon()
    Source.objects.ensure("api-only")
    for name in ("nobody", "api-only"):
        assert posted(client, [], header, name).status_code == 404
        assert client.head(f"/hooks/{name}/").status_code == 404
        assert client.get(f"/hooks/{name}/").status_code == 404


def test_a_source_that_is_switched_off_is_not_there(client: Client) -> None:
    header = pigeon()
    source = Source.objects.get(name="loft")
    source.account.is_active = False
    source.account.save()
    assert posted(client, [], header).status_code == 404


def test_before_there_is_a_secret_only_looking_is_possible(client: Client) -> None:
    set_up("nest", "raven", Wanted())
    assert client.head("/hooks/nest/").status_code == 200
    assert client.get("/hooks/nest/").status_code == 200
    assert posted(client, [], "", "nest").status_code == 404


def test_other_methods_are_not_allowed(client: Client) -> None:
    pigeon()
    assert {client.put("/hooks/loft/").status_code, client.delete("/hooks/loft/").status_code} == {
        405
    }


def test_a_body_may_have_five_megabytes(client: Client, settings: Any) -> None:
    header = pigeon()
    settings.INGEST_MAX_BYTES = 1000
    assert posted(client, b" " * 1001, header).status_code == 413


def test_too_much_that_waits_is_an_overload(
    client: Client, monkeypatch: Any, settings: Any
) -> None:
    header = pigeon()
    settings.INGEST_MAX_PENDING = -1
    response = posted(client, [flight(ring=RING)], header)
    assert (response.status_code, response["Retry-After"]) == (503, "5")


# -- What waits --------------------------------------------------------------------------------


@pytest.mark.parametrize("odd", [{"id": "m\0"}, {"to": ["a\x1f@example.com"]}, {"why": "\x7f"}])
def test_an_item_with_a_control_character_waits_alone(
    client: Client, campaign: Campaign, odd: dict[str, Any]
) -> None:
    items = [flight(ring=RING), flight("gone", ring=RING) | odd, flight("gone", ring=RING)]
    assert posted(client, items, pigeon()).json() == answer(accepted=2, quarantined=1)
    assert waiting() == {"refused": 1}


def test_a_campaign_that_is_named_by_nothing_leaves_the_word_to_a_tag(
    client: Client, campaign: Campaign
) -> None:
    item = flight(ring={"lr_campaign": ""}, tags=["winter", "summer"])
    assert posted(client, [item], pigeon()).json() == answer(accepted=1)


def test_one_odd_item_never_spoils_its_batch(client: Client, campaign: Campaign) -> None:
    odd = [None, 3, {}, flight("sings"), flight(at=timezone.now() - timedelta(hours=73), ring=RING)]
    items = [flight(ring=RING), *odd, flight("hello"), flight("sent", ring=RING)]
    response = posted(client, items, pigeon())
    assert (response.status_code, response.json()) == (
        200,
        answer(accepted=2, ignored=1, quarantined=5),
    )
    assert logged() == [("summer", "delivered"), ("summer", "sent")]
    assert waiting() == {"unreadable": 3, "unknown_type": 1, "too_old": 1}


def test_what_no_channel_declares_waits(client: Client, campaign: Campaign) -> None:
    items = [flight(ring=RING), flight(ring=RING, mood="gay")]
    assert posted(client, items, pigeon()).json() == answer(accepted=1, quarantined=1)
    assert waiting() == {"refused": 1}


@pytest.mark.parametrize("body", [b"", b"no JSON", b"\xff\xfe", b"[" * 100_000])
def test_what_cannot_be_read_waits_as_it_came(client: Client, body: bytes) -> None:
    response = posted(client, body, pigeon())
    assert (response.status_code, response.json()) == (200, answer(quarantined=1))
    assert waiting() == {"unreadable": 1}


def test_each_recipient_is_one(client: Client, campaign: Campaign) -> None:
    items = [flight("gone", "a@x.org", "b@x.org", "c@x.org", ring=RING)]
    assert posted(client, items, pigeon()).json() == answer(accepted=3)


def test_what_waits_is_sealed(client: Client) -> None:
    posted(client, [flight("hit", "ada@example.com")], pigeon())
    (batch,) = QuarantinedBatch.objects.all()
    assert b"ada" not in bytes(batch.payload)


# -- Whose it is -------------------------------------------------------------------------------


def whose(client: Client, header: str, **item: Any) -> list[str]:
    posted(client, [flight(**item)], header)
    return [campaign for campaign, _type in logged()]


def test_keys_come_first(client: Client, campaign: Campaign) -> None:
    CampaignFactory(slug="winter")
    header = pigeon(campaign="winter", mapping={"tag": "winter"})
    assert whose(client, header, ring=RING, tags=["tag"]) == ["summer"]


@pytest.mark.parametrize("tags", [["lr_campaign=summer&lr_profile=x"], ["a", "tag"], ["summer"]])
def test_then_labels(client: Client, campaign: Campaign, tags: list[str]) -> None:
    CampaignFactory(slug="winter")
    header = pigeon(campaign="winter", mapping={"tag": "summer"})
    assert whose(client, header, tags=tags) == ["summer"]


def test_then_the_campaign_of_the_source(client: Client, campaign: Campaign) -> None:
    assert whose(client, pigeon(campaign="summer"), tags=["unheard of"]) == ["summer"]


def test_a_named_campaign_that_is_unknown_is_not_replaced(
    client: Client, campaign: Campaign
) -> None:
    header = pigeon(campaign="summer")
    response = posted(client, [flight(ring={"lr_campaign": "autumn"})], header)
    assert response.json() == answer(quarantined=1)
    assert waiting() == {"unknown_campaign": 1}
    CampaignFactory(slug="autumn")
    assert ingest.replay(QuarantinedBatch.objects.all()) == 1
    assert logged() == [("autumn", "delivered")]


def test_what_waits_is_attributed_by_the_mapping_of_now(client: Client, campaign: Campaign) -> None:
    response = posted(client, [flight(tags=["tag"]), flight("gone", tags=["other"])], pigeon())
    assert response.json() == answer(quarantined=2)
    assert ingest.replay(QuarantinedBatch.objects.all()) == 0
    set_up("loft", "pigeon", Wanted(mapping={"tag": "summer"}))
    assert ingest.replay(QuarantinedBatch.objects.all()) == 1
    assert logged() == [("summer", "delivered")]
    assert waiting() == {"no_campaign": 1}


def test_what_was_replayed_counts_once(client: Client, campaign: Campaign) -> None:
    at = timezone.now()
    header = pigeon()
    posted(client, [flight(at=at, tags=["tag"])], header)
    set_up("loft", "pigeon", Wanted(mapping={"tag": "summer"}))
    ingest.replay(QuarantinedBatch.objects.all())
    forget_all()
    posted(client, [flight(at=at, tags=["tag"])], header)
    rollup.fold_pending()
    assert [batch.duplicates for batch in EventBatch.objects.order_by("pk")] == [0, 1]


# -- Repeats -----------------------------------------------------------------------------------


def test_a_repeat_is_accepted_and_counts_once(client: Client, campaign: Campaign) -> None:
    header, at = pigeon(), timezone.now()
    for number in range(3):
        items = [flight(at=at, ring=RING, event_id=f"changes-{number}")]
        assert posted(client, items, header).json() == answer(accepted=1)
    rollup.fold_pending()
    assert sum(batch.duplicates for batch in EventBatch.objects.all()) == 2


def test_without_a_time_it_is_when_it_came(client: Client, campaign: Campaign) -> None:
    before = timezone.now().timestamp()
    posted(client, [flight(ring=RING)], pigeon())
    (at,) = EventBatch.objects.values_list("first_at", flat=True)
    assert at is not None
    assert before <= at / 1e6 <= timezone.now().timestamp()


def test_a_token_signs_one_body(client: Client, campaign: Campaign) -> None:
    set_up("nest", "raven", Wanted(), "key")
    headers = {"x-token": "t-1", "x-signature": signed_with_key(b"t-1")}
    first, second = b'[{"kind": "hello"}]', b'[{"kind": "sings"}]'

    def status(body: bytes) -> int:
        return client.post("/hooks/nest/", body, "application/json", headers=headers).status_code

    assert [status(first), status(first), status(second), status(first)] == [200, 200, 401, 200]


def signed_with_key(token: bytes) -> str:
    signature = hmac.digest(b"key", token, "sha256").hex()
    assert signed_with(b"key", signature, token)
    return signature


# -- Secrets -----------------------------------------------------------------------------------


def test_secrets_are_stored_as_digests_or_sealed(client: Client) -> None:
    _source, made = set_up("loft", "pigeon", Wanted())
    _other, none = set_up("nest", "raven", Wanted(), "the provider's key")
    ours, theirs = SourceSecret.objects.order_by("pk")
    assert (ours.digest, bytes(ours.sealed)) == (digest_of(made), b"")
    assert (none, theirs.digest, theirs.plain) == ("", "", "the provider's key")
    assert b"provider" not in bytes(theirs.sealed)


def test_a_rotated_secret_is_good_for_its_grace(client: Client) -> None:
    old = pigeon()
    source = Source.objects.get(name="loft")
    new = basic(rotate(source))
    assert {posted(client, [], header).status_code for header in (old, new)} == {200}
    newest = basic(rotate(source, grace=timedelta()))
    forget_all()
    assert [posted(client, [], header).status_code for header in (old, new, newest)] == [
        401,
        401,
        200,
    ]


def test_with_another_key_nothing_opens(client: Client, settings: Any) -> None:
    set_up("nest", "raven", Wanted(), "key")
    former, settings.SEALING_KEYS = settings.SEALING_KEYS, ["another key, of just as many letters"]
    headers = {"x-token": "t", "x-signature": signed_with_key(b"t")}

    def status() -> int:
        forget_all()
        return client.post("/hooks/nest/", b"[]", "application/json", headers=headers).status_code

    assert status() == 401
    settings.SEALING_KEYS = [*settings.SEALING_KEYS, *former]
    assert status() == 200


# -- While the database is away ----------------------------------------------------------------


def test_an_outage_is_bridged_by_the_spool(
    client: Client, campaign: Campaign, monkeypatch: Any
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise AWAY

    header = pigeon(mapping={"tag": "summer"})
    assert posted(client, [], header).status_code == 200
    monkeypatch.setattr(draining.drainer, "start", lambda: None)
    with monkeypatch.context() as away:
        away.setattr(intake, "append", fail)
        response = posted(client, [flight(tags=["tag"]), flight("hello")], header)
    assert (response.status_code, response.json()) == (200, answer(accepted=1, ignored=1))
    assert spool().waiting() == 2
    assert drain() == 2
    assert logged() == [("summer", "delivered")]


def test_a_source_that_was_asked_for_lately_is_known_in_an_outage(
    client: Client, campaign: Campaign, monkeypatch: Any
) -> None:
    header = pigeon(campaign="summer")
    assert posted(client, [], header).status_code == 200
    monkeypatch.setattr(draining.drainer, "start", lambda: None)
    known_sources()._read.clear()
    with silent():
        assert posted(client, [flight()], header).status_code == 200
        assert posted(client, [flight()], basic("guess")).status_code == 401
        assert posted(client, [flight()], header, "other").status_code == 503
    assert drain() == 1
    assert logged() == [("summer", "delivered")]
