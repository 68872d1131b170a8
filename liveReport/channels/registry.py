"""The channels that are installed, by slug, and the providers they understand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import PathFinder
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import NamedTuple, TypeVar

from django.core.exceptions import ImproperlyConfigured

from .channel import Channel
from .webhooks import Webhook

ENTRY_POINT_GROUP = "livereport.channels"

_channels: dict[str, Channel] = {}

C = TypeVar("C", bound=type[Channel])
W = TypeVar("W", bound=type[Webhook])


class Provider(NamedTuple):
    """Whose requests are understood, and of which channel their events are."""

    webhook: Webhook
    channel: str


_added: dict[str, Provider] = {}
"""Providers that were added to a channel from elsewhere."""


class AlreadyRegistered(Exception):
    """Two plugins claim the same slug, or the same provider."""


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


def channels_by_slug() -> dict[str, Channel]:
    """The same by their slugs."""
    return {channel.slug: channel for channel in all_channels()}


def get_channel(slug: str) -> Channel:
    """The channel with this slug; ``KeyError`` when none is installed."""
    return _channels[slug]


def find_channel(slug: str) -> Channel | None:
    """The channel with this slug, or nothing."""
    return _channels.get(slug)


def webhook(channel: str) -> Callable[[W], W]:
    """Class decorator: add a provider to a channel that is somebody else's."""

    def add(added: W) -> W:
        if added.provider in providers():
            raise AlreadyRegistered(
                f"{added.__module__}.{added.__qualname__}: the provider {added.provider!r} belongs "
                f"to {type(providers()[added.provider].webhook).__module__}"
            )
        _added[added.provider] = Provider(added(), channel)
        return added

    return add


@contextmanager
def webhook_added(channel: str, added: type[Webhook]) -> Iterator[Webhook]:
    """Add a provider for the length of a ``with`` block (for tests)."""
    webhook(channel)(added)
    try:
        yield _added[added.provider].webhook
    finally:
        del _added[added.provider]


def providers() -> dict[str, Provider]:
    """Every provider that is understood, by its name. Those of one name are an error of checks."""
    declared = {
        hook.provider: Provider(hook, channel.slug)
        for channel in all_channels()
        for hook in channel.webhooks
    }
    added = {name: found for name, found in _added.items() if found.channel in _channels}
    return declared | added


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
