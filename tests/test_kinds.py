"""A kind of widget or metric is declared once; each layer has what it needs of it, by its name."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from dashboards import tones
from dashboards.pictures import KINDS, PICTURES, kind_of, pictures_of
from liveReport.api import serializers
from liveReport.api.meaning import meaning
from liveReport.channels import (
    EXECUTION,
    TONES,
    WIDGETS,
    Axis,
    Kpi,
    Metric,
    Parts,
    Widget,
    registered,
)
from liveReport.channels.checks import check_channel
from liveReport.channels.declarations import METRICS
from liveReport.models import Campaign
from liveReport.report.build import widget_info
from liveReport.report.frames import Column
from tests.support.factories import event
from tests.support.showcase import Showcase

DASHBOARDS = settings.BASE_DIR / "dashboards"
FRONT_END = DASHBOARDS / "frontend"
TEMPLATES = DASHBOARDS / "templates/dashboards"

each_kind = pytest.mark.parametrize("kind", WIDGETS, ids=lambda kind: kind.kind)


def missing(kind: str) -> Iterator[str]:
    """The files that a kind of widget lacks, and what lacks in those it has."""
    yield from lacking(DASHBOARDS / f"pictures/{kind}.py", "\nKIND = ")
    yield from lacking(TEMPLATES / f"widgets/_{kind}.html")
    drawn = KINDS.get(kind)
    if drawn is None:
        yield f"no {kind} among the pictures"
        return
    for picture in drawn.pictures:
        yield from lacking(TEMPLATES / f"icons/_{picture}.html", f'id="lr-i-{picture}"')
    if drawn.is_chart:
        script = FRONT_END / f"js/{kind}.js"
        yield from lacking(script, "export function option(", "export function point(", " paper =")


def lacking(file: Path, *texts: str) -> Iterator[str]:
    name = file.relative_to(DASHBOARDS)
    if not file.exists():
        yield f"no {name}"
        return
    written = file.read_text()
    yield from (f"no {text!r} in {name}" for text in texts if text not in written)


@each_kind
def test_each_layer_has_a_file_of_its_name(kind: type[Widget]) -> None:
    assert list(missing(kind.kind)) == []


def test_a_kind_without_its_files_is_found_out() -> None:
    assert list(missing("sankey")) == [
        "no pictures/sankey.py",
        "no templates/dashboards/widgets/_sankey.html",
        "no sankey among the pictures",
    ]


def test_no_layer_has_a_kind_that_nobody_can_declare() -> None:
    kinds = {widget.kind for widget in WIDGETS}
    assert len(kinds) == len(WIDGETS)
    assert {module.stem for module in DASHBOARDS.glob("pictures/[a-z]*.py")} == kinds
    assert {icon.stem[1:] for icon in TEMPLATES.glob("icons/*.html")} == set(PICTURES)


@each_kind
def test_the_api_knows_it(kind: type[Widget]) -> None:
    assert kind.kind in serializers.KINDS
    schema = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    assert kind.kind in schema["components"]["schemas"]["WidgetKind"]["enum"]


@each_kind
@pytest.mark.parametrize("by", ["", "reason", EXECUTION])
def test_it_says_what_its_frame_has_and_can_be_shown_as(kind: type[Widget], by: str) -> None:
    widget = declared(kind, by)
    assert (widget.axis == Axis.ROWS) <= bool(by)
    assert kind.kind not in widget.also
    assert set(widget.also) <= set(KINDS)
    columns = [metric.key for metric in Showcase().columns(widget)]
    has_rates = widget.has_rates and by != "reason"  # of which the denominator says nothing
    assert columns == (["arrived", "arrival_rate"] if has_rates else ["arrived"])


def declared(kind: type[Widget], by: str = "", **fields: Any) -> Widget:
    return kind(key="w", title="W", help="h", by=by, **{"metrics": ["arrived"]} | fields)


def shown_as() -> list[Any]:
    """Every picture of every kind."""
    return [
        pytest.param(kind, picture, id=f"{kind.kind}-{picture}")
        for kind in WIDGETS
        for picture in KINDS[kind.kind].pictures
    ]


@pytest.mark.parametrize(("kind", "picture"), shown_as())
@pytest.mark.django_db
def test_the_page_shows_it_as_each_picture(
    kind: type[Widget], picture: str, campaign: Campaign, send: Any, client: Client, alice: User
) -> None:
    client.force_login(alice)
    declaration = declared(kind, metrics=["arrived", "lost"], whole=["arrived", "lost"])
    with registered(type("Pigeon", (Showcase,), {"widgets": [declaration]})):
        assert not send(event(channel="pigeon", type="arrived")).rejected
        where = "/admin/reports/summer/pigeon/"
        client.post(f"{where}widgets/w/", {"picture": picture})
        page = client.get(where).content.decode()
    assert f'data-picture="{picture}"' in page
    assert f'data-kind="{kind.kind}"' in page
    assert 'data-state="ready"' in page
    assert ("data-frame=" in page) == KINDS[kind.kind].is_chart
    assert f'<symbol id="lr-i-{picture}"' in page


@pytest.mark.django_db
def test_shares_can_be_of_executions(
    campaign: Campaign, send: Any, client: Client, alice: User
) -> None:
    client.force_login(alice)
    runs = [timezone.now() - timedelta(hours=hours) for hours in (1, 2)]
    with registered(type("Pigeon", (Showcase,), {"widgets": [declared(Parts, EXECUTION)]})):
        send(*(event(channel="pigeon", type="arrived", execution=run) for run in (None, *runs)))
        page = client.get("/admin/reports/summer/pigeon/").content.decode()
    frame = re.search(r'data-frame="([^"]*)"', page)
    assert frame
    slices = json.loads(unescape(frame[1]))["slices"]
    assert [(one["tone"], one["shade"], one["value"]) for one in slices] == [
        ("blue", 1, 1),
        ("blue", 2, 1),
        ("grey", 0, 1),
    ]


@pytest.mark.parametrize("by", ["", "reason", EXECUTION])
@each_kind
def test_a_picture_leads_back_to_its_kind(kind: type[Widget], by: str) -> None:
    info = widget_info("pigeon", declared(kind, by), Showcase().metric_by_key)
    for picture in pictures_of(info):
        assert picture in KINDS[kind_of(info.kinds, picture)].pictures


# -- Where a kind is not to be asked for --------------------------------------------------------


def test_nobody_else_asks_for_the_kind_of_a_metric_or_widget() -> None:
    names = "|".join(kind.__name__ for kind in (Metric, Widget, *METRICS, *WIDGETS))
    asked = re.compile(rf"isinstance\([^()]*\b({names})\b")
    modules = [*settings.BASE_DIR.glob("liveReport/**/*.py"), *DASHBOARDS.glob("**/*.py")]
    found = [module.name for module in modules if asked.search(module.read_text())]
    assert found == ["declarations.py"]


def test_stylesheets_name_a_kind_only_in_its_own() -> None:
    named = re.compile(r'data-kind="(\w+)"|data-picture="(\w+)"')
    for sheet in FRONT_END.glob("css/*.css"):
        for kind, picture in named.findall(sheet.read_text()):
            own = KINDS.get(sheet.stem)
            assert own is not None, sheet.name
            assert kind == sheet.stem or picture in own.pictures, sheet.name


# -- What else a layer has to know of a metric --------------------------------------------------


@pytest.mark.parametrize("kind", METRICS, ids=lambda kind: kind.__name__)
def test_the_api_explains_each_kind_of_metric(kind: type[Metric]) -> None:
    assert meaning.dispatch(kind) is not meaning.dispatch(Metric)


def test_every_tone_has_a_colour() -> None:
    colours = (FRONT_END / "css/tokens.css").read_text()
    for tone in (*TONES, *tones.SEQUENCE, tones.REST):
        assert tone in TONES
        assert f'[data-tone="{tone}"]' in colours
        assert f"--lr-{tone}:" in colours


def test_a_metric_has_its_own_tone_and_others_the_next_that_is_free() -> None:
    own = {"b": "blue", "d": "teal"}
    columns = [Column(key=key, label=key, role="metric", tone=own.get(key, "")) for key in "abcdef"]
    assert tones.of_metrics(columns) == own | {
        "a": "amber",
        "c": "magenta",
        "e": "violet",
        "f": "olive",
    }


@pytest.mark.django_db
def test_a_tone_is_on_the_page(campaign: Campaign, send: Any, client: Client, alice: User) -> None:
    (arrived,) = (metric for metric in Showcase.metrics if metric.key == "arrived")
    metrics = [replace(m, tone="pink") if m is arrived else m for m in Showcase.metrics]
    client.force_login(alice)
    changes = {"widgets": [declared(Kpi)], "metrics": metrics}
    with registered(type("Pigeon", (Showcase,), changes)):
        send(event(channel="pigeon", type="arrived"))
        page = client.get("/admin/reports/summer/pigeon/").content.decode()
    assert '<div class="lr-tile" data-tone="pink"' in page


def test_checks_refuse_a_tone_without_a_colour() -> None:
    metrics = [replace(metric, tone="purpel") for metric in Showcase.metrics]
    channel = type("Pigeon", (Showcase,), {"metrics": metrics})()
    (first, *_) = check_channel(channel)
    assert "metric 'flown': tone 'purpel' is none of slate, grey" in first.msg
