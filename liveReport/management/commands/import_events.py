"""``manage.py import_events``: read a vendor's file of events, line by line."""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from tqdm import tqdm

from liveReport.channels import providers
from liveReport.engines.outage import is_outage
from liveReport.ingest import BodyError
from liveReport.ingest.files import FileError, FileMapping, Layout, LineError, layout_of, proposed
from liveReport.ingest.importing import Told, begin, read_on, try_out
from liveReport.models import EventFile, Source

PIECE = 256 * 1024
SHOWN = 50
"""Refused lines that are named; the others are only counted."""


class Command(BaseCommand):
    help = (
        "Read the events of a CSV file. What is said of columns and values is remembered for the "
        "source. The same command goes on where it was stopped. Exits with 1 if a line was refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--source", required=True, metavar="NAME", help="whose events they are")
        parser.add_argument("--dry-run", action="store_true", help="store nothing, tell of lines")
        parser.add_argument("--channel", default="", help="of all lines")
        for name, shape, told in (
            ("--column", "FIELD=COLUMN", "a column, and the field that it is (repeatable)"),
            ("--constant", "FIELD=TEXT", "what a field is in every line (repeatable)"),
            ("--value", "FIELD:THEIRS=OURS", "a word of theirs, and what it is here (repeatable)"),
        ):
            parser.add_argument(name, action="append", default=[], metavar=shape, help=told)
        parser.add_argument("--time-zone", default="", help="of times that name none (UTC)")
        parser.add_argument("--time-format", default="", help="as in strptime, if not ISO 8601")

    def handle(self, *args: Any, file: str, source: str, **options: Any) -> None:
        found = Source.objects.filter(name=source).first()
        if found is None:
            raise CommandError(f"There is no source “{source}”: create_source makes one.")
        try:
            layout = layout_of(_pieces(file))
            mapping = _mapping(found, layout, options)
            if options["dry_run"]:
                told = self._tried(found, layout, mapping, file)
            else:
                told = self._read(begin(found, Path(file).name, layout, mapping), file)
        except FileError as error:
            raise CommandError(f"{file}: {error}") from error
        if told.refused:
            sys.exit(1)

    def _tried(self, source: Source, layout: Layout, mapping: FileMapping, file: str) -> Told:
        sums = Told()
        with _open(file) as stream, _bar(layout.lines, 0) as bar:
            for told in try_out(source, layout, mapping, stream):
                sums.add(told)
                bar.update(told.accepted + told.refused)
        self._tell(sums, "Nothing was stored. There would be")
        return sums

    def _read(self, file: EventFile, path: str) -> Told:
        if file.finished_at:
            self.stderr.write(f"Read before, at {file.finished_at:%Y-%m-%d %H:%M} UTC:")
        else:
            if file.line:
                self.stderr.write(f"Going on after line {file.line}.")
            with _open(path) as stream, _bar(file.lines, file.line) as bar:
                for now in _going_on(file, stream):
                    bar.update(now.line - bar.n)
        errors = [LineError(*error) for error in file.errors]
        told = Told(file.accepted, file.duplicates, file.quarantined, file.refused, errors)
        self._tell(told, "There are")
        return told

    def _tell(self, told: Told, begin: str) -> None:
        for line, field, message in told.errors[:SHOWN]:
            where = f"line {line}: {field}" if field else f"line {line}"
            self.stderr.write(f"{where}: {message}")
        if (more := told.refused - len(told.errors[:SHOWN])) > 0:
            self.stderr.write(f"and {more} lines more")
        self.stdout.write(
            f"{begin} {told.accepted} lines accepted, {told.refused} refused."
            f" Of the accepted {told.duplicates} repeat a neighbour,"
            f" {told.quarantined} wait for their campaign."
        )


def _going_on(file: EventFile, stream: BinaryIO) -> Iterator[EventFile]:
    try:
        yield from read_on(file, stream)
    except BodyError as error:
        raise CommandError(
            f"after line {file.line}: {error.message} Run it again later."
        ) from error
    except Error as error:
        if not is_outage(error):
            raise
        text = f"after line {file.line}: the database is away. Run it again later."
        raise CommandError(text) from error


def _bar(lines: int, done: int) -> Any:
    return tqdm(total=lines, initial=done, unit=" lines", file=sys.stderr)


def _open(file: str) -> BinaryIO:
    try:
        return Path(file).open("rb")
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}.") from error


def _pieces(file: str) -> Iterator[bytes]:
    with _open(file) as stream:
        try:
            yield from iter(lambda: stream.read(PIECE), b"")
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from error


def _mapping(source: Source, layout: Layout, options: dict[str, Any]) -> FileMapping:
    """What is said now, else what the source remembers, else what columns are called."""
    remembered = msgspec.convert(source.file_mapping, FileMapping)
    provider = providers().get(source.provider)
    slug = options["channel"] or remembered.constants.get("channel", "")
    guessed = proposed(layout.columns, slug or (provider.channel if provider else ""))
    said = FileMapping(
        dict(_pair("--column", text) for text in options["column"]),
        dict(_pair("--constant", text) for text in options["constant"])
        | ({"channel": slug} if slug else {}),
        _values(options["value"]),
        options["time_zone"] or "UTC",
        options["time_format"],
    )
    return (remembered if remembered.columns else guessed).merged(said)


def _values(texts: Iterable[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for text in texts:
        left, ours = _pair("--value", text)
        field, colon, theirs = left.partition(":")
        if not colon:
            raise CommandError(f"--value {text!r}: write FIELD:THEIRS=OURS.")
        found[field][theirs] = ours
    return dict(found)


def _pair(option: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=") if option != "--value" else text.rpartition("=")
    if not equals or not name:
        raise CommandError(f"{option} {text!r}: there is no “=” in it, or nothing before it.")
    return name, value
