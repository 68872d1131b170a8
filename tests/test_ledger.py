"""The ledger balances, whatever comes in whichever order, and says what a recount says."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.engines.ledger import reading
from liveReport.models import Campaign, Source
from liveReport.report.ledger import figures
from tests.support import ledger, rollups
from tests.support.isolation import undone
from tests.support.ledger import Figures, Run, assert_balanced
from tests.support.rollups import MINUTE, NOW, RUNS, Event, event, log, microseconds
from tests.support.strategies import on_a_database

_without_waiting = rollups.without_waiting

TYPES = {
    "email": ["targeted", "excluded", "sent", "deferred", "delivered", "bounced", "error"],
    "directmail": ["targeted", "excluded", "sent", "delivered", "returned", "error"],
}
SOUND = [
    ["targeted"],
    ["targeted", "excluded"],
    ["targeted", "error"],
    ["targeted", "error", "sent"],
    ["targeted", "sent", "delivered"],
    ["targeted", "sent", "deferred"],
    ["targeted", "sent", "deferred", "deferred", "delivered"],
    ["sent", "delivered"],
]


def rows(campaign: Campaign) -> dict[Run, Figures]:
    """The figures of all runs, as the report has them."""
    names = {microseconds(run): run for run in RUNS}
    found = reading.rows(campaign.pk, 0)
    return {(row.channel, names[row.execution]): figures(row) for row in found}


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Some profiles' histories, sound ones and others, in any order."""
    channel = draw(st.sampled_from(list(TYPES)))
    kinds = [kind for kind in SOUND if set(kind) <= set(TYPES[channel])]
    some = st.one_of(st.sampled_from(kinds), st.lists(st.sampled_from(TYPES[channel]), max_size=6))
    places = st.tuples(st.integers(0, 5).map(str), st.sampled_from([None, "m1", "m2"]))
    found = [
        event(channel=channel, type=kind, profile=profile, message=message, execution=run)
        for run in draw(st.lists(st.sampled_from(RUNS), min_size=1, max_size=2))
        for (profile, message), history in draw(st.dictionaries(places, some, max_size=8)).items()
        for kind in history
    ]
    ages = draw(st.permutations(range(len(found))))
    found = [
        one | {"occurred_at": (NOW - MINUTE - age * timedelta(seconds=7)).isoformat()}
        for one, age in zip(found, ages, strict=True)
    ]
    return draw(st.permutations(found))


@given(data=st.data(), story=histories())
@on_a_database
@pytest.mark.django_db
def test_whatever_comes_in_whichever_order_the_ledger_says_what_a_recount_says(
    campaign: Campaign, source: Source, data: st.DataObject, story: list[Event]
) -> None:
    with undone():
        send(source, data, story)
        found, expected = rows(campaign), ledger.recount(story)
        assert found == expected
        for row in found.values():
            assert_balanced(row)
        assert rollup.verify(NOW) == []


def send(source: Source, data: st.DataObject, story: Sequence[Event]) -> None:
    """Have events folded, in batches and chunks of any size, some of them several times."""
    left = list(story)
    while left:
        size = data.draw(st.integers(1, len(left)))
        batch, left = left[:size], left[size:]
        again = data.draw(st.lists(st.sampled_from(story[: len(story) - len(left)]), max_size=2))
        log(source, *batch, *again)
        if data.draw(st.booleans()):
            rollup.fold_pending(NOW)
    rollup.fold_pending(NOW)


def one(campaign: Campaign, source: Source, *events: Event) -> dict[str, Any]:
    """What is not 0 in the row of the one run that events belong to."""
    log(source, *events)
    rollup.fold_pending(NOW)
    (row,) = rows(campaign).values()
    assert_balanced(row)
    return {key: value for key, value in row.items() if value != 0}


# -- What is what --------------------------------------------------------------------------------


def of(*kinds: str, profile: str = "p-1", **fields: Any) -> list[Event]:
    """A profile's events, one after the other."""
    return [
        event(MINUTE * (len(kinds) - place), type=kind, profile=profile, **fields)
        for place, kind in enumerate(kinds)
    ]


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        (of("targeted"), {"targeted": 1, "queued": 1}),
        (of("targeted", "excluded"), {"targeted": 1, "excluded": 1}),
        (of("targeted", "error"), {"targeted": 1, "errors": 1}),
        (of("targeted", "error", "sent"), {"targeted": 1, "sent": 1, "awaiting": 1}),
        (of("targeted", "sent", "deferred"), {"targeted": 1, "sent": 1, "deferred": 1}),
        (
            of("targeted", "sent", "deferred", "bounced"),
            {"targeted": 1, "sent": 1, "bounced": 1},
        ),
        (of("targeted", "delivered"), {"unaccounted": 1}),
        (of("targeted", "sent", "delivered", "bounced"), {"unaccounted": 1}),
        (of("targeted", "excluded", "sent"), {"unaccounted": 1}),
        (
            [*of("targeted"), *of("sent", profile="p-2")],
            {"targeted": 1, "queued": 1, "unaccounted": 1},
        ),
        (
            of("sent", "delivered"),
            {"targeted": None, "queued": None, "unaccounted": None, "sent": 1, "delivered": 1},
        ),
        (
            of("delivered"),
            {"targeted": None, "queued": None, "unaccounted": None},
        ),
    ],
    ids=lambda value: "-".join(e["type"] for e in value) if isinstance(value, list) else "",
)
@pytest.mark.django_db
def test_a_profile_stands_in_one_place(
    campaign: Campaign, source: Source, history: list[Event], expected: dict[str, Any]
) -> None:
    assert one(campaign, source, *history) == expected


@pytest.mark.django_db
def test_the_first_message_decides_and_the_others_are_repeats(
    campaign: Campaign, source: Source
) -> None:
    found = one(
        campaign,
        source,
        *of("targeted"),
        *[event(9 * MINUTE, type="sent", message="m1"), event(8 * MINUTE, message="m2")],
        *[event(7 * MINUTE, type="delivered", message="m2"), event(6 * MINUTE, message="m2")],
    )
    assert found == {"targeted": 1, "sent": 1, "awaiting": 1, "repeats": 1}


@pytest.mark.django_db
def test_of_a_message_without_a_name_every_further_sending_is_a_repeat(
    campaign: Campaign, source: Source
) -> None:
    found = one(campaign, source, *of("targeted", "sent", "sent", "sent", "delivered"))
    assert found == {"targeted": 1, "sent": 1, "delivered": 1, "repeats": 2}


@pytest.mark.django_db
def test_whom_a_run_targets_may_be_said_last(campaign: Campaign, source: Source) -> None:
    sent = [*of("sent", "delivered"), *of("sent", profile="p-2")]
    assert one(campaign, source, *sent)["targeted"] is None
    found = one(campaign, source, *of("targeted"))
    assert found == {"targeted": 1, "sent": 1, "delivered": 1, "unaccounted": 1}
    found = one(campaign, source, *of("targeted", profile="p-2"))
    assert found == {"targeted": 2, "sent": 2, "delivered": 1, "awaiting": 1}


@pytest.mark.django_db
def test_what_comes_too_late_for_the_report_is_in_the_ledger(
    campaign: Campaign, source: Source
) -> None:
    late = event(timedelta(hours=30), type="targeted")
    assert one(campaign, source, late, *of("sent")) == {"targeted": 1, "sent": 1, "awaiting": 1}
