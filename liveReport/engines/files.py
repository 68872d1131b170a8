"""Files of events, as they are stored while they are read."""

import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.db import transaction
from django.db.models import F

from liveReport.events.sealing import seal, unseal
from liveReport.models import EventFile, EventFilePart, Source

PART = 512 * 1024
"""Bytes of a file that are sealed together."""
ERRORS = 200
"""Refused lines that are kept with their reasons; the others are only counted."""


class Whose(NamedTuple):
    """Campaigns of a source by the texts that stand for them, and that of all else, or ``""``."""

    slugs: Mapping[str, str]
    campaign: str


class Step(NamedTuple):
    """What became of the lines up to ``line`` since the step before. ``errors``: line, field and
    reason of the first that were refused."""

    line: int
    accepted: int
    duplicates: int
    quarantined: int
    refused: int
    errors: list[tuple[int, str, str]]


def whose(source: int) -> Whose:
    """How lines of a source find their campaign."""
    found = Source.objects.select_related("campaign").get(pk=source)
    mapped = found.mappings.values_list("value", "campaign__slug")
    return Whose(dict(mapped), found.campaign.slug if found.campaign else "")


def begin(
    source: int, name: str, key: str, layout: Any, mapping: Any, lines: int, now: datetime
) -> EventFile:
    """The file with this key, begun if it is new. The mapping is that of the source from now on."""
    Source.objects.filter(pk=source).update(file_mapping=mapping)
    file, _is_new = EventFile.objects.get_or_create(
        source_id=source,
        key=key,
        defaults={
            "name": name[-200:],
            "layout": layout,
            "mapping": mapping,
            "lines": lines,
            "created_at": now,
        },
    )
    return file


def draft(source: int, name: str, digest: str, layout: Any, lines: int, now: datetime) -> EventFile:
    """An uploaded file of which nobody has said yet how to read it; the same content once."""
    file, _is_new = EventFile.objects.update_or_create(
        source_id=source,
        key=f"draft:{digest[:58]}",
        defaults={
            "name": name[-200:],
            "layout": layout,
            "mapping": {},
            "lines": lines,
            "created_at": now,
        },
    )
    return file


@transaction.atomic
def start(file: EventFile, key: str, mapping: Any) -> EventFile:
    """Have a draft read by a mapping, that of its source from now on; or take the file that was
    read in this way before, which continues if it was not at its end."""
    Source.objects.filter(pk=file.source_id).update(file_mapping=mapping)
    before = EventFile.objects.filter(source=file.source_id, key=key).exclude(pk=file.pk).first()
    if before is None:
        file.key, file.mapping = key, mapping
        file.save(update_fields=["key", "mapping"])
        return file
    if before.finished_at is None and not before.parts.exists():
        EventFilePart.objects.filter(file=file.pk).update(file=before.pk)
    file.delete()
    return before


@transaction.atomic
def keep(file: EventFile, pieces: Iterable[bytes]) -> None:
    """Keep an uploaded file, sealed, until all of it is read; once is enough."""
    if EventFile.objects.select_for_update().get(pk=file.pk).parts.exists():
        return
    for number, piece in enumerate(pieces):
        EventFilePart.objects.create(file=file, number=number, sealed=seal(piece))


class _Kept(io.RawIOBase):
    """What is kept of a file, part by part."""

    def __init__(self, file: int) -> None:
        self._parts = self._unsealed(file)
        self._left = b""

    def _unsealed(self, file: int) -> Iterator[bytes]:
        parts = EventFilePart.objects.filter(file=file).order_by("number")
        for pk in list(parts.values_list("pk", flat=True)):
            yield unseal(bytes(EventFilePart.objects.get(pk=pk).sealed))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._left = part
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


def unfinished() -> Iterator[EventFile]:
    """The uploaded files that are still to be read, oldest first."""
    waiting = EventFile.objects.filter(finished_at=None, stopped="", parts__number=0)
    yield from waiting.exclude(mapping={}).select_related("source").order_by("pk")


def stream_of(file: EventFile) -> io.BufferedReader:
    """What is kept of it. Reading raises ``Unsealable``."""
    return io.BufferedReader(_Kept(file.pk))


def advance(file: EventFile, step: Step) -> bool:
    """Note how far a file is read; not if somebody else has read on meanwhile."""
    errors = [*file.errors, *step.errors][:ERRORS]
    moved = EventFile.objects.filter(pk=file.pk, line=file.line).update(
        line=step.line,
        accepted=F("accepted") + step.accepted,
        duplicates=F("duplicates") + step.duplicates,
        quarantined=F("quarantined") + step.quarantined,
        refused=F("refused") + step.refused,
        sealed_errors=seal(msgspec.json.encode(errors)) if errors else b"",
    )
    if moved:
        file.refresh_from_db()
    return bool(moved)


@transaction.atomic
def finish(file: EventFile, now: datetime) -> None:
    """All of it is read."""
    EventFile.objects.filter(pk=file.pk).update(finished_at=now, line=F("lines"))
    EventFilePart.objects.filter(file=file.pk).delete()
    file.refresh_from_db()


@transaction.atomic
def stop(file: EventFile, why: str) -> None:
    """It cannot be read on."""
    EventFile.objects.filter(pk=file.pk).update(stopped=why[:300])
    EventFilePart.objects.filter(file=file.pk).delete()
