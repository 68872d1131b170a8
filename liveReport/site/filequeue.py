"""The queue of the embedded default: a folder with a file for each message.

A message is written under another name and then renamed, so that nobody ever finds
half of one; it belongs to whoever deletes its file. What is no message is thrown
away. All that travels here are doorbells (see ``liveReport.tasks``): none has to
outlive a power cut, and who ends with one in hand need not give it back.
"""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from time import monotonic_ns
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from kombu.transport import virtual
from kombu.utils.json import dumps, loads

MOST = 65_536
"""Bytes of a message that are read: many times what a doorbell has."""

logger = logging.getLogger(__name__)


class Channel(virtual.Channel):
    """Exchanges and bindings are those of the connection alone; a queue is known by its name."""

    do_restore = False

    @property
    def _folder(self) -> Path:
        transport: Any = self.connection
        return Path(transport.client.transport_options["folder"])

    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{monotonic_ns():020d}-{uuid4().hex}"
        draft = self._folder / f"{name}.draft"
        try:
            draft.write_bytes(dumps(message).encode())
            draft.rename(self._folder / f"{name}.{_ending(queue)}")
        except OSError:
            draft.unlink(missing_ok=True)
            raise

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        for file in self._files(queue):
            if (message := self._take(file)) is not None:
                return message
        raise Empty

    def _size(self, queue: str) -> int:
        return sum(1 for _ in self._files(queue))

    def _purge(self, queue: str) -> int:
        return sum(_delete(file) for file in self._files(queue))

    def _files(self, queue: str) -> Iterator[Path]:
        """What waits in a queue, the oldest first."""
        try:
            names = sorted(os.listdir(self._folder))
        except OSError:  # the folder was taken away: the next message makes it anew
            return
        for name in names:
            if name.partition(".")[2] == _ending(queue):
                yield self._folder / name

    def _take(self, file: Path) -> dict[str, Any] | None:
        """The message of a file; nothing if there is none in it, or another has taken it."""
        content = _read(file)
        if not _delete(file):
            return None
        try:
            message: dict[str, Any] = loads(content.decode())
            self.Message(message, channel=self)  # as whoever gets it will read it
        except Exception:  # noqa: BLE001 (whatever somebody has put there)
            logger.info("%s was no message and is deleted.", file.name)
            return None
        return message


class Transport(virtual.Transport):
    """Needs the option ``folder``. Has no fanout exchanges, and so no remote control either."""

    Channel = Channel
    driver_type = driver_name = "files"

    def driver_version(self) -> str:
        return "1"


def _ending(queue: str) -> str:
    return f"{quote(queue, safe='')}.msg"


def _read(file: Path) -> bytes:
    """How a file begins; nothing if it cannot be read. Does not wait for what is no plain file."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as opened:
            return opened.read(MOST) or b""
    except OSError:
        return b""


def _delete(file: Path) -> bool:
    """Whether it was us who deleted the file."""
    try:
        file.unlink()
    except OSError:
        return False
    return True
