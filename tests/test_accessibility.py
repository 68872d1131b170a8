"""axe-core finds nothing on any page, light or dark, English or French, wide or narrow."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from liveReport import rollup, tasks
from liveReport.engines.sources import Apart, note
from liveReport.ingest import receive
from liveReport.ingest.files import import_waiting
from liveReport.models import Campaign, Source, VerdictRule
from tests.support.browser import TAB, Open, chart, in_browser, pigeon, show_as, widget
from tests.support.factories import event

pytestmark = in_browser

AXE = Path(settings.BASE_DIR) / "node_modules/axe-core/axe.min.js"
LOOKS = [("light", "en"), ("dark", "fr")]


DJANGOS = {"rules": {"empty-table-header": {"enabled": False}}}
"""Django's table of inline rows has a column without a header."""


def findings(page: Page, options: Any = None) -> list[str]:
    """What breaks WCAG 2.2 A and AA or a best practice: rule, and where."""
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate("(options) => axe.run(options)", options or {})
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(390, "light", "fr"), (390, "dark", "en"), *((1280, *look) for look in LOOKS)],
)
def test_a_report_and_its_editor(
    open_page: Open, send: Any, scheme: str, language: str, width: int
) -> None:
    send(pigeon("gift"), pigeon("flown", execution="2026-01-01T08:00:00Z"))
    page = open_page(
        language=language,
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        bypass_csp=True,  # axe writes styles of its own
    )
    expect(chart(page, "course")).to_be_visible()
    assert findings(page) == []
    page.locator("#lr-modify").click()
    expect(page.get_by_role("toolbar")).to_be_visible()
    assert findings(page) == []
    page.locator("[data-do=gallery]").click()
    assert findings(page) == []
    page.keyboard.press("Escape")
    widget(page, "course").locator("[data-menu]").click()
    assert findings(page) == []


@pytest.mark.parametrize(("scheme", "language"), LOOKS)
@pytest.mark.parametrize(
    "address",
    [
        "/admin/",
        "/admin/livereport/campaign/",
        "/admin/livereport/campaign/add/",
        "/admin/livereport/channelplugin/",
        "/admin/livereport/apitoken/",
        "/admin/livereport/quarantinedbatch/",
        "/admin/livereport/setasidebatch/",
        "/admin/livereport/source/",
        "/admin/livereport/eventfile/",
        "/admin/livereport/eventfile/add/",
        "/admin/livereport/verdictrule/",
        "/admin/livereport/verdictrule/preview/",
        "/admin/dashboards/layout/",
        "/admin/time-zone/",
        "/admin/reports/",
        "/admin/reports/?q=nowhere",
        "/admin/reports/?kiosk",
        "/admin/reports/summer/campaign/",
        f"{TAB}?kiosk",
    ],
)
def test_every_other_page(open_page: Open, scheme: str, language: str, address: str) -> None:
    page = open_page(address, language=language, color_scheme=scheme, bypass_csp=True)
    assert findings(page, DJANGOS if "campaign/add" in address else None) == []


@pytest.mark.parametrize(("scheme", "language"), LOOKS)
def test_what_is_said_of_sources(open_page: Open, scheme: str, language: str) -> None:
    now, source = timezone.now(), Source.objects.ensure("loft")
    for minutes in range(40, 10, -1):
        moment = now - timedelta(minutes=minutes)
        receive(source, msgspec.json.encode([pigeon("flown", occurred_at=moment)]), now=moment)
    rollup.fold_pending()
    note([Apart(source.pk, now, refused=3, why="stale")])
    look: dict[str, Any] = {"language": language, "color_scheme": scheme, "bypass_csp": True}
    page = open_page(**look)
    expect(page.locator("[data-heartbeat]")).to_have_count(2)
    assert page.locator(".lr-provisional").count() > 1
    assert findings(page) == []
    for address in ("", f"{source.pk}/change/"):
        page = open_page(f"/admin/livereport/source/{address}", **look)
        expect(page.locator(".lr-news")).to_be_visible()
        assert findings(page) == []


@pytest.mark.parametrize(("scheme", "language"), LOOKS)
def test_the_quarantine_and_its_events(
    open_page: Open, send: Any, settings: Any, scheme: str, language: str
) -> None:
    settings.QUARANTINE_MAX_EVENTS = 101
    send(*(pigeon("gift", campaign="nowhere") for _ in range(103)))
    page = open_page(
        "/admin/livereport/quarantinedbatch/",
        language=language,
        color_scheme=scheme,
        bypass_csp=True,
    )
    expect(page.locator("#content-main caption")).to_contain_text("101")
    assert findings(page) == []
    page.locator(".field-campaign a").click()
    expect(page.locator(".paginator")).to_contain_text("101")
    assert findings(page) == []


@pytest.mark.parametrize(("scheme", "language"), LOOKS)
def test_a_file_of_events_on_its_way(
    open_page: Open,
    campaign: Campaign,
    source: Source,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    language: str,
) -> None:
    monkeypatch.setattr(tasks.files, "apply_async", lambda **how: None)
    at = timezone.now().isoformat()
    file = tmp_path / "mill.csv"
    file.write_text(f"type,time,customer\nsent,{at},7\nground,{at},8\n")
    page = open_page(
        f"/admin/livereport/eventfile/add/?source={source.pk}",
        language=language,
        color_scheme=scheme,
        bypass_csp=True,
    )
    page.locator("[type=file]").set_input_files(file)
    page.locator("[name=_save]").click()
    page.locator("[name=constant-channel]").fill("email")
    page.locator("[name=constant-campaign]").fill("summer")
    page.locator("[name=try]").click()
    expect(page.locator("#content")).to_contain_text("email has no type 'ground'")
    assert findings(page) == []
    page.locator("[name=import]").click()
    expect(page.locator("progress")).to_have_js_property("value", 0)
    assert findings(page) == []
    import_waiting(seconds=10)
    expect(page.locator("progress")).to_have_js_property("value", 100)
    assert page.locator("#file-progress[hx-get]").count() == 0
    assert findings(page) == []


@pytest.mark.parametrize(("scheme", "language"), LOOKS)
def test_rules_that_are_being_adopted(
    open_page: Open, send: Any, monkeypatch: pytest.MonkeyPatch, scheme: str, language: str
) -> None:
    monkeypatch.setattr(tasks.verdicts, "apply_async", lambda **how: None)
    send(event(type="opened", signal="proxy"))
    VerdictRule.objects.complete()
    VerdictRule.objects.filter(signal="proxy").update(verdict="machine")
    address = "/admin/livereport/verdictrule/preview/"
    page = open_page(address, language=language, color_scheme=scheme, bypass_csp=True)
    assert findings(page) == []
    page.locator("#content [type=submit]").click()
    expect(page.locator("#adoption-state[hx-get]")).to_have_count(1)
    assert findings(page) == []
    tasks.verdicts()
    expect(page.locator("#adoption-state[hx-get]")).to_have_count(0)
    assert findings(page) == []


def test_every_picture(open_page: Open) -> None:
    page = open_page()
    for key, picture in (
        ("course", "Areas"),
        ("outcome", "Bars"),
        ("runs", "Numbers"),
        ("tiles", "Table"),
    ):
        show_as(page, key, picture)
    expect(chart(page, "course")).to_be_visible()
    assert findings(page) == []


def test_no_page_of_a_crawl_complains(open_page: Open) -> None:
    """Every page that the administration leads to, downloads and log-out aside."""
    page = open_page("/admin/")
    seen = {"/api/schema/"}  # a file, to which the documentation links once its script has run
    waiting = ["/admin/", "/api/docs/"]
    while waiting:
        address = waiting.pop()
        seen.add(address)
        page.goto(address)
        links = page.locator("a[href]:not([download])").evaluate_all(
            "(all) => all.filter((a) => a.origin === location.origin).map((a) => a.pathname)"
        )
        waiting += {link for link in links if link not in seen and link not in waiting}
    assert len(seen) > 30
    assert {f"{TAB}", "/admin/time-zone/", "/admin/livereport/campaign/add/"} <= seen


@pytest.mark.parametrize(
    ("width", "scheme", "language"), [(320, "light", "fr"), (1280, "dark", "en")]
)
def test_the_events_behind_a_number(
    open_page: Open, send: Any, scheme: str, language: str, width: int
) -> None:
    send(*(pigeon("flown", execution="2026-01-01T08:00:00Z") for _ in range(3)))
    page = open_page(
        language=language,
        color_scheme=scheme,
        viewport={"width": width, "height": 700},
        bypass_csp=True,
    )
    page.locator("[data-metric=flown] [data-events]").first.click()
    page.wait_for_url("**/events.html?**")
    assert findings(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide
