"""Whatever stands in the address, the cookies or a form: an answer, never an error of ours."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboards.models import MAX_WIDGETS, WidgetChange
from dashboards.zones import COOKIE
from liveReport.channels import registered
from liveReport.models import Campaign
from tests.support.factories import event
from tests.support.routes import ROUTES, url
from tests.support.showcase import Showcase

pytestmark = pytest.mark.django_db

fuzzed = settings(
    max_examples=settings().max_examples // 3,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

NUMBERS = [
    *("0", "-0", "-1", "1", "00007", "1.5", "1e9", "١٢", "²", "½", "0x10", "1_000", "+1", " 1 "),
    *(str(2**power + one) for power in (15, 16, 31, 32, 63, 64) for one in (-1, 0)),
    *("9" * 4_300, "9" * 4_301, "-" + "9" * 4_301, "NaN", "Infinity"),
]
TEXTS = [
    *("", " ", "\0", "a\0b", "\n", "\r\nX: y", "\x7f", "\ud800", "é", "😀", "\u202e", "%", "%00"),
    *("../..", "//evil.example", "javascript:x", "'", '"', "<b>", "{{x}}", "x" * 5_000, "None"),
    *("2026-03-14T15:09:26Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "24:00"),
    *("Europe/Paris", "auto:Europe/Paris", "Foo/Bar", "..", "/etc/passwd", "fr", "de-AT", "email"),
]
hostile = st.one_of(
    st.sampled_from(NUMBERS),
    st.sampled_from(TEXTS),
    st.text(st.characters(), max_size=20),
    st.text("0123456789", max_size=30),
)
OURS = ("execution", "kiosk", "draft", "version", "shown", "picture", "format", "next", "zone")
LISTS = ("page", "page_size", "p", "q", "o", "all", "e", "_popup", "_to_field", "_facets")
FILTERS = (
    *("_changelist_filters", "status__exact", "folded__exact", "source__id__exact", "scope__exact"),
    *("campaign__id__exact", "started_at__year", "started_at__month", "started_at__day", "pk__in"),
    *("reason__exact", "tab", "id__exact", "id__gt", "expiry__isnull", "last_login__gte"),
)


def queries(*names: str) -> st.SearchStrategy[str]:
    pairs = st.tuples(st.sampled_from(names), hostile)
    return st.lists(pairs, max_size=4).map(_encoded)


def _encoded(pairs: list[tuple[str, str]]) -> str:
    return urlencode(pairs, errors="surrogatepass")


@pytest.fixture
def screen(client: Client, campaign: Campaign, alice: User, send: Any) -> Iterator[Client]:
    with registered(Showcase):
        send(event(channel="pigeon", type="flown"), event(channel="pigeon", type="lost"))
        client.force_login(alice)
        client.raise_request_exception = False
        yield client


def answered(client: Client, method: str, address: str, **extra: Any) -> Any:
    """The answer, which is none of an error; what it changed is undone."""
    with transaction.atomic():
        answer = getattr(client, method)(address, **extra)
        transaction.set_rollback(True)
    assert answer.status_code < 500, (method, address, extra, answer.content[:300])
    return answer


PAGES = [route for route in ROUTES if route.startswith(("admin/reports/", "admin/time-zone"))]
API = [route for route in ROUTES if route.startswith("api/")]
ADMIN = [route for route in ROUTES if route not in {*PAGES, *API, "admin/logout/"}]


@pytest.mark.parametrize(
    ("routes", "names"), [(PAGES, OURS), (API, OURS + LISTS), (ADMIN, LISTS + FILTERS)]
)
@given(data=st.data())
@fuzzed
def test_a_query_breaks_nothing(
    screen: Client, routes: list[str], names: tuple[str, ...], data: st.DataObject
) -> None:
    address = url(data.draw(st.sampled_from(routes)))
    address = address.replace("/campaign/", data.draw(st.sampled_from(["/campaign/", "/pigeon/"])))
    answered(screen, "get", f"{address}?{data.draw(queries(*names))}")


@given(st.sampled_from([route for route in ROUTES if "{" in route]), hostile)
@fuzzed
def test_a_part_of_a_path_breaks_nothing(screen: Client, route: str, part: str) -> None:
    path = quote(part.replace("/", "_"), safe="", errors="surrogatepass") or "_"
    first, _brace, rest = route.partition("{")
    name, _brace, tail = rest.partition("}")
    for filled in (f"{first}{path}{tail}", f"{first}{{{name}}}{tail.replace('{', path + '{')}"):
        answered(screen, "get", url(filled))


COOKIES = ("sessionid", "csrftoken", "messages", "django_language", COOKIE)


@given(st.lists(st.tuples(st.sampled_from(COOKIES), hostile, st.booleans()), max_size=4))
@fuzzed
def test_a_cookie_breaks_nothing(screen: Client, cookies: list[tuple[str, str, bool]]) -> None:
    """As it is, and in quotes with its characters as octal numbers."""
    signed_in = f"sessionid={screen.cookies['sessionid'].value}; "
    given_ones = "; ".join(
        f"{name}={_octal(value) if octal else value.replace(';', '')}"
        for name, value, octal in cookies
    ).encode("utf-8", "replace").decode("latin-1")  # fmt: skip
    for header in (signed_in + given_ones, given_ones):
        for address in ("/admin/reports/summer/pigeon/", "/api/v1/metrics/", "/admin/login/"):
            answered(screen, "get", address, headers={"cookie": header})


def _octal(value: str) -> str:
    return '"' + "".join(f"\\{byte:03o}" for byte in value.encode("utf-8", "replace")) + '"'


FORMS = {
    "/admin/login/": ("username", "password", "next"),
    "/admin/time-zone/": ("zone", "next"),
    "/i18n/setlang/": ("language", "next"),
    "/admin/reports/summer/pigeon/widgets/course/": ("picture",),
    "/admin/livereport/source/add/": ("name", "active"),
    "/admin/livereport/apitoken/add/": ("source", "scope", "campaigns", "days", "all_campaigns"),
    "/admin/livereport/campaign/add/": (
        *("name", "slug", "status", "channels-TOTAL_FORMS", "channels-INITIAL_FORMS"),
        *("channels-0-channel", "channels-0-declared", "channels-0-id"),
    ),
    "/admin/livereport/campaign/": ("action", "_selected_action", "select_across", "index"),
    "/admin/livereport/apitoken/": ("action", "_selected_action", "select_across", "index"),
    "/admin/livereport/channelplugin/": (
        *("form-TOTAL_FORMS", "form-INITIAL_FORMS", "form-0-position", "form-0-slug", "_save"),
    ),
    "/admin/django_celery_beat/intervalschedule/add/": ("every", "period"),
}


@given(data=st.data())
@fuzzed
def test_a_form_breaks_nothing(screen: Client, data: st.DataObject) -> None:
    address = data.draw(st.sampled_from(sorted(FORMS)))
    pairs = data.draw(st.dictionaries(st.sampled_from(FORMS[address]), hostile))
    known = {"action": "delete_selected", "form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1"}
    chosen = {k: v for k, v in known.items() if k in FORMS[address] and data.draw(st.booleans())}
    answered(
        screen, "post", address,
        data=_encoded(list({**pairs, **chosen}.items())),
        content_type="application/x-www-form-urlencoded",
    )  # fmt: skip


numbers = st.one_of(
    st.integers(-2, 30), st.sampled_from([479, 480, 2**15, 2**63, 10**400]), st.none(), hostile
)
slugs = st.one_of(
    st.sampled_from([f"pigeon.{widget.key}" for widget in Showcase.widgets]),
    st.integers(0, 300).map("pigeon.x{}".format),
    hostile,
)
placed = st.fixed_dictionaries(
    {"widget": slugs, "x": numbers, "y": numbers, "w": numbers, "h": numbers}
    | {"picture": st.one_of(st.sampled_from(["kpi", "table", "line", "donut", "bar"]), hostile)},
)
sound = st.builds(
    lambda slug, x, y, h: {"widget": slug, "x": x, "y": y, "w": 2, "h": h, "picture": "table"},
    st.integers(0, 300).map("pigeon.x{}".format)
    | st.sampled_from([f"pigeon.{widget.key}" for widget in Showcase.widgets]),
    st.integers(0, 10), st.sampled_from([0, 0, 240, 479]), st.integers(2, 24),
)  # fmt: skip
drafts = st.fixed_dictionaries(
    {"widgets": st.lists(sound, max_size=MAX_WIDGETS + 1, unique_by=lambda one: one["widget"])}
) | st.fixed_dictionaries(
    {"widgets": st.lists(placed, max_size=5) | hostile},
    optional={
        "removed": st.lists(slugs, max_size=5) | numbers,
        "afresh": st.booleans() | numbers,
        "based_on": hostile | numbers,
        "more": hostile,
    },
)


@given(
    st.sampled_from(["layout/", "layout/everyone/"]),
    st.lists(drafts.map(json.dumps) | hostile | st.sampled_from(["[" * 100_000, "{}"]), max_size=3),
)
@fuzzed
def test_a_layout_breaks_nothing_and_stays_small(
    screen: Client, kind: str, bodies: list[str]
) -> None:
    with transaction.atomic():
        for body in bodies:
            sent = body.encode("utf-8", "surrogatepass")
            answer = screen.post(
                f"/admin/reports/summer/pigeon/{kind}", sent, content_type="application/json"
            )
            assert answer.status_code in (200, 422), (body[:500], answer.status_code)
            assert WidgetChange.objects.count() <= len(Showcase.widgets)
        answered(screen, "get", "/admin/reports/summer/pigeon/")
        transaction.set_rollback(True)


NULLS = [
    ("/admin/livereport/apitoken/%00/change/", ""),
    ("/admin/livereport/apitoken/%00/history/", ""),
    ("/admin/livereport/apitoken/?scope__exact=%00", ""),
    ("/admin/livereport/campaign/?q=%00", ""),
    ("/admin/auth/user/?username__startswith=%00", ""),
    ("/admin/reports/summer/pigeon/", 'sessionid="aaaaaaaaaaaa\\000"'),
    ("/admin/reports/summer/pigeon/", 'livereport_zone="\\000"'),
    ("/api/v1/campaigns/%00/", ""),
    ("/api/v1/campaigns/summer/report/pigeon/%00/", ""),
]


@pytest.mark.parametrize(("address", "cookie"), NULLS)
def test_a_null_breaks_nothing(screen: Client, address: str, cookie: str) -> None:
    """PostgreSQL has no text with one."""
    signed_in = f"sessionid={screen.cookies['sessionid'].value}"
    cookies = cookie if cookie.startswith("sessionid") else f"{signed_in}; {cookie}"
    answered(screen, "get", address, headers={"cookie": cookies})
