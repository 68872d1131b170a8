"""``/api/v1/metrics/`` and ``/api/v1/channels/``: what the installed channels declare."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from liveReport.channels import Channel, Metric, all_channels
from liveReport.models import ChannelPlugin
from liveReport.report import FIRST_TAB
from liveReport.report.campaign import METRICS

from .base import ReadView
from .described import READING
from .meaning import meaning
from .serializers import ChannelSerializer, MetricSerializer


class MetricList(ReadView):
    """Every metric of the enabled channels, with what it means."""

    @extend_schema(
        operation_id="list_metrics",
        summary="Metrics",
        responses={200: MetricSerializer(many=True)} | READING,
    )
    def get(self, request: Request) -> Response:
        enabled = ChannelPlugin.objects.enabled()
        return Response([_metric(tab, metric, enabled) for tab, metric in _metrics(enabled)])


class ChannelList(ReadView):
    """The installed channel plugins, enabled or not, in tab order."""

    @extend_schema(
        operation_id="list_channels",
        summary="Channel plugins",
        responses={200: ChannelSerializer(many=True)} | READING,
    )
    def get(self, request: Request) -> Response:
        enabled = ChannelPlugin.objects.enabled()
        disabled = [channel for channel in all_channels() if channel not in enabled]
        positions = dict(ChannelPlugin.objects.values_list("slug", "position"))
        return Response(
            [
                _channel(channel, enabled=channel in enabled)
                | {"position": positions.get(channel.slug, channel.position)}
                for channel in [*enabled, *disabled]
            ]
        )


def _metrics(enabled: Iterable[Channel]) -> Iterator[tuple[str, Metric]]:
    """Each with the tab that it belongs to."""
    yield from ((FIRST_TAB, metric) for metric in METRICS)
    for channel in enabled:
        yield from ((channel.slug, metric) for metric in channel.metrics)


def _metric(tab: str, metric: Metric, enabled: Sequence[Channel]) -> dict[str, Any]:
    formula, uniqueness, basis = meaning(metric, enabled)
    return {
        "key": metric.key,
        "channel": tab,
        "label": str(metric.label),
        "definition": str(metric.definition),
        "unit": metric.unit,
        "formula": formula,
        "uniqueness": uniqueness,
        "basis": basis,
    }


def _channel(channel: Channel, *, enabled: bool) -> dict[str, Any]:
    return {
        "slug": channel.slug,
        "label": str(channel.label),
        "description": str(channel.description),
        "enabled": enabled,
        "events": [
            {"key": event.key, "label": str(event.label), "dimensions": list(event.dimensions)}
            for event in channel.events
        ],
        "widgets": [
            {
                "slug": f"{channel.slug}.{widget.key}",
                "title": str(widget.title),
                "help": str(widget.help),
                "kind": widget.kind,
                "metrics": list(widget.metrics),
            }
            for widget in channel.widgets
        ],
    }
