"""Uploaded files are taken in slice by slice, by whoever is asked to."""

import logging
import time
from collections.abc import Iterable
from io import RawIOBase
from typing import Any

from liveReport.engines import files
from liveReport.engines.files import Superseded
from liveReport.events.sealing import Unsealable
from liveReport.models import EventFile

from ..body import BodyError
from .importing import Import, take_in
from .mapping import MappingError, mapping_of
from .text import FileError

logger = logging.getLogger(__name__)


class Parts(RawIOBase):
    """The bytes of a file that comes in parts. It is read once, from its beginning."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._part = memoryview(b"")
        self._position = 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        while not self._part:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._part = memoryview(part)
        length = min(len(buffer), len(self._part))
        buffer[:length] = self._part[:length]
        self._part = self._part[length:]
        self._position += length
        return length


def opened(file: EventFile, mapping: Any) -> Import:
    """An uploaded file, to be read by a mapping as JSON has it. Raises ``FileError``,
    ``MappingError``, and ``Unsealable``, also while it is read."""
    stream: Any = Parts(files.parts(file))
    return Import(file.source, stream, file.encoding, mapping_of(mapping))


def import_waiting(seconds: float) -> None:
    """Take in the files that wait, for about so long; the next call goes on where this one ends."""
    deadline = time.monotonic() + seconds
    for file in list(files.waiting()):
        try:
            if not _take_in(file, deadline):
                return
        except (FileError, MappingError, Unsealable) as error:
            files.end(file, str(error))
        except Superseded:
            continue
        except BodyError as error:
            logger.info("The import of files waits: %s", error.message)
            return


def _take_in(file: EventFile, deadline: float) -> bool:
    """Whether all of it is in."""
    for step in opened(file, file.mapping).steps(take_in, skip=file.records):
        files.advance(file, step)
        if time.monotonic() >= deadline:
            return False
    files.end(file)
    return True
