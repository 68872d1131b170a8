"""What every channel promises, what checks refuse, and the fixed tables of the contract."""

from typing import Any

import pytest

from liveReport.channels import (
    EXECUTION,
    AlreadyRegistered,
    Channel,
    Count,
    Dimension,
    EventType,
    Gauge,
    Kpi,
    Metric,
    Parts,
    Profiles,
    Rate,
    Table,
    TimeSeries,
    Widget,
    all_channels,
    find_channel,
    get_channel,
    registered,
)
from liveReport.channels.checks import check_channel

EVENTS = {
    "email": {
        "targeted": [], "excluded": ["reason"], "sent": ["domain"],
        "deferred": ["reason", "domain"], "delivered": ["domain"],
        "bounced": ["category", "reason", "domain"], "error": ["reason"],
        "opened": ["domain", "signal", "verdict"], "clicked": ["domain", "signal", "verdict"],
        "unsubscribed": [], "complained": [], "offer_sent": ["offer"],
        "offer_displayed": ["offer"], "offer_clicked": ["offer"],
    },
    "push": {
        "targeted": ["platform"], "excluded": ["reason", "platform"], "sent": ["platform"],
        "delivered": ["platform"], "bounced": ["reason", "platform"],
        "error": ["reason", "platform"], "opened": ["platform"],
        "action": ["interaction", "platform"],
    },
    "sms": {
        "targeted": [], "excluded": ["reason"], "sent": [], "delivered": [],
        "bounced": ["reason"], "error": ["reason"], "clicked": [],
    },
    "inapp": {"excluded": ["reason"], "impression": [], "interaction": ["interaction"]},
    "web": {
        "excluded": ["reason"],
        "impression": ["element", "identity"],
        "interaction": ["element", "identity"],
    },
    "directmail": {
        "targeted": [], "excluded": ["reason"], "sent": [], "error": ["reason"],
        "delivered": [], "returned": ["reason"],
    },
}  # fmt: skip

WIDGETS = {
    "email.sending_performance": ("parts", "", "delivered bounces retries errors"),
    "email.statistics": (
        "table", EXECUTION,
        "targeted excluded sent delivered bounces errors opens clicks unsubscribes "
        "spam_complaints retries",
    ),
    "email.bounce_categories": ("parts", "category", "bounces"),
    "email.bounce_reasons": ("parts", "reason", "bounces"),
    "email.performance_by_date": (
        "series", "", "sent delivered bounces errors opens clicks unsubscribes spam_complaints"
    ),
    "email.error_reasons": ("parts", "reason", "errors"),
    "email.exclusion_reasons": ("parts", "reason", "excluded"),
    "email.recipient_domains": ("parts", "domain", "opens sent delivered clicks bounces"),
    "email.verdicts": ("parts", "verdict", "opens clicks"),
    "email.offer_statistics": ("kpi", "", "offer_sent offer_impressions offer_clicks"),
    "email.offer_statistics_over_time": (
        "series", "", "offer_sent offer_impressions offer_clicks"
    ),
    "inapp.performance": ("kpi", "", "impressions interactions"),
    "inapp.summary": ("series", "", "impressions interactions"),
    "inapp.interactions_by_type": ("parts", "interaction", "interactions"),
    "push.sending_performance": ("parts", "", "delivered bounces errors"),
    "push.statistics": (
        "table", EXECUTION, "targeted excluded sent delivered bounces errors opens"
    ),
    "push.sending_summary": ("series", "", "opens actions bounces delivered errors"),
    "push.exclusion_reasons": ("parts", "reason", "excluded"),
    "push.error_reasons": ("parts", "reason", "errors"),
    "push.platform_breakdown": (
        "parts", "platform", "targeted delivered opens actions bounces errors excluded"
    ),
    "sms.statistics": ("table", EXECUTION, "targeted excluded sent bounces errors clicks"),
    "sms.performance_by_date": ("series", "", "sent bounces errors"),
    "sms.error_reasons": ("parts", "reason", "errors"),
    "sms.exclusion_reasons": ("parts", "reason", "excluded"),
    "sms.bounce_reasons": ("parts", "reason", "bounces"),
    # Only where pages count that know nobody: what unique impressions are worth then.
    "web.anonymous": ("kpi", "", "anonymous_impressions"),
    "web.performance": ("kpi", "", "impressions interactions"),
    "web.summary": ("series", "", "impressions unique_impressions interactions"),
    "web.interactions_by_element": (
        "table", "element", "interactions impressions unique_impressions"
    ),
    "directmail.sending_statistics": ("table", "", "targeted sent errors excluded"),
    "directmail.error_reasons": ("parts", "reason", "errors"),
    "directmail.exclusion_reasons": ("parts", "reason", "excluded"),
}  # fmt: skip

channels = pytest.mark.parametrize("slug", sorted(EVENTS))


def sound(**changes: Any) -> Channel:
    """A sound channel that has one of everything, changed as a test likes."""
    declared = {
        "slug": "pigeon",
        "label": "Pigeon",
        "dimensions": [Dimension(key="loft", label="Loft")],
        "events": [
            EventType(key="sent", label="Sent", dimensions=["loft"]),
            EventType(key="lost", label="Lost"),
        ],
        "metrics": [
            Count(key="sends", label="Sends", definition="d", events=["sent"]),
            Profiles(key="people", label="People", definition="d", events=["sent"]),
            Count(key="losses", label="Losses", definition="d", rate="loss", events=["lost"]),
            Gauge(key="away", label="Away", definition="d", latest_of=["sent"], state="sent"),
            Rate(key="loss", label="L", definition="d", numerator="losses", denominator="sends"),
            Rate(key="aloft", label="A", definition="d", numerator="away", denominator="sends"),
        ],
        "widgets": [
            Kpi(key="k", title="K", help="h", metrics=["sends", "away", "loss"]),
            TimeSeries(key="s", title="S", help="h", metrics=["sends", "people"]),
            Table(key="t", title="T", help="h", metrics=["sends", "away"], by=EXECUTION),
            Parts(key="p", title="P", help="h", metrics=["people"], by="loft"),
        ],
        "audience": ["sent"],
    }
    return type("Pigeon", (Channel,), declared | changes)()


def mistakes(**changes: Any) -> str:
    return "\n".join(error.msg for error in check_channel(sound(**changes)))


def test_a_sound_channel_has_no_mistakes() -> None:
    assert mistakes() == ""


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"slug": "Pigeon post"}, "slug 'Pigeon post'"),
        ({"slug": "campaign"}, "belongs to the Campaign tab"),
        ({"label": ""}, "label is empty"),
        ({"dimensions": [Dimension(key="profile", label="P")]}, "'profile' is a field"),
        ({"events": [EventType(key="a", label="A", dimensions=["x"])]}, "undeclared dimension 'x'"),
        ({"audience": ["nobody"]}, "audience names an unknown event type 'nobody'"),
        (
            {"metrics": [Count(key="m", label="M", definition="d", events=["snet"])]},
            "metric 'm' names an unknown event type 'snet'",
        ),
        (
            {"metrics": [Count(key="m", label="M", definition="", events=["sent"])]},
            "metric 'm' has no definition",
        ),
        (
            {"widgets": [Kpi(key="w", title="W", help="h", metrics=["sendz"])]},
            "widget 'w' names an unknown metric 'sendz'",
        ),
        (
            {"widgets": [Parts(key="w", title="W", help="h", metrics=["sends"], by="x")]},
            "by an undeclared dimension 'x'",
        ),
        (
            {"widgets": [Parts(key="w", title="W", help="h", metrics=["losses"], by="loft")]},
            "'lost' does not carry 'loft'",
        ),
        (
            {"widgets": [TimeSeries(key="w", title="W", help="h", metrics=["away"])]},
            "gauge 'away' has no history",
        ),
        (
            {"widgets": [Kpi(key="w", title="W", help="h", metrics=["sends"], size=(13, 4))]},
            "size (13, 4)",
        ),
        ({"widgets": [Kpi(key="w", title="W", help="", metrics=["sends"])]}, "no help"),
        ({"widgets": [TimeSeries(key="w", title="W", help="h", metrics=["aloft"])]}, "no history"),
        (
            {"widgets": [Table(key="w", title="W", help="h", metrics=["loss"], by="loft")]},
            "'lost' does not carry 'loft'",
        ),
        ({"widgets": [Kpi(key="two words", title="W", help="h", metrics=["sends"])]}, "two words"),
        ({"widgets": [Kpi(key="w", title="W", help="h", metrics=["sends"] * 2)]}, "metric twice"),
        (
            {"widgets": [Kpi(key="w", title="W", help="h", metrics=["sends"], by="loft")]},
            "a kpi has no rows by 'loft'",
        ),
        ({"dimensions": [Dimension(key="lo ft", label="Loft")]}, "dimensions has 'lo ft'"),
        ({"dimensions": [Dimension(key="l" * 51, label="Loft")]}, "at most 50"),
        ({"dimensions": [Dimension(key="loft", label="")]}, "dimensions 'loft' has no label"),
        (
            {"dimensions": [Dimension(key="loft", label="L", choices={"__none__": "None"})]},
            "no event can carry the choice '__none__'",
        ),
        ({"events": []}, "events is empty"),
        ({"events": [EventType(key="sent", label="")]}, "events 'sent' has no label"),
        (
            {"metrics": [Count(key="time", label="T", definition="d", events=["sent"])]},
            "metric 'time' has the name of another column",
        ),
        (
            {"metrics": [Count(key="loft", label="T", definition="d", events=["sent"])]},
            "metric 'loft' has the name of another column",
        ),
        (
            {"metrics": [Count(key="m", label="M", definition="d", events=[])]},
            "metric 'm' is of no event type",
        ),
        # What is of a wrong type
        ({"slug": None}, "slug is missing or no text"),
        ({"label": 7}, "label is missing or no text"),
        ({"position": "first"}, "position 'first' is no whole number"),
        ({"events": "sent"}, "events is no list"),
        ({"errors": [7]}, "errors has 7, which is no str"),
        ({"metrics": [Metric(key="m", label="M", definition="d")]}, "which is no Count or"),
        ({"widgets": [Widget(key="w", title="W", help="h", metrics=[])]}, "which is no Kpi or"),
        (
            {"metrics": [Count(key="m", label="M", definition="d", events="sent")]},
            "metrics 'm': events is no list of keys",
        ),
        (
            {"widgets": [Kpi(key="w", title="W", help="h", metrics=["sends"], size=(12,))]},  # type: ignore[arg-type]
            "size (12,) is not (columns, rows)",
        ),
        (
            {"widgets": [Kpi(key="w", title="W", help="h", metrics=["sends"], limit=0)]},
            "limit 0 is no whole number from 1 on",
        ),
    ],
)
def test_checks_name_the_mistake(changes: dict[str, Any], message: str) -> None:
    assert message in mistakes(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sends": ["nobody"]}, "sends names an unknown event type 'nobody'"),
        ({"exclusions": "lost"}, "exclusions is no list"),
        ({"bounces": ["lost"]}, "bounces needs sends"),
        (
            {"sends": ["sent"], "arrivals": ["lost"], "bounces": ["lost"]},
            "bounces names 'lost', which arrivals does, too",
        ),
    ],
)
def test_checks_name_what_no_ledger_could_balance(changes: dict[str, Any], message: str) -> None:
    assert mistakes(sends=changes.pop("sends", ()), **changes).count(message) == 1
    assert mistakes(sends=["sent"], bounces=["lost"]) == ""


def test_one_mistake_does_not_hide_the_next() -> None:
    found = mistakes(label="", audience=["nobody"])
    assert "label is empty" in found
    assert "nobody" in found


def test_a_channel_without_anything_is_told_so() -> None:
    found = "\n".join(error.msg for error in check_channel(type("Empty", (Channel,), {})()))
    assert "slug is missing" in found
    assert "label is missing" in found


def test_a_slug_belongs_to_one_channel() -> None:
    taken = type("Other", (Channel,), {"slug": "email"})
    with pytest.raises(AlreadyRegistered, match="email"), registered(taken):
        pytest.fail("the slug was given twice")


def test_a_channel_is_registered_for_the_length_of_a_block() -> None:
    with registered(type(sound())):
        assert find_channel("pigeon") is not None
    assert find_channel("pigeon") is None


@channels
def test_event_types_are_those_of_the_contract(slug: str) -> None:
    declared = {event.key: list(event.dimensions) for event in get_channel(slug).events}
    assert declared == EVENTS[slug]


def test_widgets_are_those_of_the_specification() -> None:
    declared = {
        f"{channel.slug}.{widget.key}": (widget.kind, widget.by, " ".join(widget.metrics))
        for channel in all_channels()
        for widget in channel.widgets
        if widget.by_default
    }
    assert declared == WIDGETS
