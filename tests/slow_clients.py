"""Clients that hold connections and say little: what browsers, phones and attackers do."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from tests.processes import PATIENCE

Connect = Callable[[], socket.socket]
Begin = Callable[[socket.socket], None]
"""How far a client goes before it falls silent."""
HOST = b"Host: localhost\r\n"


def connect_to(port: str) -> Connect:
    """Opens plain connections to a port."""
    return lambda: socket.create_connection(("127.0.0.1", int(port)), PATIENCE)


def connect_by_tls(port: str) -> Connect:
    """Opens connections to a port by TLS, whoever answers there."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    plain = connect_to(port)
    return lambda: context.wrap_socket(plain())


@contextmanager
def holding(connect: Connect, count: int, begin: Begin) -> Iterator[int]:
    """So many connections at once, each as far as ``begin`` brings it; how many stand."""
    with ExitStack() as held:
        for _ in range(count):
            begin(held.enter_context(connect()))
        yield count


def idle(connection: socket.socket) -> None:
    """One request, answered; then nothing, as a browser does that keeps a connection."""
    connection.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n")
    assert connection.recv(4_096).startswith(b"HTTP/1.1 200")


def within_headers(connection: socket.socket) -> None:
    """A request whose headers never end."""
    connection.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST + b"X-Slow: ")


def within_body(path: str, *headers: str, begin: bytes = b"a=") -> Begin:
    """A request to a path whose body never ends."""
    lines = [f"POST {path} HTTP/1.1", *headers, "Content-Length: 100000", "", ""]
    head = "\r\n".join(lines).encode().replace(b"\r\n", b"\r\n" + HOST, 1)

    def send(connection: socket.socket) -> None:
        connection.sendall(head + begin)

    return send


def is_let_go(connection: socket.socket) -> bool:
    """Whether the server ends the connection."""
    connection.settimeout(PATIENCE)
    try:
        return connection.recv(4_096) == b"" or connection.recv(4_096) == b""
    except ConnectionResetError:
        return True
