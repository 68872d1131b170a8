"""The administration: what staff see, change, and may not change."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime

from liveReport.channels import NONE, all_channels
from liveReport.events.batch import Events, LogEvent, Shape, encode
from liveReport.events.hashes import written
from liveReport.models import (
    ApiToken,
    Campaign,
    CampaignChannel,
    ChannelPlugin,
    EventBatch,
    Execution,
    QuarantinedBatch,
    SetAsideBatch,
    Source,
)
from tests.support.factories import CampaignFactory, event, make_token
from tests.support.names import keys

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def changelist(model: type) -> str:
    return reverse(f"admin:livereport_{model.__name__.lower()}_changelist")


def add(model: type) -> str:
    return reverse(f"admin:livereport_{model.__name__.lower()}_add")


def change(instance: Any) -> str:
    name = type(instance).__name__.lower()
    return reverse(f"admin:livereport_{name}_change", args=[instance.pk])


def page(client: Client, address: str, language: str = "en") -> str:
    response = client.get(address, headers={"accept-language": language})
    assert response.status_code == 200, response
    return response.content.decode()


CHANNELS = "channels"


def campaign_form(**fields: Any) -> dict[str, Any]:
    """A posted form of a campaign, with its channels under ``channels``."""
    rows = fields.pop("channels", [])
    kept = sum("id" in row for row in rows)
    form = {"name": "Summer sale", "slug": "summer", "status": "live"} | fields
    form |= {"channels-TOTAL_FORMS": len(rows), "channels-INITIAL_FORMS": kept}
    form |= {"rules-TOTAL_FORMS": 0, "rules-INITIAL_FORMS": 0}
    for number, row in enumerate(rows):
        form |= {f"channels-{number}-{key}": value for key, value in row.items()}
    return form


# -- Campaigns ---------------------------------------------------------------------------


def test_the_list_leads_to_the_live_view(admin: Client, campaign: Campaign, send: Any) -> None:
    send(event())
    CampaignFactory(slug="winter", name="Winter", status="ended")
    everything = page(admin, changelist(Campaign))
    assert f'href="{campaign.get_absolute_url()}"' in everything
    assert "Live view" in everything
    assert "Email" in everything
    found = page(admin, changelist(Campaign) + "?q=sale")
    assert "Summer sale" in found
    assert "Winter" not in found
    ended = page(admin, changelist(Campaign) + "?status__exact=ended")
    assert "Summer sale" not in ended


def test_the_form_leads_to_the_live_view(admin: Client, campaign: Campaign) -> None:
    form = page(admin, change(campaign))
    tools = form[form.index("object-tools") :][:400]
    assert campaign.get_absolute_url() in tools
    assert "Live view" in tools
    assert "Vue dynamique" in page(admin, change(campaign), "fr")


def test_a_campaign_is_added_with_its_channels(admin: Client, db: None) -> None:
    form = campaign_form(channels=[{"channel": "email", "declared": "on"}])
    assert admin.post(add(Campaign), form).status_code == 302
    campaign = Campaign.objects.get()
    assert [(row.channel, row.declared) for row in campaign.channels.all()] == [("email", True)]


def test_a_slug_and_a_channel_stay(admin: Client, campaign: Campaign) -> None:
    row = CampaignChannel.objects.create(campaign=campaign, channel="email", declared=True)
    rows = [{"id": row.pk, "campaign": campaign.pk, "channel": "push"}]
    form = campaign_form(slug="other", name="Renamed", channels=rows)
    assert admin.post(change(campaign), form).status_code == 302
    campaign.refresh_from_db()
    row.refresh_from_db()
    assert (campaign.slug, campaign.name) == ("summer", "Renamed")
    assert (row.channel, row.declared) == ("email", False)


def test_a_channel_whose_plugin_is_gone_stays(admin: Client, campaign: Campaign) -> None:
    row = CampaignChannel.objects.create(campaign=campaign, channel="pigeon", declared=True)
    rows = [{"id": row.pk, "campaign": campaign.pk, "declared": "on"}]
    assert "pigeon" in page(admin, change(campaign))
    assert admin.post(change(campaign), campaign_form(channels=rows)).status_code == 302
    row.refresh_from_db()
    assert row.channel == "pigeon"


def test_a_channel_is_listed_once(admin: Client, campaign: Campaign) -> None:
    rows = [{"channel": "email", "declared": "on"}] * 2
    assert admin.post(change(campaign), campaign_form(channels=rows)).status_code == 200
    assert not CampaignChannel.objects.exists()


def test_a_campaign_with_events_stays(admin: Client, campaign: Campaign, send: Any) -> None:
    empty = CampaignFactory()
    send(event())
    chosen = {"action": "delete_selected", "_selected_action": [campaign.pk], "post": "yes"}
    admin.post(changelist(Campaign), chosen)
    delete = reverse("admin:livereport_campaign_delete", args=[campaign.pk])
    assert admin.post(delete, {"post": "yes"}).status_code == 403
    delete = reverse("admin:livereport_campaign_delete", args=[empty.pk])
    assert admin.post(delete, {"post": "yes"}).status_code == 302
    assert list(Campaign.objects.all()) == [campaign]


def test_names_are_shown_as_text(admin: Client, db: None, send: Any) -> None:
    hostile = CampaignFactory(slug="x", name='"><script>alert(1)</script>')
    CampaignChannel.objects.create(campaign=hostile, channel="<img src=x>", declared=True)
    send(event(campaign="x", type="error", reason="<svg onload=alert(1)>"))
    for address in (changelist(Campaign), change(hostile), changelist(Execution)):
        text = page(admin, address)
        assert "<script>alert" not in text
        assert "<img src=x>" not in text


def test_executions_are_looked_at_only(admin: Client, campaign: Campaign, send: Any) -> None:
    send(event(execution=timezone.now() - timedelta(hours=1)))
    execution = Execution.objects.get()
    assert "Summer sale" in page(admin, changelist(Execution))
    assert admin.get(add(Execution)).status_code == 403
    assert 'name="_save"' not in page(admin, change(execution))


def test_executions_of_one_minute_are_told_apart(
    admin: Client, campaign: Campaign, send: Any
) -> None:
    began = timezone.now().replace(microsecond=1) - timedelta(hours=1)
    runs = [began, began + timedelta(microseconds=1)]
    send(*(event(execution=run) for run in runs))
    listed = page(admin, changelist(Execution))
    assert all(localtime(run).isoformat(" ") in listed for run in runs)


def test_staff_may_look_with_the_right_to(client: Client, bob: User, campaign: Campaign) -> None:
    client.force_login(bob)
    assert "Live view" in page(client, changelist(Campaign))
    assert client.get(add(Campaign)).status_code == 403
    assert client.post(change(campaign), campaign_form(name="Bob's")).status_code == 403


# -- Sources and tokens ------------------------------------------------------------------


def test_a_source_comes_with_its_account(admin: Client) -> None:
    assert admin.post(add(Source), {"name": "shop", "active": "on"}).status_code == 302
    account = Source.objects.get(name="shop").account
    assert account.is_active
    assert not account.has_usable_password()


def test_a_source_is_switched_off_and_keeps_its_name(admin: Client, source: Source) -> None:
    assert admin.post(change(source), {"name": "other"}).status_code == 302
    source.refresh_from_db()
    assert (source.name, source.account.is_active) == ("shop", False)
    admin.post(change(source), {"active": "on"})
    source.account.refresh_from_db()
    assert source.account.is_active


def test_two_sources_never_share_a_name(admin: Client, source: Source) -> None:
    assert admin.post(add(Source), {"name": "shop", "active": "on"}).status_code == 200


def test_a_token_is_shown_once(admin: Client, source: Source, campaign: Campaign) -> None:
    form = {"source": source.pk, "scope": "read", "campaigns": [campaign.pk], "days": "30"}
    response = admin.post(add(ApiToken), form)
    found = re.search(r'id="issued-token">(lr_\w+)<', response.content.decode())
    assert found
    assert "no-store" in response.headers["Cache-Control"]
    token = ApiToken.objects.get()
    assert list(token.campaigns.all()) == [campaign]
    assert 29 <= (token.expiry - timezone.now()).days <= 30
    for address in (changelist(ApiToken), change(token), reverse("admin:index")):
        assert found[1] not in page(admin, address)
    client = Client(headers={"authorization": f"Bearer {found[1]}"})
    assert client.get("/api/v1/campaigns/summer/").status_code == 200


def test_every_token_expires(admin: Client, source: Source) -> None:
    for days in ("", "0", "366", "never"):
        form = {"source": source.pk, "scope": "read", "days": days}
        assert admin.post(add(ApiToken), form).status_code == 200
    assert not ApiToken.objects.exists()


def test_tokens_are_revoked_not_changed(admin: Client, source: Source) -> None:
    text = make_token(source, "read")
    token = ApiToken.objects.get()
    assert 'name="_save"' not in page(admin, change(token))
    chosen = {"action": "revoke", "_selected_action": [token.pk]}
    assert (
        "1 token was revoked."
        in admin.post(changelist(ApiToken), chosen, follow=True).content.decode()
    )
    headers = {"authorization": f"Bearer {text}"}
    assert Client(headers=headers).get("/api/v1/metrics/").status_code == 401
    assert ApiToken.objects.filter(pk=token.pk).exists()


def test_the_library_brings_no_second_token_admin(admin: Client) -> None:
    assert "knox" not in page(admin, reverse("admin:index"))


# -- The log -----------------------------------------------------------------------------


def test_batches_show_what_became_of_their_events(
    admin: Client, campaign: Campaign, send: Any
) -> None:
    twice = event()
    send(twice, twice, event())
    text = page(admin, changelist(EventBatch))
    assert 'class="field-duplicates">1<' in text
    assert 'class="field-count">3<' in text
    assert admin.get(add(EventBatch)).status_code == 403


def replay(admin: Client) -> str:
    chosen = list(QuarantinedBatch.objects.values_list("pk", flat=True))
    form = {"action": "replay", "_selected_action": chosen}
    return admin.post(changelist(QuarantinedBatch), form, follow=True).content.decode()


def test_quarantine_is_replayed_once_its_campaign_exists(
    admin: Client, source: Source, send: Any
) -> None:
    send(event(campaign="spring"), event(campaign="spring"), event(campaign="autumn"))
    listed = page(admin, changelist(QuarantinedBatch))
    assert "spring" in listed
    assert "Unknown campaign" in listed
    answer = replay(admin)
    assert "No such campaign yet: autumn, spring." in answer
    assert QuarantinedBatch.objects.count() == 2
    CampaignFactory(slug="spring")
    answer = replay(admin)
    assert "2 events were replayed." in answer
    assert "No such campaign yet: autumn." in answer
    assert [batch.campaign for batch in QuarantinedBatch.objects.all()] == ["autumn"]
    assert sum(batch.count for batch in EventBatch.objects.all()) == 2


def test_replay_needs_the_right_to(client: Client, bob: User, send: Any) -> None:
    send(event(campaign="spring"))
    CampaignFactory(slug="spring")
    client.force_login(bob)
    replay(client)
    assert QuarantinedBatch.objects.exists()
    assert client.get(add(QuarantinedBatch)).status_code == 403


# -- What was set aside ------------------------------------------------------------------


def set_aside(source: Source, *ids: str, payload: bytes | None = None) -> SetAsideBatch:
    shape = Shape("summer", "email", "bounced", 0, (("reason", "<b>5.1.1</b>"), ("domain", NONE)))
    events = Events.of(
        LogEvent(key, shape, 1_800_000_000_000_000, 7, 0xABC) for key in keys(source, ids)
    )
    return SetAsideBatch.objects.create(
        source=source,
        batch=41,
        count=len(ids),
        payload=encode(events) if payload is None else payload,
        error="ValueError (liveReport/rollup/fold.py:87): …",
        attempts=5,
        received_at=timezone.now(),
    )


def act(client: Client, action: str, *batches: SetAsideBatch, **more: str) -> str:
    form = {"action": action, "_selected_action": [batch.pk for batch in batches], **more}
    answer = client.post(changelist(SetAsideBatch), form, follow=True)
    return answer.content.decode()


def test_what_was_set_aside_is_listed_with_its_error_and_its_events(
    admin: Client, source: Source
) -> None:
    batch = set_aside(source, "e-1", "<script>alert(1)</script>")
    listed = page(admin, changelist(SetAsideBatch))
    for text in ("shop", "ValueError (liveReport/rollup/fold.py:87): …", 'field-count">2<'):
        assert text in listed
    shown = page(admin, change(batch))
    (key,) = keys(source, ["e-1"])
    assert f"<td>{written(key)}</td><td>summer</td><td>email</td><td>bounced</td>" in shown
    assert "<td>2027-01-15T08:00:00+00:00</td>" in shown
    assert "reason=&lt;b&gt;5.1.1&lt;/b&gt;, message=0000000000000abc" in shown
    assert "<script>alert" not in shown
    assert 'name="_save"' not in shown
    assert admin.get(add(SetAsideBatch)).status_code == 403
    assert "Lots mis de côté" in page(admin, reverse("admin:index"), "fr")


@pytest.mark.parametrize("payload", [b"", b"no frame"])
def test_what_nobody_can_read_is_shown_all_the_same(
    admin: Client, source: Source, payload: bytes
) -> None:
    shown = page(admin, change(set_aside(source, "e-1", payload=payload)))
    assert "Nothing: it cannot be unpacked." in shown


def test_what_was_set_aside_is_tried_again(
    admin: Client, alice: User, source: Source, campaign: Campaign
) -> None:
    batch, other = set_aside(source, "e-1", "e-2"), set_aside(source, "e-3")
    assert "2 events are tried again." in act(admin, "try_again", batch)
    assert SetAsideBatch.objects.get() == other
    assert EventBatch.objects.get().count == 2
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (alice, str(batch.pk))
    assert "Tried again (2)" in entry.get_change_message()
    act(admin, "try_again", batch)
    assert EventBatch.objects.count() == 1


def test_what_was_set_aside_is_dropped_after_a_question(
    admin: Client, alice: User, source: Source
) -> None:
    batch, kept = set_aside(source, "e-1"), set_aside(source, "e-2")
    assert "Drop the selected batches" in page(admin, changelist(SetAsideBatch))
    assert "Are you sure" in act(admin, "delete_selected", batch)
    assert SetAsideBatch.objects.count() == 2
    act(admin, "delete_selected", batch, post="yes")
    assert SetAsideBatch.objects.get() == kept
    assert not EventBatch.objects.exists()
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id, entry.is_deletion()) == (alice, str(batch.pk), True)


def test_who_may_only_look_neither_tries_again_nor_drops(
    client: Client, bob: User, source: Source
) -> None:
    batch = set_aside(source, "e-1")
    client.force_login(bob)
    assert "shop" in page(client, changelist(SetAsideBatch))
    assert written(keys(source, ["e-1"])[0]) in page(client, change(batch))
    act(client, "try_again", batch)
    act(client, "delete_selected", batch, post="yes")
    assert SetAsideBatch.objects.exists()
    assert not EventBatch.objects.exists()
    assert not LogEntry.objects.exists()


# -- Channel plugins ---------------------------------------------------------------------


def plugin_form(**enabled: bool) -> dict[str, Any]:
    plugins = list(ChannelPlugin.objects.order_by("position", "slug"))
    form: dict[str, Any] = {"form-TOTAL_FORMS": len(plugins), "form-INITIAL_FORMS": len(plugins)}
    for number, plugin in enumerate(plugins):
        form |= {f"form-{number}-slug": plugin.slug, f"form-{number}-position": plugin.position}
        if enabled.get(plugin.slug, plugin.enabled):
            form[f"form-{number}-enabled"] = "on"
    return form | {"_save": "Save"}


def test_every_installed_channel_has_its_switch(admin: Client) -> None:
    ChannelPlugin.objects.all().delete()
    page(admin, changelist(ChannelPlugin))
    switches = set(ChannelPlugin.objects.values_list("slug", flat=True))
    assert switches == {channel.slug for channel in all_channels()}
    assert admin.get(add(ChannelPlugin)).status_code == 403
    plugin = ChannelPlugin.objects.first()
    assert plugin
    delete = reverse("admin:livereport_channelplugin_delete", args=[plugin.pk])
    assert admin.post(delete, {"post": "yes"}).status_code == 403


def test_a_channel_is_switched_off_and_on_at_once(
    admin: Client, campaign: Campaign, send: Any, read_token: str
) -> None:
    ChannelPlugin.objects.complete()
    send(event())
    reader = Client(headers={"authorization": f"Bearer {read_token}"})
    path = "/api/v1/campaigns/summer/report/email/"
    statuses = [reader.get(path).status_code]
    for enabled in (False, True):
        response = admin.post(changelist(ChannelPlugin), plugin_form(email=enabled))
        assert response.status_code == 302
        statuses.append(reader.get(path).status_code)
    assert statuses == [200, 404, 200]


# -- Language ----------------------------------------------------------------------------


def test_the_administration_speaks_french(admin: Client, campaign: Campaign) -> None:
    text = page(admin, reverse("admin:index"), "fr")
    assert 'lang="fr"' in text
    for word in ("Campagnes", "Sources", "Lots en quarantaine", "Jetons"):
        assert word in text
