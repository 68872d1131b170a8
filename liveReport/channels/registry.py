"""The channels that are installed, by slug."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import PathFinder
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured

from .channel import Channel

ENTRY_POINT_GROUP = "livereport.channels"

_channels: dict[str, Channel] = {}

C = TypeVar("C", bound=type[Channel])


class AlreadyRegistered(Exception):
    """Two plugins claim the same slug."""


def register(channel: C) -> C:
    """Class decorator: make a channel known under its slug, once."""
    if channel.slug in _channels:
        raise AlreadyRegistered(
            f"{channel.__module__}.{channel.__qualname__}: the slug {channel.slug!r} belongs to "
            f"{type(_channels[channel.slug]).__module__}"
        )
    _channels[channel.slug] = channel()
    return channel


@contextmanager
def registered(channel: type[Channel]) -> Iterator[Channel]:
    """Register a channel for the length of a ``with`` block (for tests)."""
    register(channel)
    try:
        yield _channels[channel.slug]
    finally:
        del _channels[channel.slug]


def all_channels() -> list[Channel]:
    """Every installed channel, in default tab order."""
    return sorted(_channels.values(), key=lambda channel: (channel.position, channel.slug))


def get_channel(slug: str) -> Channel:
    """The channel with this slug; ``KeyError`` when none is installed."""
    return _channels[slug]


def find_channel(slug: str) -> Channel | None:
    """The channel with this slug, or nothing."""
    return _channels.get(slug)


def plugin_apps() -> list[str]:
    """Django apps that installed distributions offer as channels.

    A distribution names its app in the entry point group
    ``livereport.channels``; settings append them to ``INSTALLED_APPS``.
    """
    return sorted({_app(point) for point in entry_points(group=ENTRY_POINT_GROUP)})


def _app(point: EntryPoint) -> str:
    """The app that an entry point names, once its ``channel`` is found."""
    try:
        _find_channel_module(point.value)
    except ImportError as error:
        distribution = point.dist.name if point.dist else "a distribution"
        raise ImproperlyConfigured(
            f"{distribution}, entry point {point.name!r} of {point.group}: {error}"
        ) from error
    return point.value


def _find_channel_module(app: str) -> None:
    """Look for it without importing it: that has to wait until every app is loaded."""
    package = find_spec(app)
    if package is None:
        raise ModuleNotFoundError(f"No module named {app!r}")
    if not PathFinder.find_spec(f"{app}.channel", package.submodule_search_locations or []):
        raise ModuleNotFoundError(f"No module named '{app}.channel'")
