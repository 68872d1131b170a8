"""Balloons with a card: they rise, drift, land or burst, and somebody may write back."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from liveReport.channels import (
    COMMON_EXCLUSION_CAUSES,
    COMMON_EXCLUSIONS,
    EXECUTION,
    Actor,
    Cause,
    Channel,
    Count,
    Dimension,
    Event,
    EventType,
    Gauge,
    Ignored,
    Kpi,
    Parts,
    Profiles,
    Rate,
    Rule,
    Secret,
    SetUp,
    Table,
    TimeSeries,
    Webhook,
    moment_of,
    register,
)

WEATHER = Cause(Actor.PROVIDER, _("Wait for a calm day."), retryable=True)


class Meadow(Webhook):
    """Where balloons come down: somebody writes of those that were found."""

    provider = "meadow"
    label = "Meadow"
    secret = Secret.BEARER
    set_up = SetUp("At the gate", "Everything", "On the card")

    def events(self, item: Any) -> list[Event | Ignored]:
        return [Event("landed", moment_of(item["at"]), item["card"], keys=item)]


@register
class Balloon(Channel):
    """Every kind of declaration, each with every option."""

    slug = "balloon"
    label = _("Balloon")
    description = _("Cards that travel by balloon.")
    position = 70
    webhooks = [Meadow()]

    dimensions = [
        Dimension(
            key="colour",
            label=_("Colour"),
            choices={"red": _("Red balloon"), "blue": _("Blue balloon")},
        ),
        Dimension(
            key="reason",
            label=_("Why"),
            labels={"wind": _("Too much wind")},
            causes={"w*": WEATHER},
        ),
        Dimension(
            key="excuse",
            label=_("Excuse"),
            labels=COMMON_EXCLUSIONS,
            causes=COMMON_EXCLUSION_CAUSES,
        ),
        Dimension(key="site", label=_("Site"), domain_names=True),
        Dimension(key="writing", label=_("Writing"), choices={"pen": _("Pen"), "stamp": ""}),
        Dimension(
            key="verdict",
            label=_("Written by"),
            choices={"human": _("A hand"), "machine": _("A press")},
            derived_from="writing",
            rules={"pen": "human", "stamp": "machine"},
        ),
    ]
    events = [
        EventType(key="meant", label=_("Meant"), dimensions=["colour"]),
        EventType(key="withheld", label=_("Withheld"), dimensions=["excuse", "colour"]),
        EventType(key="risen", label=_("Risen"), dimensions=["colour", "site"]),
        EventType(key="drifting", label=_("Drifting")),
        EventType(key="landed", label=_("Landed"), dimensions=["colour"]),
        EventType(key="burst", label=_("Burst"), dimensions=["reason", "colour"]),
        EventType(key="answered", label=_("Answered"), dimensions=["writing", "verdict"]),
    ]
    metrics = [
        Count(key="risen", label=_("Risen"), definition=_("Balloons let go."), events=["risen"]),
        Count(
            key="landed",
            label=_("Landed"),
            definition=_("Balloons that came down whole."),
            events=["landed"],
            rate="landing_rate",
        ),
        Count(
            key="ended",
            label=_("Ended"),
            definition=_("Balloons that came down, whole or not."),
            events=["landed", "burst"],
        ),
        Count(
            key="burst",
            label=_("Burst"),
            definition=_("Balloons lost."),
            tone="red",
            rate="burst_rate",
            events=["burst"],
        ),
        Count(
            key="red_ended",
            label=_("Red ended"),
            definition=_("Red balloons that came down, whole or not."),
            events=["landed", "burst"],
            where={"colour": "red"},
            rate="red_share",
        ),
        Count(
            key="answers",
            label=_("Answers"),
            definition=_("Cards that somebody sent back."),
            events=["answered"],
            rate="answer_rate",
        ),
        Profiles(
            key="writers",
            label=_("Writers"),
            definition=_("Distinct people who sent a card back."),
            events=["answered"],
        ),
        Profiles(
            key="people",
            label=_("People reached"),
            definition=_("Distinct people at whose door a balloon landed."),
            tone="violet",
            events=["landed"],
            rate="reach",
        ),
        Profiles(
            key="withheld",
            label=_("Withheld"),
            definition=_("Distinct people who were sent no balloon."),
            events=["withheld"],
        ),
        Profiles(
            key="meant",
            label=_("Meant"),
            definition=_("Distinct people for whom a balloon was filled."),
            events=["meant"],
        ),
        Gauge(
            key="aloft",
            label=_("Aloft"),
            definition=_("Balloons that drift now."),
            tone="sky",
            rate="aloft_rate",
            latest_of=["risen", "drifting", "landed", "burst"],
            state="drifting",
        ),
        Rate(
            key="landing_rate",
            label=_("Landing rate"),
            definition=_("Landed out of risen."),
            tone="teal",
            numerator="landed",
            denominator="risen",
        ),
        Rate(
            key="red_share",
            label=_("Share of red"),
            definition=_("Red balloons out of those that ended."),
            numerator="red_ended",
            denominator="ended",
        ),
        Rate(
            key="aloft_rate",
            label=_("Share aloft"),
            definition=_("Balloons that drift out of those risen."),
            numerator="aloft",
            denominator="risen",
        ),
        Rate(
            key="reach",
            label=_("Reach"),
            definition=_("People reached out of those meant."),
            numerator="people",
            denominator="meant",
        ),
        Rate(
            key="burst_rate",
            label=_("Burst rate"),
            definition=_("Burst, out of all that came down or burst."),
            numerator="burst",
            denominator=["landed", "burst"],
            bad=True,
        ),
        Rate(
            key="answer_rate",
            label=_("Answer rate"),
            definition=_("Answers, relative to landed."),
            numerator="answers",
            denominator="landed",
            can_exceed=True,
        ),
    ]
    widgets = [
        Kpi(
            key="glance",
            title=_("Balloons at a glance"),
            help=_("How the flight goes."),
            metrics=["landed", "people", "aloft", "red_ended"],
            whole=["landed", "aloft"],
            size=(8, 4),
        ),
        TimeSeries(
            key="course",
            title=_("Balloons over the day"),
            help=_("When they rise and end."),
            metrics=["risen", "ended", "people", "landing_rate", "red_ended"],
        ),
        TimeSeries(
            key="post",
            title=_("Answers over the day"),
            help=_("Shown with the first answer, too."),
            metrics=["answers", "writers"],
            whole=["answers"],
            only_with_data=True,
            size=(12, 6),
        ),
        Table(
            key="flights",
            title=_("Flights"),
            help=_("A line for each flight."),
            metrics=["risen", "people", "aloft", "landing_rate", "red_share"],
            by=EXECUTION,
        ),
        Table(
            key="colours",
            title=_("Balloons by colour"),
            help=_("Which colour flies best."),
            metrics=["landed", "people", "landing_rate"],
            by="colour",
            limit=1,
            size=(6, 6),
        ),
        Table(
            key="summary",
            title=_("Balloons in one line"),
            help=_("All numbers side by side."),
            metrics=["meant", "withheld", "risen"],
            whole=["risen"],
            only_with_data=True,
        ),
        Parts(
            key="outcome",
            title=_("How flights end"),
            help=_("Whole or burst."),
            metrics=["landed", "burst", "aloft"],
            whole=["landed", "burst", "aloft"],
        ),
        Parts(
            key="reasons",
            title=_("Why balloons burst"),
            help=_("Beyond three causes, the rarest are one."),
            metrics=["burst"],
            by="reason",
            only_with_data=True,
            limit=3,
            size=(6, 6),
        ),
        Parts(
            key="excuses",
            title=_("Why people got none"),
            help=_("By the excuse that was given."),
            metrics=["withheld"],
            by="excuse",
        ),
        Kpi(
            key="answers",
            title=_("Answers to balloons"),
            help=_("Shown with the first answer."),
            metrics=["answers"],
            only_with_data=True,
            by_default=False,
            apart=True,
        ),
        TimeSeries(
            key="losses",
            title=_("Losses over the day"),
            help=_("Only for whoever adds it."),
            metrics=["burst"],
            by_default=False,
            apart=True,
        ),
        Table(
            key="answered",
            title=_("Answers in one line"),
            help=_("Only for whoever adds it."),
            metrics=["answers"],
            by_default=False,
            apart=True,
        ),
        Parts(
            key="colours_met",
            title=_("Colours that were let go"),
            help=_("Only for whoever adds it."),
            metrics=["risen"],
            by="colour",
            by_default=False,
            apart=True,
        ),
    ]
    rules = [
        Rule(
            metric="burst_rate",
            warn=0.3,
            critical=0.6,
            min_sample=20,
            at_once=True,
            cause=WEATHER,
        ),
        Rule(
            metric="answer_rate",
            warn=0.1,
            critical=0.05,
            duration=30,
            lower_is_worse=True,
            cause=WEATHER,
        ),
    ]
    audience = ["meant"]
    deliveries = ["landed"]
    errors = ["burst"]
    exclusions = ["withheld"]
    sends = ["risen"]
    deferrals = ["drifting"]
    arrivals = ["landed"]
    bounces = ["burst"]
