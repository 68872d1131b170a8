"""A site in production: its checks, its keys, its log."""

from pathlib import Path

import pytest

from tests.support.processes import manage

pytestmark = pytest.mark.django_db

PRODUCTION = {
    "DATABASE_URL": "postgres://somebody@127.0.0.1:1/nothing",
    "HTTPS": "1",
    "ALLOWED_HOSTS": "report.example.org",
}


def test_production_passes_the_deployment_checks(tmp_path: Path) -> None:
    done = manage(
        "check", "--deploy", "--fail-level", "WARNING",
        data=tmp_path, SECRET_KEY="k7&" + "abcdefghij0123456789" * 3,
        PSEUDONYM_KEY="1:" + "0123456789abcdef" * 4, **PRODUCTION,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_production_does_not_start_without_a_secret_key(tmp_path: Path) -> None:
    done = manage("check", data=tmp_path, **PRODUCTION)
    assert done.returncode != 0
    assert "SECRET_KEY" in done.stderr
    assert not (tmp_path / "secret.key").exists()


def test_the_embedded_key_is_made_once_and_private(tmp_path: Path) -> None:
    for _ in range(2):
        assert manage("check", data=tmp_path).returncode == 0
    key = tmp_path / "secret.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(key.read_text()) >= 50


def test_a_wrong_host_costs_the_log_a_line(tmp_path: Path) -> None:
    asks = (
        "from django.test import Client\n"
        "for number in range(50):\n"
        "    answer = Client(headers={'host': 'evil.example'}).get('/healthz')\n"
        "    assert answer.status_code == 400\n"
    )
    done = manage("shell", "-v0", "-c", asks, data=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("Invalid HTTP_HOST header") == 1
    assert max(map(len, done.stderr.splitlines())) < 300
