"""Events as raw JSON, and readers who look at everything that comes of them."""

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
import time_machine
from django.test import Client

from liveReport import rollup
from liveReport.ingest.body import JSON
from liveReport.models import Bucket, Campaign

NOW = datetime(2026, 6, 1, 12, 7, 30, tzinfo=UTC)
URL = "/api/v1/events/"
Post = Callable[..., Any]


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liveReport.rollup.tick.let_others_write", lambda held: None)


@pytest.fixture
def post(client: Client, ingest_token: str, campaign: Campaign) -> Post:
    """Post a body as the shop."""

    def send(body: bytes, content_type: str = JSON, encoding: str = "") -> Any:
        headers = {"authorization": f"Bearer {ingest_token}"}
        if encoding:
            headers["content-encoding"] = encoding
        return client.post(URL, body, content_type=content_type, headers=headers)

    return send


PLAIN = {
    "id": "bad",
    "campaign": "summer",
    "channel": "email",
    "type": "bounced",
    "occurred_at": "2026-06-01T12:00:00Z",
    "profile": "p-1",
}


def raw(field: str, value: bytes) -> bytes:
    """A bounce in which the value of one field is this very text."""
    members = {key: json.dumps(plain).encode() for key, plain in PLAIN.items()}
    members[field] = value
    return b"{%s}" % b", ".join(b'"%s": %s' % (key.encode(), v) for key, v in members.items())


def good(number: int) -> bytes:
    """A neighbour: its ``sent`` is what gets counted."""
    return json.dumps(PLAIN | {"id": f"good-{number}", "type": "sent"}).encode()


def array(*events: bytes) -> bytes:
    return b"[" + b",".join(events) + b"]"


def text(value: str) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


FIELDS = ("id", "campaign", "channel", "type", "occurred_at", "profile", "message", "execution")


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


NO_TIMES = [
    "0000-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "-001-01-01T00:00:00Z",
    "+02026-06-01T12:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-06-31T00:00:00Z",
    "2026-06-30T23:59:60Z",
    "2026-06-01T24:00:00Z",
    "2026-06-01T12:60:00Z",
    "2026-06-01T12:00:00+24:00",
    "2026-06-01T12:00:00+00:60",
    "2026-06-01T12:00:00+0",
    "2026-06-01T12:00:00 Europe/Paris",
    "2026-06-01T12:00:00,5Z",
    "2026-06-01T12:00Z",
    "2026-06-01",
    "2026-W23-1T12:00:00Z",
    "2026-152T12:00:00Z",
    "12:00:00Z",
    "Mon, 01 Jun 2026 12:00:00 GMT",
    "1780315200",
    "1780315200000",
    "-1",
    "now",
    "NaN",
    "٢٠٢٦-06-01T12:00:00Z",
    "2026-06-01T12:00:00Z\N{ZERO WIDTH SPACE}",
    " 2026-06-01T12:00:00Z",
]


def counted(campaign: Campaign) -> dict[str, int]:
    """The events of the whole campaign by type."""
    rows = Bucket.objects.filter(tier=3600, series__dimension="", series__campaign=campaign)
    found: Counter[str] = Counter()
    for kind, count in rows.values_list("series__type", "count"):
        found[kind] += count
    return dict(found)


GOOD = array(good(1))
ZIPPED = gzip.compress(GOOD)


class Structure(HTMLParser):
    """The tags of a page with the names of their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.text: list[str] = []
        self.values: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[" ".join([tag, *sorted(name for name, _ in attrs)])] += 1
        self.values += [value for _, value in attrs if value]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


class Readers:
    """Alice's browser and a program: they look at everything there is to read."""

    def __init__(self, browser: Client, token: str) -> None:
        self.browser = browser
        self.headers = {"authorization": f"Bearer {token}"}

    def api(self, path: str) -> Any:
        response = Client().get(f"/api/v1/{path}", headers=self.headers)
        assert response.status_code == 200, (path, response.content)

        def refuse(constant: str) -> None:
            raise ValueError(constant)

        return json.loads(response.content.decode(), parse_constant=refuse)

    def table(self, path: str) -> list[list[str]]:
        """A CSV file, all of whose lines are equally long and none of whose cells calculates."""
        rows = self.sheet(path)
        assert len({len(row) for row in rows}) == 1
        return rows

    def sheet(self, path: str) -> list[list[str]]:
        reader, headers = (
            (Client(), self.headers) if path.startswith("/api") else (self.browser, {})
        )
        response = reader.get(path, headers=headers)
        assert response.status_code == 200, path
        assert response.headers["Content-Type"].startswith("text/csv")
        rows = list(csv.reader(io.StringIO(response.content.decode(), newline="")))
        assert rows
        for cell in (cell for row in rows for cell in row):
            assert not cell.startswith(tuple("=+@\t\r＝＋－＠"))
            assert not cell.startswith("-") or float(cell)
        return rows

    def page(self, path: str) -> Structure:
        response = self.browser.get(path)
        assert response.status_code == 200, path
        assert response.headers["Content-Type"].startswith("text/html")
        return Structure(response.content.decode())

    def read_everything(self, slug: str = "summer") -> None:
        self.api("campaigns/")
        assert self.api(f"campaigns/{slug}/")["slug"] == slug
        tabs = [tab["slug"] for tab in self.api(f"campaigns/{slug}/report/")["tabs"]]
        for tab in tabs:
            self.read_tab(slug, tab)
        self.sheet(f"/admin/reports/{slug}/export.csv")
        pk = Campaign.objects.get(slug=slug).pk
        for path in ("campaign/", f"campaign/{pk}/change/", "eventbatch/", "execution/"):
            self.page(f"/admin/livereport/{path}")
        self.page("/admin/livereport/quarantinedbatch/")
        assert rollup.verify() == []

    def read_tab(self, slug: str, tab: str) -> None:
        address = f"campaigns/{slug}/report/{tab}/"
        found = self.api(address)
        assert found["widgets"]
        for widget in found["widgets"]:
            assert widget["frame"], widget["slug"]
            assert self.api(f"{address}{widget['slug']}/")["frame"] == widget["frame"]
            rows = self.table(f"/api/v1/{address}{widget['slug']}/?format=csv")
            assert len(rows) >= 1 + len(widget["frame"]["rows"])
            self.table(f"/admin/reports/{slug}/{tab}/{widget['slug']}.csv")
        for execution in found["executions"]:
            chosen = self.api(f"{address}?execution={execution.replace('+', '%2B')}")
            assert chosen["widgets"]
        self.page(f"/admin/reports/{slug}/{tab}/")
        self.page(f"/admin/reports/{slug}/{tab}/changes/")


@pytest.fixture
def readers(alice: Any, campaign: Campaign, read_token: str) -> Readers:
    browser = Client()
    browser.force_login(alice)
    return Readers(browser, read_token)
