"""The quarantine's pages: every event can be seen, no page grows with a flood."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from liveReport.admin import quarantine as pages
from liveReport.events.hashes import written
from liveReport.models import EventBatch, QuarantinedBatch, QuarantineTally, Source
from tests.support.factories import CampaignFactory, event, make_source
from tests.support.names import keys
from tests.support.quarantine import assert_tallied, held, send

pytestmark = pytest.mark.django_db

LIST = "admin:livereport_quarantinedbatch_changelist"


@pytest.fixture
def admin(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def shown(client: Client, address: str, language: str = "en") -> str:
    response = client.get(address, headers={"accept-language": language})
    assert response.status_code == 200, response
    return response.content.decode()


def texts(html: str) -> list[str]:
    """What the cells of all tables say."""
    cells = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", html, re.DOTALL)
    return [re.sub(r"<[^>]*>", "", cell).strip() for cell in cells]


def batch_page(batch: QuarantinedBatch, query: str = "") -> str:
    return reverse("admin:livereport_quarantinedbatch_change", args=[batch.pk]) + query


def quarantine(source: Source, *events: dict[str, Any]) -> None:
    now = timezone.now()
    assert len(events) == len(send(source, events, now=now).quarantined or ())


def shown_id(source: Source, name: str) -> str:
    """What the pages show of an event's id."""
    (key,) = keys(source, [name], "nope")
    return written(key)


def test_a_batch_shows_its_events(admin: Client, source: Source) -> None:
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    run = at - timedelta(hours=2)
    bounced = event(
        campaign="nope", type="bounced", id="e-7", profile="carol@example.org", message="m-1",
        occurred_at=at, execution=run, domain="example.com", reason="<b>full</b>",
    )  # fmt: skip
    quarantine(source, bounced)
    html = shown(admin, batch_page(QuarantinedBatch.objects.get()))
    cells = texts(html)
    row = cells[cells.index(shown_id(source, "e-7")) :][:8]
    assert row[1:3] == ["email", "bounced"]
    assert row[3:5] == [f"{moment:%Y-%m-%d %H:%M:%S}" for moment in (at, run)]
    assert "domain: example.com" in row[5]
    assert "reason: &lt;b&gt;full&lt;/b&gt;" in row[5]
    assert re.fullmatch("[0-9a-f]{16}", row[6])
    assert re.fullmatch("[0-9a-f]{16}", row[7])
    assert not any(name in html for name in ("carol", "m-1", "e-7"))
    assert "<b>full</b>" not in html


def test_what_an_event_does_not_say_is_a_dash(admin: Client, source: Source) -> None:
    quarantine(source, event(campaign="nope", id="e-7"))
    cells = texts(shown(admin, batch_page(QuarantinedBatch.objects.get())))
    row = cells[cells.index(shown_id(source, "e-7")) :][:8]
    assert (row[4], row[5], row[7]) == ("—", "—", "—")


def test_many_events_are_shown_page_by_page(
    admin: Client, source: Source, monkeypatch: Any
) -> None:
    monkeypatch.setattr(pages, "EVENTS", 10)
    send(source, [event(campaign="nope", id=f"e-{n:02}") for n in range(25)], now=timezone.now())
    batch = QuarantinedBatch.objects.get()

    every = [shown_id(source, f"e-{n:02}") for n in range(25)]

    def ids(query: str) -> list[str]:
        return [text for text in texts(shown(admin, batch_page(batch, query))) if text in every]

    assert ids("") == ids("?p=1") == ids("?p=x") == every[:10]
    assert ids("?p=2") == every[10:20]
    assert ids("?p=3") == ids("?p=99") == every[20:]
    middle = shown(admin, batch_page(batch, "?p=2"))
    assert "11 to 20 of 25" in middle
    assert 'href="?p=1"' in middle
    assert 'href="?p=3"' in middle
    assert "11 à 20 sur 25" in shown(admin, batch_page(batch, "?p=2"), "fr")


def test_a_batch_that_is_gone_is_told(admin: Client) -> None:
    address = reverse("admin:livereport_quarantinedbatch_change", args=[7])
    assert admin.get(address).status_code == 302


def test_who_may_view_sees_the_events_and_changes_nothing(
    client: Client, bob: User, source: Source
) -> None:
    quarantine(source, event(campaign="nope", id="e-7"))
    client.force_login(bob)
    batch = QuarantinedBatch.objects.get()
    assert shown_id(source, "e-7") in shown(client, batch_page(batch))
    delete = reverse("admin:livereport_quarantinedbatch_delete", args=[batch.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403
    form = {"action": "delete_selected", "_selected_action": [batch.pk], "post": "yes"}
    client.post(reverse(LIST), form)
    assert QuarantinedBatch.objects.exists()


def test_a_stranger_sees_nothing(client: Client, charlie: User, source: Source) -> None:
    quarantine(source, event(campaign="nope", id="e-7"))
    client.force_login(charlie)
    for address in (reverse(LIST), batch_page(QuarantinedBatch.objects.get())):
        assert client.get(address).status_code in (302, 403)


def test_batches_are_filtered(admin: Client, source: Source, monkeypatch: Any) -> None:
    monkeypatch.setattr(pages, "CAMPAIGNS", 2)
    web = make_source("web")
    quarantine(source, event(campaign="nope"), event(campaign="typo"))
    quarantine(web, event(campaign="nope"), event(campaign="rare"))

    def listed(query: str) -> list[str]:
        html = shown(admin, reverse(LIST) + query)
        return sorted(re.findall(r'class="field-campaign"><a[^>]*>([^<]*)<', html))

    assert listed("") == ["nope", "nope", "rare", "typo"]
    assert listed("?campaign=nope") == ["nope", "nope"]
    assert listed("?campaign=typo") == ["typo"]
    assert listed(f"?campaign=nope&source__id__exact={web.pk}") == ["nope"]
    assert listed("?reason__exact=unknown_campaign") == ["nope", "nope", "rare", "typo"]
    assert listed("?campaign=never") == []
    offered = re.findall(r'href="\?campaign=(\w+)"', shown(admin, reverse(LIST)))
    assert offered == ["nope", "rare"]  # those with most events; the search finds the others


def test_the_list_says_how_full_it_is_and_what_was_refused(
    admin: Client, source: Source, settings: Any
) -> None:
    settings.QUARANTINE_MAX_EVENTS, settings.QUARANTINE_MAX_CAMPAIGNS = 4_000, 2
    assert "in quarantine" not in shown(admin, reverse(LIST))
    send(source, [event(campaign=slug) for slug in ("a", "b", "b", "c", "d")], now=timezone.now())
    html = shown(admin, reverse(LIST))
    assert "3 of at most 500,000 events are in quarantine." in html
    cells = texts(html)
    row = cells[cells.index("Events refused") + 2 :][:5]
    assert row[:4] == ["shop", "3", "2", "2"]
    assert row[4] == f"{QuarantineTally.objects.get().refused_at:%Y-%m-%d %H:%M:%S}"
    assert "Unknown campaigns (at most 2)" in html
    french = shown(admin, reverse(LIST), "fr")
    assert "Événements refusés" in french
    assert "sont en quarantaine" in french


def chosen(**fields: Any) -> dict[str, Any]:
    every = QuarantinedBatch.objects.values_list("pk", flat=True)
    return {"action": "delete_selected", "_selected_action": list(every), **fields}


def test_chosen_batches_are_deleted_once_that_is_confirmed(admin: Client, source: Source) -> None:
    quarantine(source, event(campaign="a"), event(campaign="b"))
    form = chosen()
    question = admin.post(reverse(LIST), form).content.decode()
    assert "<dt>Unknown campaigns</dt><dd>2</dd>" in question
    assert QuarantinedBatch.objects.count() == 2
    answer = admin.post(reverse(LIST), {**form, "post": "yes"}, follow=True).content.decode()
    assert "2 events were deleted." in answer
    assert not QuarantinedBatch.objects.exists()
    assert_tallied()


def test_a_flood_is_deleted_at_once_and_what_came_in_since_is_not(
    admin: Client, source: Source
) -> None:
    """The question lists no batches, nor does the administration's own log."""
    send(source, [event(campaign=f"c{n}") for n in range(300)], now=timezone.now())
    form = chosen(select_across="1")
    form["_selected_action"] = form["_selected_action"][:1]
    question = admin.post(reverse(LIST), form).content.decode()
    assert "<dt>Batches</dt><dd>300</dd>" in question
    assert len(question) < 20_000
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', question))
    fields.pop("csrfmiddlewaretoken", None)
    send(source, [event(campaign="later")], now=timezone.now())
    admin.post(reverse(LIST), fields)
    assert dict(held()) == {("shop", "later"): 1}
    assert not LogEntry.objects.exists()
    assert_tallied()


def test_one_batch_is_deleted_on_its_page(admin: Client, source: Source) -> None:
    quarantine(source, event(campaign="a"), event(campaign="b"))
    batch = QuarantinedBatch.objects.get(campaign="a")
    delete = reverse("admin:livereport_quarantinedbatch_delete", args=[batch.pk])
    assert admin.post(delete, {"post": "yes"}).status_code == 302
    assert dict(held()) == {("shop", "b"): 1}
    assert_tallied()


def test_a_replay_of_all_names_only_some_unknown_campaigns(
    admin: Client, source: Source, monkeypatch: Any
) -> None:
    monkeypatch.setattr(pages, "NAMED", 2)
    send(source, [event(campaign=slug) for slug in "aabcd"], now=timezone.now())
    CampaignFactory(slug="a")
    form = chosen(action="replay", select_across="1")
    answer = admin.post(reverse(LIST), form, follow=True).content.decode()
    assert "2 events were replayed." in answer
    assert "No such campaign yet: b, c, …." in answer
    assert sum(batch.count for batch in EventBatch.objects.all()) == 2
    assert_tallied()
