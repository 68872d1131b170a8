"""Fixtures that most subjects share."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import caches
from django.utils import translation
from hypothesis import settings as hypothesis_settings

from liveReport import rollup
from liveReport.api.trust import trusted_tokens
from liveReport.ingest import Receipt, receive
from liveReport.ingest.drain import drainer
from liveReport.ingest.spool import spool
from liveReport.memory import forget_all
from liveReport.models import Campaign, Source
from tests.support import factories
from tests.support.names import note_names

pytest_plugins = ["tests.support.browser", "tests.support.seeds"]

# `pytest --hypothesis-profile=thorough` takes its time; the default is for every day.
hypothesis_settings.register_profile("thorough", max_examples=2_000, stateful_step_count=60)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite in a file, as in production: in memory, the threads of a live server would share
    one connection and stumble over each other's transactions."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        file = tmp_path_factory.mktemp("database") / "test.sqlite3"
        database.setdefault("TEST", {})["NAME"] = str(file)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """Not what the test before has cached, nor the language that its last request was in."""
    translation.deactivate()
    for cache in caches.all(initialized_only=True):
        cache.clear()
    forget_all()


@pytest.fixture(autouse=True)
def _names_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    note_names(monkeypatch)


@pytest.fixture(scope="session")
def _spool_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data") / "spool"


@pytest.fixture(autouse=True)
def spool_dir(_spool_dir: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty spool of the tests' own, which nobody drains unless the test says so."""
    settings.SPOOL_DIR = _spool_dir
    monkeypatch.setattr(drainer, "start", lambda: None)
    yield _spool_dir
    for file in (spool(), trusted_tokens()):
        file.close()
    if _spool_dir.is_file():
        _spool_dir.unlink()
    shutil.rmtree(_spool_dir, ignore_errors=True)


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
        rollup.fold_pending(now)
        return receipt

    return send_events
