"""What every installed channel keeps to: each test walks the registry."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone, translation
from django.utils.html import escape

from liveReport.channels import Channel, all_channels, get_channel
from liveReport.channels.checks import check_channel
from liveReport.models import Campaign, ChannelPlugin
from tests.support.factories import event

channels = pytest.mark.parametrize("slug", [channel.slug for channel in all_channels()])

RUN = datetime.now(UTC).replace(microsecond=0)


def one_of_each(channel: Channel) -> list[dict[str, Any]]:
    """An event of each type, with a value for each dimension that it takes."""
    return [
        event(
            channel=channel.slug,
            type=kind.key,
            occurred_at=timezone.now(),
            profile=f"profile of {kind.key}",
            message="m-1",
            execution=RUN,
            **{key: value_of(channel, key) for key in kind.dimensions},
        )
        for kind in channel.events
    ]


def value_of(channel: Channel, key: str) -> str:
    return next(iter(channel.dimension_by_key[key].choices), f"some {key}")


@pytest.fixture
def alices(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


@channels
def test_its_declarations_are_sound(slug: str) -> None:
    assert check_channel(get_channel(slug)) == []


@channels
def test_every_text_is_there_in_both_languages(slug: str) -> None:
    channel = get_channel(slug)
    texts = [
        *(metric.definition for metric in channel.metrics),
        *(widget.help for widget in channel.widgets),
    ]
    for text in texts:
        with translation.override("en"):
            english = str(text)
        with translation.override("fr"):
            assert str(text) != english, f"not in French: {english}"


@channels
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_widget_is_on_page_in_api_and_in_export(
    slug: str, language: str, campaign: Campaign, send: Any, alices: Client
) -> None:
    channel = get_channel(slug)
    assert not send(*one_of_each(channel)).rejected
    alices.cookies["django_language"] = language
    page = alices.get(f"/admin/reports/summer/{slug}/").content.decode()
    report = alices.get(f"/api/v1/campaigns/summer/report/{slug}/").json()
    by_default = [widget for widget in channel.widgets if widget.by_default]
    assert [w["slug"] for w in report["widgets"]] == [f"{slug}.{w.key}" for w in by_default]
    for widget in channel.widgets:
        with translation.override(language):
            assert (escape(str(widget.title)) in page) >= widget.by_default
        table = alices.get(f"/admin/reports/summer/{slug}/{widget.key}.csv")
        assert len(table.content.decode().splitlines()) > 1, widget.key


@channels
def test_every_metric_is_in_a_widget(slug: str) -> None:
    """What the catalogue promises, a frame has; without deleting it from the catalogue."""
    channel = get_channel(slug)
    shown = {metric.key for widget in channel.widgets for metric in channel.columns(widget)}
    assert [metric.key for metric in channel.metrics if metric.key not in shown] == []


@channels
def test_errors_are_a_share_of_all_that_was_tried(slug: str, alices: Client) -> None:
    ChannelPlugin.objects.complete()
    metrics = alices.get("/api/v1/metrics/").json()
    formulas = {m["key"]: m["formula"] for m in metrics if m["channel"] == slug}
    assert formulas.get("error_rate", "errors / (sent + errors)") == "errors / (sent + errors)"


@channels
def test_switched_off_and_on_again_nothing_is_lost(
    slug: str, campaign: Campaign, send: Any, alices: Client
) -> None:
    channel = get_channel(slug)
    ChannelPlugin.objects.complete()
    plugin = ChannelPlugin.objects.filter(slug=slug)
    plugin.update(enabled=False)
    assert not send(*one_of_each(channel)).rejected
    tab = f"/api/v1/campaigns/summer/report/{slug}/"
    assert alices.get(tab).status_code == 404
    plugin.update(enabled=True)
    send()
    frames = [widget["frame"] for widget in alices.get(tab).json()["widgets"]]
    assert all(frames)
    assert any(value for frame in frames for value in frame["totals"].values())
