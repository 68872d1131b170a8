"""Layouts without a browser: geometry, layers, what is refused, what a broken row does."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from dashboards.grid import COLUMNS, MAX_HEIGHT, MIN_HEIGHT, MIN_WIDTH, Place, flow, settle, within
from dashboards.layouts import Placement, difference, overlay, shipped
from dashboards.models import MAX_WIDGETS, Layout, WidgetChange
from dashboards.pictures import pictures_of
from liveReport.channels import Kpi, registered
from liveReport.models import Campaign, ChannelPlugin
from liveReport.report.frames import WidgetInfo
from tests.support.factories import event
from tests.support.showcase import Showcase

TAB = "/admin/reports/summer/pigeon/"
LAYOUT = f"{TAB}layout/"

sizes = st.tuples(st.integers(MIN_WIDTH, COLUMNS), st.integers(MIN_HEIGHT, 9))
places = st.builds(
    Place, st.integers(-2, 14), st.integers(-2, 40), st.integers(0, 15), st.integers(0, MAX_HEIGHT)
)


def cells(place: Place) -> set[tuple[int, int]]:
    return {(x, y) for x in place.columns for y in range(place.y, place.y + place.h)}


# -- Geometry --------------------------------------------------------------------------------


@given(st.lists(sizes, max_size=12))
def test_flowing_widgets_neither_overlap_nor_float(given_sizes: list[tuple[int, int]]) -> None:
    placed = flow(given_sizes)
    assert [(place.w, place.h) for place in placed] == given_sizes
    assert len(set().union(*map(cells, placed))) == sum(w * h for w, h in given_sizes)
    named = {str(number): place for number, place in enumerate(placed)}
    assert settle(named) == named


@given(st.dictionaries(st.sampled_from("abcdefgh"), places))
def test_settled_widgets_fit_rest_and_stay(wishes: dict[str, Place]) -> None:
    settled = settle(wishes)
    assert settled.keys() == wishes.keys()
    taken: set[tuple[int, int]] = set()
    for key, place in settled.items():
        assert place == within(place)
        assert (place.x, place.w, place.h) == (
            within(wishes[key]).x, within(wishes[key]).w, within(wishes[key]).h
        )  # fmt: skip
        assert not taken & cells(place)
        assert place.y == 0 or any((x, place.y - 1) in taken for x in place.columns)
        taken |= cells(place)
    assert settle(settled) == settled


# -- Layers ----------------------------------------------------------------------------------


def info(key: str, size: tuple[int, int] = (6, 7), kind: str = "parts") -> WidgetInfo:
    kinds = [kind, "table"]
    return WidgetInfo(slug=f"t.{key}", title=key, help="", kind=kind, kinds=kinds, size=size)


WIDGETS = [info("a", (12, 4)), info("b"), info("c"), info("d", (8, 5)), info("e", (4, 3))]

standings = st.builds(
    Placement,
    places.map(within),
    st.sampled_from(["donut", "bar", "table"]),
)


class Changes:
    """A layer as it is read back."""

    def __init__(self, changes: list[WidgetChange]) -> None:
        self.changes = self
        self._all = changes

    def all(self) -> list[WidgetChange]:
        return self._all


@given(st.dictionaries(st.sampled_from([w.slug for w in WIDGETS]), standings), st.data())
def test_a_difference_brings_back_what_was_wanted(
    wishes: dict[str, Placement], data: st.DataObject
) -> None:
    """Whatever the layer below is, and however the widgets were dragged."""
    shown = [widget for widget in WIDGETS if widget.slug in wishes]
    settled = settle({slug: standing.place for slug, standing in wishes.items()})
    wanted = {slug: Placement(place, wishes[slug].picture) for slug, place in settled.items()}
    below = shipped(shown)
    if data.draw(st.booleans()):
        organisation = data.draw(
            st.dictionaries(st.sampled_from(sorted(wishes) or ["t.a"]), standings)
        )
        layer = Changes(difference(organisation, (), shipped(shown), ()))
        below = overlay(below, layer, shown)  # type: ignore[arg-type]
    changes = difference(wanted, (), below, ())
    found = overlay(below, Changes(changes), shown)  # type: ignore[arg-type]
    assert found == wanted


def test_what_equals_the_layer_below_is_not_stored() -> None:
    assert difference(shipped(WIDGETS), (), shipped(WIDGETS), ()) == []


def test_a_removed_widget_leaves_the_others_unchanged() -> None:
    rest = [widget for widget in WIDGETS if widget.slug != "t.a"]
    changes = difference(shipped(rest), ["t.a"], shipped(rest), ())
    assert [(change.widget, change.shown) for change in changes] == [("t.a", False)]


def test_a_new_widget_appears_to_who_has_moved_the_others() -> None:
    old = [info("b"), info("c")]
    wanted = {"t.c": Placement(Place(0, 0, 6, 7), "donut"), "t.b": Placement(Place(6, 0, 6, 7), "donut")}  # fmt: skip  # noqa: E501
    mine = Changes(difference(wanted, (), shipped(old), ()))
    new = [*old, info("n")]
    found = overlay(shipped(new), mine, new)  # type: ignore[arg-type]
    assert list(found) == ["t.c", "t.b", "t.n"]


# -- The editor's addresses --------------------------------------------------------------------


@pytest.fixture
def alices(client: Client, campaign: Campaign, alice: User, send: Any) -> Iterator[Client]:
    with registered(Showcase):
        send(event(channel="pigeon", type="flown"), event(channel="pigeon", type="lost"))
        client.force_login(alice)
        yield client


def state_of(client: Client) -> dict[str, Any]:
    response = client.get(LAYOUT)
    assert response.status_code == 200
    return json.loads(response.context["state"])


def order(client: Client) -> list[str]:
    page = client.get(TAB)
    assert page.status_code == 200
    return [widget.slug.removeprefix("pigeon.") for widget in page.context["page"].widgets]


def save(client: Client, address: str = LAYOUT, **changes: Any) -> Any:
    """Save the tab as it is for its user, with some changes."""
    state = state_of(client)
    draft = {"widgets": state["base"], "removed": [], "based_on": state["mine"]} | changes
    return client.post(address, json.dumps(draft), content_type="application/json")


def without(client: Client, *keys: str) -> dict[str, Any]:
    """A draft in which some widgets are removed."""
    slugs = [f"pigeon.{key}" for key in keys]
    kept = [item for item in state_of(client)["base"] if item["widget"] not in slugs]
    return {"widgets": kept, "removed": slugs}


def test_a_saved_draft_is_a_difference(alices: Client, alice: User) -> None:
    draft = without(alices, "runs")
    assert save(alices, **draft).status_code == 200
    (layout,) = Layout.objects.all()
    assert (layout.owner, layout.tab) == (alice, "pigeon")
    assert [(c.widget, c.shown, c.x) for c in layout.changes.all()] == [("pigeon.runs", False, None)]  # fmt: skip  # noqa: E501
    assert order(alices) == ["tiles", "outcome", "reasons", "course"]
    assert "This replaced" not in save(alices, **draft).content.decode()


def test_saving_what_is_shipped_leaves_nothing_behind(alices: Client) -> None:
    save(alices, **without(alices, "runs"))
    assert save(alices, afresh=True).status_code == 200
    assert not Layout.objects.exists()


def test_the_organisations_default_lies_below_mine(
    alices: Client, bob: User, client: Client
) -> None:
    address = f"{LAYOUT}everyone/"
    assert save(alices, address, **without(alices, "runs"), based_on="0").status_code == 200
    other = Client()
    other.force_login(bob)
    assert order(other) == ["tiles", "outcome", "reasons", "course"]
    state = state_of(other)
    assert state["baseRemoved"] == ["pigeon.runs"]
    back = {"widget": "pigeon.runs", "x": 0, "y": 99, "w": 12, "h": 7, "picture": "table"}
    assert save(other, widgets=[*state["base"], back]).status_code == 200
    assert order(other) == ["tiles", "outcome", "reasons", "course", "runs"]
    assert order(alices) == ["tiles", "outcome", "reasons", "course"]
    assert save(other, address).status_code == 403


def test_a_layout_is_for_a_tab_across_campaigns(alices: Client) -> None:
    Campaign.objects.create(slug="winter", name="Winter").channels.create(
        channel="pigeon", declared=True
    )
    save(alices, **without(alices, "tiles"))
    page = alices.get("/admin/reports/winter/pigeon/").context["page"]
    assert "pigeon.tiles" not in [widget.slug for widget in page.widgets]


def test_a_save_that_replaces_an_unseen_one_hands_it_back(alices: Client) -> None:
    save(alices, **without(alices, "tiles"))
    answer = save(alices, **without(alices, "runs"), based_on="0").json()
    assert answer["replaced"]["removed"] == ["pigeon.tiles"]
    assert "pigeon.runs" in [item["widget"] for item in answer["replaced"]["widgets"]]
    assert save(alices, **without(alices, "runs")).json()["replaced"] is None


def test_a_disabled_channel_comes_back_as_it_was(alices: Client) -> None:
    save(alices, **without(alices, "tiles"))
    ChannelPlugin.objects.complete()
    ChannelPlugin.objects.filter(slug="pigeon").update(enabled=False)
    assert alices.get(TAB).status_code == 302
    ChannelPlugin.objects.filter(slug="pigeon").update(enabled=True)
    assert "tiles" not in order(alices)


def test_what_the_editor_could_not_show_is_kept(alices: Client, alice: User) -> None:
    """A widget without data, or of a plugin's older version, keeps its place."""
    layout = Layout.objects.create(owner=alice, tab="pigeon")
    for slug in ("pigeon.gifts", "pigeon.gone"):
        WidgetChange.objects.create(layout=layout, widget=slug, y=3, shown=False)
    save(alices, **without(alices, "runs"))
    kept = WidgetChange.objects.values_list("widget", flat=True)
    assert sorted(kept) == ["pigeon.gifts", "pigeon.gone", "pigeon.runs"]
    save(alices, afresh=True)
    assert not WidgetChange.objects.exists()


def test_what_nobody_knows_is_left_out_and_said(alices: Client) -> None:
    unknown = [f"pigeon.u{number}" for number in range(150)]
    for turn in range(5):
        removed = [f"pigeon.r{turn}_{number}" for number in range(150)]
        widgets = [GOOD | {"widget": slug} for slug in unknown] + state_of(alices)["base"]
        answer = save(alices, widgets=widgets, removed=removed)
        assert answer.status_code == 200
        assert answer.json()["left_out"] == unknown + removed
        assert not Layout.objects.exists()
    assert save(alices, **without(alices, "runs")).json()["left_out"] == []


@pytest.mark.parametrize("past", [0, 1])
def test_a_layer_has_so_many_changes_and_no_more(alices: Client, alice: User, past: int) -> None:
    """What is chosen now goes before what is only kept."""
    layout = Layout.objects.create(owner=alice, tab="pigeon")
    old = [f"pigeon.old{number}" for number in range(MAX_WIDGETS - 2 + past)]
    WidgetChange.objects.bulk_create(
        WidgetChange(layout=layout, widget=slug, shown=False) for slug in old
    )
    answer = save(alices, **without(alices, "runs", "tiles"))
    assert answer.json()["left_out"] == old[MAX_WIDGETS - 2 :]
    kept = set(WidgetChange.objects.values_list("widget", flat=True))
    assert len(kept) == MAX_WIDGETS
    assert {"pigeon.runs", "pigeon.tiles"} < kept
    alices.post(f"{TAB}widgets/course/", {"picture": "bar"})
    chosen = WidgetChange.objects.filter(widget="pigeon.course").values_list("picture", flat=True)
    assert list(chosen) == ["bar"]
    assert WidgetChange.objects.count() == MAX_WIDGETS


ROWS = [f"w{number}" for number in range(22)]


class Tall(Showcase):
    """More of the highest widgets than the grid has room for below each other."""

    slug = "tall"
    widgets = [
        Kpi(key=key, title=key, help="Tall.", metrics=["flown"], size=(12, 24)) for key in ROWS
    ]


@pytest.mark.parametrize(("count", "status"), [(20, 200), (21, 422)])
def test_a_draft_that_leaves_the_grid_is_refused(
    alices: Client, send: Any, count: int, status: int
) -> None:
    with registered(Tall):
        send(event(channel="tall", type="flown"))
        place = {"x": 0, "y": 0, "w": 12, "h": 24, "picture": "kpi"}
        widgets = [place | {"widget": f"tall.{key}"} for key in ROWS[:count]]
        draft = {"widgets": widgets, "removed": [f"tall.{key}" for key in ROWS[count:]]}
        address = LAYOUT.replace("pigeon", "tall")
        answer = alices.post(address, json.dumps(draft), content_type="application/json")
        assert answer.status_code == status
        if status == 422:
            assert "widgets[20].y: tall.w20 ends up below" in answer.json()["detail"]


def test_two_hundred_widgets_at_one_place_do_not_matter(alices: Client) -> None:
    slugs = [f"pigeon.{key}" for key in ("tiles", "runs", "course", "outcome", "reasons", "gifts")]
    slugs += [f"pigeon.x{number}" for number in range(MAX_WIDGETS - len(slugs))]
    pictures = {"pigeon.tiles": "kpi", "pigeon.course": "line", "pigeon.outcome": "donut"}
    widgets = [
        GOOD | {"widget": slug, "h": 24, "picture": pictures.get(slug, "table")} for slug in slugs
    ]
    answer = save(alices, widgets=widgets)
    assert answer.status_code == 200, answer.content
    assert len(answer.json()["left_out"]) == MAX_WIDGETS - 6


def test_a_broken_row_breaks_nothing(alices: Client, alice: User) -> None:
    before = order(alices)
    layout = Layout.objects.create(owner=alice, tab="pigeon")
    broken: list[dict[str, Any]] = [
        {"widget": "pigeon.tiles", "picture": "hologram"},
        {"widget": "pigeon.runs", "picture": "line"},
        {"widget": "no slug at all"},
        {"widget": "email.statistics", "x": 3},
        {"widget": "pigeon.course", "x": 10},
    ]
    for fields in broken:
        WidgetChange.objects.create(layout=layout, **fields)
    assert order(alices) == before
    assert alices.get(LAYOUT).status_code == 200
    assert save(alices).status_code == 200


@pytest.mark.parametrize("field", ["x", "y", "w", "h"])
@pytest.mark.parametrize("value", [-1, 1000])
def test_the_database_refuses_places_off_the_grid(alice: User, field: str, value: int) -> None:
    layout = Layout.objects.create(owner=alice, tab="pigeon")
    with pytest.raises(IntegrityError), transaction.atomic():
        WidgetChange.objects.create(layout=layout, widget="pigeon.tiles", **{field: value})


GOOD = {"widget": "pigeon.tiles", "x": 0, "y": 0, "w": 12, "h": 4, "picture": "kpi"}
REFUSED: list[tuple[Any, str]] = [
    ({"widgets": [GOOD | {"x": 12}]}, "$.widgets[0].x"),
    ({"widgets": [GOOD | {"x": 6}]}, "`x` + `w` is more than 12"),
    ({"widgets": [GOOD | {"w": 1}]}, "$.widgets[0].w"),
    ({"widgets": [GOOD | {"h": 25}]}, "$.widgets[0].h"),
    ({"widgets": [GOOD | {"y": 480}]}, "$.widgets[0].y"),
    ({"widgets": [GOOD | {"y": 0.5}]}, "$.widgets[0].y"),
    ({"widgets": [GOOD | {"widget": "<b>"}]}, "$.widgets[0].widget"),
    ({"widgets": [GOOD | {"picture": "hologram"}]}, "widgets[0].picture: pigeon.tiles cannot"),
    ({"widgets": [GOOD | {"colour": "red"}]}, "unknown field `colour`"),
    ({"widgets": [GOOD, GOOD]}, "mentioned twice"),
    ({"widgets": [GOOD], "removed": ["pigeon.tiles"]}, "mentioned twice"),
    ({"widgets": [], "removed": [f"pigeon.w{n}" for n in range(201)]}, "$.removed"),
    ({"removed": []}, "missing required field `widgets`"),
    ("nothing", "Expected `object`"),
]


@pytest.mark.parametrize(("draft", "reason"), REFUSED, ids=[reason for _draft, reason in REFUSED])
def test_a_bad_draft_is_refused_by_field_and_reason(
    alices: Client, draft: Any, reason: str
) -> None:
    response = alices.post(LAYOUT, json.dumps(draft), content_type="application/json")
    assert response.status_code == 422
    assert reason in response.json()["detail"]
    assert not Layout.objects.exists()


def test_strangers_save_nothing(alices: Client, charlie: User) -> None:
    stranger = Client()
    stranger.force_login(charlie)
    assert stranger.post(LAYOUT, "{}", content_type="application/json").status_code == 302
    checking = Client(enforce_csrf_checks=True)
    checking.cookies = alices.cookies
    assert checking.post(LAYOUT, "{}", content_type="application/json").status_code == 403
    assert alices.get(f"{LAYOUT}everyone/").status_code == 405


# -- Another picture -----------------------------------------------------------------------------


def test_a_picture_is_kept_without_javascript(alices: Client) -> None:
    address = f"{TAB}widgets/course/"
    assert alices.post(address, {"picture": "bar"}).headers["Location"] == TAB
    assert Layout.objects.get().changes.get().picture == "bar"
    page = alices.get(TAB).context["page"]
    assert {w.slug: w.shown_as for w in page.widgets}["pigeon.course"] == "bar"
    alices.post(address, {"picture": "line"})
    assert not Layout.objects.exists()


@pytest.mark.parametrize("picture", ["donut", "", "<b>"])
def test_a_picture_that_the_frame_does_not_allow_is_refused(alices: Client, picture: str) -> None:
    response = alices.get(f"{TAB}widgets/course/", {"picture": picture})
    assert response.status_code == 422
    assert "pigeon.course cannot be shown as" in response.json()["detail"]


@pytest.mark.parametrize("key", ["tiles", "outcome", "runs", "course", "reasons", "gifts"])
def test_every_widget_draws_every_picture_it_offers(alices: Client, key: str) -> None:
    slug = f"pigeon.{key}"
    entry = next(e for e in alices.get(LAYOUT).context["gallery"] if e.info.slug == slug)
    for picture in pictures_of(entry.info):
        cell = alices.get(entry.url, {"picture": picture})
        assert cell.status_code == 200
        assert f'data-picture="{picture}"' in cell.content.decode()


def test_an_unknown_widget_is_not_found(alices: Client) -> None:
    assert alices.get(f"{TAB}widgets/nothing/", {"picture": "table"}).status_code == 404
