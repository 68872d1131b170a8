"""``beacon.js`` on a page of another site, and the demo's shop, in a real browser."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from liveReport import rollup
from liveReport.api import beacon as view
from liveReport.demo import shop
from liveReport.events import former
from liveReport.models import Campaign, EventBatch, Series
from liveReport.site.sources import Wanted, set_up, url_of
from tests.support import browser as browsers
from tests.support.browser import NEWS, in_browser
from tests.support.processes import eventually

browser = browsers.browser
pytestmark = in_browser

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
PAGE = """<!doctype html><html{html}><meta charset="utf-8"><title>Shop</title>
<script async src="{script}" data-lr-key="{key}"{more}></script>
<main><p data-lr-element="hero" style="height:200px">Hero <button>More</button></p>
<a href="/next">Next</a>
<p data-lr-element="footer" style="margin-top:2000px;height:200px">Footer</p></main>"""
OBSERVED = """() => new Promise((done) => {
  new IntersectionObserver(done).observe(document.querySelector("[data-lr-element]"));
})"""
"""Resolves once the browser has told whoever observed before what is to be seen."""
IS_BEACON = re.compile(r"/beacon/wk_")
Body = dict[str, Any]


class Shop(ThreadingHTTPServer):
    """Another site, on this machine: browsers let no public one send to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ShopPage)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.page = {"html": "", "more": "", "script": "", "key": ""}


class ShopPage(BaseHTTPRequestHandler):
    """The same page, wherever one looks."""

    def do_GET(self) -> None:
        assert isinstance(self.server, Shop)
        body = PAGE.format(**self.server.page).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None: ...


class Visitor:
    """A browser on a page of the shop whose clock stands still until it is told to go on."""

    def __init__(self, context: BrowserContext, site: str, shop: Shop) -> None:
        self.context, self.shop = context, shop
        self.bodies: list[list[Body]] = []
        source, _none = set_up("site", "beacon", Wanted("summer", origins=[shop.url]))
        self.address = f"{site}{url_of(source)}"
        shop.page |= {"script": f"{site}/beacon.js", "key": source.public_key or ""}
        self.page = context.new_page()
        self.page.on("request", self._note)

    def _note(self, request: Any) -> None:
        if request.url.startswith(self.address) and request.post_data:
            self.bodies.append(json.loads(request.post_data)["events"])

    def open(self, at: datetime | None = None) -> Page:
        at = at or timezone.now()
        self.page.clock.install(time=at - timedelta(seconds=1))
        self.page.clock.pause_at(at)
        self.page.goto(self.shop.url)
        self.page.evaluate(OBSERVED)
        return self.page

    def wait(self, milliseconds: int) -> None:
        self.page.clock.run_for(milliseconds)

    def sends(self, milliseconds: int = 1_000) -> list[tuple[str, str]]:
        """What is sent within this time, and taken: types and elements."""
        with self.page.expect_response(lambda answer: self._is_taken(answer)):
            self.wait(milliseconds)
        return [(event["type"], event["element"]) for event in self.bodies[-1]]

    def _is_taken(self, answer: Any) -> bool:
        return bool(answer.url.startswith(self.address) and answer.status == 204)


@pytest.fixture
def contexts(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    made: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        options["viewport"] = {"width": 1000, "height": 700}
        made.append(browser.new_context(user_agent=AGENT, **options))
        made[-1].set_default_timeout(NEWS)
        return made[-1]

    yield make
    for context in made:
        context.close()


@pytest.fixture
def elsewhere() -> Iterator[Shop]:
    with Shop() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def visitor(contexts: Any, live_server: Any, campaign: Campaign, elsewhere: Shop) -> Visitor:
    return Visitor(contexts(), live_server.url, elsewhere)


def counted() -> list[tuple[str, ...]]:
    """What the log has: channel, type and element."""
    return [
        (shape.channel, shape.type, dict(shape.dimensions)["element"])
        for batch in EventBatch.objects.order_by("pk")
        for events in [former.read(batch.payload, batch.source_id)]
        for shape in [events.shapes[place] for place in events.shape.tolist()]
    ]


def test_an_element_counts_once_half_of_it_has_been_visible_for_a_second(visitor: Visitor) -> None:
    page = visitor.open()
    visitor.wait(999)
    assert visitor.bodies == []
    assert visitor.sends(1_001) == [("impression", "hero")]
    page.evaluate("scrollTo(0, 2000)")
    page.evaluate(OBSERVED)
    visitor.wait(500)
    page.evaluate("scrollTo(0, 0)")  # too soon for the footer, and the hero was counted
    page.evaluate(OBSERVED)
    visitor.wait(3_000)
    page.evaluate("scrollTo(0, 2000)")
    page.evaluate(OBSERVED)
    assert visitor.sends(2_000) == [("impression", "footer")]
    assert len(visitor.bodies) == 2
    assert counted() == [("web", "impression", "hero"), ("web", "impression", "footer")]


def test_less_than_half_is_not_seen(visitor: Visitor) -> None:
    page = visitor.open()
    visitor.sends(2_000)
    footer = page.locator("[data-lr-element=footer]")
    top = footer.evaluate("e => e.getBoundingClientRect().top + scrollY")
    page.evaluate(f"scrollTo(0, {top - 700 + 90})")
    page.evaluate(OBSERVED)
    visitor.wait(3_000)
    page.evaluate(f"scrollTo(0, {top - 700 + 110})")
    page.evaluate(OBSERVED)
    assert visitor.sends(2_000) == [("impression", "footer")]


def test_a_click_is_an_interaction_with_the_element_around_it(visitor: Visitor) -> None:
    page = visitor.open()
    page.get_by_role("button").click()
    page.locator("main").click(position={"x": 5, "y": 500})
    assert visitor.sends() == [("interaction", "hero"), ("impression", "hero")]


def test_nothing_is_left_on_the_device(visitor: Visitor) -> None:
    page = visitor.open()
    visitor.sends(2_000)
    assert visitor.context.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [
        0,
        0,
        "",
    ]


def test_another_page_of_the_same_document_counts_anew(visitor: Visitor) -> None:
    page = visitor.open()
    visitor.sends(2_000)
    page.evaluate("history.replaceState(null, '', '/#part')")  # the same page
    page.evaluate(OBSERVED)
    visitor.wait(3_000)
    assert len(visitor.bodies) == 1
    page.evaluate("history.pushState(null, '', '/coats')")
    page.evaluate(OBSERVED)
    assert visitor.sends(2_000) == [("impression", "hero")]
    page.evaluate("new Promise(done => { addEventListener('popstate', done); history.back(); })")
    page.evaluate(OBSERVED)
    assert visitor.sends(2_000) == [("impression", "hero")]
    profiles = {event["profile"] for events in visitor.bodies for event in events}
    assert len(profiles) == 1


def test_what_is_added_later_is_seen_as_well(visitor: Visitor) -> None:
    page = visitor.open()
    visitor.sends(2_000)
    page.evaluate(
        """() => document.querySelector("main").insertAdjacentHTML("afterbegin",
        '<div><p data-lr-element="late">Late</p></div>')"""
    )
    page.evaluate(OBSERVED)
    assert visitor.sends(2_000) == [("impression", "late")]


def test_without_a_connection_events_wait_in_memory(visitor: Visitor) -> None:
    page = visitor.open()
    visitor.sends(2_000)
    visitor.context.set_offline(offline=True)
    page.wait_for_function("!navigator.onLine")
    for _click in range(3):
        page.get_by_role("button").click()
    visitor.wait(5_000)
    visitor.context.set_offline(offline=False)
    page.wait_for_function("navigator.onLine")
    assert visitor.sends() == [("interaction", "hero")] * 3
    assert len(counted()) == 4


def test_only_so_many_wait(visitor: Visitor) -> None:
    page = visitor.open()
    visitor.context.set_offline(offline=True)
    page.wait_for_function("!navigator.onLine")
    page.evaluate("for (let n = 0; n < 700; n++) document.querySelector('button').click()")
    visitor.wait(3_000)
    visitor.context.set_offline(offline=False)
    page.wait_for_function("navigator.onLine")
    for _request in range(5):
        visitor.sends()
    assert [len(events) for events in visitor.bodies] == [100] * 5
    visitor.wait(10_000)
    assert len(visitor.bodies) == 5


def test_what_was_not_taken_is_sent_again_later(visitor: Visitor) -> None:
    refusals = [503, 429]

    def answer(route: Route) -> None:
        if refusals:
            headers = {"Access-Control-Allow-Origin": visitor.shop.url}
            route.fulfill(status=refusals.pop(), headers=headers)
        else:
            route.continue_()

    visitor.page.route(IS_BEACON, answer)
    visitor.open()
    for tries, pause in enumerate((2_000, 2_000), start=1):
        with visitor.page.expect_response(lambda answer: answer.status in (429, 503)):
            visitor.wait(pause)
        assert len(visitor.bodies) == tries
    assert visitor.sends(4_000) == [("impression", "hero")]
    assert visitor.bodies[0] == visitor.bodies[2]


def test_who_leaves_at_once_is_counted(visitor: Visitor, monkeypatch: Any) -> None:
    # What a page sends while it is left has the browser's own agent, that of a machine.
    monkeypatch.setattr(view, "_crawls", lambda agent: False)
    page = visitor.open()
    page.get_by_role("button").click()
    page.get_by_role("link").click()
    page.wait_for_url("**/next")
    eventually(lambda: counted() == [("web", "interaction", "hero")], "the click is counted")


@pytest.mark.parametrize(
    ("html", "more", "profile"),
    [
        ("", ' data-lr-profile="ada"', "ada"),
        (' data-lr-profile="berta"', ' data-lr-profile="ada"', "berta"),
    ],
)
def test_who_is_known_is_named(visitor: Visitor, html: str, more: str, profile: str) -> None:
    visitor.shop.page |= {"html": html, "more": more}
    visitor.open()
    visitor.sends(2_000)
    ((event,),) = visitor.bodies
    assert event["profile"] == profile
    assert "identity" not in event


def test_who_is_not_known_is_one_page_view_and_the_report_says_so(visitor: Visitor) -> None:
    for _view in range(2):
        visitor.open()
        visitor.sends(2_000)
    (first,), (second,) = visitor.bodies
    assert first["profile"] != second["profile"]
    rollup.fold_pending()
    assert Series.objects.get(type="impression", dimension="identity").value == "page"


def test_a_clock_that_is_wrong_is_set_right(visitor: Visitor) -> None:
    visitor.open(timezone.now() - timedelta(days=30))
    visitor.sends(2_000)
    (batch,) = EventBatch.objects.all()
    (at,) = former.read(batch.payload, batch.source_id).at.tolist()
    assert at / 1e6 == pytest.approx(timezone.now().timestamp(), abs=30)


@pytest.mark.parametrize("sign", ["globalPrivacyControl", "doNotTrack"])
def test_who_asks_for_it_is_left_alone(visitor: Visitor, sign: str) -> None:
    value = "true" if sign == "globalPrivacyControl" else "'1'"
    visitor.context.add_init_script(
        f"Object.defineProperty(navigator, '{sign}', {{ get: () => {value} }})"
    )
    page = visitor.open()
    page.get_by_role("button").click()
    visitor.wait(10_000)
    page.reload()
    assert visitor.bodies == []
    assert counted() == []


def test_the_shop_of_the_demo_can_be_clicked(
    contexts: Any, live_server: Any, settings: Any, tmp_path: Any, db: None
) -> None:
    settings.DATA_DIR = tmp_path
    shop.furnish(live_server.url)
    shop.progress_path().touch()
    complaints: list[str] = []
    page = contexts(base_url=live_server.url).new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    with page.expect_response(IS_BEACON):
        page.goto("/demo/shop/")
    page.get_by_role("link", name="Basket").click()
    expect(page.get_by_role("heading", name="Basket")).to_be_visible()
    assert page.url.endswith("?page=basket")
    known = page.get_by_role("button", name="known customer")
    with page.expect_response(IS_BEACON):
        known.click()
    expect(known).to_have_attribute("aria-pressed", "true")
    with page.expect_response(IS_BEACON):
        known.click()
    page.go_back()
    expect(page.get_by_role("heading", name="Window display")).to_be_visible()
    assert {("web", "impression", "hero banner"), ("web", "interaction", "checkout hint")} <= {
        *counted()
    }
    report = page.get_by_role("link", name="Open the live report")
    expect(report).to_have_attribute("href", "/admin/reports/demo-shop/web/")
    assert page.context.cookies() == []
    assert complaints == []
