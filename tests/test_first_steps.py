"""What a developer meets first: the documentation, its examples, what is told of a mistake."""

from typing import Any

import pytest
from django.test import Client

from liveReport.channels import registered
from liveReport.models import Campaign
from tests.support.factories import CampaignFactory, event
from tests.support.showcase import Showcase

pytestmark = pytest.mark.django_db

JSON = {"accept": "application/vnd.oai.openapi+json"}
EVENTS = "/api/v1/events/"


@pytest.fixture
def sending(client: Client, campaign: Campaign, ingest_token: str) -> Any:
    """Sends a body with a token, and gives the answer."""

    def post(body: Any) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {ingest_token}"}
        response = client.post(EVENTS, body, content_type="application/json", headers=headers)
        answer: dict[str, Any] = response.json()
        return answer

    return post


# -- The documentation ---------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "Bearer no-token-of-ours"])
def test_the_schema_is_for_everybody(client: Client, token: str) -> None:
    headers = JSON | ({"authorization": token} if token else {})
    response = client.get("/api/schema/", headers=headers)
    assert response.status_code == 200
    assert response.json()["paths"]["/api/v1/events/"]
    yaml = client.get("/api/schema/")
    assert yaml.headers["Content-Type"].startswith("application/vnd.oai.openapi")
    assert yaml.content.startswith(b"openapi: 3.1")


def test_the_schema_says_nothing_of_campaigns(client: Client) -> None:
    CampaignFactory(slug="secret-plan", name="A secret plan")
    assert b"secret" not in client.get("/api/schema/").content.lower().replace(b"secretkey", b"")


def test_the_schema_speaks_the_readers_language_and_is_made_once_for_each(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    english = client.get("/api/schema/", headers=JSON).content.decode()
    french = client.get("/api/schema/?lang=fr", headers=JSON).content.decode()
    assert "what the live report shows" in english
    assert "rapport dynamique" in french
    monkeypatch.setattr("drf_spectacular.generators.SchemaGenerator.get_schema", None)
    assert client.get("/api/schema/?lang=fr", headers=JSON).content.decode() == french
    for unknown in ("xx", "../..", "fr" * 100):
        found = client.get("/api/schema/", {"lang": unknown}, headers=JSON)
        assert found.content.decode() == english


def test_a_channel_that_is_new_is_in_the_schema(client: Client) -> None:
    with registered(Showcase):
        fields = client.get("/api/schema/", headers=JSON).json()["components"]["schemas"]["Event"]
    assert {dimension.key for dimension in Showcase.dimensions} <= set(fields["properties"])


def test_its_examples_are_accepted_as_they_are(client: Client, sending: Any) -> None:
    CampaignFactory(slug="season-launch")
    schema = client.get("/api/schema/", headers=JSON).json()
    content = schema["paths"][EVENTS]["post"]["requestBody"]["content"]
    (events,) = (found["value"] for found in content["application/json"]["examples"].values())
    assert [each["type"] for each in events] == ["targeted", "delivered", "error"]
    assert sending(events) == {
        "accepted": 3,
        "duplicates": 0,
        "quarantined": [],
        "rejected": [],
    }
    for media in ("application/x-ndjson", "application/json-seq"):
        assert content[media]["examples"]["Event"]["value"] == events[0]


def test_the_api_begins_with_an_index(client: Client, read_token: str) -> None:
    places = client.get("/api/v1/").json()
    assert {"events", "campaigns", "metrics", "channels", "schema", "docs"} <= set(places)
    headers = {"authorization": f"Bearer {read_token}"}
    for name in set(places) - {"events"}:
        assert client.get(places[name], headers=headers).status_code == 200, name


# -- Mistakes --------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/api/v1/campaign/", "/api/v2/events/", "/api/"])
def test_an_address_of_nothing_leads_to_the_index(client: Client, address: str) -> None:
    detail = client.get(address).json()["detail"]
    assert detail == f"There is nothing at {address}. See /api/v1/ for what there is."
    french = client.get(address, headers={"accept-language": "fr"}).json()["detail"]
    assert "/api/v1/" in french
    assert french != detail


@pytest.mark.parametrize("extra", [{}, {"place": "hall"}], ids=["known fields", "its own field"])
def test_a_channel_that_is_not_here_is_said_to_be_missing(
    sending: Any, extra: dict[str, str]
) -> None:
    (refusal,) = sending([event(channel="kiosk", type="greeted", **extra)])["rejected"]
    assert (refusal["field"], refusal["code"]) == ("channel", "unknown_channel")
    assert refusal["message"].startswith("No channel 'kiosk' here, but ")
    assert "email" in refusal["message"]


def test_a_field_that_is_not_there_is_told_of_a_channel_that_is(sending: Any) -> None:
    (refusal,) = sending([event(place="hall")])["rejected"]
    assert (refusal["field"], refusal["code"]) == ("place", "unknown_field")


@pytest.mark.parametrize("channel", [7, None, "", "x" * 300, "\ud800"])
def test_what_is_no_name_of_a_channel_is_not_repeated(sending: Any, channel: Any) -> None:
    (refusal,) = sending([event(place="hall") | {"channel": channel}])["rejected"]
    assert refusal["code"] != "unknown_channel"
    assert len(refusal["message"]) < 400


def test_all_fields_that_lack_are_named_at_once(sending: Any) -> None:
    (refusal,) = sending([{"id": "1", "campaign": "summer"}])["rejected"]
    assert refusal["code"] == "required"
    for field in ("channel", "type", "occurred_at", "profile"):
        assert f"`{field}`" in refusal["message"]
