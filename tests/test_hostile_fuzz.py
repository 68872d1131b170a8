"""Any event and any body at all: an answer of the contract, and the neighbours count."""

import json
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.channels import all_channels
from liveReport.ingest.body import JSON, NDJSON
from liveReport.models import EventBatch, QuarantinedBatch
from tests.support import hostile
from tests.support.hostile import FIELDS, GOOD, NO_TIMES, PLAIN, ZIPPED, Post, Readers, array, good

pytestmark = pytest.mark.django_db

STATUSES = {202, 400, 413, 415, 422}
"""All that the contract has for someone with a good token who is in no hurry."""

_at_noon = hostile.at_noon
_without_waiting = hostile.without_waiting
post = hostile.post
readers = hostile.readers


anything = st.text(st.characters(codec=None), max_size=20)
"""Text that may hold lone surrogates."""
values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers(-(10**400), 10**400),
        st.floats(),
        anything,
        st.sampled_from(NO_TIMES),
        st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(anything, inner, max_size=3)
    ),
    max_leaves=6,
)
dimensions = sorted({d.key for channel in all_channels() for d in channel.dimensions})
members = st.dictionaries(
    st.one_of(st.sampled_from([*FIELDS, *dimensions]), anything), values, min_size=1, max_size=4
)
never_500 = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@given(
    changes=members,
    kept=st.booleans(),
    escaped=st.booleans(),
    media=st.sampled_from([JSON, NDJSON]),
)
@settings(never_500, max_examples=50)
@example(changes={"id": "\ud800", "\udfff": 1}, kept=True, escaped=True, media=JSON)
@example(changes={"reason": float("nan"), "id": 10**400}, kept=True, escaped=True, media=JSON)
@example(changes={"reason": float("nan"), "id": "\ud800"}, kept=True, escaped=False, media=JSON)
def test_whatever_an_event_is_its_neighbours_count(
    post: Post, readers: Readers, changes: dict[str, Any], kept: bool, escaped: bool, media: str
) -> None:
    """``kept``: the rest of the event is fine."""
    event = (PLAIN if kept else {}) | changes
    event_text = json.dumps(event, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    parts = (good(1), event_text, good(2))
    body = b"\n".join(parts) if media == NDJSON else array(*parts)
    with transaction.atomic():
        response = post(body, media)
        assert response.status_code == 202, response.content
        answer = response.json()
        assert answer["accepted"] + len(answer["rejected"]) == 3
        for refusal in answer["rejected"]:
            assert refusal["index"] == 1
            assert refusal["code"]
            assert refusal["message"]
        rollup.fold_pending()
        assert (
            QuarantinedBatch.objects.count()
            + sum(batch.count for batch in EventBatch.objects.all())
            == answer["accepted"]
        )
        domains = readers.api("campaigns/summer/report/email/sending_performance/")
        assert domains["frame"]["totals"]["delivered"] in (0, 1)
        table = readers.api("campaigns/summer/report/email/statistics/")
        assert table["frame"]["totals"]["sent"] in (2, 3)
        readers.table("/api/v1/campaigns/summer/report/email/statistics/?format=csv")
        transaction.set_rollback(True)


bodies = st.one_of(
    st.binary(max_size=200),
    st.lists(
        st.sampled_from(
            [
                b"[",
                b"]",
                b"{",
                b"}",
                b'"',
                b",",
                b":",
                b"\\u",
                b"events",
                b"NaN",
                b"\n",
                b"1e9",
                b"\xff",
                good(9),
            ]
        )
    ).map(b"".join),
    st.tuples(st.integers(0, len(GOOD)), st.binary(max_size=3)).map(
        lambda change: GOOD[: change[0]] + change[1] + GOOD[change[0] :]
    ),
    st.integers(0, len(GOOD)).map(lambda end: GOOD[:end]),
    st.tuples(st.integers(0, len(ZIPPED) - 1), st.integers(0, 255)).map(
        lambda change: ZIPPED[: change[0]] + bytes([change[1]]) + ZIPPED[change[0] + 1 :]
    ),
)


@given(
    body=bodies,
    content_type=st.one_of(
        st.sampled_from([JSON, NDJSON, ""]),
        st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"])),
    ),
    encoding=st.one_of(
        st.sampled_from(["", "gzip", "identity", "GZIP "]),
        st.text(st.characters(max_codepoint=127, exclude_categories=["Cc"])),
    ),
)
@settings(never_500, max_examples=80)
def test_whatever_a_body_is_it_gets_an_answer_of_the_contract(
    post: Post, body: bytes, content_type: str, encoding: str
) -> None:
    with transaction.atomic():
        response = post(body, content_type, encoding)
        answer = json.loads(response.content)
        assert response.status_code in STATUSES
        if response.status_code == 202:
            kept = sum(batch.count for batch in EventBatch.objects.all())
            assert kept + QuarantinedBatch.objects.count() == answer["accepted"]
        else:
            assert answer["status"] == response.status_code
            assert answer["code"]
            assert not EventBatch.objects.exists()
        rollup.fold_pending()
        assert not EventBatch.objects.filter(folded=False).exists()
        transaction.set_rollback(True)
