"""Clients that hold connections and say little: what browsers, phones and attackers do."""

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from selectors import EVENT_READ, DefaultSelector

from tests.support.processes import PATIENCE

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
def holding(connect: Connect, count: int, begin: Begin) -> Iterator[list[socket.socket]]:
    """So many connections at once, each as far as ``begin`` brings it."""
    with ExitStack() as held:
        connections = [held.enter_context(connect()) for _ in range(count)]
        for connection in connections:
            begin(connection)
        yield connections


def standing(connections: Sequence[socket.socket]) -> int:
    """How many of them the server has not ended, and nothing was said on."""
    with DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, EVENT_READ)
        return len(connections) - len(selector.select(0))


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
