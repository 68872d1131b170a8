"""What rates divide: the window, or the 24 hours of the runs that have events in it."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboards.models import Layout
from liveReport.models import Campaign
from liveReport.report.window import WINDOWS, Period
from tests.support import pages
from tests.support.factories import event
from tests.support.pages import TAB, pigeon, rows

at_noon = pages.at_noon
alices = pages.alices
NOW = pages.NOW
API = "/api/v1/campaigns/summer/report/"
LAYOUT = f"{TAB}layout/"
OLD, EARLY, LATE = "2026-05-31T11:00:00Z", "2026-06-01T02:00:00Z", "2026-06-01T03:00:00Z"
NOTE = "Rates over the runs’ 24 hours"


def minutes_ago(minutes: int) -> str:
    return (NOW - timedelta(minutes=minutes)).isoformat()


@pytest.fixture
def runs(alices: Client, send: Any) -> Client:
    """Of one run four flew long ago and one arrives now, of another one flew and arrived then."""
    for number in range(4):
        at = minutes_ago(600)
        send(pigeon("flown", profile=f"p{number}", execution=EARLY, occurred_at=at))
    send(pigeon("arrived", profile="p0", execution=EARLY, occurred_at=minutes_ago(5)))
    for type_ in ("flown", "arrived"):
        send(pigeon(type_, profile="q", execution=LATE, occurred_at=minutes_ago(500)))
    return alices


def frame(client: Client, query: str, key: str = "tiles") -> dict[str, Any]:
    found = client.get(f"{API}pigeon/{key}/?{query}")
    assert found.status_code == 200
    answer: dict[str, Any] = found.json()["frame"]
    return answer


# -- Numbers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "basis", "rate", "arrived"),
    [
        ("", "window", 0.4, 2),
        ("basis=run", "run", 0.4, 2),
        ("window=1h", "run", 0.25, 1),
        ("window=1h&basis=run", "run", 0.25, 1),
        ("window=1h&basis=window", "window", None, 1),
        ("from=2026-06-01T11:30:00Z&to=2026-06-01T12:08:00Z", "run", 0.25, 1),
        ("from=2026-06-01T11:30:00Z&to=2026-06-01T12:08:00Z&basis=window", "window", None, 1),
        ("from=2026-06-01T11:30:00Z&to=2026-06-01T11:40:00Z", "run", None, 0),
    ],
)
def test_a_rate_divides_what_its_basis_says_and_counts_stay(
    runs: Client, query: str, basis: str, rate: float | None, arrived: int
) -> None:
    found = frame(runs, query)
    assert (found["basis"], found["totals"]["arrival_rate"]) == (basis, rate)
    assert found["totals"]["arrived"] == arrived
    files = [f"{TAB}tiles.csv?{query}", f"{API}pigeon/tiles/?format=csv&{query}"]
    for lines in (runs.get(address).content.decode("utf-8-sig") for address in files):
        assert list(csv.reader(io.StringIO(lines)))[1][1:] == [str(arrived), str(rate or "")]


def test_a_run_without_events_in_the_window_has_no_rate(runs: Client, send: Any) -> None:
    send(pigeon("flown", profile="r", execution=LATE, occurred_at=minutes_ago(90)))
    found = frame(runs, "window=1h", "runs")
    assert [(row["execution"], row["arrival_rate"]) for row in found["rows"]] == [(EARLY, 0.25)]
    six = frame(runs, "window=6h", "runs")
    rates = {row["execution"]: row["arrival_rate"] for row in six["rows"]}
    assert rates == {EARLY: 0.25, LATE: 0.5}
    chosen = frame(runs, f"window=1h&execution={LATE}")
    assert chosen["totals"] == {"flown": 0, "arrived": 0, "arrival_rate": None}


def test_what_belongs_to_no_run_is_one(alices: Client, send: Any) -> None:
    send(*(pigeon("flown", profile=f"p{i}", occurred_at=minutes_ago(300)) for i in range(2)))
    send(pigeon("gift", occurred_at=minutes_ago(1)))  # no term of the rate, but an event
    send(pigeon("arrived", profile="p0", occurred_at=minutes_ago(290)))
    assert frame(alices, "window=1h")["totals"] == {
        "flown": 0, "arrived": 0, "arrival_rate": 0.5
    }  # fmt: skip


def test_only_a_run_from_before_the_day_is_incomplete(runs: Client, send: Any) -> None:
    assert frame(runs, "window=1h")["incomplete"] == []
    assert frame(runs, "window=1h&basis=window")["incomplete"] == ["arrival_rate"]
    send(pigeon("flown", profile="o", execution=OLD, occurred_at=minutes_ago(1200)))
    assert frame(runs, "window=1h")["incomplete"] == []  # that run has no events in it
    send(pigeon("arrived", profile="o", execution=OLD, occurred_at=minutes_ago(2)))
    found = frame(runs, "window=1h", "runs")
    assert (found["incomplete"], found["partial"]) == (["arrival_rate"], [EARLY, OLD])
    table = pages.widget(pages.html(runs, f"{TAB}?window=1h"), "runs")
    assert table.count("were sent more than 24 hours ago") == 2  # the run's, and the totals'
    assert "before the window began" not in table


def test_a_tooltip_says_what_was_divided(runs: Client) -> None:
    page = pages.html(runs, f"{TAB}?window=1h")
    assert "Arrival rate: 1 of 4 flown." in pages.widget(page, "tiles")
    page = pages.html(runs, f"{TAB}?window=1h&basis=window")
    assert "Arrival rate: 1 of 0 flown." in pages.widget(page, "tiles")


def test_the_funnel_divides_so_too(runs: Client, campaign: Campaign, send: Any) -> None:
    at = {"channel": "email", "execution": EARLY}
    for number, type_ in enumerate(("sent", "sent", "delivered")):
        profile = f"e{number % 2}"
        send(event(type=type_, occurred_at=minutes_ago(500), profile=profile, **at))
    send(event(type="opened", occurred_at=minutes_ago(3), profile="e0", **at))
    for basis, rate in (("run", 0.5), ("window", None)):
        found = runs.get(f"{API}campaign/funnel/?window=1h&basis={basis}").json()["frame"]
        row = next(row for row in found["rows"] if row["channel"] == "email")
        assert (found["basis"], row["delivery_rate"], row["opens"]) == (basis, rate, 1)


# -- Addresses -----------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["basis=day", "basis=", "basis=run&basis=window", "basis=RUN"])
def test_anything_else_is_refused_everywhere(runs: Client, query: str) -> None:
    for address in (API, f"{API}pigeon/", f"{API}pigeon/tiles/", f"{API}pigeon/tiles/?format=csv"):
        problem = runs.get(f"{address}{'&' if '?' in address else '?'}{query}")
        assert (problem.status_code, problem.json()["field"]) == (400, "basis")
    for address in (TAB, f"{TAB}changes/", f"{TAB}tiles.csv", LAYOUT):
        assert runs.get(f"{address}?{query}").status_code == 400
    for name in ("export.csv", "export.xlsx", "export.html"):
        assert runs.get(f"/admin/reports/summer/{name}?{query}").status_code == 400


def test_each_basis_has_its_etag_and_its_body(runs: Client) -> None:
    tags = {b: runs.get(f"{API}pigeon/?window=1h&basis={b}").headers["ETag"] for b in ("run", "window")}  # fmt: skip  # noqa: E501
    assert len(set(tags.values())) == 2
    assert runs.get(f"{API}pigeon/?window=1h").headers["ETag"] == tags["run"]
    for basis, tag in tags.items():
        query = f"{API}pigeon/?window=1h&basis={basis}"
        assert runs.get(query, headers={"if-none-match": tag}).status_code == 304
    page = runs.get(f"{TAB}?window=1h").context["page"]
    changes = f"{TAB}changes/?version={page.version}&window=1h"
    assert runs.get(changes).status_code == 204
    assert runs.get(f"{changes}&basis=window").status_code == 200


def test_links_keep_the_basis_that_was_asked_for(runs: Client) -> None:
    page = runs.get(f"{TAB}?window=1h&basis=window").context["page"]
    links = [page.csv_url, page.xlsx_url, page.feed_url, page.layout_url, page.wall_url]
    links += [link.url for link in (*page.tabs, *page.windows)] + [page.widgets[0].csv_url]
    assert all("basis=window" in link for link in links)
    assert [link.name for link in page.windows if link.current] == ["1h"]
    text = pages.html(runs, f"{TAB}?window=1h&basis=window")
    assert text.count('<input type="hidden" name="basis" value="window">') == 2  # runs and zoom
    gone = "from=2026-05-31T11:00:00Z&to=2026-05-31T12:30:00Z&back=6h&basis=run"
    answer = runs.get(f"{TAB}changes/?{gone}", headers={"HX-Request": "true"})
    assert answer.headers["X-Report-Elsewhere"] == f"{TAB}?window=6h&basis=run"


def test_the_window_says_what_is_divided_where_nobody_does() -> None:
    assert [Period(name).divided for name in WINDOWS] == ["run", "run", "run", "window"]
    day = Period(span=(NOW - timedelta(hours=24), NOW))
    assert (day.divided, Period(basis="run").divided) == ("run", "run")


# -- The page ------------------------------------------------------------------------------


def test_a_widget_names_what_its_rates_divide(runs: Client) -> None:
    page = pages.html(runs, f"{TAB}?window=1h")
    assert [NOTE in pages.widget(page, key) for key in ("tiles", "runs", "course", "outcome")] == [
        *(True, True, False, True),
    ]
    assert NOTE not in pages.html(runs, f"{TAB}?window=1h&basis=window")
    assert NOTE not in pages.html(runs)
    bare = pages.html(runs, f"{TAB}widgets/runs/?picture=numbers&window=1h")
    assert NOTE not in bare
    table = rows(runs, "/admin/reports/summer/export.csv?window=1h")
    assert ["Rates", "over the runs’ 24 hours"] in table
    runs.cookies["django_language"] = "fr"
    assert "Taux sur les 24" in pages.html(runs, f"{TAB}?window=1h")


def choose(client: Client, basis: str, query: str = "?window=1h") -> Any:
    return client.post(f"{TAB}basis/{query}", {"basis": basis})


def divided(client: Client, query: str = "?window=1h") -> str:
    basis: str = client.get(f"{TAB}{query}").context["page"].divided
    return basis


def test_what_was_chosen_is_kept_with_the_layout(runs: Client, bob: User, alice: User) -> None:
    answer = choose(runs, "window", "?window=1h&basis=run")
    assert (answer.status_code, answer.url) == (302, f"{TAB}?window=1h")
    assert (divided(runs), divided(runs, "?window=1h&basis=run")) == ("window", "run")
    assert rows(runs, f"{TAB}tiles.csv?window=1h")[1] == ["0", "1", ""]
    page = runs.get(f"{TAB}?window=1h").context["page"]
    assert runs.get(f"{TAB}changes/?version={page.version}&window=1h").status_code == 204
    # Another picture, and the editor, leave it as it is.
    runs.post(f"{TAB}widgets/runs/", {"picture": "rates"})
    draft = {"widgets": json.loads(runs.get(LAYOUT).context["state"])["base"], "removed": []}
    assert runs.post(LAYOUT, json.dumps(draft), content_type="application/json").status_code == 200
    assert divided(runs) == "window"
    for user, basis in ((bob, "run"), (alice, "window")):
        runs.force_login(user)
        assert divided(runs) == basis
    assert choose(runs, "").status_code == 302
    assert divided(runs) == "run"
    assert not Layout.objects.exists()


@pytest.mark.parametrize("given", [{"basis": "day"}, {}])
def test_no_other_can_be_chosen(runs: Client, given: dict[str, str]) -> None:
    assert runs.post(f"{TAB}basis/", given).status_code == 400
    assert runs.post("/admin/reports/summer/nothing/basis/", {"basis": "run"}).status_code == 404
    assert runs.get(f"{TAB}basis/").status_code == 405
    assert not Layout.objects.exists()


def test_mine_lies_over_everybodys_which_can_be_taken_back(
    runs: Client, alice: User, bob: User
) -> None:
    alice.is_superuser = True
    alice.save()
    choose(runs, "window")
    draft = {"widgets": json.loads(runs.get(LAYOUT).context["state"])["base"], "removed": []}
    saved = runs.post(f"{LAYOUT}everyone/", json.dumps(draft), content_type="application/json")
    assert [(one.owner, one.basis) for one in Layout.objects.all()] == [(None, "window")]
    choose(runs, "run")
    assert (divided(runs), divided(runs, "")) == ("run", "run")
    choose(runs, "window")  # as everybody's
    assert not Layout.objects.exclude(owner=None).exists()
    undo = json.dumps(saved.json()["undo"]["everyone"])
    runs.post(f"{LAYOUT}everyone/", undo, content_type="application/json")
    assert not Layout.objects.exists()
    Layout.objects.create(owner=alice, tab="pigeon", basis="nonsense")
    assert divided(runs) == "run"
