"""A PostgreSQL server of a test's own, to be stopped and started at will."""

import glob
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.support.processes import free_port

BINARIES = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)


class Server:
    """A cluster in a folder, on a port of its own. Commits are durable, as in production."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def run(self, program: str, *arguments: str) -> None:
        path = os.pathsep.join([*BINARIES, os.environ["PATH"]])
        found = shutil.which(program, path=path)
        assert found
        # It refuses to run as root.
        owner = "postgres" if os.geteuid() == 0 else None
        log = self.folder / "commands.log"
        with log.open("ab") as out:
            subprocess.run(
                [found, "-D", str(self.folder / "data"), *arguments],
                check=True,
                user=owner,
                cwd=self.folder,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def create(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        self.run("initdb", "--auth=trust", "--username=postgres", "--no-sync", "--no-locale")

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder}"
        self.run("pg_ctl", "start", "-w", "-o", options, "-l", str(self.folder / "server.log"))

    def crash(self) -> None:
        """As if it were killed: recovery follows at the next start."""
        self.run("pg_ctl", "stop", "-w", "-m", "immediate")

    def ask(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query).fetchall()


@contextmanager
def postgres() -> Iterator[Server]:
    """A running server, which is gone afterwards."""
    if not (shutil.which("initdb") or BINARIES):
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is not installed")
        pytest.skip("PostgreSQL is not installed")
    # Not below pytest's folder, which is its owner's only; the path of a socket must be short.
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        server = Server(Path(folder))
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.crash()
