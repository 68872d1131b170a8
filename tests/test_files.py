"""Files that people open: every cell is text or a number, every channel has its sheet."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards.sheet_names import sheet_names
from dashboards.spreadsheet import Sheet, workbook
from liveReport.channels import registered
from liveReport.models import Campaign
from liveReport.report.export import lines
from tests.support.cockpit import OWN
from tests.support.factories import event
from tests.support.showcase import Showcase

FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
NOW = datetime(2026, 10, 25, 11, 7, 30, tzinfo=UTC)
SUMMER, WINTER = "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"
"""Both are 02:30 in Paris."""
TAB = "/admin/reports/summer/pigeon/"

risky = st.text(st.sampled_from(list("=+-@;,|\t\"' ax1\u00a0\uff1d\n\r")), max_size=12)
cells = st.one_of(risky, st.none(), st.integers(0, 10**9), st.floats(0, 1))


def read(text: str, separator: str) -> Iterator[str]:
    return (
        cell
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        for cell in row
    )


# -- CSV -----------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(st.lists(cells, min_size=1, max_size=5), max_size=5))
def test_no_cell_is_a_formula_whatever_separates_them(table: list[list[Any]]) -> None:
    """Excel takes the semicolon where the comma is the decimal sign."""
    text = lines(table)
    for separator in ",;\t|":
        for cell in read(text, separator):
            assert not cell.strip().startswith(FORMULA), cell


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1, max_size=4
        )
    )
)
def test_ordinary_text_stays_as_it_is(table: list[list[str]]) -> None:
    found = list(csv.reader(io.StringIO(lines(table), newline="")))
    for row, given_row in zip(found, table, strict=True):
        assert [cell.replace("'", "") for cell in row] == [c.replace("'", "") for c in given_row]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("Summer – sale - 2026", "Summer – sale - 2026"),
        ("Paris, -20 %", "Paris, -20 %"),
        ("a = b; c", "a = b; c"),
        ("=1+1", "'=1+1"),
        ("x;=HYPERLINK(0);y", "x;'=HYPERLINK(0);y"),
        ("x\t@SUM(1)", "x\t'@SUM(1)"),
        ('a"; "=1', 'a";\' "=1'),
        (" =1", "' =1"),
        ("\uff1d1", "'\uff1d1"),
    ],
)
def test_what_would_be_calculated_is_quoted(text: str, cell: str) -> None:
    assert next(csv.reader(io.StringIO(lines([[text]])))) == [cell]


@pytest.fixture
def alices(client: Client, campaign: Campaign, alice: User) -> Iterator[Client]:
    client.force_login(alice)
    client.cookies["livereport_zone"] = "Europe/Paris"
    with time_machine.travel(NOW, tick=False), registered(Showcase):
        client.force_login(alice)
        yield client


@pytest.fixture
def flights(alices: Client, send: Callable[..., Any]) -> None:
    send(
        *(
            event(channel="pigeon", type="flown", execution=run, profile=p)
            for run in (SUMMER, WINTER)
            for p in "ab"
        ),
        event(channel="pigeon", type="flown", execution="2026-10-25T01:30:00.250Z", profile="c"),
        event(channel="pigeon", type="lost", reason="Échec ≈ tempête"),
    )


@pytest.mark.usefixtures("flights")
@pytest.mark.parametrize("language", ["en", "fr"])
def test_spreadsheets_know_the_files_encoding(alices: Client, language: str) -> None:
    alices.cookies["django_language"] = language
    for address in (f"{TAB}reasons.csv", "/admin/reports/summer/export.csv"):
        content = alices.get(address).content
        assert content.startswith(b"\xef\xbb\xbf")
        assert content.count(b"\xef\xbb\xbf") == 1
        assert "Échec ≈ tempête" in content.decode("utf-8-sig")
    answer = alices.get("/api/v1/campaigns/summer/report/pigeon/reasons/?format=csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert not answer.content.startswith(b"\xef\xbb\xbf")


@pytest.mark.usefixtures("flights")
@pytest.mark.parametrize(("language", "total"), [("en", "Total"), ("fr", "Total")])
def test_people_get_a_named_total_and_programs_none(
    alices: Client, language: str, total: str
) -> None:
    alices.cookies["django_language"] = language
    page = list(csv.reader(io.StringIO(alices.get(f"{TAB}runs.csv").content.decode("utf-8-sig"))))
    api = alices.get("/api/v1/campaigns/summer/report/pigeon/runs/?format=csv").content.decode()
    program = list(csv.reader(io.StringIO(api)))
    assert page[-1][:2] == [total, "5"]
    assert [row[0] for row in program[1:]] == ["2026-10-25T01:30:00.250000Z", WINTER, SUMMER]
    assert sum(int(row[1]) for row in program[1:]) == 5


@pytest.mark.usefixtures("flights")
def test_runs_of_one_time_of_day_differ_in_csv(alices: Client) -> None:
    table = list(csv.reader(io.StringIO(alices.get(f"{TAB}runs.csv").content.decode("utf-8-sig"))))
    assert [row[0] for row in table[1:4]] == [
        "2026-10-25T02:30:00.250000+01:00",
        "2026-10-25T02:30:00+01:00",
        "2026-10-25T02:30:00+02:00",
    ]


@pytest.mark.usefixtures("flights")
def test_what_a_tab_is_about_stands_there_once(alices: Client) -> None:
    content = alices.get("/admin/reports/summer/export.csv").content.decode("utf-8-sig")
    table = list(csv.reader(io.StringIO(content)))
    firsts = [row[0] for row in table if row]
    assert [firsts.count(word) for word in ("Campaign", "Window", "Time zone", "As of")] == [2] * 4
    assert firsts.count("Widget") == 5 + len(OWN)


def test_a_campaigns_name_is_no_formula(alices: Client, campaign: Campaign) -> None:
    campaign.name = "x;=HYPERLINK(0);y"
    campaign.save()
    content = alices.get("/admin/reports/summer/export.csv").content.decode("utf-8-sig")
    for separator in ",;\t":
        assert not [cell for cell in read(content, separator) if cell.startswith("=")]


# -- XLSX ----------------------------------------------------------------------------------

titles = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True),
    st.one_of(
        st.text(max_size=60),
        st.text(st.sampled_from(list("sSmM[]:*?/\\' \u200f\u200e\u202e\u200dé😀ß")), max_size=40),
        st.sampled_from(
            ["SMS", "sms", "History", "HISTORY", "Historique", "Журнал", "", "SMS (a)", "ＳＭＳ"]
        ),
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None)
@given(titles)
def test_every_tab_has_a_sheet_whatever_it_is_called(titles: dict[str, str]) -> None:
    names = sheet_names(titles)
    content = workbook([Sheet(name, [[slug]], []) for slug, name in names.items()], UTC)
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert [sheet["A1"].value for sheet in book] == list(names)
    assert book.sheetnames == list(names.values())
    assert len({name.casefold() for name in book.sheetnames}) == len(titles)
    for name in book.sheetnames:
        assert 1 <= len(name.encode("utf-16-le")) // 2 <= 31
        assert not set(name) & set("[]:*?/\\\u200e\u200f\u202e")
        assert name == name.strip("' ")
        assert name.casefold() not in ("history", "historique", "журнал")


@settings(deadline=None)
@given(titles, st.randoms())
def test_names_do_not_depend_on_the_order_of_tabs(titles: dict[str, str], chance: Any) -> None:
    mixed = list(titles.items())
    chance.shuffle(mixed)
    assert sheet_names(dict(mixed)) == sheet_names(titles)


def test_names_stay_recognisable() -> None:
    assert sheet_names(
        {"campaign": "Campaign", "sms": "SMS", "smsb": "sms", "h": "History", "q": "'?'"}
    ) == {
        "campaign": "Campaign",
        "sms": "SMS (sms)",
        "smsb": "sms (smsb)",
        "h": "History (h)",
        "q": "(q)",
    }
    long = sheet_names(
        {"a": "A channel with a very long name", "b": "A channel with a very long name indeed"}
    )
    assert long == {"a": "A channel with a very long (a)", "b": "A channel with a very long (b)"}


class Twin(Showcase):
    """Another channel of the same name."""

    slug = "pigeonb"


def test_channels_of_one_name_have_a_sheet_each(alices: Client, send: Callable[..., Any]) -> None:
    with registered(Twin):
        send(*(event(channel=slug, type="flown") for slug in ("pigeon", "pigeonb")))
        book = openpyxl.load_workbook(
            io.BytesIO(alices.get("/admin/reports/summer/export.xlsx").content)
        )
    assert book.sheetnames == ["Campaign", "Pigeon post (pigeon)", "Pigeon post (pigeonb)"]
    for slug in ("pigeon", "pigeonb"):
        cells = {cell for row in book[f"Pigeon post ({slug})"].values for cell in row}
        assert {f"{slug}.tiles", f"{slug}.runs"} <= cells


def test_a_workbook_tells_times_apart_that_are_closer_than_its_own_can_be() -> None:
    began = datetime(2026, 3, 14, 15, 9, 26, 1, UTC)
    times = [began, began + timedelta(microseconds=1), began.replace(microsecond=2_000)]
    content = workbook([Sheet("One", [[time] for time in times], [])], UTC)
    (sheet,) = openpyxl.load_workbook(io.BytesIO(content))
    shown = [sheet.cell(row, 1).value for row in (1, 2, 3)]
    assert shown[:2] == ["2026-03-14 15:09:26.000001", "2026-03-14 15:09:26.000002"]
    assert shown[2] == datetime(2026, 3, 14, 15, 9, 26, 2_000)


@pytest.mark.usefixtures("flights")
def test_a_workbook_has_utc_beside_its_times(alices: Client) -> None:
    book = openpyxl.load_workbook(
        io.BytesIO(alices.get("/admin/reports/summer/export.xlsx").content)
    )
    sheet = book["Pigeon post"]
    rows = list(sheet.values)
    pairs = {(row[0], row[1]) for row in rows if isinstance(row[0], datetime)}
    local = [pair[0] for pair in pairs]
    assert len({utc for _local, utc in pairs}) == len(pairs) > len(set(local))
    second = datetime(2026, 10, 25, 2, 30)
    assert {(second, datetime(2026, 10, 25, hour, 30)) for hour in (0, 1)} <= pairs
    for clock, utc in pairs:
        assert clock - utc in (timedelta(hours=1), timedelta(hours=2))
    formats = {cell.number_format for column in sheet.columns for cell in column if cell.is_date}
    assert "yyyy-mm-dd hh:mm:ss.000" in formats
    assert [row[:3] for row in rows if row[0] == "Total"].count(("Total", None, 5)) >= 1
