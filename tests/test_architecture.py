"""Who may know whom."""

import ast
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path
from typing import TypeGuard

import pytest

from liveReport import channels

BASE = Path(__file__).parent.parent
CORE = sorted(BASE.glob("liveReport/**/*.py"))
PAGES = sorted(BASE.glob("dashboards/**/*.py"))
PLUGINS = sorted(BASE.glob("channels_plugins/*/**/*.py"))
STRANGERS = sorted(BASE.glob("tests/fake_channel/*/**/*.py"))


def imports(path: Path) -> Iterator[str]:
    """The dotted name of everything that a module imports, at any depth."""
    package = ".".join(path.relative_to(BASE).parent.parts)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), package)
            yield from (f"{module}.{alias.name}" for alias in node.names)


def below(path: Path, root: str) -> set[str]:
    """What a module imports from a package."""
    return {name for name in imports(path) if f"{name}.".startswith(f"{root}.")}


def outward(paths: Iterable[Path], root: str) -> dict[str, set[str]]:
    return {str(path): found for path in paths if (found := below(path, root))}


@pytest.mark.parametrize("path", [*PLUGINS, *STRANGERS], ids=lambda path: path.parent.name)
def test_plugins_use_the_public_api_only(path: Path) -> None:
    public = {f"liveReport.channels.{name}" for name in channels.__all__}
    assert below(path, "liveReport") <= public
    assert below(path, "dashboards") | below(path, "django.db") == set()


@pytest.mark.parametrize("path", PLUGINS, ids=lambda path: path.parent.name)
def test_plugins_do_not_know_each_other(path: Path) -> None:
    own = ".".join(path.relative_to(BASE).parts[:2])
    assert below(path, "channels_plugins") == below(path, own)


def test_the_core_knows_no_plugin_and_no_page() -> None:
    assert CORE
    assert outward(CORE, "channels_plugins") | outward(CORE, "dashboards") == {}


def test_the_pages_know_no_plugin() -> None:
    assert PAGES
    assert outward(PAGES, "channels_plugins") == {}


def test_no_channel_is_named_in_the_core() -> None:
    """What holds for one channel only is the channel's to declare; the demo is a producer."""
    slugs = {path.parent.name for path in BASE.glob("channels_plugins/*/channel.py")}
    assert slugs >= {"email", "push", "sms", "inapp", "web", "directmail"}
    named = [
        f"{path.relative_to(BASE)}:{node.lineno} {node.value!r}"
        for path in [*CORE, *PAGES]
        if BASE / "liveReport" / "demo" not in path.parents
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in slugs
    ]
    assert named == []


FLOORS = (
    {"channels"},
    {"events"},
    {"counts"},
    {"models"},
    {"engines"},
    {"ingest", "rollup", "report"},
    {"site"},
    {"api", "admin", "management"},
)
"""Of the core, from the ground up. Whoever stands on one knows those below, and no neighbour."""


@pytest.mark.parametrize(
    "level", range(len(FLOORS)), ids=lambda level: "-".join(sorted(FLOORS[level]))
)
def test_packages_know_only_what_is_below_them(level: int) -> None:
    above = set().union(*FLOORS[level:])
    known = {
        str(path.relative_to(BASE)): found
        for package in sorted(FLOORS[level])
        for path in sorted((BASE / "liveReport" / package).glob("**/*.py"))
        for other in sorted(above - {package})
        if (found := below(path, f"liveReport.{other}"))
    }
    assert known == {}


def test_every_package_of_the_core_has_its_floor() -> None:
    packages = {path.parent.name for path in BASE.glob("liveReport/*/__init__.py")}
    assert packages - set().union(*FLOORS) == {"demo", "migrations"}


def module_of(path: Path) -> str:
    parts = path.relative_to(BASE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_no_modules_know_each_other_in_a_circle() -> None:
    modules = {module_of(path): path for path in [*CORE, *PAGES, *PLUGINS]}
    known = {
        module: {
            found
            for name in imports(path)
            if (found := name if name in modules else name.rpartition(".")[0]) in modules
        }
        - {module}
        for module, path in modules.items()
    }
    TopologicalSorter(known).prepare()  # raises CycleError, which names the circle


def test_stages_ask_engines_for_what_is_stored() -> None:
    """What folds and verifies has no SQL and no transaction of its own."""
    storage = ("django.db.models", "django.db.transaction", "django.db.connection")
    known = {
        str(path): found
        for path in CORE
        if path.parent.name in ("rollup", "report")
        for root in storage
        if (found := below(path, root))
    }
    assert known == {}


MAY_STORE = ("liveReport/engines/log.py", "liveReport/models", "liveReport/migrations")
MAY_APPEND = (
    "liveReport/ingest",
    *(f"liveReport/engines/{name}.py" for name in ("quarantine", "set_aside")),
    *MAY_STORE,
)
"""Aside from those who receive, whoever divides what came in, or puts it back."""
STORING = ("create", "bulk_create", "get_or_create", "update_or_create", "acreate", "save")


def stores_batches(node: ast.AST) -> TypeGuard[ast.expr]:
    """Whether this makes rows of the event log: as objects, by a manager or in SQL."""
    if isinstance(node, ast.Constant):
        return "INSERT INTO livereport_eventbatch" in str(node.value)
    if not isinstance(node, ast.Call):
        return False
    called = ast.unparse(node.func)
    *owner, verb = called.split(".")
    return verb == "EventBatch" or ("EventBatch" in owner and verb in STORING)


def outside(*places: str) -> list[Path]:
    """All that is ours, but for these files and folders."""
    inside = [BASE / place for place in places]
    return [
        path
        for path in [*CORE, *PAGES, *PLUGINS]
        if not any(place in (path, *path.parents) for place in inside)
    ]


def test_events_come_in_through_one_entrance() -> None:
    """Whoever else wrote to the log would pass by the checks, and in an outage by the spool."""
    storing = [
        f"{path.relative_to(BASE)}:{node.lineno}"
        for path in outside(*MAY_STORE)
        for node in ast.walk(ast.parse(path.read_text()))
        if stores_batches(node)
    ]
    assert storing == []
    appending = {
        str(path): found
        for path in outside(*MAY_APPEND)
        if (
            found := {
                name
                for package in ("liveReport.ingest", "liveReport.engines.log")
                for name in below(path, package)
                if name.rpartition(".")[2] in ("append", "Entry")
            }
        )
        or "log.append(" in path.read_text()
    }
    assert appending == {}


@pytest.mark.parametrize(
    "line",
    [
        "EventBatch(count=1).save()",
        "log.EventBatch(count=1)",
        "EventBatch.objects.create(count=1)",
        "models.EventBatch.objects.bulk_create([])",
        "cursor.execute('INSERT INTO livereport_eventbatch VALUES (1)')",
    ],
)
def test_another_entrance_would_be_noticed(line: str) -> None:
    assert any(map(stores_batches, ast.walk(ast.parse(line))))
    assert not any(map(stores_batches, ast.walk(ast.parse("EventBatch.objects.count()"))))
