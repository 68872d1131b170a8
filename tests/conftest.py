"""Fixtures that most subjects share."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.core.cache import cache

from liveReport import rollup
from liveReport.ingest import Receipt, receive
from liveReport.models import Campaign, Source
from tests import factories


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture
def campaign(db: None) -> Campaign:
    return factories.CampaignFactory(slug="summer", name="Summer sale")


@pytest.fixture
def source(db: None) -> Source:
    return factories.make_source()


@pytest.fixture
def ingest_token(source: Source) -> str:
    return factories.make_token(source, "ingest")


@pytest.fixture
def read_token(source: Source) -> str:
    return factories.make_token(source, "read")


@pytest.fixture
def alice(db: None) -> User:
    return factories.make_alice()


@pytest.fixture
def bob(db: None) -> User:
    return factories.make_bob()


@pytest.fixture
def charlie(db: None) -> User:
    return factories.make_charlie()


@pytest.fixture
def send(source: Source) -> Callable[..., Receipt]:
    """Send events (see ``factories.event``) and fold them, as of ``now``."""

    def send_events(*events: dict[str, Any], now: Any = None) -> Receipt:
        receipt = receive(source, msgspec.json.encode(events), now=now)
        rollup.tick(now)
        return receipt

    return send_events
