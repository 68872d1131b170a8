"""What the page of a source shows while somebody sets it up: what came, masked, and its fate."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from liveReport import rollup
from liveReport.channels import HookRequest
from liveReport.engines import recent
from liveReport.ingest import recently
from liveReport.ingest.masking import LONGEST, READ, shown
from liveReport.memory import forget_all
from liveReport.models import Campaign, QuarantinedBatch, RecentRequest, Series, Source
from liveReport.site.sources import Wanted, set_up
from tests.support.hooking import basic, posted

ADDRESS, NUMBER, TOKEN = "ada.lovelace@example.com", "+15005550001", "sk_live_9f8a7b6c5d4e3f2a"
PRIVATE = [ADDRESS, NUMBER, NUMBER.lstrip("+"), TOKEN, f"Ada <{ADDRESS}>", f"550 {ADDRESS} unknown"]
TOPIC = "arn:aws:sns:eu-west-1:123456789012:ses"
BOUNCE = {"RecordType": "Bounce", "Type": "HardBounce", "Email": ADDRESS, "MessageID": "m-1"}


def request(body: Any, query: str = "") -> HookRequest:
    plain = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HookRequest("POST", f"https://x/hooks/a/{query}", {}, plain, datetime.now(UTC))


# -- Masks -----------------------------------------------------------------------------------


def test_what_has_happened_is_shown_and_nobody_named() -> None:
    said = BOUNCE | {"BouncedAt": "2026-03-04T12:00:00Z", "Tag": "welcome", "lr_campaign": "spring"}
    assert json.loads(shown(request(said))) == said | {"Email": "•••", "MessageID": "•••"}


names = st.sampled_from(
    ["event", "status", "Email", "to", "reason", "at", "timestamp", "tag", "lr_profile", "token"]
)
values = st.recursive(
    st.sampled_from(PRIVATE) | st.integers(0, 9) | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@given(
    body=st.dictionaries(names | st.sampled_from(PRIVATE), values, max_size=5), packed=st.booleans()
)
def test_no_address_number_or_secret_is_shown_wherever_it_stands(body: Any, packed: bool) -> None:
    found = shown(request({"Message": json.dumps(body)} if packed else body))
    assert not any(private in found for private in PRIVATE)


@given(st.dictionaries(names, st.sampled_from(PRIVATE), max_size=5))
def test_nor_in_forms_and_queries(fields: dict[str, str]) -> None:
    text = urlencode(fields)
    found = shown(request(text.encode(), f"?{text}"))
    assert not any(private in found for private in PRIVATE)


@given(st.binary(max_size=200))
def test_any_bytes_can_be_shown(body: bytes) -> None:
    assert len(shown(request(body))) <= LONGEST


def test_large_bodies_are_not_looked_into() -> None:
    assert shown(request(b"[" + b"1," * READ)) == f"({2 * READ + 1} bytes)"
    many = json.loads(shown(request([{"event": "open"}] * 2_000)))
    assert many[-1] == "… 1997 more"


def test_deep_bodies_end() -> None:
    deep: Any = ADDRESS
    for _level in range(200):
        deep = {"event": deep}
    assert "•••" in shown(request(deep))


# -- What is kept ----------------------------------------------------------------------------


@pytest.fixture
def postmark(campaign: Campaign) -> Any:
    source, secret = set_up("pm", "postmark", Wanted(campaign="summer"))
    return source, basic(secret)


def send(client: Client, header: str, **changes: Any) -> int:
    forget_all()  # as if a second had gone by
    item = BOUNCE | {"BouncedAt": timezone.now().isoformat()} | changes
    return posted(client, item, header, "pm").status_code


@pytest.mark.django_db
def test_a_request_is_kept_with_its_fate(client: Client, postmark: Any) -> None:
    source, header = postmark
    assert send(client, header) == 200
    assert send(client, "") == 401
    refused, taken = recent.latest(source.pk)
    assert (refused.refused, taken.refused) == ("no_credentials", "")
    assert taken.accepted == 1
    assert '"HardBounce"' in taken.text
    assert ADDRESS not in taken.text + refused.text


@pytest.mark.django_db
def test_ten_of_each_kind_are_kept_and_one_a_second(client: Client, postmark: Any) -> None:
    source, header = postmark
    for _time in range(12):
        send(client, header)
        send(client, "")
        posted(client, BOUNCE, "", "pm")  # within the same second
    assert RecentRequest.objects.filter(refused="").count() == recent.KEPT
    assert RecentRequest.objects.exclude(refused="").count() == recent.KEPT
    assert len(recent.latest(source.pk)) == 2 * recent.KEPT


@pytest.mark.django_db
def test_no_answer_depends_on_it(
    client: Client, postmark: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> None:
        raise OperationalError("disk full")

    _source, header = postmark
    monkeypatch.setattr(recent, "note", fail)
    assert send(client, header) == 200


# -- The page --------------------------------------------------------------------------------


@pytest.fixture
def admin(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def page(admin: Client, source: Source, what: str = "change", **query: Any) -> str:
    address = reverse(f"admin:livereport_source_{what}", args=[source.pk])
    return admin.get(address, query).content.decode()


@pytest.mark.django_db
def test_the_page_waits_and_then_says_what_came(
    client: Client, admin: Client, postmark: Any
) -> None:
    source, header = postmark
    assert "Waiting for the first request …" in page(admin, source)
    now = datetime.now(UTC)
    with time_machine.travel(now, tick=False):
        send(client, header)
    with time_machine.travel(now + timedelta(seconds=0.4), tick=False):
        found = page(admin, source, "live", since=round(now.timestamp()), newest=0)
    assert "Last request: 1 accepted, 0.4 s ago" in found
    assert "hx-swap-oob" in found
    newest = RecentRequest.objects.get().pk
    assert "hx-swap-oob" not in page(admin, source, "live", newest=newest)


@pytest.mark.django_db
def test_a_wrong_key_is_seen_at_once(client: Client, admin: Client, postmark: Any) -> None:
    source, _header = postmark
    send(client, basic("wrong"))
    assert "refused: " in page(admin, source, "live")


@pytest.mark.django_db
def test_after_a_while_the_page_asks_no_more(admin: Client, postmark: Any) -> None:
    source, _header = postmark
    asks = "hx-trigger"
    assert asks in page(admin, source, "live")
    old = round(timezone.now().timestamp()) - 601
    assert asks not in page(admin, source, "live", since=old)
    assert asks in page(admin, source, "live", since="soon")


@pytest.mark.django_db
def test_how_far_a_topic_s_subscription_is(admin: Client) -> None:
    source, _secret = set_up("ses", "amazon_ses", Wanted(topics=[TOPIC]))
    assert "waiting for the topic to ask" in page(admin, source)
    now = timezone.now()
    recent.note(RecentRequest(source=source, at=now, accepted=1))
    assert "but messages arrive" in page(admin, source)
    recent.note_subscription(source.pk, TOPIC, now, recently.TRY_LATER)
    assert "not confirmed: what it asks for could not be done" in page(admin, source, "live")
    recent.note_subscription(source.pk, TOPIC, now)
    recent.note_subscription(source.pk, TOPIC, now, recently.TRY_LATER)  # asked again, in vain
    assert re.search(f"{TOPIC}</code> confirmed ", page(admin, source, "live"))


@pytest.mark.django_db
def test_what_waits_is_mapped_and_counted_by_one_press(
    client: Client, admin: Client, campaign: Campaign
) -> None:
    source, secret = set_up("pm", "postmark", Wanted())
    for tag in ("Job 17", "Job 17", "Job 18"):
        send(client, basic(secret), Tag=tag, MessageID=f"m-{timezone.now()}")
    found = page(admin, source)
    assert re.search(r"Job 17</th><td>2<", found)
    address = reverse("admin:livereport_source_map", args=[source.pk])
    said = {"text": ["Job 17", "Job 18"], "campaign": ["summer", ""]}
    answer = admin.post(address, said, follow=True).content.decode()
    assert "events were counted." in answer
    assert source.mappings.get().value == "Job 17"
    rollup.fold_pending()
    assert Series.objects.filter(type="bounced").exists()
    assert "Job 18" in answer
    assert QuarantinedBatch.objects.count() == 1


@pytest.mark.django_db
def test_only_who_may_change_sources_maps(client: Client, postmark: Any) -> None:
    source, _header = postmark
    reader = User.objects.create_user("reader", is_staff=True)
    client.force_login(reader)
    for what in ("live", "map"):
        address = reverse(f"admin:livereport_source_{what}", args=[source.pk])
        answer = client.post(address) if what == "map" else client.get(address)
        assert answer.status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize(("hours", "answer"), [("0", 401), ("24", 200)])
def test_a_new_secret_leaves_the_former_one_as_long_as_is_said(
    client: Client, admin: Client, postmark: Any, hours: str, answer: int
) -> None:
    source, header = postmark
    address = reverse("admin:livereport_source_secret", args=[source.pk])
    shown = admin.post(address, {"hours": hours}).content.decode()
    made = re.search(r'id="made-secret">([^<]+)<', shown)
    assert made
    assert send(client, basic(made[1])) == 200
    assert send(client, header) == answer


@pytest.mark.django_db
def test_odd_hours_are_refused(admin: Client, postmark: Any) -> None:
    source, _header = postmark
    address = reverse("admin:livereport_source_secret", args=[source.pk])
    for hours in ("", "-1", "9999", "soon"):
        assert (
            "no new secret was made"
            in admin.post(address, {"hours": hours}, follow=True).content.decode()
        )
