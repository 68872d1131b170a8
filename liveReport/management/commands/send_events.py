"""``manage.py send_events``: append events from a file as the HTTP endpoint would."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from liveReport.ingest import BodyError, Receipt, receive
from liveReport.ingest.body import NDJSON, documents
from liveReport.models import Source

CHUNK = 1_000
CAMPAIGNS = 20
"""Unknown campaigns that are named at the end, those with most events."""

PIECE = 64 * 1024
"""Bytes of a line too long to be an event that are read at a time, and forgotten."""

Line = tuple[int, bytes]
"""A line with its number in the file."""


@dataclass
class Sums:
    """What became of all events so far."""

    accepted: int = 0
    duplicates: int = 0
    spooled: int = 0
    refused: int = 0
    quarantined: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, receipt: Receipt) -> None:
        self.accepted += receipt.accepted
        self.duplicates += receipt.duplicates
        self.refused += len(receipt.rejected)
        if receipt.quarantined is None:
            self.spooled += receipt.accepted
        for held in receipt.quarantined or ():
            self.quarantined[held.campaign, held.reason] += held.count

    def told(self) -> Iterator[str]:
        """Line by line, the sums last."""
        if self.duplicates:
            yield f"{self.duplicates} accepted ones repeat another: they count once."
        if self.spooled:
            yield f"{self.spooled} accepted ones wait for the database."
        if self.quarantined:
            yield f"{self.quarantined.total()} accepted ones wait in the quarantine:"
        for (campaign, reason), events in self.quarantined.most_common(CAMPAIGNS):
            yield f"  {campaign}: {events} ({reason})"
        if (more := len(self.quarantined) - CAMPAIGNS) > 0:
            yield f"  and {more} campaigns more"
        yield f"{self.accepted} accepted, {self.refused} refused."


class Command(BaseCommand):
    help = "Append the events of an NDJSON file. Exits with 1 if any was refused."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="an NDJSON file, or - for standard input")
        parser.add_argument(
            "--source", default="command-line", help="whose events they are (%(default)s)"
        )

    def handle(self, *args: Any, file: str, source: str, **options: Any) -> None:
        sender = Source.objects.ensure(source)
        sums = Sums()
        too_long: list[int] = []
        with _open(file) as stream, tqdm(unit=" events", file=sys.stderr) as bar:
            for chunk in _chunks(_lines(stream, too_long)):
                receipt = _send(sender, chunk)
                self._report(chunk, receipt)
                sums.add(receipt)
                bar.update(len(chunk))
        sums.refused += len(too_long)
        self.stderr.write("\n".join(sums.told()))
        if sums.refused:
            sys.exit(1)

    def _report(self, chunk: list[Line], receipt: Receipt) -> None:
        for rejection in receipt.rejected:
            number = chunk[rejection.index][0]
            where = f"line {number}: {rejection.field}" if rejection.field else f"line {number}"
            tqdm.write(f"{where}: {rejection.message} ({rejection.code})", file=sys.stderr)


def _open(file: str) -> IO[bytes]:
    if file == "-":
        return sys.stdin.buffer
    try:
        return Path(file).open("rb")
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}.") from error


def _lines(stream: IO[bytes], too_long: list[int]) -> Iterator[Line]:
    """The lines that may be events; the numbers of those no request could hold are noted."""
    most = settings.INGEST_MAX_BYTES
    for number in count(1):
        try:
            line = stream.readline(most + 1)
            is_whole = len(line) <= most or line.endswith(b"\n")
            while not is_whole and (rest := stream.readline(PIECE)):
                is_whole = rest.endswith(b"\n")
        except OSError as error:
            raise CommandError(f"line {number}: {error.strerror}.") from error
        if not line:
            return
        if len(line.rstrip(b"\r\n")) <= most:
            yield number, line
        else:
            too_long.append(number)
            refusal = f"line {number}: longer than {most} bytes (too_large)"
            tqdm.write(refusal, file=sys.stderr)


def _chunks(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Lines that are not blank, in groups that one request may hold."""
    chunk: list[Line] = []
    size = 0
    for number, line in _documents(lines):
        if chunk and (len(chunk) == CHUNK or size + len(line) > settings.INGEST_MAX_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append((number, line))
        size += len(line)
    if chunk:
        yield chunk


def _documents(lines: Iterable[Line]) -> Iterator[Line]:
    for number, line in lines:
        yield from ((number, text) for text in documents(line) if text.strip())


def _send(source: Source, chunk: list[Line]) -> Receipt:
    body = b"\n".join(line.rstrip(b"\r\n") for _number, line in chunk)
    try:
        return receive(source, body, content_type=NDJSON)
    except BodyError as error:
        raise CommandError(f"lines {chunk[0][0]} to {chunk[-1][0]}: {error.message}") from error
