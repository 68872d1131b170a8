"""A campaign's report of pigeon post before Alice's browser, and what its markup says."""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from liveReport.channels import registered
from liveReport.models import Campaign
from tests.support.factories import event
from tests.support.showcase import Showcase

NOW = datetime(2026, 6, 1, 12, 7, 30, tzinfo=UTC)
MORNING, NOON = "2026-06-01T08:00:00Z", "2026-06-01T12:00:00Z"
TAB = "/admin/reports/summer/pigeon/"

Send = Callable[..., Any]


def unlinked(markup: str) -> str:
    """The same without the links from numbers to their events."""
    return re.sub(r"<a data-events [^>]*>(.*?)</a>", r"\1", markup)


def pigeon(type_: str, **fields: Any) -> dict[str, Any]:
    return event(channel="pigeon", type=type_, **fields)


@pytest.fixture
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False), registered(Showcase):
        yield


@pytest.fixture
def alices(client: Client, campaign: Campaign, alice: User, at_noon: None) -> Client:
    """Alice's browser, looking at a campaign with a few flights."""
    client.force_login(alice)
    return client


@pytest.fixture
def flights(alices: Client, send: Send) -> None:
    send(
        *(pigeon("flown", profile=f"p{i}", execution=NOON) for i in range(1000)),
        *(pigeon("flown", profile=f"p{i}", execution=MORNING) for i in range(234)),
        *(pigeon("arrived", profile=f"p{i}", execution=NOON) for i in range(1000)),
        *(pigeon("lost", profile=f"q{i}", reason="hawk", execution=MORNING) for i in range(3)),
        pigeon("lost", profile="q9", reason="<script>alert(1)</script>", execution=MORNING),
    )


def html(client: Client, address: str = TAB, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def widget(page: str, key: str) -> str:
    """The markup of one widget."""
    found = re.search(rf'<div [^>]*data-widget="pigeon.{key}".*?</section>', page, re.DOTALL)
    assert found, f"no widget {key}"
    return found[0]


def values(markup: str, metric: str) -> list[str]:
    found = re.findall(rf'data-metric="{metric}">(.*?)</(?:span|td)>', markup, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", value) for value in found]


def rows(client: Client, address: str) -> list[list[str]]:
    response = client.get(address)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in response.headers["Content-Disposition"]
    assert response.content.startswith(codecs.BOM_UTF8)
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
