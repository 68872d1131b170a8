"""The API keeps what its schema says, whatever is sent and whoever sends it.

Schemathesis draws requests from the schema, such as it allows and such as it does not.
"""

import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi import checks

from liveReport.models import Campaign, Source
from tests.support.factories import CampaignFactory, event, make_token

pytestmark = pytest.mark.django_db

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "30"))
"""Requests drawn of each kind for each operation."""
KNOWN = {"slug": "summer", "tab": "email", "widget": "statistics"}
ANSWERS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
CHECKS = {
    GenerationMode.POSITIVE: [*ANSWERS, checks.positive_data_acceptance],
    GenerationMode.NEGATIVE: [*ANSWERS, checks.negative_data_rejection],
}
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # what fails is collected, not made smaller
    suppress_health_check=list(HealthCheck),
)

Headers = dict[str, str]


@pytest.fixture
def callers(campaign: Campaign, source: Source, send: Any) -> dict[str, Headers]:
    """Their headers, by who they are; there is a campaign with numbers."""
    send(event(), event(type="bounced", category="hard", reason="5.1.1", domain="x.org"))
    other = CampaignFactory(slug="winter")
    tokens = {
        "ingest": make_token(source, "ingest"),
        "ingest, another campaign": make_token(source, "ingest", other),
        "read": make_token(source, "read"),
        "read, another campaign": make_token(source, "read", other),
        "a stranger": "lr_nonsense",
    }
    headers = {who: {"Authorization": f"Bearer {token}"} for who, token in tokens.items()}
    return headers | {"nobody": {}}


@pytest.fixture
def schema(client: Client, alice: User) -> Any:
    client.force_login(alice)
    answer = client.get("/api/schema/", headers={"accept": "application/vnd.oai.openapi+json"})
    loaded = schemathesis.openapi.from_dict(answer.json())
    loaded.config.generation.update(modes=list(GenerationMode), with_security_parameters=False)
    return loaded


def cases(operation: Any, mode: GenerationMode) -> st.SearchStrategy[Any]:
    """Requests for what there is, and for anything."""
    known = {name: KNOWN[name] for name in KNOWN if f"{{{name}}}" in operation.path}
    anything = operation.as_strategy(generation_mode=mode)
    if not known:
        return anything
    there = operation.as_strategy(generation_mode=mode, path_parameters=known)
    return there if mode == GenerationMode.NEGATIVE else st.one_of(there, there, anything)


REQUEST = ("method", "url", "headers", "params", "cookies", "data", "json", "files")


def answered(client: Client, case: Any, headers: Headers) -> httpx.Response:
    """What our own application answers, in this process and transaction."""
    drawn = case.as_transport_kwargs(base_url="http://localhost", headers=headers)
    known = {k: drawn[k] for k in drawn if k in REQUEST}
    sent: Any = requests.Request(**known).prepare()  # its fields may be empty until it is prepared
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
    plain = {name: _text(value) for name, value in sent.headers.items()}
    content_type = plain.pop("Content-Type", "")
    plain.pop("Content-Length", None)
    answer = client.generic(sent.method, sent.url, body, content_type=content_type, headers=plain)
    response = httpx.Response(
        answer.status_code,
        headers=list(answer.items()),
        content=answer.content,
        request=httpx.Request(sent.method, sent.url, headers=sent.headers, content=body),
    )
    response.elapsed = timedelta(0)
    return response


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _is_judged_by_event(operation: Any, answer: httpx.Response) -> bool:
    """Whether the events of a body were told apart: a good one is taken beside a bad one, and
    one that the schema allows may be too old, or not one of its channel's."""
    if operation.method != "post" or answer.status_code not in (202, 422):
        return False
    return bool(answer.json().get("rejected"))


def _is_judged_by_the_clock(answer: httpx.Response) -> bool:
    """Whether it refuses a span of time: no schema says which are within the last 24 hours."""
    if answer.status_code != 400 or not {"from", "to"} & set(answer.request.url.params):
        return False
    return answer.json().get("field") in ("from", "to", "window")


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.name.lower())
def test_every_answer_is_as_the_schema_says(
    schema: Any, callers: dict[str, Headers], mode: GenerationMode, capsys: Any
) -> None:
    counted: Counter[str] = Counter()
    problems: dict[str, str] = {}
    client = Client(raise_request_exception=False)

    def check(operation: Any, case: Any, headers: Headers) -> None:
        with transaction.atomic():
            answer = answered(client, case, headers)
            transaction.set_rollback(True)
        is_judged = (
            _is_judged_by_event(operation, answer)
            or _is_judged_by_the_clock(answer)
            or answer.status_code == 413  # a refusal that the check does not know for one
        )
        wanted = ANSWERS if is_judged else CHECKS[mode]
        counted["cases"] += 1
        counted["checks"] += len(wanted)
        counted[f"answers {answer.status_code // 100}xx"] += 1
        try:
            case.validate_response(answer, checks=wanted, headers=headers)
        except (Failure, FailureGroup) as failure:
            for one in getattr(failure, "exceptions", [failure]):
                counted["failures"] += 1
                name = f"{operation.label}: {one.title} {answer.status_code}"
                problems.setdefault(name, f"{one.message}\n{case.as_curl_command()}"[:1_500])

    operations = [found.ok() for found in schema.get_all_operations()]
    for operation in operations:
        drawn = st.tuples(cases(operation, mode), _callers_of(operation, callers))
        if mode == GenerationMode.NEGATIVE and not _can_be_wrong(operation):
            continue
        _drawing(drawn, partial(check, operation))
    with capsys.disabled():
        print(f"\nschemathesis, {mode.name.lower()}, {connection.vendor}: {dict(counted)}")
    assert len(operations) >= 8
    assert counted["answers 2xx"]
    assert counted["answers 4xx"]
    assert not problems, "\n\n".join(f"{name}\n{told}" for name, told in problems.items())


def _callers_of(operation: Any, callers: dict[str, Headers]) -> st.SearchStrategy[Headers]:
    """Anybody, and half of the time one who may."""
    scope = "ingest" if operation.method == "post" else "read"
    return st.one_of(st.just(callers[scope]), st.sampled_from(list(callers.values())))


def _drawing(strategy: st.SearchStrategy[Any], check: Callable[..., None]) -> None:
    @fuzzed
    @given(strategy)
    def draw(one: tuple[Any, Headers]) -> None:
        check(*one)

    draw()


def _can_be_wrong(operation: Any) -> bool:
    """Whether there is anything in a request that a schema could forbid: in a path is any text."""
    return bool(operation.query or operation.body)
