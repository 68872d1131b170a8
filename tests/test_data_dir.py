"""The data directory, whatever it is called: all that a site keeps is inside of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from liveReport.site.data_dir import LONGEST, data_directory
from tests.support.processes import MANAGE, Site, eventually, free_port

NAMES = [
    "C#/var",
    "q?x=1",
    "100%25",
    'it\'s "so"',
    "Été 漢字",
    "$HOME",
]


@pytest.mark.parametrize("name", NAMES)
def test_everything_is_inside_of_it(tmp_path: Path, name: str) -> None:
    data = tmp_path / "data" / name
    site = Site.prepared(data)
    site.send("sent", "delivered")
    assert site.ask("SELECT sum(count) FROM livereport_eventbatch") == 2
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"livereport.sqlite3", "secret.key"} <= {path.name for path in files}
    assert [path for path in files if data not in path.parents] == []


def test_a_whole_site_runs_in_it(tmp_path: Path) -> None:
    data = tmp_path / "it's 100%25 #1?" / "Été"
    site = Site.prepared(data, PORT=free_port())
    with site.running("run", MANAGE, "run", "--no-demo") as run:
        eventually(lambda: "Ctrl-C stops everything." in run.says(), "the greeting")
        site.send("sent")
        folded = "SELECT count(*) FROM livereport_eventbatch WHERE folded"
        eventually(lambda: site.ask(folded), "the event is counted")
    assert {path.name for path in data.iterdir()} >= {"queue", "run.lock"}
    assert [path.name for path in tmp_path.iterdir()] == ["it's 100%25 #1?"]


def test_the_longest_that_works(tmp_path: Path) -> None:
    data = tmp_path
    while (room := LONGEST - len(os.fsencode(data)) - 1) > 0:
        data /= "x" * min(room, 100 if room > 101 else room)
    assert len(os.fsencode(data)) == LONGEST
    Site.prepared(data).send("sent")
    assert Site(data).ask("SELECT count(*) FROM livereport_eventbatch") == 1


@pytest.mark.parametrize("name", ["x" * 300, "/".join(["x" * 100] * 6)])
def test_one_that_cannot_be_is_refused_by_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"LIVEREPORT_DATA_DIR: .*(too long|more than)"):
        data_directory(tmp_path / name)
    (tmp_path / "file").touch()
    with pytest.raises(ImproperlyConfigured, match="File exists"):
        data_directory(tmp_path / "file")


@pytest.mark.parametrize(
    ("written", "name"),
    [("a%20b%23c%3Fd%2525.sqlite3", "a b#c?d%25.sqlite3"), ("plain.sqlite3", "plain.sqlite3")],
)
def test_a_url_is_read_as_urls_are(tmp_path: Path, written: str, name: str) -> None:
    environment = Site(tmp_path / "data").environment | {
        "DATABASE_URL": f"sqlite:///{tmp_path}/{written}",
        "SECRET_KEY": "only-for-tests-only-for-tests-0123456789",
        "PSEUDONYM_KEY": "only-for-tests-only-for-tests-9876543210",
    }
    code = "from django.db import connection; connection.ensure_connection()"
    subprocess.run([sys.executable, MANAGE, "shell", "-c", code], env=environment, check=True)
    assert (tmp_path / name).exists()
