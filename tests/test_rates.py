"""Rates where their numbers stand: what they are of, how sure they are, and what is marked."""

import csv
import io
import re
from datetime import timedelta
from html import unescape
from math import isclose
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from liveReport.channels import Count, Parts, Profiles, Rate, get_channel
from liveReport.channels.checks import check_channel
from liveReport.events.moments import rfc3339
from liveReport.models import Campaign
from liveReport.report.proportions import wilson
from tests.support.factories import event
from tests.support.pages import unlinked
from tests.support.showcase import Showcase

TAB = "/admin/reports/summer/email/"
API = "/api/v1/campaigns/summer/report/email/"


@pytest.fixture
def alices(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def run_of(hours: float) -> str:
    """When a run began that many hours ago."""
    return rfc3339((timezone.now() - timedelta(hours=hours)).replace(second=0, microsecond=0))


def emails(run: str, sent: int, opened: int, *, repeats: int = 1) -> list[dict[str, Any]]:
    """A run of so many emails, all of them delivered, of which some were opened repeatedly."""
    people = [f"{run} {number}" for number in range(sent)]
    kinds = [(kind, person) for kind in ("targeted", "sent", "delivered") for person in people]
    opens = [("opened", person) for person in people[:opened] for _ in range(repeats)]
    return [
        event(type=kind, profile=person, execution=run, domain="a.example")
        if kind != "targeted"
        else event(type=kind, profile=person, execution=run)
        for kind, person in kinds + opens
    ]


def table_of(page: str, widget: str = "email.statistics") -> str:
    found = re.search(rf'data-widget="{widget}".*?</section>', page, re.DOTALL)
    assert found, f"no widget {widget}"
    return unescape(found[0])


# -- How sure a proportion is ----------------------------------------------------------------

counts = st.integers(0, 10**7)


@given(counts, counts)
def test_the_interval_holds_the_proportion_and_is_one(a: int, b: int) -> None:
    part, whole = sorted((a, b))
    low, high = wilson(part, whole)
    assert 0 <= low <= high <= 1
    if whole:
        assert low <= part / whole <= high
        mirrored = wilson(whole - part, whole)
        assert isclose(1 - high, mirrored.low, abs_tol=1e-9)


@given(st.integers(1, 10**5), st.integers(2, 50), st.data())
def test_more_of_the_same_is_surer(whole: int, times: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole))
    few, many = wilson(part, whole), wilson(part * times, whole * times)
    assert many.high - many.low < few.high - few.low


def test_the_interval_is_wilsons() -> None:
    low, high = wilson(10, 100)
    assert (round(low, 4), round(high, 4)) == (0.0552, 0.1744)
    assert wilson(0, 0) == (0, 1)
    with pytest.raises(ValueError, match="no part"):
        wilson(3, 2)


# -- Frames ------------------------------------------------------------------------------------


def test_a_tables_rates_follow_its_numbers_each_once() -> None:
    email = get_channel("email")
    statistics = email.widget_by_key["statistics"]
    keys = [metric.key for metric in email.columns(statistics)]
    own = list(statistics.metrics)
    assert keys[: len(own)] == own
    assert keys[len(own) :] == [
        "excluded_rate",
        "delivery_rate",
        "bounce_rate",
        "error_rate",
        "unique_open_rate",
        "unique_click_rate",
        "unsubscribe_rate",
        "complaint_rate",
    ]


def test_by_a_dimension_a_rate_is_one_whose_terms_have_it() -> None:
    """And nothing more is kept for it: profiles by domain would have to be."""
    email = get_channel("email")
    rates = email.rates(email.widget_by_key["recipient_domains"])
    assert rates == {
        "opens": "open_rate",
        "delivered": "delivery_rate",
        "clicks": "click_rate",
        "bounces": "bounce_rate",
    }
    assert email.rates(email.widget_by_key["bounce_reasons"]) == {}
    assert ("delivered", "domain") not in email.sketched


def test_errors_are_divided_by_all_that_was_tried(
    campaign: Campaign, send: Any, alices: Client
) -> None:
    send(
        *(event(type="sent", profile=f"p{n}") for n in range(3)),
        event(type="error", profile="q", reason="timeout"),
    )
    frame = alices.get(f"{API}statistics/").json()["frame"]
    assert (frame["totals"]["errors"], frame["totals"]["error_rate"]) == (1, 0.25)
    assert {"key": "error_rate", "label": "Error rate", "role": "metric", "unit": "ratio"} in (
        frame["columns"]
    )


def test_what_the_gallery_holds_is_found_and_not_shown_by_itself(
    campaign: Campaign, send: Any, alices: Client
) -> None:
    send(*emails(run_of(1), 4, 2))
    page = alices.get(TAB).content.decode()
    assert 'data-widget="email.engagement"' not in page
    assert 'data-offer="email.engagement"' in alices.get(f"{TAB}layout/").content.decode()
    totals = alices.get(f"{API}engagement/").json()["frame"]["totals"]
    assert (totals["unique_opens"], totals["unique_open_rate"]) == (2, 0.5)


def test_only_sums_are_added_up_to_divide_by() -> None:
    class Wrong(Showcase):
        metrics = [
            Count(key="flown", label="F", definition="f", events=["flown"]),
            Profiles(key="readers", label="R", definition="r", events=["arrived"]),
            Rate(
                key="odd",
                label="O",
                definition="o",
                numerator="flown",
                denominator=["flown", "readers"],
            ),
        ]
        widgets = [Parts(key="w", title="W", help="h", metrics=["flown", "odd"])]

    messages = [error.msg for error in check_channel(Wrong())]
    assert [message.partition(": ")[2] for message in messages] == [
        "rate 'odd' adds up 'readers', which is no sum."
    ]


# -- What a number says of itself ----------------------------------------------------------------


def test_a_rate_says_what_it_is_of_and_how_sure(
    campaign: Campaign, send: Any, alices: Client
) -> None:
    send(*emails(run_of(1), 100, 10, repeats=3))
    table = table_of(alices.get(TAB).content.decode())
    said = "Unique open rate: 10 of 100 profiles reached. With 95% confidence between 5.5% and 17.4"
    assert said in table
    assert '<span data-metric="opens">30</span>' in unlinked(table)
    assert 'data-metric="unique_open_rate">10.0%<' in table
    assert "Too few" not in table


def test_a_rate_of_few_is_marked(campaign: Campaign, send: Any, alices: Client) -> None:
    send(*emails(run_of(1), 49, 1))
    page = alices.get(TAB).content.decode()
    assert 'data-metric="unique_open_rate">2.0%?<' in table_of(page)
    assert "Too few to judge: of fewer than 50." in table_of(page)
    assert "too few to judge" in page[page.index('id="lr-legend"') :]


def test_profiles_say_how_many_events_they_had(
    campaign: Campaign, send: Any, alices: Client
) -> None:
    send(*(event(type="excluded", profile=f"p{n % 2}", reason=f"r{n}") for n in range(5)))
    page = alices.get(TAB).content.decode()
    assert "2 profiles, 5 exclusion events." in table_of(page)
    assert "one can be in several rows" in table_of(page, "email.exclusion_reasons")
    assert "one can be in several rows" not in table_of(page, "email.error_reasons")


def test_a_total_that_is_no_sum_says_so(campaign: Campaign, send: Any, alices: Client) -> None:
    runs = [run_of(1), run_of(2)]
    send(*(event(type="excluded", profile="p", reason="r", execution=run) for run in runs))
    table = table_of(alices.get(TAB).content.decode())
    total = table[table.index("<tfoot") :]
    assert 'data-metric="excluded">1‡<' in unlinked(total)
    assert "Distinct, not a sum" in total


def test_one_row_has_no_total_below(campaign: Campaign, send: Any, alices: Client) -> None:
    send(event(type="sent"))
    table = table_of(alices.get(TAB).content.decode())
    assert "Without a run" in table
    assert "<tfoot" not in table


def test_a_run_that_began_before_the_window_is_marked_everywhere(
    campaign: Campaign, send: Any, alices: Client
) -> None:
    old, new = run_of(30), run_of(1)
    send(*emails(old, 60, 3), *emails(new, 60, 3))
    frame = alices.get(f"{API}statistics/").json()["frame"]
    assert frame["partial"] == [old]
    assert alices.get(f"{API}bounce_reasons/").json()["frame"]["partial"] == []
    page = alices.get(TAB).content.decode()
    rows = re.findall(r"<tr[^>]*>.*?</tr>", table_of(page), re.DOTALL)
    marked = [row for row in rows if "Partial: began before the window." in row]
    assert len(marked) == 1
    assert f'datetime="{old}"' in marked[0]
    for address in (f"{TAB}statistics.csv", f"{API}statistics/?format=csv"):
        lines = csv.DictReader(io.StringIO(alices.get(address).content.decode("utf-8-sig")))
        said = {line["Execution time"]: line["† Partial"] for line in lines}
        assert (said[old], said[new]) == ("began before the window", "")


@pytest.mark.parametrize(
    ("picture", "shown", "hidden"),
    [("numbers", "opens", "unique_open_rate"), ("rates", "unique_open_rate", "opens")],
)
def test_a_table_can_show_rates_alone_or_none(
    campaign: Campaign, send: Any, alices: Client, picture: str, shown: str, hidden: str
) -> None:
    send(*emails(run_of(1), 100, 10))
    address = f"{TAB}widgets/email.statistics/"
    page = alices.get(address, {"picture": picture}).content.decode()
    assert f'data-metric="{shown}"' in page
    assert f'data-metric="{hidden}"' not in page
    assert 'data-metric="sent">100<' in unlinked(page)  # has no rate


def test_a_table_without_rates_does_not_offer_them(
    campaign: Campaign, send: Any, alices: Client
) -> None:
    send(event(type="bounced", category="hard"))
    address = f"{TAB}widgets/email.bounce_reasons/"
    assert alices.get(address, {"picture": "table"}).status_code == 200
    assert alices.get(address, {"picture": "rates"}).status_code == 422
