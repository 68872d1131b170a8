"""Where the database, the broker and the cache are: what cannot serve is refused at the start."""

from collections.abc import Mapping, Sequence
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

Schemes = Sequence[str]

_HINT = "Characters such as # / @ : in names and passwords are written as %23 %2F %40 %3A."


def check_url(
    environment: Mapping[str, str], name: str, schemes: Schemes, separators: str = ""
) -> None:
    """Raise ``ImproperlyConfigured`` if a variable is there and names no service of a scheme.

    ``separators`` may stand between several URLs. Nothing is said of what a URL
    has besides its scheme: it may hold a password.
    """
    if (given := environment.get(name)) is None:
        return
    if not given.strip():
        raise ImproperlyConfigured(f"{name} is empty. Leave it out, or name {_any_of(schemes)}.")
    for separator in separators:
        given = given.replace(separator, " ")
    for url in given.split(" ") if separators else [given]:
        _check(name, url, schemes)


def _check(name: str, url: str, schemes: Schemes) -> None:
    scheme, found, _rest = url.partition("://")
    if not found:
        raise ImproperlyConfigured(f"{name} is no URL. Name {_any_of(schemes)}.")
    if scheme not in schemes:
        raise ImproperlyConfigured(f"{name}: {scheme}:// is not supported, {_any_of(schemes)} is.")
    if reason := _FORMS.get(scheme, _server)(url):
        raise ImproperlyConfigured(f"{name}: {reason}")


def _server(url: str) -> str:
    """What is wrong with the address of a server, if anything is."""
    try:
        urlsplit(url).port  # noqa: B018 (reading it is what checks it)
    except ValueError:
        return f"the port is no number from 0 to 65535. {_HINT}"
    return ""


def _sqlite(url: str) -> str:
    path = url.removeprefix("sqlite:///")
    if path == url or not path or path.endswith("/") or ":memory:" in unquote(path):
        return "SQLite needs a file: sqlite:////var/lib/livereport/report.sqlite3."
    if "?" in path or "#" in path:
        return f"SQLite takes the path of a file and nothing else. {_HINT} A ? is %3F."
    return ""


def _postgres(url: str) -> str:
    if reason := _server(url):
        return reason
    return "" if urlsplit(url).path.strip("/") else f"the name of the database is missing. {_HINT}"


_FORMS = {"sqlite": _sqlite, "postgres": _postgres, "postgresql": _postgres}


def _any_of(schemes: Schemes) -> str:
    *others, last = (f"{scheme}://" for scheme in schemes)
    return f"{', '.join(others)} or {last}" if others else last
