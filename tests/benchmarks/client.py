"""HTTP clients that leave the processor to the server: prepared requests, bare sockets."""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np

PATIENCE = 60.0
"""Seconds that an answer may take."""
HOST = "127.0.0.1"


class Answer(NamedTuple):
    """What a server said; the names in ``head`` are in lower case."""

    status: int
    head: str
    body: bytes

    def header(self, name: str) -> str:
        for line in self.head.split("\r\n"):
            key, _, value = line.partition(":")
            if key == name:
                return value.strip()
        return ""


class Connection:
    """A persistent connection, opened again when the server closes it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> Answer:
        try:
            return self._ask(request)
        except ConnectionError:  # closed while idle; nothing here is asked twice by mistake
            self.close()
            return self._ask(request)

    def close(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None

    def _ask(self, request: bytes) -> Answer:
        if self._socket is None:
            self._socket = socket.create_connection((HOST, self._port), timeout=PATIENCE)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        answer = self._read(self._socket)
        if answer.header("connection") == "close":
            self.close()
        return answer

    def _read(self, stream: socket.socket) -> Answer:
        held = b""
        while (end := held.find(b"\r\n\r\n")) < 0:
            held += self._more(stream)
        head = _lower_names(held[:end].decode("latin-1"))
        answer = Answer(int(head.split(" ", 2)[1]), head, held[end + 4 :])
        length = int(answer.header("content-length") or 0)
        while len(answer.body) < length:
            answer = answer._replace(body=answer.body + self._more(stream))
        return answer

    def _more(self, stream: socket.socket) -> bytes:
        read = stream.recv(1 << 18)
        if not read:
            raise ConnectionResetError
        return read


def _lower_names(head: str) -> str:
    pairs = (line.partition(":") for line in head.split("\r\n"))
    return "\r\n".join(f"{name.lower()}{colon}{value}" for name, colon, value in pairs)


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of a request; underscores in header names stand for dashes."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def posts(path: str, bodies: Sequence[bytes], token: str = "") -> list[bytes]:
    """Requests that send JSON."""
    headers = {"Content_Type": "application/json", "Authorization": f"Bearer {token}"}
    return [request("POST", path, body, **headers) for body in bodies]


@dataclass
class Load:
    """What a few clients achieved together: seconds that each request took, and all of them."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: float) -> float:
        """Milliseconds within which that share of the requests was answered."""
        return float(np.percentile(self.latencies, percent)) * 1000


def drive(
    port: int, requests: Sequence[bytes], seconds: float, *, clients: int = 4, status: int = 202
) -> Load:
    """Send requests over and over for some seconds, each client as fast as it is answered."""
    load = Load()
    deadline = time.perf_counter() + seconds

    def client(number: int) -> None:
        connection = Connection(port)
        mine = requests[number::clients] or requests
        sent = 0
        while (started := time.perf_counter()) < deadline:
            answer = connection.ask(mine[sent % len(mine)])
            load.latencies.append(time.perf_counter() - started)
            expect(answer, status)
            sent += 1
        connection.close()

    started = time.perf_counter()
    together([partial(client, number) for number in range(clients)])
    load.seconds = time.perf_counter() - started
    return load


def send_all(port: int, requests: Sequence[bytes], clients: int = 2) -> None:
    """Send each request once."""

    def client(number: int) -> None:
        connection = Connection(port)
        for one in requests[number::clients]:
            expect(connection.ask(one), 202)
        connection.close()

    together([partial(client, number) for number in range(clients)])


def expect(answer: Answer, status: int) -> None:
    if answer.status != status:
        raise RuntimeError(f"{answer.status} instead of {status}: {answer.body[:300]!r}")


def together(works: Sequence[Callable[[], None]]) -> None:
    """Do some things at once, each in a thread; the first failure is raised at the end."""
    failures: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 (raised below, in the caller's thread)
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
