"""However many executions producers name: totals stay exact, rows and choices few."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.test import Client

from liveReport import rollup
from liveReport.channels import NONE, OTHER, get_channel
from liveReport.ingest import receive
from liveReport.models import Campaign, Execution, Source
from liveReport.report import tab_report, tab_widget
from liveReport.report.frames import Frame
from tests.support.factories import event
from tests.support.oracle import Expected

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
PAGE = "/admin/reports/summer/sms/"
MANY = 300


def run(number: int) -> str:
    """The start of a run: the higher its number, the longer ago."""
    return f"{NOW - timedelta(minutes=number):%Y-%m-%dT%H:%M:%SZ}"


def flood() -> list[dict[str, Any]]:
    """Runs of one to four events, the busiest among the oldest, and some of no run."""
    return [
        event(
            id=f"{number}-{index}",
            channel="sms",
            type=("targeted", "sent", "clicked", "error")[index],
            profile=f"p{number % 40}",
            occurred_at=(NOW - timedelta(minutes=index)).isoformat(),
            **({"execution": run(number)} if number else {}),
        )
        for number in range(MANY + 1)
        for index in range(1 + number // 102 if number else 4)
    ]


@pytest.fixture
def flooded(campaign: Campaign, source: Source, time_machine: Any) -> list[dict[str, Any]]:
    time_machine.move_to(NOW, tick=False)
    events = flood()
    assert receive(source, msgspec.json.encode(events), now=NOW).rejected == []
    rollup.fold_pending(NOW)
    return events


def statistics(campaign: Campaign, *runs: str) -> Frame:
    chosen = [datetime.fromisoformat(one) for one in runs]
    _head, found = tab_widget(campaign, "sms", "statistics", chosen, NOW)
    assert found.frame
    return found.frame


def test_the_busiest_have_a_row_each_and_the_others_share_one(
    campaign: Campaign, flooded: list[dict[str, Any]]
) -> None:
    channel = get_channel("sms")
    frame = statistics(campaign)
    runs = [str(row["execution"]) for row in frame.rows]
    assert len(runs) == channel.widget_by_key["statistics"].limit + 1 == 101
    assert runs[-1] == OTHER
    assert runs[:-2] == sorted(runs[:-2], reverse=True)
    largest = {NONE, *(run(number) for number in range(204, MANY + 1))}
    assert set(runs[:-1]) == largest | {run(102), run(103)}  # the latest of those with two events
    assert frame.folded == sum(one.get("execution", NONE) not in runs for one in flooded)
    expected = Expected(channel, flooded, NOW)
    assert list(frame.rows) == expected.rows(channel.widget_by_key["statistics"])
    assert frame.totals == expected.totals(channel.widget_by_key["statistics"])


def test_an_execution_that_is_chosen_is_shown_by_itself(
    campaign: Campaign, flooded: list[dict[str, Any]]
) -> None:
    small = [run(1), run(2)]
    frame = statistics(campaign, *small)
    assert [row["execution"] for row in frame.rows] == small
    assert (frame.totals["targeted"], frame.folded) == (2, 0)
    report = tab_report(campaign, "sms", [datetime.fromisoformat(run(MANY))], NOW)
    assert len(report.executions) == Execution.LISTED
    assert report.more_executions


@pytest.mark.usefixtures("flooded")
def test_the_page_lists_few_and_the_chosen(admin_client: Client) -> None:
    page = admin_client.get(PAGE).content.decode()
    assert "“Other executions” holds 301 events of the smallest." in page
    assert page.count('name="execution"') == Execution.LISTED
    chosen = admin_client.get(PAGE, {"execution": run(MANY)}).content.decode()
    assert page.count("<tr>") > chosen.count("<tr>")
    assert f'value="{run(MANY)}" checked' in chosen
    assert "Executions: 1 of 101+" in re.sub(r"\s+", " ", chosen)
    admin_client.cookies["django_language"] = "fr"
    page = admin_client.get(PAGE).content.decode()
    assert "«\u202fAutres exécutions\u202f» réunit 301 événements des plus petites." in page
    assert "Autres exécutions" in admin_client.get(f"{PAGE}statistics.csv").content.decode()


@pytest.mark.usefixtures("flooded")
def test_the_api_lists_the_latest_of_each_channel(admin_client: Client, send: Any) -> None:
    send(event(execution=run(MANY), occurred_at=NOW.isoformat()), now=NOW)
    tab = admin_client.get("/api/v1/campaigns/summer/report/sms/").json()
    assert tab["executions"] == [run(number) for number in range(1, Execution.LISTED + 1)]
    known = admin_client.get("/api/v1/campaigns/summer/").json()["executions"]
    channels = [one["channel"] for one in known]
    assert (channels.count("sms"), channels.count("email")) == (Execution.LISTED, 1)
