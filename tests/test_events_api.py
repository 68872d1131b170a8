"""``/api/v1/campaigns/{slug}/events/``: who may list single events, by what, and what is told."""

import csv
import io
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from liveReport import rollup
from liveReport.ingest import receive
from liveReport.models import ApiToken, Campaign, Source
from tests.support.factories import CampaignFactory, UserFactory, event
from tests.support.names import keys

pytestmark = pytest.mark.django_db

URL = "/api/v1/campaigns/summer/events/"


@pytest.fixture
def lister(source: Source) -> dict[str, str]:
    """The headers of a token that may list events."""
    return bearer(ApiToken.objects.issue(source, "read", events=True)[1])


def bearer(text: str) -> dict[str, str]:
    return {"authorization": f"Bearer {text}"}


def counted(source: Source, *events: dict[str, Any]) -> None:
    receive(source, msgspec.json.encode(events))
    rollup.fold_pending()


def listed(client: Client, headers: dict[str, str], **query: Any) -> Any:
    answer = client.get(f"{URL}?{urlencode(query, doseq=True)}", headers=headers)
    assert answer.status_code == 200, answer.content
    return answer.json()


def pages(client: Client, headers: dict[str, str], **query: Any) -> Iterator[Any]:
    page = listed(client, headers, **query)
    yield page
    while page["next"]:
        page = listed(client, headers, **query, cursor=page["next"])
        yield page


def test_an_event_is_told_in_pseudonyms(
    client: Client, campaign: Campaign, source: Source, lister: dict[str, str]
) -> None:
    at = timezone.now()
    run = "2026-03-14T08:00:00Z"
    one = event(id="e-1", type="bounced", category="hard", message="m-1", execution=run)
    counted(source, one | {"occurred_at": at})
    found = listed(client, lister)
    assert (found["count"], found["next"]) == (1, None)
    (told,) = found["results"]
    (key,) = keys(source, ["e-1"], "summer")
    assert told.pop("id") == f"{key % 2**64:016x}"
    assert len(told.pop("profile")) == len(told.pop("message")) == 16
    assert told.pop("received_at") >= at.isoformat()[:19]
    assert told == {
        "channel": "email",
        "type": "bounced",
        "occurred_at": at.isoformat().replace("+00:00", "Z"),
        "execution": run,
        "category": "hard",
        "reason": None,
        "domain": None,
    }


def test_filters_agree_with_what_is_counted(
    client: Client, campaign: Campaign, source: Source, lister: dict[str, str]
) -> None:
    counted(source, event(domain="A.example."), event(), event(type="opened"))
    counted(source, event(channel="sms"), event(execution="2026-03-14T08:00:00Z"))
    minute = timezone.now().replace(second=0, microsecond=0)
    cases: list[tuple[int, dict[str, Any]]] = [
        (5, {}),
        (4, {"channel": "email"}),
        (3, {"channel": "email", "type": "sent"}),
        (4, {"channel": "email", "type": ["sent", "opened"]}),
        (4, {"type": ["email.sent", "sms.sent"]}),
        (1, {"domain": "a.EXAMPLE"}),
        (2, {"type": "email.sent", "domain": "__none__"}),
        (1, {"execution": "2026-03-14T08:00:00Z"}),
        (4, {"execution": "__none__"}),
        (5, {"from": (minute - timedelta(hours=60)).isoformat(), "to": "2100-01-01T00:00:00Z"}),
        (0, {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}),
        (0, {"as_of": (minute - timedelta(hours=1)).isoformat()}),
    ]
    for number, query in cases:
        found = listed(client, lister, **query)
        assert (found["count"], len(found["results"])) == (number, number), query


def test_pages_are_of_one_moment(
    client: Client, campaign: Campaign, source: Source, lister: dict[str, str]
) -> None:
    for _ in range(3):
        counted(source, *(event() for _ in range(4)))
    ids = []
    for page in pages(client, lister, limit=5):
        assert page["count"] == 12
        ids += [one["id"] for one in page["results"]]
        counted(source, event())
    assert len(set(ids)) == len(ids) == 12


def test_the_head_says_what_its_numbers_are_of(
    client: Client, campaign: Campaign, source: Source, lister: dict[str, str]
) -> None:
    counted(source, event(id="1"), event(id="2"), event(id="1"))
    head = client.get("/api/v1/campaigns/summer/report/", headers=lister).json()
    counted(source, event(id="2"), event(id="3"))
    span = head["window"]
    query = {"from": span["from"], "to": span["to"], "as_of": head["counted_at"]}
    assert listed(client, lister, **query)["count"] == 2
    assert listed(client, lister)["count"] == 3


def test_as_csv(client: Client, campaign: Campaign, source: Source, lister: dict[str, str]) -> None:
    counted(source, event(domain="=1+1"), event(type="opened"))
    answer = client.get(f"{URL}?format=csv&limit=1&type=email.sent", headers=lister)
    head, *rows = csv.reader(io.StringIO(answer.content.decode()))
    assert head[:4] == ["id", "channel", "type", "occurred_at"]
    assert dict(zip(head, rows[0], strict=True))["domain"] == "'=1+1"
    assert "Link" not in answer
    answer = client.get(f"{URL}?format=csv&limit=1", headers=lister)
    following = answer["Link"].removeprefix("<").removesuffix('>; rel="next"')
    rest = client.get(following, headers=lister)
    assert len(rest.content.splitlines()) == 2
    assert "Link" not in rest


@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("channel", "channel=pigeon"),
        ("channel", "channel=email&channel=sms"),
        ("type", "type=sent"),
        ("type", "channel=email&type=flown"),
        ("type", "channel=email&type=sms.sent"),
        ("reason", "reason=__other__"),
        ("reason", "reason=a&reason=b"),
        ("execution", "execution=__other__"),
        ("execution", "execution=soon"),
        ("from", "from=2026-01-01T00:00:30Z&to=2026-01-02T00:00:00Z"),
        ("from", "to=2026-01-02T00:00:00Z"),
        ("from", "from=2026-01-02T00:00:00Z&to=2026-01-02T00:00:00Z"),
        ("as_of", "as_of=yesterday"),
        ("cursor", "cursor=x"),
        ("limit", "limit=0"),
        ("format", "format=xml"),
        ("colour", "colour=red"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(
    client: Client, campaign: Campaign, lister: dict[str, str], field: str, query: str
) -> None:
    answer = client.get(f"{URL}?{query}", headers=lister)
    assert (answer.status_code, answer.json().get("field")) == (400, field)


def test_who_may_list(
    client: Client,
    campaign: Campaign,
    source: Source,
    read_token: str,
    ingest_token: str,
    lister: dict[str, str],
) -> None:
    assert client.get(URL).status_code == 401
    assert client.get(URL, headers=bearer(read_token)).status_code == 403
    assert client.get(URL, headers=bearer(ingest_token)).status_code == 403
    assert client.get(URL, headers=lister).status_code == 200
    other = CampaignFactory(slug="spring")
    _token, text = ApiToken.objects.issue(source, "read", campaigns=[other], events=True)
    assert client.get(URL, headers=bearer(text)).status_code == 404


def test_staff_needs_the_right(client: Client, campaign: Campaign) -> None:
    dora: User = UserFactory(username="dora", is_staff=True)
    client.force_login(dora)
    assert client.get(URL).status_code == 403
    rights = Permission.objects.filter(content_type__app_label="livereport")
    dora.user_permissions.add(rights.get(codename="view_campaign"))
    assert client.get(URL).status_code == 403
    dora.user_permissions.add(rights.get(codename="view_events"))
    assert client.get(URL).status_code == 200


def test_each_look_leaves_a_line(
    client: Client,
    campaign: Campaign,
    source: Source,
    lister: dict[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "liveReport.audit")
    counted(source, event(), event())
    listed(client, lister, channel="email", domain="__none__")
    (line,) = [record.getMessage() for record in caplog.records if "listed" in record.msg]
    token = ApiToken.objects.get(events=True)
    assert line == (
        f"Events listed: 2 of summer by token {token.token_key}… of shop"
        " (channel=email&domain=__none__)"
    )


def test_the_command_issues_such_a_token(
    client: Client, campaign: Campaign, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("issue_token", "bi", "--scope", "read", "--events")
    assert client.get(URL, headers=bearer(capsys.readouterr().out.strip())).status_code == 200
    with pytest.raises(CommandError, match="--events goes with --scope read"):
        call_command("issue_token", "bi", "--scope", "ingest", "--events")


def test_what_is_derived_is_found_as_it_is_counted(
    client: Client, campaign: Campaign, source: Source, lister: dict[str, str]
) -> None:
    """Also where the page counts people's reactions alone."""
    said = [{"signal": "crawler"}, {"signal": "proxy"}, {"verdict": "human"}, {}]
    counted(source, *(event(type="opened", **one) for one in said))
    asked = {"channel": "email", "type": "opened"}
    for verdict, number in (("human", 2), ("machine", 1)):
        assert listed(client, lister, **asked, verdict=verdict)["count"] == number
        assert len(listed(client, lister, **asked, verdict=verdict)["results"]) == number
    assert listed(client, lister, **asked)["count"] == 4
