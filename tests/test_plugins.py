"""A channel from an installed distribution, and the promise of twenty lines."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polib
import pytest
from django.conf import settings

from liveReport.channels import (
    EXECUTION,
    Channel,
    Dimension,
    EventType,
    Kpi,
    Metric,
    Parts,
    Rate,
    Table,
    TimeSeries,
    Widget,
    all_channels,
    find_channel,
    registered,
    registry,
)
from liveReport.channels.checks import check_channel

SOURCE = Path(__file__).parent / "fake_channel"


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder on the path in which the distribution is installed, as an installer lays it out."""
    project = tomllib.loads((SOURCE / "pyproject.toml").read_text())["project"]
    package = tmp_path / "livereport_balloon"
    shutil.copytree(SOURCE / "livereport_balloon", package)
    for source in package.rglob("*.po"):
        polib.pofile(str(source)).save_as_mofile(str(source.with_suffix(".mo")))
    info = tmp_path / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        for group, points in project["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return tmp_path


def run(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python of its own that finds what is installed in ``path``; settings are untouched."""
    # On a database of its own: these tests hold theirs.
    own = ("PYTEST_", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(own)}
    environment |= {"PYTHONPATH": str(path), "LIVEREPORT_DATA_DIR": str(path / "data")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


NAMED = "livereport-balloon, entry point 'balloon' of livereport.channels: "


def complaint(path: Path) -> str:
    """What ``manage.py check`` says before it fails."""
    done = run(path, "manage.py", "check")
    assert done.returncode != 0
    return done.stderr


def edit(path: Path, before: str, after: str) -> None:
    module = path / "livereport_balloon/channel.py"
    source = module.read_text()
    assert before in source
    module.write_text(source.replace(before, after))


def test_an_installed_channel_keeps_to_everything(installed: Path) -> None:
    """The tests that walk the registry, and the recount, on the channel that was installed."""
    names = ("every_channel", "report_oracle", "verdicts")
    tests = [f"tests/test_{name}.py" for name in names]
    done = run(installed, "-m", "pytest", "-q", "-p", "no:xdist", "-k", "balloon", *tests)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "10 passed" in done.stdout, done.stdout[-300:]


def test_an_app_that_is_not_there_stops_the_start(installed: Path) -> None:
    shutil.rmtree(installed / "livereport_balloon")
    assert NAMED + "No module named 'livereport_balloon'" in complaint(installed)


def test_an_app_without_a_channel_stops_the_start(installed: Path) -> None:
    (installed / "livereport_balloon/channel.py").unlink()
    assert NAMED + "No module named 'livereport_balloon.channel'" in complaint(installed)


def test_a_channel_that_does_not_import_stops_the_start(installed: Path) -> None:
    (installed / "livereport_balloon/channel.py").write_text("import nothing_like_this\n")
    said = complaint(installed)
    assert "livereport_balloon/channel.py" in said
    assert "No module named 'nothing_like_this'" in said


def test_a_slug_that_is_taken_stops_the_start(installed: Path) -> None:
    edit(installed, 'slug = "balloon"', 'slug = "email"')
    said = complaint(installed)
    assert "livereport_balloon.channel.Balloon: the slug 'email' belongs to channels_pl" in said


def test_check_names_the_mistake_of_an_installed_channel(installed: Path) -> None:
    edit(installed, 'errors = ["burst"]', 'errors = ["popped"]')
    mistake = "livereport_balloon.channel.Balloon: errors names an unknown event type 'popped'"
    assert mistake in complaint(installed)


# -- What a channel can declare ------------------------------------------------------------

KINDS = [
    kind
    for kind in (Dimension, EventType, *Metric.__subclasses__(), *Widget.__subclasses__())
    if kind.__module__ == Metric.__module__  # the campaign's own are not for channels to use
]
WITHOUT_ROWS = {"by", "limit"}
MEANINGLESS = {Rate: {"rate"}, Kpi: WITHOUT_ROWS, TimeSeries: WITHOUT_ROWS}


def declared(source: str, name: str) -> Channel:
    """The channel that a module's source declares; it stays unregistered."""
    with patch.dict(registry._channels, clear=True):
        exec(compile(source, f"{name}.py", "exec"), {"__name__": name})
        (channel,) = all_channels()
    return channel


@pytest.fixture
def balloon() -> Channel:
    return declared((SOURCE / "livereport_balloon/channel.py").read_text(), "balloon")


@pytest.mark.parametrize("kind", KINDS)
def test_the_fake_channel_uses_every_option(balloon: Channel, kind: type[Any]) -> None:
    """So a new option or kind of the public API has to be tried out as well."""
    everything = (*balloon.dimensions, *balloon.events, *balloon.metrics, *balloon.widgets)
    items = [item for item in everything if type(item) is kind]
    default = kind(
        **{f.name: "" for f in fields(kind) if f.default is f.default_factory is MISSING}
    )
    unused = {
        option.name
        for option in fields(kind)
        if all(getattr(item, option.name) == getattr(default, option.name) for item in items)
    }
    assert unused == MEANINGLESS.get(kind, set())


def test_the_fake_channel_uses_every_attribute_and_shape(balloon: Channel) -> None:
    assert set(Channel.__annotations__) <= set(vars(type(balloon)))
    axes = {"": "", EXECUTION: EXECUTION} | dict.fromkeys(balloon.dimension_by_key, "dimension")
    assert {(type(widget), axes[widget.by]) for widget in balloon.widgets} == {
        (Kpi, ""),
        (TimeSeries, ""),
        (Table, ""),
        (Table, EXECUTION),
        (Table, "dimension"),
        (Parts, ""),
        (Parts, "dimension"),
    }


# -- What is promised to authors -----------------------------------------------------------


def code(document: str, language: str, after: str) -> str:
    """The first block of code below a heading."""
    text = (settings.BASE_DIR / document).read_text()
    found = re.search(rf"```{language}\n(.*?)```", text[text.index(after) :], re.DOTALL)
    assert found
    return found[1]


def test_the_readmes_channel_works_in_twenty_lines() -> None:
    source = code("README.md", "python", "## Add a channel")
    assert len([line for line in source.splitlines() if line.strip()]) <= 20
    kiosk = declared(source, "kiosk")
    assert check_channel(kiosk) == []
    with registered(type(kiosk)):
        assert find_channel("kiosk")


def test_the_entry_point_in_the_documentation_is_the_one_looked_for() -> None:
    project = tomllib.loads(code("docs/channels.md", "toml", "## As a package"))["project"]
    assert list(project["entry-points"]) == [registry.ENTRY_POINT_GROUP]
