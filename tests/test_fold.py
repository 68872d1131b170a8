"""The fold adds up the same whatever the order and the batches of its events."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from liveReport.channels import all_channels
from liveReport.counts.cells import Cells
from liveReport.counts.states import Span
from liveReport.events.batch import Events, LogEvent, Shape
from liveReport.events.hashes import NO_MESSAGE, message_keys
from liveReport.rollup.fold import Folded, fold

shapes = st.builds(
    Shape,
    campaign=st.sampled_from(["summer", "winter"]),
    channel=st.sampled_from(["email", "web", "no such channel"]),
    type=st.sampled_from(["sent", "deferred", "delivered", "excluded"]),
    execution=st.sampled_from([0, 1]),
    dimensions=st.dictionaries(st.sampled_from(["reason", "domain"]), st.sampled_from("ab")).map(
        lambda values: tuple(sorted(values.items()))
    ),
)


def with_message(name: str, one: LogEvent) -> LogEvent:
    """The event with a message of its campaign and channel."""
    scope = one.shape.campaign, one.shape.channel
    return one._replace(message=int(message_keys([scope], np.zeros(1, np.int64), [name])[0]))


plain_events = st.builds(
    LogEvent,
    id=st.just(0),
    shape=shapes,
    at=st.one_of(st.integers(0, 200_000_000), st.sampled_from([59_999_999, 60_000_000])),
    profile=st.integers(-3, 3),
    message=st.just(NO_MESSAGE),
)
log_events = st.builds(with_message, st.sampled_from(["", "m1", "m2"]), plain_events)


def united(parts: Sequence[Folded]) -> Folded:
    """What several folds add together."""
    spans: dict[Any, Span] = {}
    for part in parts:
        for name, span in part.spans.items():
            whole = spans.setdefault(name, Span(span.first, span.last))
            whole.include(span.first)
            whole.include(span.last)
    latest = [each for part in parts for each in part.latest]
    return Folded(Cells.joined([part.cells for part in parts]), latest, spans)


def facts(folded: Folded) -> tuple[Any, ...]:
    """All that a fold says, to compare it."""
    states: dict[int, Any] = {}
    for key, state in (each for latest in folded.latest for each in latest.states()):
        states[key] = max(state, states.get(key, state))
    return cells(folded), folded.spans, states


def cells(folded: Folded) -> dict[tuple[Any, ...], tuple[int, bytes]]:
    """Events and sketch of each series and minute."""
    minutes = folded.cells.minutes.united()
    sketches = minutes.profiles.sketched()
    return {
        (folded.cells.keys[series], start): (count, sketches.get(place, b""))
        for place, ((series, _, start), count) in enumerate(
            zip(minutes.bucket_keys(), minutes.count.tolist(), strict=True)
        )
    }


@given(st.lists(log_events, max_size=30), st.data())
@settings(deadline=None)
def test_the_fold_knows_neither_order_nor_batches(
    plain: list[LogEvent], data: st.DataObject
) -> None:
    channels = {channel.slug: channel for channel in all_channels()}
    shuffled = data.draw(st.permutations(plain))
    cut = data.draw(st.integers(0, len(plain)))
    parts = [Events.of(part) for part in (shuffled[:cut], shuffled[cut:])]
    whole = facts(fold(Events.of(plain), channels))
    assert facts(fold(Events.of(shuffled), channels)) == whole
    assert facts(fold(Events.joined(parts), channels)) == whole
    assert facts(united([fold(part, channels) for part in parts])) == whole


def test_a_shape_of_no_event_is_counted_in_no_series() -> None:
    used, unused = (Shape("summer", "email", kind, 0, ()) for kind in ("sent", "opened"))
    one, none = np.array([1]), np.array([0])
    events = Events([unused, used], one, np.array([5]), none, np.array([7]), none, key=0)
    folded = fold(events, {channel.slug: channel for channel in all_channels()})
    assert [key.type for key in folded.cells.keys] == ["sent"]
