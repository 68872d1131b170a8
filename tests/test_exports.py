"""Exports of a widget and of the whole report, as CSV and as a workbook."""

import io
import re
import zipfile
from datetime import datetime
from typing import Any

import openpyxl
import pytest
from django.test import Client

from tests.support import pages
from tests.support.pages import MORNING, NOON, TAB, Send, pigeon, rows

OWN_TITLES = ["Campaign statistics", "Pace", "What came of it", "Timeline", "Ledger"]
"""What the Campaign tab shows by itself."""

at_noon = pages.at_noon
alices = pages.alices
flights = pages.flights


@pytest.mark.usefixtures("flights")
@pytest.mark.parametrize("name", ["runs", "pigeon.runs"])
def test_a_widget_as_csv(alices: Client, name: str) -> None:
    assert rows(alices, f"{TAB}{name}.csv") == [
        ["Execution time", "Flown", "Arrived", "Readers", "Arrival rate"],
        [NOON, "1000", "1000", "1000", "1.0"],
        [MORNING, "234", "0", "0", "0.0"],
        ["Total", "1234", "1000", "1000", "0.810373"],
    ]


@pytest.mark.usefixtures("flights")
def test_the_whole_report_as_csv(alices: Client) -> None:
    table = rows(alices, "/admin/reports/summer/export.csv")
    titles = [line[1] for line in table if line and line[0] == "Widget"]
    assert titles == [*OWN_TITLES, "Flights", "Outcome", "Reasons", "Runs", "Course"]
    assert ["Window", "2026-05-31T12:08:00Z", "2026-06-01T12:08:00Z"] in table
    assert ["Time zone", "UTC"] in table
    assert ["As of", "2026-06-01T12:07:30Z"] in table
    assert ["Met a hawk", "3"] in table


def sheets(client: Client) -> dict[str, list[tuple[Any, ...]]]:
    response = client.get("/admin/reports/summer/export.xlsx")
    assert response.status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


@pytest.mark.usefixtures("flights")
def test_the_whole_report_as_a_workbook(alices: Client, send: Send) -> None:
    send(pigeon("lost", reason='=HYPERLINK("http://example.com")'))
    alices.cookies["livereport_zone"] = "Europe/Paris"
    found = sheets(alices)
    assert list(found) == ["Campaign", "Pigeon post"]
    table = [row[:3] for row in found["Pigeon post"]]
    assert ("Widget", "Reasons", "pigeon.reasons") in table
    assert ("Window", datetime(2026, 5, 31, 14, 8), datetime(2026, 6, 1, 14, 8)) in table
    assert ("UTC", datetime(2026, 5, 31, 12, 8), datetime(2026, 6, 1, 12, 8)) in table
    assert ("Execution time", "UTC", "Flown") in table
    assert (datetime(2026, 6, 1, 10), datetime(2026, 6, 1, 8), 234) in table
    assert ("Total", None, 1234) in table
    assert ("Time zone", "Europe/Paris", None) in table
    assert ("Met a hawk", 3, None) in table
    assert ('=HYPERLINK("http://example.com")', 1, None) in table


@pytest.mark.usefixtures("flights")
def test_no_cell_of_a_workbook_is_a_formula(alices: Client, send: Send) -> None:
    send(*(pigeon("lost", reason=reason) for reason in ("=1+1", "@SUM(1)", "http://a.example")))
    content = alices.get("/admin/reports/summer/export.xlsx").content
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        markup = [parts.read(name).decode() for name in parts.namelist() if "sheet" in name]
    assert len(markup) == 2
    assert not any(re.search(r"<f>|<hyperlink", text) for text in markup)


@pytest.mark.usefixtures("flights")
def test_exports_follow_their_users_arrangement(alices: Client) -> None:
    alices.get(f"{TAB}layout/")
    draft = {
        "widgets": [
            {"widget": "pigeon.course", "x": 0, "y": 0, "w": 12, "h": 7, "picture": "table"},
            {"widget": "pigeon.tiles", "x": 0, "y": 7, "w": 12, "h": 4, "picture": "kpi"},
        ],
        "removed": ["pigeon.outcome", "pigeon.reasons", "pigeon.runs"],
    }
    alices.post(f"{TAB}layout/", draft, content_type="application/json")
    table = rows(alices, "/admin/reports/summer/export.csv")
    titles = [line[1] for line in table if line and line[0] == "Widget"]
    assert titles == [*OWN_TITLES, "Course", "Flights"]
