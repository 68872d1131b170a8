"""Who has to act on a reason, and what to do: told of every reason that has a name."""

import pytest
from django.utils import translation

from liveReport.channels import (
    ACTORS,
    Actor,
    Cause,
    Channel,
    Dimension,
    EventType,
    all_channels,
    get_channel,
)
from liveReport.channels.checks import check_channel

EXPLAINED = [
    pytest.param(dimension, id=f"{channel.slug}.{dimension.key}")
    for channel in all_channels()
    for dimension in channel.dimensions
    if dimension.causes
]


def cause(channel: str, reason: str) -> Cause | None:
    return get_channel(channel).dimension_by_key["reason"].cause_of(reason)


def actor(channel: str, reason: str) -> str | None:
    found = cause(channel, reason)
    return found.actor if found else None


def test_every_reason_of_every_channel_is_explained() -> None:
    unexplained = {
        channel.slug
        for channel in all_channels()
        for event in channel.events
        if "reason" in event.dimensions and not channel.dimension_by_key["reason"].causes
    }
    assert unexplained == set()


@pytest.mark.parametrize("dimension", EXPLAINED)
def test_every_named_reason_has_a_cause(dimension: Dimension) -> None:
    assert [value for value in dimension.labels if dimension.cause_of(value) is None] == []


@pytest.mark.parametrize("dimension", EXPLAINED)
def test_every_next_step_is_there_in_both_languages(dimension: Dimension) -> None:
    for found in {id(one): one for one in dimension.causes.values()}.values():
        with translation.override("en"):
            english = str(found.next_step)
        with translation.override("fr"):
            assert str(found.next_step) != english, f"not in French: {english}"


def test_every_actor_has_a_name() -> None:
    assert set(ACTORS) == set(Actor)
    assert {str(one) for one in Actor} == {
        *("recipient_data", "consent", "content", "configuration", "provider", "capacity", "us")
    }


@pytest.mark.parametrize(
    ("channel", "reason", "acts", "retryable"),
    [
        ("email", "5.1.1", "recipient_data", False),
        ("email", "5.1.8", "configuration", False),
        ("email", "5.2.2", "recipient_data", True),  # a full mailbox, whatever its first digit
        ("email", "5.3.4", "content", False),
        ("email", "4.3.2", "provider", True),
        ("email", "5.4.4", "recipient_data", False),
        ("email", "5.4.6", "provider", True),
        ("email", "5.5.3", "us", False),
        ("email", "5.7.1", "us", False),
        ("email", "5.7.999", "us", False),
        ("email", "5.7.26", "configuration", False),
        ("email", "4.7.32", "configuration", False),
        ("email", "EmailNoConsent", "consent", False),
        ("email", "Throttling", "capacity", True),
        ("sms", "30003", "recipient_data", True),
        ("sms", "30007", "content", False),
        ("sms", "21610", "consent", False),
        ("sms", "infobip:34", "provider", True),
        ("push", "UNREGISTERED", "recipient_data", False),
        ("push", "INVALID_ARGUMENT", "content", False),
        ("push", "BadDeviceToken", "configuration", False),
        ("push", "QUOTA_EXCEEDED", "capacity", True),
        ("directmail", "FileRejected", "content", False),
        ("inapp", "RuntimeDispatchError", "us", True),
    ],
)
def test_what_is_known_of_codes(channel: str, reason: str, acts: str, retryable: bool) -> None:
    found = cause(channel, reason)
    assert found is not None
    assert (found.actor, found.retryable) == (acts, retryable)


def test_what_nobody_knows_has_no_cause() -> None:
    assert actor("email", "weather") is None
    assert actor("email", "550") is None  # it may mean anything
    assert actor("sms", "vonage:4711") is None


def test_the_longest_beginning_counts() -> None:
    causes = {
        "a*": Cause(Actor.US, "Wait."),
        "ab*": Cause(Actor.CONTENT, "Write."),
        "abc": Cause(Actor.CONSENT, "Ask."),
    }
    dimension = Dimension(key="why", label="Why", causes=causes)
    found = [dimension.cause_of(value) for value in ("ax", "abx", "abc", "b")]
    assert [one and one.actor for one in found] == ["us", "content", "consent", None]


@pytest.mark.parametrize(
    ("causes", "mistake"),
    [
        ({"wind": "us"}, "'us' of 'wind' is no Cause"),
        ({"wind": Cause("nobody", "Wait.")}, "'wind' has no actor or next step"),  # type: ignore[arg-type]
        ({"wind": Cause(Actor.US, "")}, "'wind' has no actor or next step"),
    ],
)
def test_checks_name_what_is_no_cause(causes: dict[str, Cause], mistake: str) -> None:
    class Pigeon(Channel):
        slug = "pigeon"
        label = "Pigeon"
        dimensions = (Dimension(key="why", label="Why", causes=causes),)
        events = (EventType(key="lost", label="Lost", dimensions=("why",)),)

    (error,) = check_channel(Pigeon())
    assert mistake in error.msg
