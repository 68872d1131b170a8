"""What the environment may say, and what is refused at the start, by name."""

import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from liveReport.site.checks import check_hosts
from liveReport.site.secret import (
    LEAST_LENGTH,
    PseudonymKey,
    check_key,
    embedded_pseudonym_key,
    keep_private,
)
from liveReport.site.services import check_url
from tests.support.processes import manage

KEY = "k7&abcdefghij0123456789klmnopqrstuvwxyz0123456789ABC"


VARIABLES = {
    "DATABASE_URL": (settings.DATABASE_SCHEMES, ""),
    "CELERY_BROKER_URL": (settings.BROKER_SCHEMES, ";"),
    "CACHE_URL": (settings.CACHE_SCHEMES, ",;"),
}


def check(name: str, url: str) -> None:
    schemes, separators = VARIABLES[name]
    check_url({name: url}, name, schemes, separators)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("DATABASE_URL", "sqlite:////var/lib/livereport/report.sqlite3"),
        ("DATABASE_URL", "sqlite:///report.sqlite3"),
        ("DATABASE_URL", "sqlite:////var/C%23/100%25/report.sqlite3"),
        ("DATABASE_URL", "postgres://user:p%23ss@db:5433/livereport?sslmode=require"),
        ("DATABASE_URL", "postgresql://%2Fvar%2Frun%2Fpostgresql/livereport"),
        ("CELERY_BROKER_URL", "filesystem://localhost"),
        ("CELERY_BROKER_URL", "redis://:secret@cache:6379/0"),
        ("CELERY_BROKER_URL", "rediss://cache/0"),
        ("CELERY_BROKER_URL", "amqp://guest:guest@queue:5672//"),
        ("CELERY_BROKER_URL", "amqps://queue//"),
        ("CELERY_BROKER_URL", "pyamqp://queue//"),
        ("CELERY_BROKER_URL", "amqp://one//;amqp://two//"),
        ("CACHE_URL", "redis://cache/1"),
        ("CACHE_URL", "rediss://cache/1"),
        ("CACHE_URL", "redis://one,redis://two"),
    ],
)
def test_what_is_supported_is_taken(name: str, url: str) -> None:
    check(name, url)


@pytest.mark.parametrize("name", VARIABLES)
def test_what_is_not_said_is_not_refused(name: str) -> None:
    check_url({}, name, *VARIABLES[name])


@pytest.mark.parametrize(
    ("name", "url", "reason"),
    [
        *[
            ("DATABASE_URL", f"{scheme}://user:hunter2@db/x", f"{scheme}:// is not supported")
            for scheme in (
                *("mysql", "mysql2", "oracle", "mssql", "mariadb", "cockroach", "redshift"),
                *("postgis", "spatialite", "timescale", "pgsql", "postgress", "POSTGRES"),
                *(" sqlite", "redis", "http", ""),
            )
        ],
        *[
            ("CELERY_BROKER_URL", f"{scheme}://user:hunter2@x/0", f"{scheme}:// is not supported")
            for scheme in (
                *("sqs", "memory", "kafka", "gcpubsub", "mongodb", "sqlalchemy", "zookeeper"),
                *("sentinel", "redis+socket", "librabbitmq", "reddis", "Redis", "ampq", "postgres"),
            )
        ],
        *[
            ("CACHE_URL", f"{scheme}://user:hunter2@x/0", f"{scheme}:// is not supported")
            for scheme in ("memcached", "memcache", "pymemcache", "locmem", "db", "file", "valkey")
        ],
        *[(name, "", "is empty") for name in VARIABLES],
        *[(name, "  ", "is empty") for name in VARIABLES],
        *[(name, "localhost", "is no URL") for name in VARIABLES],
        *[(name, "redis:/localhost", "is no URL") for name in VARIABLES],
        *[("DATABASE_URL", f"sqlite:{rest}", "SQLite needs a file")
          for rest in ("//", "///", "//:memory:", "///:memory:", "//host/x", "////var/lib/")],
        ("DATABASE_URL", "sqlite:///x.sqlite3?timeout=5", "and nothing else"),
        ("DATABASE_URL", "sqlite:////C#/x.sqlite3", "%23"),
        ("DATABASE_URL", "postgres://", "the name of the database is missing"),
        ("DATABASE_URL", "postgres://db/", "the name of the database is missing"),
        ("DATABASE_URL", "postgres://user:hunter2#@db/x", "the port is no number"),
        ("DATABASE_URL", "postgres://db:54321x/x", "the port is no number"),
        ("CELERY_BROKER_URL", "redis://cache:99999/0", "the port is no number"),
        ("CELERY_BROKER_URL", "redis://one/0;sqs://two", "sqs:// is not supported"),
        ("CACHE_URL", "redis://one/0,memcached://two", "memcached:// is not supported"),
    ],
)  # fmt: skip
def test_what_is_not_supported_is_refused_by_name(name: str, url: str, reason: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        check(name, url)
    assert str(refusal.value).startswith(name)
    assert reason in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "url", "command"),
    [
        ("DATABASE_URL", "mysql://user:hunter2@db/x", "run"),
        ("CELERY_BROKER_URL", "sqs://", "migrate"),
        ("CACHE_URL", "memcached://cache", "issue_token"),
        ("SECRET_KEY", "x", "check"),
        ("PSEUDONYM_KEY", "x", "check"),
    ],
)
def test_a_refusal_is_one_line_without_a_traceback(
    tmp_path: Path, name: str, url: str, command: str
) -> None:
    done = manage(command, data=tmp_path, **{name: url})
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"liveReport cannot start. {name}")
    assert not list(tmp_path.glob("*.sqlite3"))


@pytest.mark.parametrize(
    "environment",
    [
        {
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
            "SECRET_KEY": KEY,
            "PSEUDONYM_KEY": "3:" + "0123456789abcdef" * 4,
        },
        {"CELERY_BROKER_URL": "rediss://127.0.0.1:1/0", "CACHE_URL": "rediss://127.0.0.1:1/1"},
        {"CELERY_BROKER_URL": "amqps://127.0.0.1:1//"},
    ],
)
def test_what_is_supported_starts(tmp_path: Path, environment: dict[str, str]) -> None:
    done = manage("check", data=tmp_path, **environment)
    assert done.returncode == 0, done.stderr


# -- Keys ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key", ["", "x", "x" * 100, "changeme" * 3, "0101" * 20, KEY[: LEAST_LENGTH - 1]]
)
def test_a_key_that_could_be_guessed_is_refused(key: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is too weak"):
        check_key("SECRET_KEY", key)


@pytest.mark.parametrize("key", [KEY[:LEAST_LENGTH], KEY, "0123456789abcdef" * 2])
def test_a_random_key_is_taken(key: str) -> None:
    check_key("SECRET_KEY", key)


def test_without_a_pseudonym_key_a_site_with_a_database_of_its_own_does_not_start(
    tmp_path: Path,
) -> None:
    """Nor with the secret key in its place; what is printed for its former one is taken."""
    site = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing", "SECRET_KEY": KEY}
    for environment in (site, site | {"PSEUDONYM_KEY": KEY}):
        done = manage("check", data=tmp_path, **environment)
        assert done.returncode == 1
        assert done.stderr.startswith("liveReport cannot start. Set PSEUDONYM_KEY")
        assert "python -m liveReport.site.secret" in done.stderr
        assert not list(tmp_path.iterdir())
    told = subprocess.run(
        [sys.executable, "-m", "liveReport.site.secret"],
        env={"PATH": os.environ["PATH"], "SECRET_KEY": KEY},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    former = hashlib.blake2b(KEY.encode(), person=b"pseudonyms").digest()
    assert PseudonymKey.read(told) == PseudonymKey(0, former) == PseudonymKey.derived(KEY)
    assert manage("check", data=tmp_path, **site, PSEUDONYM_KEY=told).returncode == 0


@pytest.mark.parametrize("text", ["7:" + "01234567" * 8, "0:" + "89ABCDEF" * 16])
def test_a_key_has_a_version(text: str) -> None:
    key = PseudonymKey.read(text)
    assert str(key) == text.lower()
    assert (key.version, key.secret.hex()) == (int(text[0]), text[2:].lower())


def test_a_text_is_the_key_of_version_0() -> None:
    secret = hashlib.blake2b(KEY.encode(), person=b"pseudonyms").digest()
    assert PseudonymKey.read(KEY) == PseudonymKey(0, secret)


@pytest.mark.parametrize(
    "text", ["1:" + "0" * 64, "1:" + "01234567" * 9, "1:" + "vwxyz012" * 8, "short"]
)
def test_a_key_of_no_form_or_little_chance_is_refused(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="PSEUDONYM_KEY"):
        PseudonymKey.read(text)


def test_a_new_site_makes_up_its_key_once(tmp_path: Path) -> None:
    database = tmp_path / "livereport.sqlite3"
    made = embedded_pseudonym_key(tmp_path, database, KEY)
    assert (made.version, len(made.secret)) == (1, 32)
    assert modes(tmp_path) == {"pseudonym.key": "-rw-------"}
    database.write_bytes(b"anything")
    assert embedded_pseudonym_key(tmp_path, database, "another" + KEY) == made
    (tmp_path / "other").mkdir()
    assert embedded_pseudonym_key(tmp_path / "other", tmp_path / "none", KEY) != made


def test_a_site_with_data_keeps_the_key_that_it_had(tmp_path: Path) -> None:
    database = tmp_path / "livereport.sqlite3"
    database.write_bytes(b"anything")
    assert embedded_pseudonym_key(tmp_path, database, KEY) == PseudonymKey.derived(KEY)
    assert embedded_pseudonym_key(tmp_path, database, "another" + KEY) == PseudonymKey.derived(KEY)
    assert modes(tmp_path)["pseudonym.key"] == "-rw-------"


def test_a_site_that_answers_by_any_name_is_warned_of(settings: object) -> None:
    settings.ALLOWED_HOSTS = ["report.example.org", ".example.org"]  # type: ignore[attr-defined]
    assert not check_hosts()
    settings.ALLOWED_HOSTS = ["*"]  # type: ignore[attr-defined]
    assert [warning.id for warning in check_hosts()] == ["livereport.W011"]


# -- Files ---------------------------------------------------------------------------------------


def modes(folder: Path) -> dict[str, str]:
    """Of every file below, as ``ls`` writes it."""
    return {
        str(path.relative_to(folder)): stat.filemode(path.stat().st_mode)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_nobody_else_reads_the_data(tmp_path: Path) -> None:
    """Though their folder was there, and open, and an earlier version left them readable."""
    (tmp_path / "queue").mkdir()
    (tmp_path / "livereport.sqlite3").touch()
    for path in (tmp_path, *tmp_path.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
    holds_open = (
        "from django.core.management import call_command as call; call('migrate', verbosity=0);"
        "from liveReport.celery import app; app.send_task('livereport.tick');"
        "from liveReport.ingest.spool import spool; spool().holds_anything();"
        "from django.conf import settings; from pathlib import Path; import stat;"
        "print([str(p) for p in settings.DATA_DIR.rglob('*')"
        " if p.is_file() and stat.S_IMODE(p.stat().st_mode) & 0o077"
        " and not any(stat.S_IMODE(q.stat().st_mode) & 0o077 == 0 for q in p.parents)])"
    )
    done = manage("shell", "-v0", "-c", holds_open, data=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
    assert modes(tmp_path)["livereport.sqlite3"] == modes(tmp_path)["secret.key"] == "-rw-------"


def test_the_files_beside_a_database_are_private_too(tmp_path: Path) -> None:
    names = [f"x.sqlite3{ending}" for ending in ("", "-wal", "-shm", "-journal")]
    for name in names:
        (tmp_path / name).touch(0o644)
        (tmp_path / name).chmod(0o664)
    keep_private(tmp_path / "x.sqlite3")
    assert modes(tmp_path) == dict.fromkeys(names, "-rw-------")
    keep_private(tmp_path / "nowhere" / "x.sqlite3")
    assert not (tmp_path / "nowhere").exists()
