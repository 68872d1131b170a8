"""``manage.py import_events``: the events of a vendor's CSV file."""

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_slug
from django.db import Error
from tqdm import tqdm

from liveReport.engines import files
from liveReport.engines.files import COUNTS, Step, Superseded
from liveReport.engines.outage import AWAY, is_outage
from liveReport.ingest import BodyError
from liveReport.ingest.files import (
    FileError,
    FileMapping,
    Import,
    MappingError,
    mapping_of,
    masked,
    survey,
    take_in,
    try_out,
)
from liveReport.models import EventFile, Source


class Command(BaseCommand):
    help = (
        "Take in the events of a CSV file. How it is read is remembered for its source. Goes on"
        " where it was stopped; a file that comes again counts nothing twice. Exits with 1 if any"
        " line was refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="a CSV file with a header")
        parser.add_argument("--source", required=True, help="whose events they are")
        parser.add_argument("--mapping", metavar="JSON", help="a file that says how to read it")
        repeated: dict[str, Any] = {"action": "append", "default": []}
        parser.add_argument("--column", **repeated, metavar="FIELD=COLUMN")
        parser.add_argument("--value", **repeated, metavar="FIELD:THEIRS=OURS")
        parser.add_argument("--set", **repeated, metavar="FIELD=VALUE", dest="constants")
        parser.add_argument("--zone", default="", help="of times without an offset: Europe/Paris")
        parser.add_argument("--format", default="", help="of times: %%d.%%m.%%Y %%H:%%M, or epoch")
        parser.add_argument("--delimiter", default="")
        parser.add_argument("--encoding", default="")
        parser.add_argument("--dry-run", action="store_true", help="store nothing, say the same")

    def handle(self, *args: Any, file: str, source: str, **options: Any) -> None:
        dry_run = options["dry_run"]
        with _open(file) as stream:
            sender = _source(source)
            try:
                mapping = mapping_of(sender.file_mapping).joined(_given(options)).checked()
                found = survey(stream)
                stream.seek(0)
                job = Import(sender, stream, found.encoding, mapping)
            except (FileError, MappingError) as error:
                raise CommandError(f"{file}: {error}") from error
            except OSError as error:
                raise CommandError(f"{file}: {error.strerror}.") from error
            row = EventFile(
                source=sender,
                name=Path(file).name[:200],
                checksum=found.checksum,
                size=found.size,
                encoding=mapping.encoding or found.encoding,
            )
            self._say(job, row)
            counts = self._tried(job, row) if dry_run else self._taken(job, row)
        self.stdout.write(_summary(counts, dry_run=dry_run))
        if counts["refused"]:
            sys.exit(1)

    def _say(self, job: Import, row: EventFile) -> None:
        for field, column in job.mapping.columns.items():
            self.stderr.write(f"{field}: column {masked(column)}")
        for field, text in job.mapping.constants.items():
            self.stderr.write(f"{field}: {text}")
        if row.encoding in ("cp1252", "latin-1"):
            self.stderr.write(f"It is no UTF-8, and read as {row.encoding}.")

    def _tried(self, job: Import, row: EventFile) -> Mapping[str, int]:
        counts: Counter[str] = Counter()
        with _bar(row) as bar:
            for step in job.steps(try_out):
                self._show(bar, step)
                counts.update(step.counts)
        return counts

    def _taken(self, job: Import, row: EventFile) -> Mapping[str, int]:
        row.source = job.source = Source.objects.ensure(job.source.name)
        row = files.begin(row, job.mapping.as_json())
        if row.state == EventFile.State.DONE:
            self.stderr.write("It was taken in before; nothing has to be done.")
        elif row.records:
            self.stderr.write(f"Goes on after {row.records} lines.")
        if row.state != EventFile.State.DONE:
            self._take(job, row)
        return {name: getattr(row, name) for name in COUNTS}

    def _take(self, job: Import, row: EventFile) -> None:
        with _bar(row) as bar:
            try:
                for step in job.steps(take_in, skip=row.records):
                    self._show(bar, step)
                    files.advance(row, step)
            except BodyError as error:
                raise CommandError(
                    f"After {row.records} lines: {error.message} The same command goes on there."
                ) from error
            except Error as error:
                if not is_outage(error):
                    raise
                raise CommandError(
                    f"After {row.records} lines: {AWAY} The same command goes on there."
                ) from error
            except Superseded as error:
                raise CommandError("The same file is being taken in by somebody else.") from error
        files.end(row)

    def _show(self, bar: Any, step: Step) -> None:
        for line, field, message in step.errors:
            where = f"line {line}: {field}" if field else f"line {line}"
            tqdm.write(f"{where}: {message}", file=sys.stderr)
        bar.update(step.position - bar.n)


def _open(file: str) -> BinaryIO:
    try:
        size = Path(file).stat().st_size
        if size > settings.FILE_MAX_BYTES:
            raise CommandError(
                f"{file}: {size} bytes; FILE_MAX_BYTES allows {settings.FILE_MAX_BYTES}."
            )
        return Path(file).open("rb")
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}.") from error


def _source(name: str) -> Source:
    """The source, not saved yet if there is none."""
    try:
        validate_slug(name)
    except ValidationError as error:
        raise CommandError(f"--source {name!r}: use letters, digits, - and _.") from error
    found = Source.objects.select_related("account", "campaign").filter(name=name).first()
    if found and not found.account.is_active:
        raise CommandError(f"--source {name}: it is switched off.")
    return found or Source(name=name)


def _given(options: Mapping[str, Any]) -> FileMapping:
    """What the command line says of a mapping."""
    values: dict[str, dict[str, str | None]] = {}
    for text in options["value"]:
        field, colon, pair = text.partition(":")
        theirs, equals, ours = pair.rpartition("=")
        if not (field and colon and theirs and equals):
            raise CommandError(f"--value {text!r}: write FIELD:THEIRS=OURS.")
        values.setdefault(field, {})[theirs] = ours or None
    given = FileMapping(
        dict(_pair("--column", text) for text in options["column"]),
        values,
        dict(_pair("--set", text) for text in options["constants"]),
        *(options[name] for name in ("zone", "format", "delimiter", "encoding")),
    )
    return (_of_file(options["mapping"]) if options["mapping"] else FileMapping()).joined(given)


def _of_file(name: str) -> FileMapping:
    try:
        return mapping_of(msgspec.json.decode(Path(name).read_bytes()))
    except OSError as error:
        raise CommandError(f"--mapping {name}: {error.strerror}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, MappingError) as error:
        raise CommandError(f"--mapping {name}: {error}") from error


def _pair(option: str, text: str) -> tuple[str, str]:
    field, _, value = text.partition("=")
    if not field or not value:
        raise CommandError(f"{option} {text!r}: write FIELD=….")
    return field, value


def _bar(row: EventFile) -> Any:
    """A progress bar where somebody looks."""
    return tqdm(total=row.size, unit="B", unit_scale=True, file=sys.stderr, disable=None)


def _summary(counts: Mapping[str, int], *, dry_run: bool) -> str:
    told = [f"{counts['accepted']} accepted, {counts['refused']} refused."]
    more = {
        "duplicates": "accepted ones repeat another: they count once.",
        "quarantined": "accepted ones wait in the quarantine for their campaign.",
        "ignored": "ignored, as the mapping says.",
        "late": "refused ones are older than 72 hours.",
    }
    told += [f"{counts[name]} {text}" for name, text in more.items() if counts[name]]
    return "\n".join([*(["Dry run: nothing was stored."] if dry_run else []), *told])
