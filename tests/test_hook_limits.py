"""How much a provider may send, and how much whoever is not one may ask for."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client

from liveReport.api import hooks as view
from liveReport.channels import webhook_added
from liveReport.ingest.hook_sources import known_sources
from liveReport.models import Campaign, EventBatch, SourceMinute
from tests.support.hooking import Pigeon, basic, flight, pigeon, posted

pytestmark = pytest.mark.django_db

HIT = [flight(ring={"lr_campaign": "summer"})]
ELSEWHERE = "192.0.2.7"


@pytest.fixture(autouse=True)
def one_minute() -> Iterator[None]:
    """All requests of a test are of one minute."""
    with (
        webhook_added("email", Pigeon),
        patch("liveReport.api.throttles.time.time", lambda: 1_800_000_000.0 + 20),
    ):
        yield


def statuses(answers: list[Any]) -> list[int]:
    for answer in answers:
        told = answer.headers.get("Retry-After")
        assert told == ("41" if answer.status_code == 429 else None)
    return [answer.status_code for answer in answers]


def test_a_source_has_a_rate(client: Client, campaign: Campaign, settings: Any) -> None:
    settings.HOOK_RATE = 2
    header, other = pigeon(), pigeon("nest")
    assert statuses([posted(client, HIT, header) for _ in range(3)]) == [200, 200, 429]
    assert posted(client, HIT, other, "nest").status_code == 200


def test_what_is_too_much_is_neither_read_nor_counted(
    client: Client, campaign: Campaign, settings: Any
) -> None:
    settings.HOOK_RATE = 1
    header = pigeon()
    posted(client, HIT, header)
    with patch.object(view, "read_body") as read:
        assert posted(client, HIT, header).status_code == 429
    read.assert_not_called()
    assert EventBatch.objects.count() == 1
    assert not SourceMinute.objects.exists()


def test_strangers_take_nothing_from_what_the_provider_may_send(
    client: Client, campaign: Campaign, settings: Any
) -> None:
    settings.HOOK_RATE = 1
    header = pigeon()
    assert statuses([posted(client, HIT, basic("guess")) for _ in range(3)]) == [401] * 3
    assert posted(client, HIT, header).status_code == 200


def test_who_is_refused_too_often_has_to_wait(
    client: Client, campaign: Campaign, settings: Any
) -> None:
    settings.HOOK_CLIENT_RATE = 2
    header, wrong = pigeon(), basic("guess")
    assert statuses([posted(client, HIT, wrong) for _ in range(4)]) == [401, 401, 429, 429]
    assert SourceMinute.objects.get().refused == 2
    assert posted(client, HIT, header, REMOTE_ADDR=ELSEWHERE).status_code == 200


def test_one_source_with_a_wrong_key_leaves_others_alone(
    client: Client, campaign: Campaign, settings: Any
) -> None:
    """Providers send for many sources from the same few addresses."""
    settings.HOOK_CLIENT_RATE = 1
    pigeon()
    other = pigeon("nest")
    assert statuses([posted(client, HIT, basic("guess")) for _ in range(2)]) == [401, 429]
    assert posted(client, HIT, other, "nest").status_code == 200


@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_who_guesses_names_has_to_wait(client: Client, settings: Any, method: str) -> None:
    settings.HOOK_CLIENT_RATE = 2
    ask = getattr(client, method)
    assert statuses([ask(f"/hooks/guess-{number}/") for number in range(4)]) == [404, 404, 429, 429]
    with patch.object(known_sources(), "_find") as find:
        assert ask("/hooks/guess-9/").status_code == 429
    find.assert_not_called()
    assert ask("/hooks/guess-9/", REMOTE_ADDR=ELSEWHERE).status_code == 404


def test_guesses_from_its_address_do_not_stop_a_source_that_was_just_heard_of(
    client: Client, campaign: Campaign, settings: Any
) -> None:
    """Such as those for a source that was deleted, while its provider goes on."""
    settings.HOOK_CLIENT_RATE = 1
    header = pigeon()
    posted(client, HIT, header)
    assert statuses([client.post(f"/hooks/gone-{number}/") for number in range(2)]) == [404, 429]
    assert posted(client, HIT, header).status_code == 200


def test_addresses_of_one_network_are_one_client(client: Client, settings: Any) -> None:
    settings.HOOK_CLIENT_RATE = 1
    addresses = ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")
    answers = [client.get("/hooks/nobody/", REMOTE_ADDR=address) for address in addresses]
    assert statuses(answers) == [404, 429, 404]


def test_a_cache_that_does_not_answer_stops_nobody(
    client: Client, campaign: Campaign, settings: Any
) -> None:
    settings.HOOK_RATE = 1
    header = pigeon()
    assert statuses([posted(client, HIT, header) for _ in range(2)]) == [200, 429]
    with patch("liveReport.api.throttles.cache.get", side_effect=ConnectionError):
        assert posted(client, HIT, header).status_code == 200
