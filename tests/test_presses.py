"""Presses that come twice, and the way back: nothing acts twice, nothing is lost silently."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, Request, Route, expect

from liveReport.models import Source
from tests.support.browser import NEWS, TAB, Open, in_browser, pigeon, widget
from tests.test_editor import handle, modify, press, said

pytestmark = in_browser


def count(page: Page, method: str, part: str) -> list[str]:
    """The addresses of requests to come, of a method and with a part in their address."""
    seen: list[str] = []

    def note(request: Request) -> None:
        if request.method == method and part in request.url:
            seen.append(request.url)

    page.on("request", note)
    return seen


def test_modify_opens_one_editor(open_page: Open) -> None:
    page = open_page()
    asked = count(page, "GET", "/layout/")
    page.get_by_role("button", name="Modify").dblclick()
    expect(handle(page, "tiles")).to_have_count(1)
    expect(widget(page, "tiles").get_by_role("button", name="Remove Flights")).to_have_count(1)
    assert len(asked) == 1


@pytest.mark.parametrize("button", ["Save", "Save for everyone"])
def test_a_draft_is_saved_once(open_page: Open, button: str) -> None:
    page = open_page()
    modify(page)
    widget(page, "runs").get_by_role("button", name="Remove Runs").click()
    posts = count(page, "POST", "/layout/")
    release: list[Route] = []
    page.route(re.compile("/layout/"), lambda route: release.append(route))
    pressed = page.get_by_role("toolbar").get_by_role("button", name=button, exact=True)
    if button == "Save":
        pressed.dblclick()
    else:
        pressed.click()
        page.get_by_role("dialog").get_by_role("button", name=button).click()
    expect(pressed).to_have_attribute("aria-busy", "true")
    expect(page.locator("#lr-notice")).to_have_text("Saving…")
    page.keyboard.press("Control+z")
    page.unroute(re.compile("/layout/"))
    for route in release:
        route.fallback()
    expect(page.get_by_role("toolbar")).to_be_hidden()
    if button == "Save":  # for everyone, what takes it back stands there
        expect(page.locator("#lr-editor")).to_be_empty()
    expect(widget(page, "runs")).to_have_count(0)
    assert len(posts) == 1


def test_an_answer_that_is_lost_raises_no_alarm_about_oneself(open_page: Open) -> None:
    page = open_page()
    modify(page)
    widget(page, "runs").get_by_role("button", name="Remove Runs").click()

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(re.compile("/layout/"), lose)
    press(page, "Save")
    notice = page.locator("#lr-notice")
    expect(notice).to_contain_text("the server does not answer")
    known = page.locator("#lr-report").get_attribute("data-layout") or ""
    expect(page.locator("#lr-report")).not_to_have_attribute("data-layout", known, timeout=NEWS)
    expect(notice).to_contain_text("the server does not answer")
    page.unroute(re.compile("/layout/"))
    handle(page, "tiles").press("Shift+ArrowDown")
    press(page, "Save")
    expect(page.get_by_role("toolbar")).to_be_hidden()
    expect(page.locator("#lr-editor")).to_be_empty()


@pytest.mark.parametrize("button", ["Reset", "Cancel", "Undo"])
def test_other_buttons_may_be_pressed_twice(open_page: Open, button: str) -> None:
    page = open_page()
    modify(page)
    widget(page, "runs").get_by_role("button", name="Remove Runs").click()
    widget(page, "tiles").get_by_role("button", name="Remove Flights").click()
    page.get_by_role("toolbar").get_by_role("button", name=button).dblclick()
    for key in ("runs", "tiles"):
        expect(widget(page, key)).to_have_count(1)
        expect(widget(page, key)).to_be_visible()


def test_a_widget_is_added_once(open_page: Open) -> None:
    page = open_page()
    modify(page)
    widget(page, "runs").get_by_role("button", name="Remove Runs").click()
    press(page, "Add widget")
    page.get_by_role("dialog").get_by_role("button", name="Add Runs").dblclick()
    expect(said(page)).to_have_text("Runs added.")
    expect(widget(page, "runs")).to_have_count(1)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+y")
    expect(said(page)).to_have_text("Done again.")
    expect(widget(page, "runs")).to_have_count(1)


def test_a_picture_is_chosen_once(open_page: Open) -> None:
    page = open_page()
    posts = count(page, "POST", "/widgets/course/")
    page.locator('[data-widget="pigeon.course"] [data-menu]').click()
    widget(page, "course").get_by_role("button", name="Areas").dblclick()
    expect(widget(page, "course")).to_have_attribute("data-picture", "area")
    assert len(posts) == 1


def test_an_export_is_downloaded_once(open_page: Open) -> None:
    page = open_page()
    downloads: list[Any] = []
    page.on("download", lambda download: downloads.append(download))
    page.get_by_role("button", name="Export").click()
    with page.expect_download():
        page.get_by_role("link", name="Whole report as CSV").dblclick()
    expect(page.locator("#lr-export-menu")).to_be_hidden()
    assert len(downloads) == 1


# -- Back ----------------------------------------------------------------------------------


def test_unsaved_changes_are_not_left_silently(open_page: Open) -> None:
    page = open_page("/admin/")
    page.goto(TAB)
    asked: list[str] = []
    page.on("dialog", lambda dialog: asked.append(dialog.type))
    modify(page)
    widget(page, "runs").get_by_role("button", name="Remove Runs").click()
    page.evaluate("history.back()")
    expect(said(page)).to_have_text("Runs removed.")
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    expect(page.get_by_role("toolbar")).to_be_visible()
    expect(widget(page, "runs")).to_have_count(0)


def test_boxes_are_ticked_as_the_report_is_filtered(open_page: Open, send: Any) -> None:
    send(pigeon("flown", execution="2026-01-01T08:00:00Z"))
    page = open_page()
    page.get_by_role("button", name="All executions").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url(re.compile("execution="))
    page.go_back()
    page.get_by_role("button", name="All executions").click()
    expect(page.get_by_role("checkbox")).not_to_be_checked()
    page.go_forward()
    page.get_by_role("button", name="Executions: 1 of 1").click()
    expect(page.get_by_role("checkbox")).to_be_checked()


def test_a_page_that_one_comes_back_to_goes_on(open_page: Open, send: Any) -> None:
    send(pigeon("flown", execution="2026-01-01T08:00:00Z"))
    page = open_page()
    page.get_by_role("button", name="All executions").click()
    page.get_by_role("checkbox").check()
    page.keyboard.press("Escape")
    hide(page, "true")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    send(pigeon("lost", reason="storm"))
    hide(page, "false")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(widget(page, "outcome").locator('[data-metric="lost"]')).to_have_text("6", timeout=NEWS)
    expect(page.locator("#lr-executions-menu input")).not_to_be_checked()


def hide(page: Page, hidden: str) -> None:
    """A frozen page: its timers do not run, and nothing tells it that it is seen again."""
    page.evaluate(
        f"Object.defineProperty(document, 'hidden', {{value: {hidden}, configurable: true}});"
        f"{hidden} && document.dispatchEvent(new Event('visibilitychange'))"
    )


def test_a_form_of_the_administration_is_sent_once(open_page: Open, admin_user: User) -> None:
    source = Source.objects.ensure("press")
    page = open_page("/admin/livereport/apitoken/add/", user=admin_user)
    page.select_option("[name=source]", str(source.pk))
    page.select_option("[name=scope]", "read")
    page.check("[name=all_campaigns]")
    posts = count(page, "POST", "/apitoken/")
    page.locator("[name=_save]").dblclick()
    expect(page.get_by_role("heading", name="API token issued")).to_be_visible()
    assert (len(posts), source.tokens.count()) == (1, 1)
