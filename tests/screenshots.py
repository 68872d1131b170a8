"""Pictures of the running demo: those of README and docs, and all that one should look at.

``python -m tests.screenshots FOLDER``: only the first; with ``--all FOLDER`` also what nobody
prints: in French, on a phone, on a wall, very wide, and in the administration.
"""

import argparse
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liveReport.settings")
django.setup()

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from tests.support.browser import CHROMIUM, FLAGS  # noqa: E402
from tests.support.processes import MANAGE, Site, eventually, free_port  # noqa: E402

HISTORY = 240.0
"""Seconds within which the demo has a day behind it."""
START = "/admin/reports/"
COCKPIT = "/admin/reports/flash-offer/campaign/"
EMAIL = "/admin/reports/autumn-sale/email/"
WIDE = {"width": 1440, "height": 1000}
DARK = {"color_scheme": "dark"}
View = tuple[str, dict[str, Any]]
"""Address and options of the browser."""
PRINTED: dict[str, View] = {
    "live-report": (f"{COCKPIT}?window=1h", {}),
    "live-report-dark": (f"{COCKPIT}?window=1h", DARK),
    "start-page": (START, {}),
}
VIEWS: dict[str, View] = {
    "start-dark": (START, DARK),
    "start-phone": (START, {"viewport": {"width": 390, "height": 844}}),
    "start-wall": (f"{START}?kiosk=60", {"viewport": {"width": 1920, "height": 1080}}),
    "email": (EMAIL, {}),
    "email-dark": (EMAIL, DARK),
    "french": (EMAIL, {"locale": "fr-FR"}),
    "phone": (COCKPIT, {"viewport": {"width": 390, "height": 844}}),
    "narrow": (EMAIL, {"viewport": {"width": 320, "height": 640}}),
    "very-wide": (EMAIL, {"viewport": {"width": 2560, "height": 1440}}),
    "wall": (f"{EMAIL}?kiosk=60", {"viewport": {"width": 1920, "height": 1080}}),
    "autumn": ("/admin/reports/autumn-sale/campaign/?window=6h", {}),
    "sms": ("/admin/reports/basket-reminder/sms/", {}),
    "web": ("/admin/reports/welcome/web/", {}),
    "post": ("/admin/reports/catalogue/directmail/", {}),
    "paper": ("/admin/reports/autumn-sale/export.html", {}),
    "administration": ("/admin/", {}),
    "quarantine": ("/admin/livereport/quarantinetally/", {}),
}


DRAWN = """() => [...document.querySelectorAll("[data-chart]")].every((chart) =>
    chart.querySelector("svg") || !chart.offsetParent
    || chart.getBoundingClientRect().top > innerHeight)"""
"""Whether every chart on the screen is there."""


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """A site with a day of demo traffic behind it; its address."""
    site = Site(folder, PORT=free_port())
    with site.running("run", MANAGE, "run") as run:
        eventually(lambda: "hours are complete" in run.says(), "the day is there", HISTORY)
        yield f"http://127.0.0.1:{site.environment['PORT']}"
        run.end(signal.SIGINT)


def logged_in(browser: Browser, address: str, password: str, **options: Any) -> Page:
    """A page of somebody who has just logged in."""
    context = browser.new_context(base_url=address, **({"viewport": WIDE} | options))
    page = context.new_page()
    page.goto("/admin/login/")
    page.fill("[name=username]", "demo")
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"**{START}")
    return page


def take(page: Page, address: str, file: Path) -> None:
    """What is on the screen, once every chart is drawn and still."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.wait_for_function(DRAWN)
    page.wait_for_timeout(1_000)  # charts move into their places
    page.screenshot(path=file)


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    arguments.add_argument("folder", type=Path, help="for the pictures of README and docs")
    arguments.add_argument("--all", type=Path, metavar="FOLDER", help="the others as well")
    asked = arguments.parse_args()
    wanted = {asked.folder / name: view for name, view in PRINTED.items()}
    if asked.all:
        asked.all.mkdir(parents=True, exist_ok=True)
        wanted |= {asked.all / name: view for name, view in VIEWS.items()}
    with TemporaryDirectory(prefix="screenshots-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with demo(Path(folder)) as address:
            password = (Path(folder) / "demo-password").read_text().strip()
            for file, (page, options) in wanted.items():
                shown = logged_in(browser, address, password, **options)
                take(shown, page, file.with_suffix(".png"))


if __name__ == "__main__":
    main()
