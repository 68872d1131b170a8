"""Events as a producer sends them, to show what they look like."""

from datetime import date
from typing import Any

from liveReport.channels import Channel, Dimension, all_channels

_DOMAIN = "example.com"


def example_events(day: date) -> list[dict[str, Any]]:
    """The message to one profile: meant, delivered; and to another, failed. None has a name."""
    channel = next((each for each in _in_order() if each.audience and each.errors), None)
    if channel is None:
        return []
    story = [(channel.audience[0], 1), (channel.deliveries[0], 1), (channel.errors[0], 2)]
    return [_event(channel, type_, number, day) for type_, number in story]


def _in_order() -> list[Channel]:
    return sorted(all_channels(), key=lambda channel: channel.position)


def _event(channel: Channel, type_: str, number: int, day: date) -> dict[str, Any]:
    message = f"message-{number}"
    taken = (channel.dimension_by_key[key] for key in channel.event_by_key[type_].dimensions)
    values = {dimension.key: _value(dimension) for dimension in taken}
    return {
        "id": f"{message}.{type_}",
        "campaign": "season-launch",
        "channel": channel.slug,
        "type": type_,
        "occurred_at": f"{day}T00:00:00Z",
        "profile": f"customer-{number}",
        "message": message,
        **{key: value for key, value in values.items() if value},
    }


def _value(dimension: Dimension) -> str:
    """A value that the channel has a name for, if it has any."""
    if dimension.domain_names:
        return _DOMAIN
    return next(iter([*dimension.choices, *dimension.labels]), "")
