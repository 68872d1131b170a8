"""A channel with one widget of each kind, for the tests of the pages."""

from liveReport.channels import (
    EXECUTION,
    Channel,
    Count,
    Dimension,
    EventType,
    Kpi,
    Parts,
    Profiles,
    Rate,
    Table,
    TimeSeries,
)


class Showcase(Channel):
    """Carrier pigeons: they fly out, arrive or get lost."""

    slug = "pigeon"
    label = "Pigeon post"

    dimensions = [Dimension(key="reason", label="Reason", labels={"hawk": "Met a hawk"})]
    events = [
        EventType(key="flown", label="Flown"),
        EventType(key="arrived", label="Arrived"),
        EventType(key="lost", label="Lost", dimensions=["reason"]),
        EventType(key="gift", label="Gift"),
    ]
    metrics = [
        Count(key="flown", label="Flown", definition="Pigeons that left.", events=["flown"]),
        Count(
            key="arrived",
            label="Arrived",
            definition="Pigeons that arrived.",
            events=["arrived"],
            rate="arrival_rate",
        ),
        Count(key="lost", label="Lost", definition="Pigeons that did not.", events=["lost"]),
        Count(key="gifts", label="Gifts", definition="Gifts carried.", events=["gift"]),
        Profiles(key="readers", label="Readers", definition="Who reads.", events=["arrived"]),
        Rate(
            key="arrival_rate",
            label="Arrival rate",
            definition="Arrived of flown.",
            numerator="arrived",
            denominator="flown",
        ),
    ]
    widgets = [
        Kpi(key="tiles", title="Flights", help="At a glance.", metrics=["flown", "arrived"]),
        Parts(key="outcome", title="Outcome", help="What became.", metrics=["arrived", "lost"]),
        Table(
            key="runs",
            title="Runs",
            help="A row a run.",
            metrics=["flown", "arrived", "readers"],
            by=EXECUTION,
        ),
        TimeSeries(key="course", title="Course", help="Over time.", metrics=["flown", "lost"]),
        Parts(key="reasons", title="Reasons", help="Why.", metrics=["lost"], by="reason"),
        Kpi(
            key="gifts",
            title="Gifts",
            help="Only when there are.",
            metrics=["gifts"],
            only_with_data=True,
        ),
    ]
    audience = ["flown"]
    deliveries = ["arrived"]
    errors = ["lost"]
