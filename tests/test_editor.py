"""Modifying a tab in a real browser, with the mouse and with the keyboard."""

from typing import Any

from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, expect

from dashboards.models import Layout
from tests.support.browser import NEWS, TAB, Open, chart, in_browser, pigeon, show_as, widget

pytestmark = in_browser

Box = dict[str, float]


def modify(page: Page) -> None:
    page.get_by_role("button", name="Modify").click()
    expect(page.get_by_role("toolbar")).to_be_visible()


def press(page: Page, name: str) -> None:
    page.get_by_role("toolbar").get_by_role("button", name=name, exact=True).click()


def save(page: Page) -> None:
    press(page, "Save")
    expect(page.get_by_role("toolbar")).to_be_hidden()
    expect(page.get_by_role("button", name="Modify")).to_be_focused()


def handle(page: Page, key: str) -> Locator:
    return widget(page, key).locator("[data-handle]")


def box(page: Page, key: str) -> Box:
    """Where a widget is once it no longer moves."""
    cell = widget(page, key)
    cell.evaluate("(cell) => Promise.all(cell.getAnimations().map((one) => one.finished))")
    found = cell.bounding_box()
    assert found
    return {"x": found["x"], "y": found["y"], "width": found["width"], "height": found["height"]}


def drag(page: Page, start: Locator, dx: float, dy: float, corner: bool = False) -> None:
    found = start.bounding_box()
    assert found
    x = found["x"] + (found["width"] / 2 if corner else 60)
    y = found["y"] + found["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx / 2, y + dy / 2, steps=5)
    page.mouse.move(x + dx, y + dy, steps=5)
    page.mouse.up()


def said(page: Page) -> Locator:
    return page.locator("#lr-said")


# -- Mouse ---------------------------------------------------------------------------------


def test_what_is_dragged_and_resized_stays_so(open_page: Open) -> None:
    page = open_page()
    modify(page)
    drag(page, widget(page, "reasons").locator(".lr-widget-head"), -620, 0)
    expect(said(page)).to_have_text("Reasons: column 1, row 5.")
    drag(page, widget(page, "reasons").locator(".ui-resizable-se"), 310, 42, corner=True)
    expect(said(page)).to_have_text("Reasons: 9 columns wide, 8 rows high.")
    save(page)
    before = box(page, "reasons")
    assert before["x"] < box(page, "outcome")["x"] + 1
    page.reload()
    assert box(page, "reasons") == before
    expect(chart(page, "reasons")).to_be_visible()


def test_remove_add_and_reset(open_page: Open) -> None:
    page = open_page()
    modify(page)
    widget(page, "tiles").get_by_role("button", name="Remove Flights").click()
    expect(widget(page, "tiles")).to_have_count(0)
    expect(handle(page, "outcome")).to_be_focused()
    save(page)
    page.reload()
    expect(widget(page, "outcome")).to_be_visible()
    expect(widget(page, "tiles")).to_have_count(0)

    modify(page)
    press(page, "Add widget")
    gallery = page.get_by_role("dialog", name="Add widget")
    expect(gallery).to_contain_text("At a glance.")
    expect(gallery.get_by_role("button", name="On the page Runs")).to_be_disabled()
    gallery.get_by_role("button", name="Add Flights").click()
    expect(handle(page, "tiles")).to_be_focused()
    save(page)
    assert box(page, "tiles")["y"] > box(page, "outcome")["y"]

    modify(page)
    press(page, "Reset")
    save(page)
    page.reload()
    assert box(page, "tiles")["y"] < box(page, "outcome")["y"]
    assert not Layout.objects.exists()


def test_cancel_brings_everything_back(open_page: Open) -> None:
    page = open_page()
    before = {key: box(page, key) for key in ("tiles", "outcome", "runs")}
    modify(page)
    show_as(page, "course", "Table")
    widget(page, "runs").get_by_role("button", name="Remove Runs").click()
    press(page, "Cancel")
    expect(chart(page, "course")).to_be_visible()
    expect(widget(page, "runs")).to_be_visible()
    assert {key: box(page, key) for key in before} == before
    assert not Layout.objects.exists()


def test_undo_and_redo(open_page: Open) -> None:
    page = open_page()
    modify(page)
    show_as(page, "course", "Bars side by side")
    widget(page, "runs").get_by_role("button", name="Remove Runs").click()
    press(page, "Undo")
    expect(widget(page, "runs")).to_be_visible()
    expect(widget(page, "course")).to_have_attribute("data-picture", "bar")
    page.keyboard.press("Control+z")
    expect(widget(page, "course")).to_have_attribute("data-picture", "line")
    page.keyboard.press("Control+y")
    expect(widget(page, "course")).to_have_attribute("data-picture", "bar")
    press(page, "Redo")
    expect(widget(page, "runs")).to_have_count(0)
    save(page)
    page.reload()
    expect(widget(page, "course")).to_have_attribute("data-picture", "bar")
    expect(widget(page, "runs")).to_have_count(0)


def test_the_numbers_stay_live_while_editing(open_page: Open, send: Any) -> None:
    page = open_page()
    modify(page)
    widget(page, "runs").get_by_role("button", name="Remove Runs").click()
    show_as(page, "reasons", "Table")
    handle(page, "outcome").focus()
    send(pigeon("lost", reason="hawk"))
    lost = widget(page, "outcome").locator('[data-metric="lost"]')
    expect(lost).to_have_text("6", timeout=NEWS)
    expect(widget(page, "reasons")).to_contain_text("Total6")
    expect(handle(page, "outcome")).to_be_focused()
    expect(widget(page, "runs")).to_have_count(0)


def test_leaving_with_changes_asks(open_page: Open) -> None:
    page = open_page()
    modify(page)
    handle(page, "tiles").press("ArrowDown")
    expect(said(page)).to_contain_text("row 8")
    with page.expect_event("dialog") as question:
        page.get_by_role("link", name="Campaign", exact=True).click(no_wait_after=True)
    assert question.value.type == "beforeunload"
    assert TAB in page.url
    expect(page.get_by_role("toolbar")).to_be_visible()


# -- Keyboard ------------------------------------------------------------------------------


def test_everything_by_the_keyboard(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("button", name="Modify").press("Enter")
    expect(page.get_by_role("button", name="Add widget")).to_be_focused()
    expect(said(page)).to_contain_text("The numbers stay live")
    steps = {
        "ArrowDown": "Flights: column 1, row 8.",
        "ArrowUp": "Flights: column 1, row 1.",
        "Shift+ArrowLeft": "Flights: 11 columns wide, 4 rows high.",
        "ArrowRight": "Flights: column 2, row 1.",
        "Shift+ArrowDown": "Flights: 11 columns wide, 5 rows high.",
        "ArrowLeft": "Flights: column 1, row 1.",
    }
    for key, sentence in steps.items():
        handle(page, "tiles").press(key)
        expect(said(page)).to_have_text(sentence)
        expect(handle(page, "tiles")).to_be_focused()
    handle(page, "tiles").press("ArrowUp")
    expect(said(page)).to_have_text("Flights cannot go further.")

    handle(page, "reasons").press("ArrowLeft")
    expect(said(page)).to_have_text("Reasons: column 1, row 6.")
    handle(page, "runs").press("Delete")
    expect(said(page)).to_have_text("Runs removed.")
    page.get_by_role("button", name="Save", exact=True).press("Enter")
    expect(said(page)).to_have_text("Saved.")
    expect(page.get_by_role("button", name="Modify")).to_be_focused()
    assert box(page, "reasons")["x"] < box(page, "outcome")["x"]


def test_the_menu_does_what_the_arrows_do(open_page: Open) -> None:
    page = open_page()
    modify(page)
    handle(page, "tiles").press("Shift+ArrowDown")
    widget(page, "tiles").get_by_role("button", name="Actions for").press("Enter")
    page.get_by_role("button", name="Taller").press("Enter")
    expect(said(page)).to_have_text("Flights: 12 columns wide, 6 rows high.")
    expect(page.get_by_role("button", name="Taller")).to_be_focused()
    page.get_by_role("button", name="Reset this widget").press("Enter")
    expect(widget(page, "tiles")).to_have_attribute("gs-h", "4")


# -- Two people, two windows, a phone ----------------------------------------------------------


def test_nobody_changes_anybody_elses_page(open_page: Open, bob: User) -> None:
    page = open_page()
    modify(page)
    widget(page, "tiles").get_by_role("button", name="Remove Flights").click()
    save(page)
    bobs = open_page(user=bob)
    expect(widget(bobs, "tiles")).to_be_visible()
    modify(bobs)
    expect(bobs.get_by_role("button", name="Save for everyone")).to_have_count(0)


def test_a_layout_for_everyone(open_page: Open, bob: User) -> None:
    page = open_page()
    modify(page)
    widget(page, "tiles").get_by_role("button", name="Remove Flights").click()
    press(page, "Save for everyone")
    question = page.get_by_role("dialog", name="Save this arrangement for everyone?")
    expect(question).to_contain_text("1 other person")
    question.get_by_role("button", name="Back").click()
    expect(page.get_by_role("toolbar")).to_be_visible()
    assert not Layout.objects.exists()
    press(page, "Save for everyone")
    question.get_by_role("button", name="Save for everyone").click()
    expect(page.locator("#lr-editor")).to_contain_text("Saved for everyone")
    bobs = open_page(user=bob)
    expect(widget(bobs, "outcome")).to_be_visible()
    expect(widget(bobs, "tiles")).to_have_count(0)


def test_what_was_saved_for_everyone_can_be_taken_back(open_page: Open) -> None:
    page = open_page()
    modify(page)
    widget(page, "tiles").get_by_role("button", name="Remove Flights").click()
    press(page, "Save for everyone")
    page.get_by_role("dialog").get_by_role("button", name="Save for everyone").click()
    page.locator("#lr-editor").get_by_role("button", name="Undo").click()
    expect(said(page)).to_have_text("Everyone sees the tab as it was before.")
    expect(widget(page, "tiles")).to_be_visible(timeout=NEWS)
    assert not Layout.objects.exists()


def test_the_bar_stays_in_sight(open_page: Open) -> None:
    page = open_page(viewport={"width": 1280, "height": 500})
    modify(page)
    page.mouse.move(640, 400)
    page.mouse.wheel(0, 5_000)
    expect(page.get_by_role("toolbar").get_by_role("button", name="Cancel")).to_be_in_viewport()
    page.set_viewport_size({"width": 320, "height": 640})
    expect(page.get_by_role("toolbar").get_by_role("button", name="Cancel")).to_be_in_viewport()


def test_the_later_save_wins_and_says_so(open_page: Open) -> None:
    first, second = open_page(), open_page()
    modify(first)
    modify(second)
    widget(first, "tiles").get_by_role("button", name="Remove Flights").click()
    widget(second, "runs").get_by_role("button", name="Remove Runs").click()
    save(first)
    notice = second.locator("#lr-notice")
    expect(notice).to_contain_text("saved in another window", timeout=NEWS)
    press(second, "Save")
    expect(second.locator("#lr-editor")).to_contain_text("This replaced what another window saved")
    expect(widget(first, "tiles")).to_be_visible(timeout=NEWS)
    expect(widget(first, "runs")).to_have_count(0)

    second.get_by_role("button", name="Take that one instead").click()
    expect(widget(second, "runs")).to_be_visible(timeout=NEWS)
    expect(widget(second, "tiles")).to_have_count(0)


def test_a_phone_keeps_the_columns_of_a_desktop(open_page: Open) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True)
    modify(page)
    widget(page, "runs").get_by_role("button", name="Remove Runs").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    save(page)
    desktop = open_page()
    assert box(desktop, "outcome")["y"] == box(desktop, "reasons")["y"]
    expect(widget(desktop, "runs")).to_have_count(0)


def test_a_window_that_becomes_narrow_and_wide_again_moves_nothing(open_page: Open) -> None:
    page = open_page()
    before = {key: box(page, key) for key in ("tiles", "outcome", "reasons", "runs")}
    modify(page)
    page.set_viewport_size({"width": 390, "height": 844})
    expect(widget(page, "reasons")).to_have_attribute("gs-y", "11")
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(widget(page, "reasons")).to_have_attribute("gs-x", "6")
    save(page)
    assert {key: box(page, key) for key in before} == before
    assert not Layout.objects.exists()


def test_on_a_phone_the_order_can_be_changed(open_page: Open) -> None:
    page = open_page(viewport={"width": 390, "height": 844})
    modify(page)
    handle(page, "reasons").press("ArrowUp")
    save(page)
    page.reload()
    order = page.locator("[data-widget]").evaluate_all("(all) => all.map((e) => e.dataset.widget)")
    assert order[:3] == ["pigeon.tiles", "pigeon.reasons", "pigeon.outcome"]


def test_a_refused_draft_says_why_and_stays(open_page: Open) -> None:
    page = open_page()
    modify(page)
    handle(page, "tiles").press("ArrowDown")
    page.route("**/layout/", lambda route: route.fulfill(status=422, json={"detail": "no: why"}))
    press(page, "Save")
    expect(page.locator("#lr-notice")).to_have_text("Not saved: no: why")
    expect(page.get_by_role("toolbar")).to_be_visible()
