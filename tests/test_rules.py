"""By which limits a campaign is judged: channels declare them, admin and API change them."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from liveReport.channels import Actor, Cause, Channel, Rule, all_channels, get_channel
from liveReport.channels.checks import check_channel
from liveReport.models import Campaign, CampaignChannel, CampaignRule, ChannelPlugin

CAUSE = Cause(Actor.US, "Look.")
URL = "/api/v1/campaigns/summer/rules/"


@pytest.fixture
def email(campaign: Campaign) -> CampaignChannel:
    return campaign.channels.create(channel="email", declared=True)


@pytest.fixture
def alices(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def patch(client: Client, *rules: Any) -> Any:
    return client.patch(URL, json.dumps(rules), content_type="application/json")


def complaints(client: Client) -> dict[str, Any]:
    (found,) = [rule for rule in client.get(URL).json() if rule["metric"] == "complaint_rate"]
    return found


# -- What is declared --------------------------------------------------------------------------


@pytest.mark.parametrize("slug", [channel.slug for channel in all_channels()])
def test_every_channel_has_rules(slug: str) -> None:
    assert get_channel(slug).rules


def test_the_thresholds_that_mailbox_providers_name() -> None:
    rules = get_channel("email").rule_by_metric
    found = {key: (rules[key].warn, rules[key].critical) for key in rules}
    assert found["complaint_rate"] == (0.001, 0.003)
    assert found["hard_bounce_rate"] == (0.05, 0.1)
    assert found["error_rate"][0] == 0.2


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"metric": "sent"}, "it names no rate"),
        ({"metric": "nothing"}, "it names no rate"),
        ({"metric": "unique_open_rate"}, "it divides 'unique_opens', which is no count of events"),
        ({"warn": 0}, "warn – It must be a fraction above 0"),
        ({"warn": float("nan")}, "warn – It must be a fraction above 0"),
        ({"critical": 1.5}, "critical – It must be a fraction"),
        ({"critical": 0.01}, "critical – It must not be below the warning"),
        ({"lower_is_worse": True}, "critical – It must not be above the warning"),
        ({"min_sample": 0}, "min_sample – It must be from 1"),
        ({"duration": -1}, "duration -1 is no number of minutes"),
        ({"cause": "us"}, "'us' is no Cause"),
    ],
)
def test_checks_name_every_mistake(changes: dict[str, Any], mistake: str) -> None:
    email = type(get_channel("email"))
    given: dict[str, Any] = {"metric": "error_rate", "warn": 0.2, "critical": 0.5}
    given |= {"cause": CAUSE} | changes
    channel = type("Other", (email,), {"rules": (Rule(**given),)})()
    assert any(mistake in error.msg for error in check_channel(channel))


def test_a_rate_has_one_rule() -> None:
    rule = Rule(metric="error_rate", warn=0.2, critical=0.5, cause=CAUSE)
    channel: Channel = type("Other", (type(get_channel("email")),), {"rules": (rule, rule)})()
    (error,) = check_channel(channel)
    assert "rules has 'error_rate' more than once" in error.msg


# -- The API -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("email")
def test_it_lists_the_rules_of_the_campaigns_channels(client: Client, read_token: str) -> None:
    found = client.get(URL, headers={"authorization": f"Bearer {read_token}"}).json()
    assert {rule["channel"] for rule in found} == {"email"}
    assert found[1] == {
        "channel": "email",
        "metric": "complaint_rate",
        "warn": 0.001,
        "critical": 0.003,
        "min_sample": 100,
        "enabled": True,
    }
    ChannelPlugin.objects.filter(slug="email").update(enabled=False)
    ChannelPlugin.objects.complete()
    ChannelPlugin.objects.filter(slug="email").update(enabled=False)
    assert client.get(URL, headers={"authorization": f"Bearer {read_token}"}).json() == []


@pytest.mark.usefixtures("email")
def test_what_is_given_is_changed_and_the_rest_stays(alices: Client, campaign: Campaign) -> None:
    answer = patch(alices, {"channel": "email", "metric": "complaint_rate", "warn": 0.002})
    assert answer.status_code == 200
    expected = {"warn": 0.002, "critical": 0.003, "min_sample": 100, "enabled": True}
    assert complaints(alices) == {"channel": "email", "metric": "complaint_rate"} | expected
    assert answer.json() == alices.get(URL).json()
    patch(alices, {"channel": "email", "metric": "complaint_rate", "enabled": False})
    assert complaints(alices)["warn"] == 0.002
    assert campaign.rules.get().enabled is False


def test_a_changed_rule_is_a_new_version_of_the_channel(
    alices: Client, email: CampaignChannel
) -> None:
    patch(alices, {"channel": "email", "metric": "complaint_rate", "warn": 0.002})
    first = CampaignChannel.objects.get(pk=email.pk).version
    CampaignRule.objects.get().delete()
    assert email.version < first < CampaignChannel.objects.get(pk=email.pk).version
    assert complaints(alices)["warn"] == 0.001


@pytest.mark.usefixtures("email")
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"metric": "complaint_rate"}, "[1].channel"),
        ({"channel": "sms", "metric": "bounce_rate"}, "[1].channel"),
        ({"channel": "email", "metric": "open_rate"}, "[1].metric"),
        ({"channel": "email", "metric": "error_rate", "warn": "1"}, "[1].warn"),
        ({"channel": "email", "metric": "error_rate", "warn": True}, "[1].warn"),
        ({"channel": "email", "metric": "error_rate", "warn": 0}, "[1].warn"),
        ({"channel": "email", "metric": "error_rate", "warn": 0.9}, "[1].critical"),
        ({"channel": "email", "metric": "error_rate", "critical": 2}, "[1].critical"),
        ({"channel": "email", "metric": "error_rate", "min_sample": 0}, "[1].min_sample"),
        ({"channel": "email", "metric": "error_rate", "min_sample": 1.5}, "[1].min_sample"),
        ({"channel": "email", "metric": "error_rate", "enabled": 1}, "[1].enabled"),
        ({"channel": "email", "metric": "error_rate", "duration": 1}, "[1].duration"),
        ("error_rate", "[1]"),
    ],
)
def test_a_mistake_is_named_and_nothing_changes(alices: Client, given: Any, field: str) -> None:
    sound = {"channel": "email", "metric": "complaint_rate", "warn": 0.002}
    answer = patch(alices, sound, given)
    assert (answer.status_code, answer.json()["field"]) == (400, field), answer.content
    assert CampaignRule.objects.count() == 0


@pytest.mark.usefixtures("email")
@pytest.mark.parametrize("body", ["{}", "[", "", "3", "null"])
def test_a_body_that_is_no_list_is_refused(alices: Client, body: str) -> None:
    answer = alices.patch(URL, body, content_type="application/json")
    assert (answer.status_code, answer.json()["field"]) == (400, "body")


@pytest.mark.usefixtures("email")
def test_only_staff_with_the_right_change_rules(
    client: Client, bob: User, read_token: str, campaign: Campaign
) -> None:
    rule = {"channel": "email", "metric": "complaint_rate", "warn": 0.002}
    headers = {"authorization": f"Bearer {read_token}"}
    body = json.dumps([rule])
    answer = client.patch(URL, body, content_type="application/json", headers=headers)
    assert answer.status_code == 403
    client.force_login(bob)
    assert patch(client, rule).status_code == 403
    bob.user_permissions.add(Permission.objects.get(codename="change_campaignrule"))
    assert patch(client, rule).status_code == 200


# -- The administration --------------------------------------------------------------------------


def form_of(client: Client, campaign: Campaign) -> tuple[str, dict[str, Any]]:
    """The address of the campaign's form, and what its browser would send back unchanged."""
    url = f"/admin/livereport/campaign/{campaign.pk}/change/"
    context = client.get(url).context
    data = dict(context["adminform"].form.initial)
    for inline in context["inline_admin_formsets"]:
        forms = [inline.formset.management_form, *inline.formset.forms]
        for form in forms:
            data |= {form.add_prefix(name): form[name].value() for name in form.fields}
    return url, {name: v for name, v in data.items() if v is not None and v is not False}


def rule_of(data: dict[str, Any], metric: str) -> str:
    """How the fields of a rule begin."""
    (found,) = [name for name, value in data.items() if value == metric]
    return found.removesuffix("metric")


@pytest.mark.usefixtures("email")
def test_a_form_that_is_sent_back_unchanged_keeps_nothing(
    alices: Client, campaign: Campaign
) -> None:
    url, data = form_of(alices, campaign)
    assert alices.post(url, data).status_code == 302
    assert CampaignRule.objects.count() == 0


@pytest.mark.usefixtures("email")
def test_a_limit_is_changed_in_the_campaigns_form(alices: Client, campaign: Campaign) -> None:
    url, data = form_of(alices, campaign)
    assert alices.post(url, data | {f"{rule_of(data, 'error_rate')}warn": "0.1"}).status_code == 302
    (kept,) = CampaignRule.objects.all()
    assert (kept.channel, kept.metric, kept.warn, kept.critical) == (
        "email",
        "error_rate",
        0.1,
        0.5,
    )
    url, data = form_of(alices, campaign)
    alices.post(url, data | {f"{rule_of(data, 'error_rate')}DELETE": "on"})
    assert CampaignRule.objects.count() == 0


@pytest.mark.usefixtures("email")
def test_the_form_says_which_limit_makes_no_sense(alices: Client, campaign: Campaign) -> None:
    url, data = form_of(alices, campaign)
    answer = alices.post(url, data | {f"{rule_of(data, 'error_rate')}warn": "0.9"})
    assert answer.status_code == 200
    assert "It must not be below the warning" in answer.content.decode()
