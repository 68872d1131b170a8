"""Every route of the project."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


def routes() -> Iterator[str]:
    """Every path of the project, with ``{name}`` for what varies."""
    yield from sorted({found.replace("//", "/") for found in _walk(get_resolver(), "")})


def _walk(resolver: URLResolver, prefix: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + _readable(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, route)
        else:
            assert isinstance(pattern, URLPattern)
            yield route


def _readable(pattern: Any) -> str:
    text = str(pattern).removeprefix("^").removesuffix("$").removesuffix("\\Z")
    for name in pattern.converters:
        text = re.sub(rf"<(\w+:)?{name}>", f"{{{name}}}", text)
    return text


ROUTES = list(routes())
SAMPLES = {
    "slug": "summer",
    "campaign": "summer",
    "tab": "campaign",
    "widget": "statistics",
}


def url(route: str) -> str:
    """The route with a value for each of its parameters."""
    return "/" + re.sub(r"\{(\w+)\}", lambda match: SAMPLES.get(match[1], "1"), route)
