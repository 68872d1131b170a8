"""Strange values are stored as they came and shown as plain text, wherever they come to light."""

import io
import json
import zipfile
from collections.abc import Mapping
from xml.etree import ElementTree

import pytest

from liveReport import rollup
from liveReport.models import Campaign, EventBatch
from tests.support import hostile
from tests.support.factories import CampaignFactory, receipt
from tests.support.hostile import PLAIN, Post, Readers, counted

pytestmark = pytest.mark.django_db

_at_noon = hostile.at_noon
_without_waiting = hostile.without_waiting
post = hostile.post
readers = hostile.readers

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "＝1+1", "＋1", "－1", "＠x")
VALUES = (
    *FORMULAS,
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</title></style></textarea><svg onload=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "<!--",
    "]]>",
    "&lt;b&gt; &amp; &#x41;",
    "{{ 7*7 }}{% debug %}",
    "${7*7} #{7*7} %s %(x)s {0} {x}",
    "\\u003cscript\\u003e \\ \\n",
    "'; DROP TABLE livereport_bucket; --",
    'a "quoted", comma; semicolon',
    "../../../etc/passwd",
    "None",
    "null",
    "NaN",
    "0",
    "__proto__",
    "constructor",
    "bidi \u202egnp.exe\u202c \u2066isolated\u2069.",
    "zero\u200bwidth\u200d\u2060\ufeff, and more",
    "a mark\ufeff within",
    "line\u2028and\u2029paragraph",
    "next\u0085line \u009b31m",
    "strange\N{NO-BREAK SPACE}spaces \u3000 within",
    "é as one",
    "e\u0301 as two",
    "Ω and \N{OHM SIGN}",
    "ﬁ ß İ ı",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "z̷̢̛̮̗̘a̸̡l̵̢g̷̛o̴",
    "العربية שלום 中文",
    "\uffff \ufffe \ufdd0 \U0010ffff",
    "\ufffd \ue000",
    "😀" * 200,
    "x" * 200,
)
assert len(VALUES) < 50, "more would be folded into one row"
PLACES = {
    ("email", "bounced", "reason"): "bounce_reasons",
    ("email", "opened", "domain"): "recipient_domains",
    ("push", "delivered", "platform"): "platform_breakdown",
    ("web", "impression", "element"): "interactions_by_element",
}
"""Where a dimension of an event comes to light."""
AS_DOMAINS = {
    "None": "none",
    "NaN": "nan",
    "👩‍👩‍👧‍👦🏳️‍🌈": "xn--1ugaaa94880difb8wgapb",
}
"""Values that are domain names by chance, in the form that all spellings of them have."""


def events_with(values: Mapping[str, str], channel: str, kind: str, dimension: str) -> bytes:
    """An event for each value, which is also its id, its profile and its message."""
    plain = PLAIN | {"channel": channel, "type": kind}
    events = (
        plain
        | {"id": f"{channel} {dimension}"[:20] + name[:180], "profile": value, "message": name}
        | {dimension: value}
        for name, value in values.items()
    )
    return json.dumps(list(events), ensure_ascii=False).encode()


@pytest.fixture
def shown(post: Post, campaign: Campaign, readers: Readers) -> Readers:
    """Every value in every place, and in another campaign as many harmless ones."""
    CampaignFactory(slug="winter")
    for place in PLACES:
        body = events_with({value: value for value in VALUES}, *place)
        assert post(body).json() == receipt(len(VALUES))
        harmless = {value: f"value {number:02}" for number, value in enumerate(VALUES)}
        body = events_with(harmless, *place).replace(b'"summer"', b'"winter"')
        body = body.replace(b'"id": "', b'"id": "w ')
        assert post(body).json()["accepted"] == len(VALUES)
    assert rollup.fold_pending() == 2 * len(VALUES) * len(PLACES)
    return readers


def quoted(value: str) -> str:
    """As a cell says it, also where a semicolon would begin another one."""
    value = value.replace("; --", ";' --")
    return f"'{value}" if value in FORMULAS else value


def test_strange_values_are_kept_as_they_came(shown: Readers) -> None:
    for (channel, _kind, dimension), key in PLACES.items():
        address = f"campaigns/summer/report/{channel}/{key}/"
        frame = shown.api(address)["frame"]
        expected = {value: value for value in VALUES}
        expected |= AS_DOMAINS if dimension == "domain" else {}
        values = {row[dimension] for row in frame["rows"]}
        assert values - {"__none__"} == set(expected.values())
        cells = {row[0] for row in shown.table(f"/api/v1/{address}?format=csv")}
        assert {quoted(value) for value in expected.values()} <= cells


def test_strange_values_change_nothing_but_text(shown: Readers) -> None:
    for tab in ("campaign", "email", "push", "web"):
        hostile = shown.page(f"/admin/reports/summer/{tab}/")
        harmless = shown.page(f"/admin/reports/winter/{tab}/")
        assert hostile.tags == harmless.tags
        if tab != "campaign":
            seen = "\n".join([*hostile.text, *hostile.values])
            expected = AS_DOMAINS if tab == "email" else {}
            assert [v for v in VALUES if v not in seen and expected.get(v, v) not in seen] == []


def test_strange_values_break_no_read(shown: Readers) -> None:
    shown.read_everything()


def test_strange_values_make_a_sound_workbook(shown: Readers) -> None:
    response = shown.browser.get("/admin/reports/summer/export.xlsx")
    assert response.status_code == 200
    with zipfile.ZipFile(io.BytesIO(response.content)) as book:
        parts = {name: book.read(name) for name in book.namelist() if name.endswith(".xml")}
    for name, part in parts.items():
        tree = ElementTree.fromstring(part)
        assert not list(
            tree.iter("{http://schemas.openxmlformats.org/spreadsheetml/2006/main}f")
        ), name


def test_strange_ids_and_profiles_are_told_apart(post: Post, campaign: Campaign) -> None:
    events = [PLAIN | {"id": value, "profile": value, "type": "targeted"} for value in VALUES]
    body = json.dumps(events).encode()  # this time with escapes
    assert post(body).json() == receipt(len(VALUES))
    assert post(json.dumps(events, ensure_ascii=False).encode()).status_code == 202
    assert rollup.fold_pending() == 2 * len(VALUES)
    assert counted(campaign) == {"targeted": len(VALUES)}
    assert [batch.duplicates for batch in EventBatch.objects.order_by("pk")] == [0, len(VALUES)]
