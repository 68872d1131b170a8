"""Sources of providers in the administration."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import msgspec
import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from liveReport.engines.sources import Apart, note
from liveReport.ingest import receive
from liveReport.models import Campaign, Source, SourceSecret
from liveReport.site.sources import Wanted, set_up
from tests.support.factories import event
from tests.support.hooking import basic, posted

pytestmark = pytest.mark.django_db

ADD = "/admin/livereport/source/add/"
LIST = "/admin/livereport/source/"
NO_MAPPINGS = {"mappings-TOTAL_FORMS": "0", "mappings-INITIAL_FORMS": "0"}


@pytest.fixture
def admin(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def change(source: Source) -> str:
    return reverse("admin:livereport_source_change", args=[source.pk])


def secret_in(response: Any) -> str:
    found = re.search(r'id="made-secret">([^<]+)<', response.content.decode())
    assert found
    return found[1]


def test_our_secret_is_shown_once_with_what_to_do(
    admin: Client, client: Client, campaign: Campaign
) -> None:
    form = {"name": "pm", "provider": "postmark", "campaign": campaign.pk, "active": "on"}
    response = admin.post(ADD, form)
    assert "/hooks/pm/" in response.content.decode()
    header = basic(secret_in(response))
    assert posted(client, [], header, "pm").status_code == 200
    again = admin.get(change(Source.objects.get(name="pm"))).content.decode()
    assert "/hooks/pm/" in again
    assert "made-secret" not in again


def test_a_provider_s_secret_is_sealed(admin: Client) -> None:
    form = {"name": "tw", "provider": "twilio", "secret": "the token", "active": "on"}
    assert "made-secret" not in admin.post(ADD, form).content.decode()
    assert [secret.plain for secret in SourceSecret.objects.all()] == ["the token"]
    source = Source.objects.get(name="tw")
    assert "the token" not in admin.get(change(source)).content.decode()


def test_where_the_secret_is_ours_none_is_taken(admin: Client) -> None:
    form = {"name": "pm", "provider": "postmark", "secret": "mine", "active": "on"}
    response = admin.post(ADD, form)
    assert "secret" in response.context["adminform"].form.errors
    assert not Source.objects.exists()


def test_what_is_missing_is_said(admin: Client) -> None:
    source, _secret = set_up("tw", "twilio", Wanted())
    assert "No secret yet" in admin.get(change(source)).content.decode()
    form = {"secret": "late", "active": "on", **NO_MAPPINGS}
    assert admin.post(change(source), form).status_code == 302
    assert "No secret yet" not in admin.get(change(source)).content.decode()


def test_topics_and_mappings_are_changed(admin: Client, campaign: Campaign) -> None:
    source, _secret = set_up("ses", "amazon_ses", Wanted(topics=["arn:old"]))
    mapping = {
        "mappings-TOTAL_FORMS": "1",
        "mappings-INITIAL_FORMS": "0",
        "mappings-0-value": "tag",
        "mappings-0-campaign": campaign.pk,
    }
    form = {"topic_lines": "arn:a\narn:b", "active": "on", **mapping}
    assert admin.post(change(source), form).status_code == 302
    source.refresh_from_db()
    assert source.topics == ["arn:a", "arn:b"]
    assert [(one.value, one.campaign) for one in source.mappings.all()] == [("tag", campaign)]


def anew(admin: Client, source: Source) -> Any:
    """The answer to the press that makes a new secret."""
    address = reverse("admin:livereport_source_secret", args=[source.pk])
    return admin.post(address, {"hours": "24"}, follow=True)


def test_a_new_secret_is_made_by_one_press(admin: Client, client: Client) -> None:
    source, old = set_up("pm", "postmark", Wanted())
    new = secret_in(anew(admin, source))
    assert {posted(client, [], basic(one), "pm").status_code for one in (old, new)} == {200}


def test_only_ours_is_made(admin: Client) -> None:
    for source in (set_up("tw", "twilio", Wanted(), "x")[0], Source.objects.ensure("api-only")):
        response = anew(admin, source)
        assert "made-secret" not in response.content.decode()
        assert [str(one.level_tag) for one in response.context["messages"]] == ["error"]


NOON = datetime(2026, 6, 1, 12, 0, 30, tzinfo=UTC)


def cell(markup: str, figure: str) -> str:
    """What the list says in a column of its only row."""
    found = re.search(rf'<td class="field-{figure}[^>]*>(.*?)</td>', markup, re.DOTALL)
    assert found, figure
    return " ".join(unescape(re.sub("<[^>]+>", " ", found[1])).split())


def lived(source: Source) -> None:
    """A minute of a source: ten events, of which one waits, and what is no event."""
    events = [event(occurred_at=NOON - timedelta(seconds=90)) for _ in range(9)]
    receive(source, msgspec.json.encode([*events, event(campaign="nowhere")]), now=NOON)
    note([Apart(source.pk, NOON, ignored=1_234), Apart(source.pk, NOON, refused=3, why="stale")])


def test_the_list_says_who_is_alive(admin: Client, campaign: Campaign) -> None:
    source, _secret = set_up("tw", "twilio", Wanted(), "x")
    with time_machine.travel(NOON, tick=False):
        lived(source)
    with time_machine.travel(NOON + timedelta(minutes=4), tick=False):
        markup = admin.get(LIST).content.decode()
        own = admin.get(change(source)).content.decode()
    told = {
        "last_event": "4 min ago",
        "per_minute": "1.8",
        "lag": "90.0 s · 90.0 s",
        "duplicates": "0",
        "ignored": "1,234",
        "quarantined": "1",
        "refused": "3 · signed too long ago (4 min ago)",
    }
    assert {figure: cell(markup, figure) for figure in told} == told
    for page in (markup, own):
        assert 'class="lr-news"' in page
    shown = re.search(r'id="heartbeat".*?</dl>', own, re.DOTALL)
    assert shown
    assert "signed too long ago" in shown[0]
    with time_machine.travel(NOON + timedelta(hours=5), tick=False):
        assert 'class="lr-news"' not in admin.get(LIST).content.decode()


def test_who_never_sent_has_no_figures(admin: Client) -> None:
    Source.objects.ensure("api-only")
    markup = admin.get(LIST).content.decode()
    figures = ("last_event", "per_minute", "lag", "refused")
    assert [cell(markup, figure) for figure in figures] == ["—", "0", "—", "0"]


def test_a_list_of_many_asks_no_more_than_one_of_few(
    admin: Client, campaign: Campaign, django_assert_num_queries: Any
) -> None:
    def another(name: str) -> None:
        source, _secret = set_up(name, "twilio", Wanted(), "x")
        lived(source)

    with time_machine.travel(NOON, tick=False):
        another("first")
        admin.get(LIST)
        with CaptureQueriesContext(connection) as queries:
            admin.get(LIST)
        few = len(queries)
        for number in range(9):
            another(f"tw-{number}")
        with django_assert_num_queries(few):
            assert admin.get(LIST).content.decode().count("signed too long ago") == 10
