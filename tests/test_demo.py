"""The demo's world: plausible, the same every time, and sent without gaps."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from liveReport import rollup
from liveReport.channels import Unauthorised
from liveReport.demo import account
from liveReport.demo.campaigns import CAMPAIGNS
from liveReport.demo.feed import Feed, Progress, Refused, Sender, append, batches
from liveReport.demo.posts import BELIEF, Post, deliver_past, open_posts, sorted_out
from liveReport.demo.traffic import Event, World
from liveReport.ingest import receive
from liveReport.management.commands.demo import create
from liveReport.models import Campaign, QuarantinedBatch, Source
from liveReport.report import tab_report
from tests.support import ledger

ANCHOR = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
DAY = 24 * 60
URL = "http://testserver"


def world(scale: float = 1.0) -> World:
    return World(ANCHOR, scale)


def day(scale: float) -> list[Event]:
    """Every event of journeys that began in the day before the anchor, each once."""
    found = {
        delivery.event["id"]: delivery.event
        for minute in range(-DAY, 0)
        for delivery in world(scale).deliveries(minute)
    }
    return list(found.values())


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return day(0.2)


def test_it_is_the_same_world_every_time() -> None:
    first, again = ([list(world().deliveries(m)) for m in (-560, -3, 2)] for _ in "ab")
    assert first == again
    assert first != [list(World(ANCHOR, seed="other").deliveries(m)) for m in (-560, -3, 2)]


def test_the_campaigns_are_of_every_sort(events: list[Event]) -> None:
    channels = {demo.slug: {stream.channel for stream in demo.streams} for demo in CAMPAIGNS}
    assert list(channels.values()) == [
        {"email"}, {"push", "sms"}, {"email", "push"}, {"sms", "email"}, {"email", "sms"},
        {"web", "inapp"},
        {"directmail"},
    ]  # fmt: skip
    sizes = Counter(event["campaign"] for event in events)
    assert sizes.most_common(1)[0][0] == "season-launch"
    runs = {event.get("execution") for event in events if event["campaign"] == "basket-reminder"}
    assert len(runs) == DAY / 180
    hours = {e["occurred_at"].hour for e in events if e["campaign"] == "welcome"}
    assert hours == set(range(24))


def test_in_an_execution_nobody_is_met_twice(events: list[Event]) -> None:
    begun = [
        (event["campaign"], event["channel"], event["execution"], event["profile"])
        for event in events
        if event["type"] == "targeted" and "execution" in event
    ]
    assert len(begun) > 1_000
    assert len(set(begun)) == len(begun)


def test_nobody_is_unaccounted_for_at_any_moment() -> None:
    """Not even while an event is late."""
    sent = [d for minute in range(-DAY, 60) for d in world(0.2).deliveries(minute)]
    for minute in (-550, -30, 0, 60):
        until = ANCHOR + timedelta(minutes=minute)
        for rows in ledgers({d.event["id"]: d.event for d in sent if d.sent_at <= until}):
            assert not any(row["unaccounted"] for row in rows.values())


def ledgers(events: dict[str, Event]) -> list[dict[ledger.Run, ledger.Figures]]:
    """The ledger of each campaign."""
    by_campaign: dict[str, list[Event]] = defaultdict(list)
    for event in events.values():
        plain = event | {"occurred_at": event["occurred_at"].isoformat()}
        by_campaign[event["campaign"]].append(plain)
    return [
        ledger.recount(one for one in some if one["channel"] not in ("web", "inapp"))
        for some in by_campaign.values()
    ]


def test_one_campaign_goes_wrong_after_an_hour_and_recovers() -> None:
    sale = [e for e in day(0.5) if e["campaign"] == "autumn-sale"]
    (began,) = {event["execution"] for event in sale}

    def bounced(first: int, last: int) -> float:
        """The share of what was sent to one provider between two minutes of the send."""
        sent = {
            event["message"]
            for event in sale
            if event["type"] == "sent"
            and event["domain"] == "gmail.com"
            and first <= (event["occurred_at"] - began).total_seconds() / 60 < last
        }
        refused = {event["message"] for event in sale if event.get("reason") == "5.7.26"}
        return len(sent & refused) / len(sent)

    assert bounced(0, 60) == bounced(105, 170) == 0
    assert bounced(60, 105) > 0.75
    assert max(event["occurred_at"] for event in sale) > ANCHOR  # and is still under way


def test_one_campaign_has_just_begun(events: list[Event]) -> None:
    offer = [event for event in events if event["campaign"] == "flash-offer"]
    began = min(event["occurred_at"] for event in offer)
    assert timedelta(minutes=3) < ANCHOR - began < timedelta(minutes=10)
    sent = [event["occurred_at"] for event in offer if event["type"] == "sent"]
    assert sum(at > ANCHOR for at in sent) > len(sent) / 2


def test_rates_are_plausible(events: list[Event]) -> None:
    found = Counter((event["channel"], event["type"]) for event in events)

    def rate(channel: str, part: str, whole: str) -> float:
        return found[channel, part] / found[channel, whole]

    assert 0.95 < rate("email", "delivered", "sent") < 0.995
    assert 0.005 < rate("email", "bounced", "sent") < 0.1
    assert 0.1 < rate("email", "opened", "delivered") < 0.6
    assert 0.005 < rate("email", "clicked", "delivered") < 0.15
    assert 0 < rate("email", "unsubscribed", "delivered") < 0.01
    assert 0.01 < rate("push", "opened", "delivered") < 0.3
    assert 0.001 < rate("sms", "error", "sent") < 0.1
    assert 0.01 < rate("web", "interaction", "impression") < 0.6


def test_reasons_domains_and_platforms_vary(events: list[Event]) -> None:
    values = defaultdict(set)
    for event in events:
        for key in ("reason", "domain", "platform", "element", "category", "offer"):
            if key in event:
                values[key].add(event[key])
    assert {key: len(found) > 1 for key, found in values.items()} == dict.fromkeys(
        ("reason", "domain", "platform", "element", "category", "offer"), True
    )
    assert len(values["domain"]) > 10


def test_deferrals_resolve(events: list[Event]) -> None:
    journeys: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event["channel"] == "email" and "message" in event:
            journeys[event["message"]].append(event)
    deferred = [j for j in journeys.values() if any(e["type"] == "deferred" for e in j)]
    assert len(deferred) > 10
    ends = Counter(max(j, key=lambda e: e["occurred_at"])["type"] for j in deferred)
    assert ends["deferred"] < 0.05 * len(deferred)


def test_some_events_are_late_and_some_come_twice() -> None:
    deliveries = list(world().deliveries(-560))
    late = [d for d in deliveries if d.sent_at - d.event["occurred_at"] > timedelta(seconds=29)]
    ids = Counter(delivery.event["id"] for delivery in deliveries)
    assert 0 < len(late) < 0.05 * len(deliveries)
    assert 0 < sum(count > 1 for count in ids.values()) < 0.02 * len(deliveries)


@pytest.mark.django_db
def test_everything_is_accepted_and_counted(source: Source) -> None:
    for demo in CAMPAIGNS:
        create(demo)
    now = ANCHOR + timedelta(minutes=30)
    sent = [d.event for m in range(-30, 3) for d in world(0.3).deliveries(m) if d.sent_at <= now]
    for body in batches(sent):
        receipt = receive(source, body, now=now)
        assert not receipt.rejected
    rollup.fold_pending(now)
    assert rollup.verify(now) == []


# -- What providers tell ---------------------------------------------------------------------


CLUB = "loyalty-points"


def of_the_points(now: datetime, first: int) -> list[Event]:
    """What was sent of the campaign since a minute, each once."""
    small = World(now.replace(second=0, microsecond=0), 0.1)
    deliveries = [d for minute in range(first, 1) for d in small.deliveries(minute)]
    found = {d.event["id"]: d.event for d in deliveries if d.sent_at <= now}
    return [event for event in found.values() if event["campaign"] == CLUB]


@pytest.mark.django_db
@pytest.mark.parametrize("is_past", [True, False])
def test_what_providers_tell_comes_signed_and_balances(
    client: Client, source: Source, *, is_past: bool
) -> None:
    for demo in CAMPAIGNS:
        create(demo)
    now = timezone.now()
    events = of_the_points(now, -600)
    own, others = sorted_out(events, open_posts(URL))
    assert {post.source.provider for post, _told in others} == {"sendgrid", "twilio"}
    append(source, own)
    for post, told in others:
        if is_past:
            deliver_past(post, told)
        else:
            post_all(client, post, told)
    rollup.fold_pending()
    assert not QuarantinedBatch.objects.exists()
    assert rollup.verify(timezone.now()) == []
    figures = ledgers({event["id"]: event for event in events})[0]
    report = tab_report(Campaign.objects.get(slug=CLUB), "campaign", [], timezone.now())
    (frame,) = [one.frame for one in report.widgets if one.slug == "campaign.ledger"]
    assert frame
    assert frame.totals["targeted"] == sum(one["targeted"] or 0 for one in figures.values()) > 100
    assert frame.totals["unaccounted"] == 0


def post_all(client: Client, post: Post, told: list[Event]) -> None:
    """As a running site gets it."""
    for request in post.requests(told, timezone.now()):
        path = request.url.removeprefix(URL)
        content = request.header("content-type") or "application/json"
        answer = client.post(path, request.body, content, headers=dict(request.headers))
        assert answer.status_code == 200
        assert answer.json()["accepted"] == answer.json()["received"]


@pytest.mark.django_db
def test_the_providers_words_are_of_every_sort(source: Source) -> None:
    now = timezone.now()
    _own, others = sorted_out(of_the_points(now, -1_400), open_posts(URL))
    kinds = {
        (post.source.provider, event["type"], event.get("signal", ""), event.get("category", ""))
        for post, told in others
        for event in told
    }
    assert {(provider, kind) for provider, kind, _signal, _category in kinds} >= {
        *(("sendgrid", kind) for kind in ("sent", "deferred", "delivered", "bounced", "opened")),
        *(("twilio", kind) for kind in ("sent", "delivered", "bounced", "excluded")),
    }
    assert {category for *_rest, category in kinds} == {"", "hard", "soft"}
    assert {"prefetch", "proxy"} <= {signal for _name, _kind, signal, _category in kinds}


@pytest.mark.django_db
def test_another_run_has_other_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("liveReport.demo.posts.time.sleep", waited.append)
    first, second = (open_posts(URL)["twilio"] for _run in "ab")
    assert first.source == second.source
    assert waited == [BELIEF]
    with pytest.raises(Unauthorised):
        deliver_past(first, [one for one in events_of_sms() if first.tells_of(one)])


def events_of_sms() -> list[Event]:
    return [one for one in of_the_points(timezone.now(), -600) if one["channel"] == "sms"]


# -- Without gaps ------------------------------------------------------------------------------


def sent_by(feed: Feed, *moments: datetime) -> list[Event]:
    """What a run sends that begins at the first of the moments and polls at each."""
    events = [event for _minute, batch in feed.backlog(lambda: moments[0]) for event in batch]
    for moment in moments:
        events += feed.live(moment)
        feed.progress.until = moment
    return events


def begin(progress: Progress, now: datetime) -> Feed:
    small = world(0.02)
    return Feed(small, progress, next_minute=small.minute_of(now) + 1)


def due(until: datetime) -> set[str]:
    """Every event that must have been sent by then."""
    small = world(0.02)
    minutes = range(-DAY, small.minute_of(until) + 1)
    return {d.event["id"] for m in minutes for d in small.deliveries(m) if d.sent_at <= until}


def test_history_and_live_traffic_meet() -> None:
    times = [ANCHOR + timedelta(seconds=30 * step) for step in range(12)]
    progress = Progress(ANCHOR, ANCHOR, 1)
    sent = {event["id"] for event in sent_by(begin(progress, ANCHOR), *times)}
    assert due(times[-1]) <= sent


def test_a_restart_fills_the_gap(tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    first = Progress.load(path, ANCHOR)
    before = sent_by(begin(first, ANCHOR), ANCHOR, ANCHOR + timedelta(minutes=2))
    first.oldest = -DAY
    first.save(path)
    later = [ANCHOR + timedelta(hours=2, seconds=step) for step in (0, 30)]
    second = Progress.load(path, later[0])
    assert second == msgspec.json.decode(path.read_bytes(), type=Progress)
    after = sent_by(begin(second, later[0]), *later)
    assert due(later[-1]) <= {event["id"] for event in before + after}
    assert len(after) < len(before)


# -- What the site answers ---------------------------------------------------------------------


def sending(
    monkeypatch: pytest.MonkeyPatch, *answers: int | Exception, **headers: str
) -> tuple[Sender, list[httpx.Request], list[float]]:
    """A sender to a site that answers so, one after the other; what is sent, and the waiting."""
    waited: list[float] = []
    sent: list[httpx.Request] = []
    rest = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        found = rest.pop(0)
        if isinstance(found, Exception):
            raise found
        return httpx.Response(found, headers=headers)

    monkeypatch.setattr("liveReport.demo.feed.time.sleep", waited.append)
    client = httpx.Client(base_url="http://site", transport=httpx.MockTransport(answer))
    return Sender(client), sent, waited


@pytest.mark.parametrize("status", [301, 400, 404, 405, 413, 415, 422])
def test_what_never_becomes_good_is_said_once_and_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    sender, sent, waited = sending(monkeypatch, status, status, 202)
    for number in range(3):
        sender.post([{"id": str(number)}])
    assert [msgspec.json.decode(request.content)[0]["id"] for request in sent] == ["0", "1", "2"]
    assert waited == []
    assert [record.getMessage()[:19] for record in caplog.records] == ["Refused, left out: "]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_ends_the_demo(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    sender, sent, _waited = sending(monkeypatch, status)
    with pytest.raises(Refused, match=str(status)):
        sender.post([{"id": "1"}])
    assert len(sent) == 1


@pytest.mark.parametrize("failure", [429, 500, 502, 503, httpx.ConnectError("away")])
def test_what_passes_is_tried_again_ever_less_often(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, failure: int | Exception
) -> None:
    sender, sent, waited = sending(monkeypatch, *[failure] * 6, 202)
    sender.post([{"id": "1"}])
    assert len({request.content for request in sent}) == 1
    assert waited == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert caplog.records == []


@pytest.mark.parametrize(("told", "wait"), [("7", 7.0), ("9" * 8, 60.0), ("soon", 0.5), ("", 0.5)])
def test_the_site_may_say_when_to_come_again(
    monkeypatch: pytest.MonkeyPatch, told: str, wait: float
) -> None:
    sender, _sent, waited = sending(monkeypatch, 503, 202, **{"Retry-After": told})
    sender.post([{"id": "1"}])
    assert waited == [wait]


# -- The log-in --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_log_in_is_made_up_once_and_no_superuser(tmp_path: Path) -> None:
    lines = account.greeting(tmp_path)
    assert account.greeting(tmp_path) == lines
    password = lines[-1].split()[-1]
    demo = User.objects.get(username="demo")
    assert demo.check_password(password)
    assert demo.is_staff
    assert not demo.is_superuser
    assert not demo.has_perm("auth.change_user")
    assert demo.has_perm("livereport.change_campaign")


@pytest.mark.django_db
def test_a_password_set_elsewhere_stays(tmp_path: Path) -> None:
    User.objects.create_user("demo", password="of its owner")
    assert "set elsewhere" in account.greeting(tmp_path)[0]
    assert User.objects.get().check_password("of its owner")
