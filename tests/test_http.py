"""HTTP as clients speak it: HEAD, slashes, what is missing, headers of any make."""

from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from liveReport.models import Campaign, EventBatch
from liveReport.wsgi import Handler
from tests.support.factories import CampaignFactory, event, make_token
from tests.support.routes import ROUTES, url

pytestmark = pytest.mark.django_db

EVENTS = "/api/v1/events"

# -- HEAD ------------------------------------------------------------------------------------


def alike(response: HttpResponse) -> dict[str, str]:
    """The headers that do not say when, or to whom."""
    return {n: v for n, v in response.headers.items() if n not in ("X-Report-Lag", "Set-Cookie")}


def answer(client: Client, method: str, address: str) -> Any:
    """Without what an earlier request wanted to be shown with the next page."""
    client.cookies.pop("messages", None)
    return client.generic(method, address)


@pytest.fixture
def reader(client: Client, alice: User, campaign: Campaign, send: Any) -> Client:
    """Alice before a report with numbers."""
    send(event())
    client.force_login(alice)
    return client


def test_every_url_that_answers_get_answers_head(reader: Client, time_machine: Any) -> None:
    time_machine.move_to("2026-03-01T12:00:30Z", tick=False)
    answering = []
    for route in set(ROUTES) - {"admin/login/"}:  # Django forwards who is in only if asked by GET
        got, head = (answer(reader, method, url(route)) for method in ("GET", "HEAD"))
        assert head.status_code == got.status_code, route
        assert head.content == b"", route
        assert alike(head) == alike(got), route
        if got.status_code == 200:
            answering.append(route)
    api, report = "api/v1/campaigns/{slug}/report/", "admin/reports/{campaign}/"
    assert set(answering) >= {
        *("healthz", "readyz", "api/schema/", "api/docs/", "api/v1/metrics/", "api/v1/channels/"),
        *("api/v1/campaigns/", "api/v1/campaigns/{slug}/"),
        *(api, api + "{tab}/", api + "{tab}/{widget}/"),
        *("admin/", "admin/livereport/campaign/", "admin/time-zone/"),
        *(report + "{tab}/", report + "{tab}/{widget}.csv", report + "{tab}/layout/"),
        *(report + "export.csv", report + "export.xlsx"),
    }


def test_head_says_whether_a_tab_has_changed(reader: Client, time_machine: Any) -> None:
    time_machine.move_to("2026-03-01T12:00:30Z", tick=False)
    tab = "/api/v1/campaigns/summer/report/email/"
    etag = reader.get(tab).headers["ETag"]
    assert reader.head(tab).headers["ETag"] == etag
    assert reader.head(tab, headers={"if-none-match": etag}).status_code == 304


def test_the_csv_of_the_api_answers_head(reader: Client) -> None:
    url = "/api/v1/campaigns/summer/report/email/statistics/?format=csv"
    assert reader.head(url).headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reader.head(url.replace("summer", "winter")).status_code == 404


# -- Slashes ---------------------------------------------------------------------------------


def test_events_are_taken_without_the_final_slash(
    client: Client, ingest_token: str, campaign: Campaign
) -> None:
    headers = {"authorization": f"Bearer {ingest_token}"}
    for address in (EVENTS, f"{EVENTS}/"):
        response = client.post(address, [event()], content_type="application/json", headers=headers)
        assert (response.status_code, response.json()["accepted"]) == (202, 1)
    assert EventBatch.objects.count() == 2


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize(
    "url", ["/api/v1/campaigns", "/api/v1/campaigns/summer/report", "/api/schema", "/api/docs"]
)
def test_what_changes_something_is_never_redirected(
    client: Client, settings: Any, url: str, method: str, debug: bool
) -> None:
    settings.DEBUG = debug
    response = client.generic(method, url, b"[]", content_type="application/json")
    problem = assert_problem(response, "missing_slash")
    assert f"{url}/" in problem["detail"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_reads_is_sent_to_the_address_with_a_slash(reader: Client, method: str) -> None:
    url = "/api/v1/campaigns/summer/report/email"
    response = reader.generic(method, f"{url}?execution=2026-03-01T08:00:00%2B01:00")
    assert response.status_code == 301
    assert response.headers["Location"] == f"{url}/?execution=2026-03-01T08:00:00%2B01:00"


def assert_problem(response: Any, code: str) -> dict[str, Any]:
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["code"] == code
    return problem


# -- What is missing -------------------------------------------------------------------------


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "url", ["/api", "/api/", "/api//", "/api/v1//", "/api/v2/events/", "/api/v1/nothing"]
)
def test_below_api_there_are_no_pages(
    client: Client, settings: Any, url: str, method: str, debug: bool
) -> None:
    settings.DEBUG = debug
    assert_problem(client.generic(method, url), "not_found")


@pytest.mark.parametrize(
    ("path", "field", "name"),
    [
        ("nowhere/", "campaign", "nowhere"),
        ("nowhere/report/", "campaign", "nowhere"),
        ("nowhere/report/email/statistics/", "campaign", "nowhere"),
        ("summer/report/fax/", "tab", "fax"),
        ("summer/report/fax/statistics/", "tab", "fax"),
        ("summer/report/email/nothing/", "widget", "nothing"),
        ("summer/report/email/email.nothing/", "widget", "email.nothing"),
        ("summer/report/email/push.statistics/", "widget", "push.statistics"),
    ],
)
def test_a_404_says_what_is_missing(reader: Client, path: str, field: str, name: str) -> None:
    problem = assert_problem(reader.get(f"/api/v1/campaigns/{path}"), "not_found")
    assert problem["field"] == field
    assert f"“{name}”" in problem["detail"]
    french = reader.get(f"/api/v1/campaigns/{path}", headers={"accept-language": "fr"}).json()
    assert f"«\u202f{name}\u202f»" in french["detail"]


def test_a_hidden_campaign_is_as_missing_as_none(
    client: Client, source: Any, campaign: Campaign
) -> None:
    token = make_token(source, "read", CampaignFactory(slug="winter"))
    headers = {"authorization": f"Bearer {token}"}
    for path in ("", "report/", "report/email/", "report/email/statistics/"):
        hidden, none = (
            client.get(f"/api/v1/campaigns/{slug}/{path}", headers=headers).content.decode()
            for slug in ("summer", "nobody")
        )
        assert hidden.replace("summer", "nobody") == none


# -- Headers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type", ["application/json; x*=nothing''y", "x; charset*=nothing''y", "x*=nothing''y"]
)
def test_a_content_type_in_no_encoding_breaks_nothing(client: Client, content_type: str) -> None:
    """Django itself would not even make a request of it."""
    started: list[str] = []
    environ = client._base_environ(  # type: ignore[attr-defined]
        PATH_INFO="/healthz", CONTENT_TYPE=content_type, **{"wsgi.input": BytesIO()}
    )
    note: Any = lambda status, headers: started.append(status)  # noqa: E731
    Handler()(environ, note).close()
    assert started == ["200 OK"]
