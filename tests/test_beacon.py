"""Events of pages and apps, under a public key."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone

from liveReport import rollup
from liveReport.api import beacon as view
from liveReport.demo import shop
from liveReport.engines import sources
from liveReport.events import former
from liveReport.ingest.drain import drain
from liveReport.ingest.hook_sources import known_beacons
from liveReport.ingest.spool import Spool, SpoolError
from liveReport.models import Campaign, EventBatch, QuarantinedBatch, Series, Source
from liveReport.site.sources import SourceError, Wanted, origin_of, rotate, set_up, url_of
from tests.support.spooling import away, silent

pytestmark = pytest.mark.django_db
SHOP = "https://shop.example.com"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0"


@pytest.fixture
def url(campaign: Campaign) -> str:
    source, secret = set_up("shop", "beacon", Wanted("summer", origins=[SHOP]))
    assert secret == ""
    return url_of(source)


def seen(number: int = 1, **fields: Any) -> dict[str, Any]:
    """What a page says of an element that was seen."""
    event = {
        "id": f"e-{number}",
        "type": "impression",
        "occurred_at": timezone.now().isoformat(),
        "profile": "ada",
        "element": "hero",
    }
    return event | fields


def posted(
    url: str, *events: Any, content: str = "text/plain;charset=UTF-8", **headers: str
) -> Any:
    headers = {"origin": SHOP, "user-agent": BROWSER} | {
        name.replace("_", "-"): text for name, text in headers.items()
    }
    said = {name: text for name, text in headers.items() if text}
    return Client().post(url, json.dumps({"events": events}).encode(), content, headers=said)


def logged() -> list[tuple[Any, ...]]:
    """Campaign, channel and type of what is in the log."""
    found = []
    for batch in EventBatch.objects.order_by("pk"):
        events = former.read(batch.payload, batch.source_id)
        shapes = [events.shapes[place] for place in events.shape.tolist()]
        found += [(shape.campaign, shape.channel, shape.type) for shape in shapes]
    return found


def times() -> list[float]:
    return [
        at / 1e6
        for batch in EventBatch.objects.order_by("pk")
        for at in former.read(batch.payload, batch.source_id).at.tolist()
    ]


# -- What is taken -------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["text/plain;charset=UTF-8", "text/plain", "application/json"])
def test_events_go_to_the_campaign_of_the_key(url: str, content: str) -> None:
    answer = posted(url, seen(), seen(2, type="interaction", campaign="another"), content=content)
    assert (answer.status_code, answer.content) == (204, b"")
    assert logged() == [("summer", "web", "impression"), ("summer", "web", "interaction")]
    assert not QuarantinedBatch.objects.exists()


def test_the_address_is_good_without_its_last_slash(url: str) -> None:
    assert posted(url.removesuffix("/"), seen()).status_code == 204
    assert len(logged()) == 1


def test_an_app_names_its_channel_and_has_no_origin(url: str) -> None:
    event = {key: text for key, text in seen(channel="inapp").items() if key != "element"}
    answer = posted(url, event, content="application/json", origin="", user_agent="okhttp/4.12.0")
    assert answer.status_code == 204
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert logged() == [("summer", "inapp", "impression")]


def test_no_other_channel_can_be_written_to(url: str) -> None:
    names: list[Any] = ["email", "nowhere", 7, None, []]
    others = [seen(channel=name, type="sent") for name in names]
    assert posted(url, *others, seen(9)).status_code == 204
    assert logged() == [("summer", "web", "impression")]


def test_one_bad_event_spoils_no_other(url: str) -> None:
    bad: list[Any] = [
        7,
        None,
        "text",
        [],
        {},
        seen(2, type="sings"),
        seen(3, profile=""),
        seen(4, extra="x"),
    ]
    bad += [seen(5, occurred_at="yesterday"), seen(6, occurred_at=1), seen(7, occurred_at=None)]
    assert posted(url, *bad, seen()).status_code == 204
    assert len(logged()) == 1
    now, pk = timezone.now(), Source.objects.get().pk
    traffic = sources.traffic([pk], now - timedelta(hours=1), now)[pk]
    assert (traffic.accepted, traffic.refused) == (1, len(bad))
    assert sum(refused.number for refused in traffic.refusals) == len(bad)
    assert "not_of_pages" in {refused.why for refused in traffic.refusals}


def test_a_body_of_one_broken_event_is_taken_without_it(url: str) -> None:
    whole = json.dumps(seen()).encode()
    body = b'{"events": [%s, {"id": nothing}, %s]}' % (whole, whole.replace(b"e-1", b"e-2"))
    answer = Client().post(url, body, "text/plain", headers={"user-agent": BROWSER})
    assert answer.status_code == 204
    assert len(logged()) == 2


def test_what_is_sent_again_counts_once(url: str) -> None:
    event = seen()
    for _time in range(2):
        posted(url, event)
    rollup.fold_pending()
    series = Series.objects.get(type="impression", dimension="")
    assert sum(EventBatch.objects.values_list("duplicates", flat=True)) == 1
    assert series.channel == "web"


def test_the_report_says_what_uniques_are_where_nobody_is_known(
    url: str, client: Client, alice: Any
) -> None:
    def report() -> str:
        rollup.fold_pending()
        return client.get("/admin/reports/summer/web/").content.decode()

    client.force_login(alice)
    posted(url, seen())
    assert "Nobody known" not in report()
    posted(url, seen(2, profile="3f2a", identity="page"), seen(3, identity="somebody"))
    assert "Nobody known" in report()
    assert len(logged()) == 2


# -- Clocks --------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [timedelta(days=-400), timedelta(hours=-3), timedelta(hours=9)])
def test_a_clock_that_is_wrong_is_set_right_by_when_it_says_that_it_sent(
    url: str, wrong: timedelta
) -> None:
    now = timezone.now()
    event = seen(occurred_at=(now + wrong - timedelta(seconds=40)).isoformat())
    sent = int((now + wrong).timestamp() * 1000)
    assert posted(f"{url}?sent={sent}", event).status_code == 204
    (at,) = times()
    assert at == pytest.approx(now.timestamp() - 40, abs=5)


def test_without_that_what_lies_ahead_is_of_now(url: str) -> None:
    ahead = seen(occurred_at=(timezone.now() + timedelta(hours=2)).isoformat())
    posted(url, ahead, {k: v for k, v in seen(2).items() if k != "occurred_at"})
    assert times() == pytest.approx([timezone.now().timestamp()] * 2, abs=5)


@pytest.mark.parametrize("sent", ["", "soon", "-1", "9" * 14, "9" * 400, "²", "0"])
def test_an_odd_time_of_sending_costs_at_most_the_events(url: str, sent: str) -> None:
    assert posted(f"{url}?sent={sent}", seen()).status_code == 204


def test_what_waited_for_days_is_refused_as_from_anybody(url: str) -> None:
    posted(url, seen(occurred_at=(timezone.now() - timedelta(hours=80)).isoformat()))
    assert logged() == []


# -- Who may -------------------------------------------------------------------------------


def test_a_listed_origin_is_echoed(url: str) -> None:
    answer = posted(url, seen())
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert "Origin" in answer.headers["Vary"]
    assert "Set-Cookie" not in answer.headers
    assert not answer.cookies


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://shop.example.com",
        f"{SHOP}.evil.example",
        f"{SHOP}:8",
    ],
)
def test_another_origin_is_refused(url: str, origin: str) -> None:
    answer = posted(url, seen(), origin=origin)
    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert logged() == []


def asked_first(url: str, origin: str) -> Any:
    headers = {"origin": origin, "access-control-request-method": "POST"}
    return Client().options(url, headers=headers)


def test_a_browser_may_ask_first(url: str) -> None:
    answer = asked_first(url, SHOP)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]
    assert asked_first(url, "https://evil.example").status_code == 403
    assert asked_first("/beacon/wk_nobody/", SHOP).status_code == 404


def test_other_methods_have_no_place_here(url: str) -> None:
    assert Client().get(url).status_code == 405
    assert Client().put(url).status_code == 405


def test_a_key_is_good_while_its_source_is(url: str) -> None:
    assert posted("/beacon/wk_nobody/", seen()).status_code == 404
    source = Source.objects.get()
    assert Client().post(f"/hooks/{source.name}/").status_code == 404
    source.account.is_active = False
    source.account.save()
    assert posted(url, seen()).status_code == 404


def test_without_its_campaign_a_key_is_good_for_nothing(url: str, campaign: Campaign) -> None:
    campaign.delete()
    assert posted(url, seen()).status_code == 404


# -- Who is left alone ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"dnt": "1"},
        {"sec_gpc": "1"},
        {"user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"user_agent": "curl/8.5.0"},
    ],
)
def test_of_who_asks_for_it_and_of_crawlers_nothing_is_stored(
    url: str, headers: dict[str, str]
) -> None:
    answer = posted(url, seen(), **headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert not EventBatch.objects.exists()


def test_who_does_not_mind_is_counted(url: str) -> None:
    posted(url, seen(), dnt="0")
    assert len(logged()) == 1


def test_patterns_are_tried_once_for_an_agent(url: str, monkeypatch: Any) -> None:
    tried: list[str] = []
    view._crawls.cache_clear()
    monkeypatch.setattr(view, "is_crawler", tried.append)
    for number in range(3):
        posted(url, seen(number))
    assert tried == [BROWSER]
    view._crawls.cache_clear()


# -- How much ------------------------------------------------------------------------------


def test_a_hundred_events_are_enough(url: str) -> None:
    assert posted(url, *map(seen, range(100))).status_code == 204
    assert posted(url, *map(seen, range(101))).status_code == 413
    assert len(logged()) == 100


@pytest.mark.parametrize(
    ("body", "content", "status"),
    [
        (b"nothing", "text/plain", 400),
        (b"[" * 10_000, "text/plain", 400),
        (b" " * (view.MOST_BYTES + 1), "text/plain", 413),
        (b'{"events": []}', "image/png", 415),
        (b'{"events": []}', "application/x-ndjson", 415),
        (b'{"events": []}', "text/plain;charset=utf-16", 415),
        (b'{"events": []}', "", 204),
    ],
)
def test_a_body_that_is_none_is_refused(url: str, body: bytes, content: str, status: int) -> None:
    answer = Client().post(url, body, content, headers={"origin": SHOP, "user-agent": BROWSER})
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP


@pytest.mark.parametrize("rate", ["BEACON_RATE", "BEACON_CLIENT_RATE"])
def test_who_sends_too_often_is_told_when_to_try_again(url: str, settings: Any, rate: str) -> None:
    setattr(settings, rate, 2)
    answers = [posted(url, seen(number)) for number in range(6)]
    told = next(answer for answer in answers if answer.status_code == 429)  # a minute may begin
    assert 1 <= int(told.headers["Retry-After"]) <= 60


def test_addresses_are_counted_apart(url: str, settings: Any) -> None:
    settings.BEACON_CLIENT_RATE = 1
    body = json.dumps({"events": []})

    def status(address: str) -> int:
        return Client().post(url, body, "text/plain", REMOTE_ADDR=address).status_code

    assert [status(f"192.0.2.{number}") for number in range(5)] == [204] * 5
    assert 429 in [status(f"2001:db8::{number}") for number in range(4)]
    assert [status(text) for text in ("unix", "")] == [204, 204]


# -- The database away ---------------------------------------------------------------------


def test_events_are_taken_while_the_database_is_away(url: str) -> None:
    assert posted(url, seen()).status_code == 204
    known_beacons()._read.clear()
    with silent():
        assert posted(url, seen(2)).status_code == 204
        other = posted("/beacon/wk_other/", seen())
    assert (other.status_code, other.headers["Retry-After"]) == (503, "5")
    assert drain() == 1
    assert len(logged()) == 2


def test_where_nothing_takes_them_they_are_to_be_sent_again(url: str, monkeypatch: Any) -> None:
    def fail(*args: Any) -> None:
        raise SpoolError

    monkeypatch.setattr(Spool, "put", fail)
    with away():
        answer = posted(url, seen())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP


# -- Sources -------------------------------------------------------------------------------


def test_the_command_says_the_key_and_keeps_it(campaign: Campaign, capsys: Any) -> None:
    options = ("--provider", "beacon", "--campaign", "summer", "--json")
    call_command("create_source", "site", *options, "--origin", f"{SHOP}/")
    first = json.loads(capsys.readouterr().out)
    call_command("create_source", "site", *options, "--origin", "http://localhost:8080")
    again = json.loads(capsys.readouterr().out)
    assert first["key"].startswith("wk_")
    assert (first["secret"], first["username"]) == (None, "")
    assert first["url"].endswith(f"/beacon/{first['key']}/")
    assert again["key"] == first["key"]
    assert Source.objects.get(name="site").origins == ["http://localhost:8080", SHOP]
    assert posted(first["url"], seen()).status_code == 204
    with pytest.raises(CommandError):
        call_command("create_source", "site", *options, "--origin", "shop.example.com")


def test_a_public_key_is_no_secret_to_be_changed(campaign: Campaign) -> None:
    source, _none = set_up("site", "beacon", Wanted("summer"))
    with pytest.raises(SourceError):
        rotate(source)
    with pytest.raises(SourceError):
        set_up("site", "beacon", Wanted("summer"), "a secret")


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://Shop.example.com", SHOP),
        ("https://shop.example.com:443/coats?page=2", SHOP),
        ("http://localhost:8000/", "http://localhost:8000"),
        ("http://[::1]:80", "http://[::1]"),
        ("shop.example.com", ""),
        ("*", ""),
        ("https://", ""),
        ("https://shop.example.com:port", ""),
        ("https://ada@shop.example.com", ""),
        ("file:///shop", ""),
    ],
)
def test_an_origin_is_written_as_browsers_do(address: str, origin: str) -> None:
    if origin:
        assert origin_of(address) == origin
    else:
        with pytest.raises(SourceError):
            origin_of(address)


def test_the_administration_makes_one(client: Client, alice: Any, campaign: Campaign) -> None:
    client.force_login(alice)
    form = {"name": "site", "provider": "beacon", "campaign": campaign.pk, "active": "on"}
    address = "/admin/livereport/source/add/"
    assert "Not an origin" in client.post(address, form | {"origin_lines": "x"}).content.decode()
    page = client.post(address, form | {"origin_lines": f"{SHOP}/"}).content.decode()
    source = Source.objects.get(name="site")
    assert f"/beacon/{source.public_key}/" in page
    assert source.origins == [SHOP]
    assert posted(url_of(source), seen()).status_code == 204
    address = f"/admin/livereport/source/{source.pk}/change/"
    page = client.get(address).content.decode()
    assert f"/beacon/{source.public_key}/" in page
    client.post(address, {"campaign": "", "origin_lines": "", "active": "on"} | INLINE)
    source.refresh_from_db()
    assert (source.campaign, source.origins) == (None, [])
    assert "No campaign yet" in client.get(address).content.decode()


INLINE = {"mappings-TOTAL_FORMS": "0", "mappings-INITIAL_FORMS": "0"}


# -- The script, and the demo --------------------------------------------------------------


def test_the_script_is_for_pages_of_other_sites(client: Client) -> None:
    answer = client.get("/beacon.js")
    if answer.status_code == 404:
        pytest.skip("no front-end bundle")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert not answer.cookies
    packed = client.get("/beacon.js", headers={"accept-encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.content) < 3 * 1024
    script = answer.content.decode()
    assert not [word for word in ("cookie", "localStorage", "sessionStorage") if word in script]
    again = client.get("/beacon.js", headers={"if-none-match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert client.post("/beacon.js").status_code == 405


@pytest.fixture
def progress(settings: Any, tmp_path: Any) -> Any:
    settings.DATA_DIR = tmp_path
    shop.furnish("http://localhost:8000/")
    return shop.progress_path()


def test_the_shop_is_open_while_the_demo_runs(client: Client, db: None, progress: Any) -> None:
    assert client.get("/demo/shop/").status_code == 404
    progress.touch()
    page = client.get("/demo/shop/?page=coats")
    key = Source.objects.get(name="demo-shop").public_key
    assert f'data-lr-key="{key}"' in page.content.decode()
    assert "/admin/reports/demo-shop/web/" in page.content.decode()
    assert not page.cookies
    assert client.get("/demo/shop/?page=<b>").status_code == 200
    assert posted(f"/beacon/{key}/", seen(), origin="http://localhost:8000").status_code == 204
    assert posted(f"/beacon/{key}/", seen(), origin="http://testserver").status_code == 204


def test_it_speaks_french(client: Client, db: None, progress: Any) -> None:
    progress.touch()
    page = client.get("/demo/shop/", headers={"accept-language": "fr"}).content.decode()
    assert "Boutique de démonstration" in page
    assert '<html lang="fr">' in page


def test_it_closes_with_the_demo(client: Client, progress: Any, monkeypatch: Any) -> None:
    progress.touch()
    monkeypatch.setattr(shop, "SILENCE", -1)
    assert client.get("/demo/shop/").status_code == 404
