"""Verdicts on campaigns: from events to the head of the report, and to the overview."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from liveReport.channels import Count, Rate, Rule, get_channel, registered
from liveReport.models import Campaign, CampaignRule, ChannelPlugin
from liveReport.report import Head, report_head, tab_head
from liveReport.report.overview import overview, page_after
from liveReport.report.rules import keep, rules_of
from tests.support.factories import CampaignFactory
from tests.support.rollups import NOW, event, log

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
Send = Callable[..., Any]


@pytest.fixture(autouse=True)
def _at_that_time() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def tell(send: Send, campaign: Campaign) -> Send:
    """Send so many events of a type, and fold them."""

    def tell_events(*counted: tuple[int, str, dict[str, Any]], age: float = 5, **also: Any) -> None:
        told = [
            event(age * MINUTE, type=kind, profile=f"p-{n}", **(also | fields))
            for count, kind, fields in counted
            for n in range(count)
        ]
        assert not send(*told, now=NOW).rejected

    return tell_events


def run(age: float) -> str:
    return (NOW - age * MINUTE).replace(second=0, microsecond=0).isoformat()


def head(campaign: Campaign, now: datetime = NOW) -> Head:
    return report_head(campaign, now)


def verdicts(campaign: Campaign, now: datetime = NOW) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = head(campaign, now).as_json()["verdicts"]
    return found


def levels(campaign: Campaign, now: datetime = NOW) -> dict[str, str]:
    said = head(campaign, now).as_json()
    return {"": said["level"]} | {tab["slug"]: tab["level"] for tab in said["tabs"]}


# -- The disaster ----------------------------------------------------------------------------------


@pytest.fixture
def disaster(tell: Send) -> None:
    """A quarter fails, a third of the rest comes back, and who gets it complains."""
    began = run(9)
    tell((500, "targeted", {}), age=8, execution=began)
    tell((125, "error", {"reason": "4.4.2"}), (375, "sent", {}), age=6, execution=began)
    reason = {"category": "hard", "reason": "5.7.26", "domain": "gmail.com"}
    tell((125, "bounced", reason), (230, "delivered", {}), age=5, execution=began)
    tell((57, "complained", {}), age=4, execution=began)


@pytest.mark.usefixtures("disaster")
def test_a_catastrophe_is_told(campaign: Campaign) -> None:
    found = {verdict["metric"]: verdict for verdict in verdicts(campaign)}
    assert found.keys() == {"complaint_rate", "hard_bounce_rate", "bounce_rate", "error_rate"}
    assert found["error_rate"]["level"] == "warning"
    assert found["hard_bounce_rate"] | {"text": "", "next_step": ""} == {
        "level": "critical",
        "channel": "email",
        "metric": "hard_bounce_rate",
        "value": 0.333333,
        "threshold": 0.1,
        "usual": None,
        "since": "2026-03-14T15:04:00Z",
        "sample": 375,
        "parts": [
            {"dimension": "reason", "value": "5.7.26", "share": 1.0},
            {"dimension": "domain", "value": "gmail.com", "share": 1.0},
        ],
        "execution": "2026-03-14T15:00:00Z",
        "lately": None,
        "actor": "configuration",
        "retryable": False,
        "next_step": "",
        "text": "",
    }
    assert verdicts(campaign)[0]["metric"] == "complaint_rate"  # 82 times its limit
    assert verdicts(campaign)[0]["actor"] == "consent"
    assert levels(campaign) == {"": "critical", "campaign": "critical", "email": "critical"}


@pytest.mark.usefixtures("disaster")
def test_its_text_says_all_of_it_in_both_languages(campaign: Campaign) -> None:
    (text,) = [v["text"] for v in verdicts(campaign) if v["metric"] == "hard_bounce_rate"]
    assert text.startswith("Email: hard bounce rate 33.3%, limit 10.0%, since 15:04 UTC.")
    assert "100.0% of it: Sender is not authenticated (5.7.26). 100.0% of it: gmail.com." in text
    assert "Who acts: whoever sets up the sending. Mend SPF, DKIM and DMARC" in text
    with translation.override("fr"):
        (text,) = [v["text"] for v in verdicts(campaign) if v["metric"] == "hard_bounce_rate"]
    assert "taux de rebonds définitifs 33,3" in text
    assert "Qui agit" in text


def test_a_domain_is_named_only_where_it_has_more_than_its_share(
    tell: Send, campaign: Campaign
) -> None:
    for domain in ("gmail.com", "orange.fr"):
        tell((200, "sent", {"domain": domain}), (50, "bounced", {"domain": domain}))
    (found,) = verdicts(campaign)
    assert (found["metric"], found["parts"]) == ("bounce_rate", [])
    assert found["actor"] == "recipient_data"  # nobody said why: it is what the rule says
    tell((150, "bounced", {"domain": "orange.fr", "reason": "5.2.2"}))
    (found,) = verdicts(campaign)
    assert [part["value"] for part in found["parts"]] == ["5.2.2", "orange.fr"]
    assert found["retryable"] is True


def test_nothing_sent_and_everything_failed_is_the_worst(tell: Send, campaign: Campaign) -> None:
    tell((300, "targeted", {}), (300, "error", {"reason": "Throttling"}))
    tell((1_000, "delivered", {}), (500, "complained", {}), channel="email", age=7)
    first, *_others = verdicts(campaign)
    assert (first["metric"], first["level"], first["value"]) == ("error_rate", "critical", 1.0)
    assert "Nothing goes out." in first["text"]
    assert (first["actor"], first["retryable"]) == ("capacity", True)


# -- Calm, and what is not known ------------------------------------------------------------------


def test_a_quiet_day_has_none(tell: Send, campaign: Campaign) -> None:
    tell((400, "sent", {}), (396, "delivered", {}), (4, "bounced", {"category": "hard"}))
    tell((120, "sent", {}), (3, "error", {}), channel="push")
    assert head(campaign).as_json()["verdicts"] == []
    assert set(levels(campaign).values()) == {"ok"}


def test_what_is_undefined_is_not_calm(tell: Send, campaign: Campaign) -> None:
    tell((40, "bounced", {"category": "hard"}), (10, "sent", {}))
    assert levels(campaign)["email"] == "unknown"
    assert head(campaign).as_json()["doubts"] == [
        "Email: cannot be judged (hard bounce rate, bounce rate): too little is known."
    ]


def test_a_channel_of_which_nothing_is_heard_is_not_calm(campaign: Campaign) -> None:
    campaign.channels.create(channel="email", declared=True)
    assert levels(campaign)["email"] == "unknown"


def test_a_report_that_lags_knows_of_no_calm(tell: Send, campaign: Campaign, source: Any) -> None:
    tell((100, "sent", {}), (100, "delivered", {}))
    calm = tab_head(campaign, "email", NOW)
    log(source, event(), now=NOW)
    later = NOW + timedelta(seconds=11)
    assert levels(campaign, later) == {"": "unknown", "campaign": "unknown", "email": "unknown"}
    late = tab_head(campaign, "email", later)
    assert late.version == f"{calm.version}-late"
    tell((100, "error", {}))
    assert set(levels(campaign, later).values()) == {"warning"}  # that outranks it


def test_a_run_that_falls_silent_where_others_did_not(tell: Send, campaign: Campaign) -> None:
    earlier, now = run(400), run(60)
    tell((100, "sent", {}), age=400, execution=earlier)
    tell((60, "opened", {}), age=350, execution=earlier)  # 50 minutes on
    tell((100, "sent", {}), (50, "delivered", {}), age=58, execution=now)
    assert levels(campaign)["email"] == "unknown"
    assert "silent for 15 minutes" in head(campaign).as_json()["doubts"][0]
    tell((1, "opened", {}), age=3, execution=now)
    assert levels(campaign)["email"] == "ok"


def test_a_first_run_may_fall_silent(tell: Send, campaign: Campaign) -> None:
    tell((100, "sent", {}), (50, "delivered", {}), age=58, execution=run(60))
    assert levels(campaign)["email"] == "ok"


# -- Which run, and since when --------------------------------------------------------------------


def test_the_latest_run_is_judged(tell: Send, campaign: Campaign) -> None:
    tell((100, "sent", {}), (90, "error", {}), age=300, execution=run(301))
    assert levels(campaign)["email"] == "warning"
    tell((200, "sent", {}), age=10, execution=run(11))
    assert levels(campaign)["email"] == "ok"
    tell((200, "error", {}), age=9, execution=run(11))
    (found,) = verdicts(campaign)
    assert (found["value"], found["execution"]) == (0.5, "2026-03-14T14:58:00Z")
    assert found["since"] == "2026-03-14T15:00:00Z"


def test_a_run_that_stands_out_among_others_is_a_part(tell: Send, campaign: Campaign) -> None:
    tell((900, "sent", {}), (9, "error", {}), age=300, execution=run(301))
    tell((100, "sent", {}), (90, "error", {}), age=10, execution=run(11))
    (found,) = verdicts(campaign)
    assert found["parts"] == [
        {"dimension": "execution", "value": "2026-03-14T14:58:00Z", "share": 0.9091}
    ]


def test_a_long_run_that_begins_to_fail_is_told_at_once(tell: Send, campaign: Campaign) -> None:
    for age in (200, 150, 100, 50):
        tell((1_000, "sent", {}), age=age)
    tell((90, "error", {}), (10, "sent", {}), age=2)
    (found,) = verdicts(campaign)
    assert (found["metric"], found["level"]) == ("error_rate", "critical")
    assert found["lately"] == {"value": 0.9, "sample": 100}
    assert (found["value"], found["since"]) == (0.021951, "2026-03-14T15:07:00Z")
    assert "In the last 15 minutes it is 90.0%." in found["text"]


def test_a_low_rate_is_told_after_a_while(tell: Send, campaign: Campaign) -> None:
    tell((2_000, "impression", {}), (1, "interaction", {}), age=10, channel="web")
    assert levels(campaign)["web"] == "ok"
    with time_machine.travel(NOW + 6 * MINUTE, tick=False):
        (found,) = verdicts(campaign, NOW + 6 * MINUTE)
    assert (found["metric"], found["actor"]) == ("interaction_rate", "content")
    assert found["since"] == "2026-03-14T14:59:00Z"


# -- Rules and switches ---------------------------------------------------------------------------


def test_a_campaigns_own_limits_are_judged_by(tell: Send, campaign: Campaign) -> None:
    tell((100, "sent", {}), (90, "error", {}))
    assert levels(campaign)["email"] == "warning"
    before = head(campaign).version
    rules = {limits.rule.metric: limits for limits in rules_of(campaign)}
    keep(campaign, replace(rules["error_rate"], critical=0.3))
    assert levels(campaign)["email"] == "critical"
    assert head(campaign).version != before
    keep(campaign, replace(rules["error_rate"], enabled=False))
    assert levels(campaign)["email"] == "ok"
    CampaignRule.objects.get().delete()
    assert levels(campaign)["email"] == "warning"


def test_a_channel_that_is_switched_off_is_not_judged(tell: Send, campaign: Campaign) -> None:
    tell((100, "sent", {}), (900, "error", {}))
    ChannelPlugin.objects.complete()
    ChannelPlugin.objects.filter(slug="email").update(enabled=False)
    assert levels(campaign) == {"": "ok", "campaign": "ok"}


def test_another_packages_channel_is_judged_by_what_it_declares(
    tell: Send, campaign: Campaign
) -> None:
    class Pigeon(type(get_channel("sms"))):  # type: ignore[misc]
        slug = "pigeon"
        label = "Pigeon"
        metrics = (
            Count(key="sent", label="Sent", definition="Sent.", events=("sent",)),
            Count(key="lost", label="Lost", definition="Lost.", events=("bounced",)),
            Rate(
                key="loss", label="Loss", definition="Lost.", numerator="lost", denominator="sent"
            ),
        )
        widgets = ()
        webhooks = ()
        rules = (
            Rule(
                metric="loss",
                warn=0.5,
                critical=0.9,
                cause=get_channel("sms").rules[0].cause,
            ),
        )

    with registered(Pigeon):
        tell((100, "sent", {}), (70, "bounced", {"reason": "30007"}), channel="pigeon")
        (found,) = verdicts(campaign)
    assert (found["channel"], found["metric"], found["actor"]) == ("pigeon", "loss", "content")


# -- What it costs, and the overview --------------------------------------------------------------


def statements(call: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        call()
    return len(captured)


@pytest.mark.usefixtures("disaster")
def test_the_same_version_is_judged_once(campaign: Campaign) -> None:
    assert statements(lambda: head(campaign)) > 1
    assert statements(lambda: head(campaign)) == 1
    assert statements(lambda: tab_head(campaign, "email", NOW)) == 1
    now = NOW + timedelta(seconds=20)
    assert statements(lambda: tab_head(campaign, "email", now)) == 1


def test_a_calm_campaign_costs_four_statements_more(tell: Send, campaign: Campaign) -> None:
    tell((100, "sent", {}), (100, "delivered", {}))
    tell((100, "impression", {}), channel="web")
    extra = ("BEGIN",)
    with CaptureQueriesContext(connection) as captured:
        head(campaign)
    asked = [one["sql"] for one in captured if not one["sql"].startswith(extra)]
    assert 1 < len(asked) <= 1 + 4  # of those that Django sends, not the driver itself


def test_the_overview_has_the_worst_of_each_campaign(
    tell: Send, send: Send, campaign: Campaign
) -> None:
    tell((100, "sent", {}), (900, "error", {}))
    CampaignFactory(slug="winter")
    send(*(event(campaign="winter") for _ in range(5)), now=NOW)
    rows, _next = page_after(overview(Campaign.objects.all(), NOW), "")
    found = {row["slug"]: row for row in rows}
    assert (found["summer"]["level"], found["summer"]["verdict"]["metric"]) == (
        "critical",
        "error_rate",
    )
    assert found["summer"]["verdict"] == verdicts(campaign)[0]
    assert (found["winter"]["level"], found["winter"]["verdict"]) == ("ok", None)


def test_the_head_of_every_resource_has_them(
    tell: Send, campaign: Campaign, client: Client, read_token: str
) -> None:
    tell((100, "sent", {}), (900, "error", {}))
    for path in ("", "campaign/", "email/", "email/error_reasons/"):
        url = f"/api/v1/campaigns/summer/report/{path}"
        answer = client.get(url, headers={"authorization": f"Bearer {read_token}"}).json()
        assert answer["level"] == "critical", path
        assert [verdict["metric"] for verdict in answer["verdicts"]] == ["error_rate"]
