"""Whoever holds connections without saying much stops nobody else.

The server of ``manage.py run`` alone bears those that are idle or never end their headers;
those that never end their bodies are what the proxy of ``deploy/nginx.conf`` is for.
"""

import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.db import connection

from tests.support.factories import event
from tests.support.processes import JSON, SOON, Running, Site, eventually, free_port
from tests.support.slow_clients import (
    Begin,
    Connect,
    connect_by_tls,
    connect_to,
    holding,
    idle,
    is_let_go,
    standing,
    within_body,
    within_headers,
)

FORM = "Content-Type: application/x-www-form-urlencoded"
REPORT = "/api/v1/campaigns/summer/report/email/"
CONFIGURATION = settings.BASE_DIR / "deploy" / "nginx.conf"
COOKIE = "a" * 32
NGINX = shutil.which("nginx", path=os.pathsep.join(["/usr/sbin", os.environ["PATH"]]))
by_nginx = pytest.mark.skipif(
    not NGINX and os.environ.get("CI") != "true", reason="nginx is not installed"
)

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="has a database of its own")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.prepared(tmp_path, PORT=free_port())


@pytest.fixture
def proxied(tmp_path: Path) -> Site:
    """A site that is reached by TLS, through the proxy that listens on its ``PROXY_PORT``."""
    reached = {"PROXY_PORT": free_port(), "HTTPS": "on", "BEHIND_PROXY": "on"}
    return Site.prepared(tmp_path, PORT=free_port(), **reached)


def answers(site: Site) -> list[int]:
    """What a probe, a reader and a producer are told meanwhile."""
    bearer: dict[str, Any] = {"Authorization": f"Bearer {site.may_read}"}
    return [
        site.call("GET", "/healthz", patience=SOON).status,
        site.call("GET", REPORT, patience=SOON, **bearer).status,
        site.post(event(type="sent"), patience=SOON).status,
    ]


@pytest.mark.parametrize(("begin", "count"), [(idle, 1_000), (within_headers, 200)])
def test_connections_that_say_nothing_stop_nobody(site: Site, begin: Begin, count: int) -> None:
    with site.web(), holding(connect_to(site.environment["PORT"]), count, begin) as held:
        assert answers(site) == [200, 200, 202]
        assert standing(held) > 150, "nobody was in the way"


def test_who_says_nothing_more_is_let_go(site: Site) -> None:
    connect = connect_to(site.environment["PORT"])
    with site.web(), connect() as kept, connect() as slow:
        idle(kept)
        within_headers(slow)
        assert is_let_go(kept)
        assert is_let_go(slow)


@contextmanager
def behind_nginx(site: Site) -> Iterator[Running]:
    """The proxy, configured by our own file, in front of a site: on its ``PROXY_PORT``."""
    folder = site.data_dir / "nginx"
    folder.mkdir()
    certificate, key = folder / "own.pem", folder / "own.key"
    subject = ("-subj", "/CN=localhost", "-days", "2", "-nodes", "-newkey", "rsa:2048")
    subprocess.run(
        ["openssl", "req", "-x509", *subject, "-out", certificate, "-keyout", key],
        check=True,
        capture_output=True,
    )
    ours = CONFIGURATION.read_text()
    for directive, value in {
        "listen": f"127.0.0.1:{site.environment['PROXY_PORT']} ssl",
        "server_name": "localhost",
        "ssl_certificate": str(certificate),
        "ssl_certificate_key": str(key),
        "server": f"127.0.0.1:{site.environment['PORT']}",
    }.items():
        ours, found = re.subn(rf"^( +{directive}) [^;{{]*;", rf"\1 {value};", ours, flags=re.M)
        assert found == 1, directive
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""  # else it could not reach the folder
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/pid; error_log stderr;"
        f"events {{ worker_connections 4096; }}"
        f"http {{ access_log off; {temporary} {ours} }}"
    )
    arguments = ("-p", str(folder), "-c", str(folder / "nginx.conf"))
    with site.running("nginx", *arguments, program=str(NGINX)) as proxy:
        eventually(lambda: by_proxy(site, "/healthz")[0] == 200, "the proxy answers")
        yield proxy


def by_proxy(site: Site, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
    """Status and ``Location`` of what a client outside is answered; 0 if nothing in time."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    port = int(site.environment["PROXY_PORT"])
    with closing(HTTPSConnection("localhost", port, timeout=SOON, context=context)) as client:
        try:
            client.request("POST" if body else "GET", path, body, headers)
            answer = client.getresponse()
            answer.read()
        except OSError:
            return 0, ""
        return answer.status, answer.getheader("Location", "")


@by_nginx
def test_bodies_that_never_end_stop_nobody_behind_the_proxy(proxied: Site) -> None:
    site = proxied
    slow: list[tuple[str, ...]] = [
        ("/admin/login/", FORM, f"Cookie: __Secure-csrftoken={COOKIE}; csrftoken={COOKIE}"),
        ("/i18n/setlang/", FORM, f"Cookie: csrftoken={COOKIE}"),
        ("/api/v1/events/", f"Content-Type: {JSON}", f"Authorization: Bearer {site.may_send}"),
        ("/nowhere/", FORM),
    ]
    with site.web(), behind_nginx(site):
        connect: Connect = connect_by_tls(site.environment["PROXY_PORT"])
        bearer: dict[str, Any] = {"Authorization": f"Bearer {site.may_read}"}
        send: dict[str, Any] = {"Authorization": f"Bearer {site.may_send}", "Content-Type": JSON}
        events = msgspec.json.encode([event(type="sent")])
        for path, *headers in slow:
            with holding(connect, 100, within_body(path, *headers)):
                assert by_proxy(site, "/healthz")[0] == 200, path
                assert by_proxy(site, REPORT, **bearer)[0] == 200, path
                assert by_proxy(site, "/api/v1/events/", events, **send)[0] == 202, path
        with connect() as one:
            within_body("/nowhere/", FORM)(one)
            assert is_let_go(one)


@by_nginx
def test_behind_the_proxy_a_page_knows_that_it_was_reached_by_tls(proxied: Site) -> None:
    with proxied.web(), behind_nginx(proxied):
        assert by_proxy(proxied, "/admin/reports/summer/campaign/") == (
            302,
            "/admin/login/?next=/admin/reports/summer/campaign/",
        )
