"""The read API: shapes, versions, visibility, and its own description."""

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import jsonschema
import msgspec
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from liveReport.channels import find_channel
from liveReport.ingest import receive
from liveReport.models import Campaign, CampaignChannel, ChannelPlugin, Source
from tests.support.factories import CampaignFactory, UserFactory, event, make_token

pytestmark = pytest.mark.django_db

Get = Callable[..., Any]


@pytest.fixture
def get(client: Client, read_token: str) -> Get:
    def fetch(path: str, token: str = read_token, **headers: str) -> Any:
        headers.setdefault("authorization", f"Bearer {token}")
        return client.get(f"/api/v1/{path}", headers=headers)

    return fetch


@pytest.fixture
def run() -> str:
    """The start of a run, one hour ago."""
    started = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    return started.isoformat().replace("+00:00", "Z")


@pytest.fixture
def traffic(campaign: Campaign, send: Any, run: str) -> Campaign:
    """Two messages of a run, one outside it, one error, and a channel declared."""
    CampaignChannel.objects.create(campaign=campaign, channel="push", declared=True)
    send(
        event(execution=run),
        event(execution=run, profile="p-2"),
        event(profile="p-3"),
        event(type="delivered"),
        event(type="error", reason="<b>=1+1</b>"),
    )
    return campaign


def test_campaigns_with_what_they_consist_of(get: Get, traffic: Campaign, run: str) -> None:
    CampaignFactory(slug="empty", name="Empty")
    answer = get("campaigns/").json()
    assert answer["count"] == 2
    empty, summer = answer["results"]
    assert (empty["channels"], empty["executions"], empty["last_event_at"]) == ([], [], None)
    assert (summer["slug"], summer["name"], summer["status"]) == ("summer", "Summer sale", "live")
    assert summer["channels"] == ["email", "push"]
    assert summer["last_event_at"] is not None
    (execution,) = summer["executions"]
    assert (execution["channel"], execution["started_at"]) == ("email", run)
    assert get("campaigns/summer/").json() == summer


def test_campaigns_come_in_pages(get: Get) -> None:
    for _ in range(3):
        CampaignFactory()
    answer = get("campaigns/?page_size=2").json()
    assert len(answer["results"]) == 2
    assert answer["next"].endswith("page=2&page_size=2")
    assert get("campaigns/?page=99").status_code == 404


def test_listing_costs_the_same_for_many(get: Get, django_assert_max_num_queries: Any) -> None:
    for _ in range(20):
        campaign = CampaignFactory()
        CampaignChannel.objects.create(campaign=campaign, channel="email", declared=True)
    with django_assert_max_num_queries(7):
        get("campaigns/")


def test_the_head_of_a_report(get: Get, traffic: Campaign) -> None:
    head = get("campaigns/summer/report/").json()
    told = {"campaign", "window", "as_of", "counted_at", "lag_seconds", "silent", "version", "tabs"}
    assert set(head) == told | {"level", "verdicts", "doubts"}
    assert head["campaign"] == "summer"
    assert set(head["window"]) == {"from", "to", "name", "step_seconds"}
    assert [tab["slug"] for tab in head["tabs"]] == ["campaign", "email", "push"]
    assert head["lag_seconds"] == 0


def test_the_report_is_as_old_as_the_oldest_event_that_waits(
    get: Get, traffic: Campaign, source: Source
) -> None:
    now = timezone.now().replace(microsecond=0)
    for age in (7, 3):
        receive(source, msgspec.json.encode([event()]), now=now - timedelta(seconds=age))
    for path in ("", "email/", "email/statistics/"):
        head = get(f"campaigns/summer/report/{path}").json()
        assert datetime.fromisoformat(head["as_of"]) == now - timedelta(seconds=7)
        assert 7 <= head["lag_seconds"] < 60


def test_a_tab_has_a_frame_for_each_widget(get: Get, traffic: Campaign) -> None:
    tab = get("campaigns/summer/report/email/").json()
    widgets = {widget["slug"]: widget for widget in tab["widgets"]}
    assert set(widgets["email.statistics"]) == {"slug", "title", "help", "kind", "kinds", "frame"}
    frame = widgets["email.statistics"]["frame"]
    assert {"columns", "rows", "totals", "approximate"} <= set(frame)
    assert frame["totals"]["sent"] == 3
    assert sum(row["sent"] for row in frame["rows"]) == 3


def test_executions_filter_a_tab(get: Get, traffic: Campaign, run: str) -> None:
    tab = get(f"campaigns/summer/report/email/?execution={run}").json()
    frames = {widget["slug"]: widget["frame"] for widget in tab["widgets"]}
    assert frames["email.statistics"]["totals"]["sent"] == 2
    assert tab["executions"] == [run]


def test_a_wrong_execution_is_named(get: Get, traffic: Campaign) -> None:
    for path in ("email/", "email/statistics/"):
        response = get(f"campaigns/summer/report/{path}?execution=yesterday")
        assert response.status_code == 400
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.json()["field"] == "execution"
        assert "yesterday" in response.json()["detail"]


def test_one_widget_by_key_or_slug(get: Get, traffic: Campaign) -> None:
    widget = get("campaigns/summer/report/email/statistics/").json()
    assert widget["slug"] == "email.statistics"
    assert widget["frame"]["totals"]["sent"] == 3
    assert {"as_of", "lag_seconds", "version"} <= set(widget)
    by_slug = get("campaigns/summer/report/email/email.statistics/").json()
    assert by_slug["frame"] == widget["frame"]


def test_a_widget_as_csv(get: Get, traffic: Campaign) -> None:
    response = get("campaigns/summer/report/email/error_reasons/?format=csv")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(response.content.decode())))
    assert rows[1] == ["<b>=1+1</b>", "1"]
    response = get("campaigns/summer/report/email/statistics/?format=xml")
    assert (response.status_code, response.json()["field"]) == (400, "format")


def test_a_widget_that_failed_is_not_an_empty_csv(
    get: Get, traffic: Campaign, monkeypatch: Any
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ArithmeticError

    monkeypatch.setattr("liveReport.report.build._frame", fail)
    path = "campaigns/summer/report/email/statistics/"
    assert get(path).json()["frame"] is None
    assert get(f"{path}?format=csv").json()["code"] == "widget_failed"


def test_an_unchanged_tab_is_304(get: Get, traffic: Campaign, send: Any, time_machine: Any) -> None:
    time_machine.move_to(timezone.now().replace(second=5) + timedelta(minutes=1), tick=False)
    path = "campaigns/summer/report/email/"
    first = get(path)
    etag = first.headers["ETag"]
    assert first.json()["version"] in etag
    again = get(path, **{"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == etag
    assert get(path, **{"if-none-match": etag, "accept-language": "fr"}).status_code == 200
    send(event())
    assert get(path, **{"if-none-match": etag}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "campaigns/nowhere/",
        "campaigns/nowhere/report/",
        "campaigns/summer/report/sms/",
        "campaigns/summer/report/nothing/",
        "campaigns/summer/report/email/nothing/",
        "campaigns/summer/report/email/push.statistics/",
        "nothing/",
    ],
)
def test_what_is_not_there_is_a_404_problem(get: Get, traffic: Campaign, path: str) -> None:
    response = get(path)
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "not_found"


def test_metrics_say_what_they_mean(get: Get) -> None:
    metrics = {(metric["channel"], metric["key"]): metric for metric in get("metrics/").json()}
    sent = metrics["email", "sent"]
    assert set(sent) == {
        "key", "channel", "label", "definition", "unit", "formula", "uniqueness", "basis",
    }  # fmt: skip
    assert sent["formula"] == "count(sent)"
    assert metrics["email", "delivery_rate"]["formula"] == "delivered / sent"
    assert metrics["email", "retries"]["formula"].endswith("= deferred)")
    assert metrics["campaign", "audience"]["unit"] == "profiles"
    assert all(value for metric in metrics.values() for value in metric.values())


def test_channels_enabled_or_not(get: Get) -> None:
    ChannelPlugin.objects.update_or_create(slug="push", defaults={"enabled": False})
    channels = {channel["slug"]: channel for channel in get("channels/").json()}
    assert channels["email"]["enabled"]
    assert not channels["push"]["enabled"]
    assert channels["email"]["widgets"][0]["slug"].startswith("email.")


def test_a_disabled_channel_leaves_no_trace_but_its_switch(get: Get, traffic: Campaign) -> None:
    ChannelPlugin.objects.update_or_create(slug="email", defaults={"enabled": False})
    campaign = get("campaigns/summer/").json()
    assert campaign["channels"] == ["push"]
    assert (campaign["executions"], campaign["last_event_at"]) == ([], None)
    assert "email" not in {metric["channel"] for metric in get("metrics/").json()}
    assert get("campaigns/summer/report/email/").status_code == 404
    ChannelPlugin.objects.filter(slug="email").update(enabled=True)
    assert get("campaigns/summer/report/email/").status_code == 200


def test_labels_follow_the_language(get: Get) -> None:
    french = get("metrics/", **{"accept-language": "fr"})
    assert french.headers["Content-Language"] == "fr"
    assert "Accept-Language" in french.headers["Vary"]
    assert french.json()[0]["label"] != ""


# -- Who may see what --------------------------------------------------------------------


PATHS = ["campaigns/summer/", *(f"campaigns/summer/report/{rest}" for rest in ("", "email/"))]


def test_a_token_sees_only_its_campaigns(get: Get, traffic: Campaign, source: Source) -> None:
    token = make_token(source, "read", CampaignFactory(slug="winter"))
    answer = get("campaigns/", token=token).json()
    assert [campaign["slug"] for campaign in answer["results"]] == ["winter"]
    for path in (*PATHS, "campaigns/summer/report/email/statistics/?format=csv"):
        response = get(path, token=token)
        assert response.status_code == 404
        assert "Summer" not in response.content.decode()


def test_an_ingest_token_may_not_read(get: Get, traffic: Campaign, ingest_token: str) -> None:
    for path in ("campaigns/", "metrics/", "channels/", *PATHS):
        assert get(path, token=ingest_token).status_code == 403


@pytest.mark.parametrize("path", PATHS)
def test_a_session_of_the_staff_reads(
    client: Client, traffic: Campaign, alice: User, bob: User, charlie: User, path: str
) -> None:
    statuses = {}
    for user in (alice, bob, charlie, UserFactory(username="dora", is_staff=True)):
        client.force_login(user)
        statuses[user.username] = client.get(f"/api/v1/{path}").status_code
    assert statuses == {"alice": 200, "bob": 200, "charlie": 403, "dora": 404}


def test_a_wrong_token_beats_a_session(get: Get, client: Client, alice: User) -> None:
    client.force_login(alice)
    assert get("metrics/", token="wrong").status_code == 401


def test_answers_are_not_shared(get: Get, traffic: Campaign) -> None:
    for path in ("campaigns/", "campaigns/summer/report/email/", "metrics/"):
        headers = get(path).headers
        assert headers["Cache-Control"] == "private, no-cache"
        assert {"Authorization", "Cookie"} <= set(headers["Vary"].split(", "))


def test_csv_is_not_shared(get: Get, traffic: Campaign) -> None:
    headers = get("campaigns/summer/report/email/statistics/?format=csv").headers
    assert headers["Cache-Control"] == "private, no-cache"


# -- The description ---------------------------------------------------------------------


def test_the_schema_has_no_warnings(tmp_path: Any) -> None:
    call_command(
        "spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml")
    )


@pytest.fixture
def schema(client: Client, read_token: str) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {read_token}", "accept": "application/json"}
    schema: dict[str, Any] = client.get("/api/schema/", headers=headers).json()
    assert schema["openapi"].startswith("3.1")
    assert schema["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    return schema


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("campaigns/", "PaginatedCampaignList"),
        ("campaigns/summer/", "Campaign"),
        ("campaigns/summer/report/", "Head"),
        ("campaigns/summer/report/campaign/", "Tab"),
        ("campaigns/summer/report/email/", "Tab"),
        ("campaigns/summer/report/email/statistics/", "OneWidget"),
        ("campaigns/nowhere/", "Problem"),
    ],
)
def test_answers_are_what_the_schema_says(
    get: Get, traffic: Campaign, schema: dict[str, Any], path: str, name: str
) -> None:
    definition = {**schema, "$ref": f"#/components/schemas/{name}"}
    jsonschema.validate(get(path).json(), definition)
    assert set(get(path).json()) <= set(schema["components"]["schemas"][name]["properties"])


@pytest.mark.parametrize(("path", "name"), [("metrics/", "Metric"), ("channels/", "Channel")])
def test_lists_are_what_the_schema_says(
    get: Get, schema: dict[str, Any], path: str, name: str
) -> None:
    for item in get(path).json():
        jsonschema.validate(item, {**schema, "$ref": f"#/components/schemas/{name}"})


def test_the_schema_knows_the_dimensions(schema: dict[str, Any]) -> None:
    email = find_channel("email")
    assert email
    fields = schema["components"]["schemas"]["Event"]["properties"]
    assert {dimension.key for dimension in email.dimensions} <= set(fields)


def test_the_documentation_is_for_everybody(client: Client) -> None:
    page = client.get("/api/docs/").content.decode()
    assert "<style" not in page
    assert "http" not in page.replace("http-equiv", "")
    script = client.get("/api/docs/?script")
    assert script.headers["Content-Type"].startswith("application/javascript")
