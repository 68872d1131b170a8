"""Files of events as they are stored: how far each has come, and parts of those uploaded."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import zstandard
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from liveReport.events.sealing import seal, sealed_anew, unseal
from liveReport.models import EventFile, EventFilePart, Source

ERRORS = 100
"""Refusals of a file that are kept."""
COUNTS = ("accepted", "duplicates", "quarantined", "ignored", "refused", "late")

State = EventFile.State


class Superseded(Exception):
    """Somebody else takes the same file in, or it was begun anew or deleted."""


class Step(NamedTuple):
    """A file has been taken in up to so many records, about so many bytes; what became of those
    since the last step. ``counts`` are by ``COUNTS``; an error is a line, a field and a reason."""

    records: int
    position: int
    counts: Mapping[str, int]
    errors: Sequence[tuple[int, str, str]]


@transaction.atomic
def begin(file: EventFile, mapping: Mapping[str, Any]) -> EventFile:
    """The row of a file that is now to be taken in by this mapping, which its source remembers.

    It goes on where the same file, read in the same way, was left; one that was finished without
    a refusal stays finished, as it has nothing new to say. Everything else begins at its start.
    """
    Source.objects.filter(pk=file.source_id).update(file_mapping=mapping)
    found = _same(file) or file
    is_same = found.pk is not None and found.mapping == mapping and found.encoding == file.encoding
    if is_same and (
        found.state == State.WAITING or (found.state == State.DONE and is_clean(found))
    ):
        return found
    found.mapping, found.state, found.failure, found.errors = dict(mapping), State.WAITING, "", []
    found.name, found.encoding = file.name, file.encoding
    found.records = found.position = 0
    for name in COUNTS:
        setattr(found, name, 0)
    found.save()
    return found


def _same(file: EventFile) -> EventFile | None:
    rows = EventFile.objects.select_for_update()
    return rows.filter(source=file.source_id, checksum=file.checksum).first()


def is_clean(file: EventFile) -> bool:
    """Whether there is nothing that another try could better."""
    return not file.refused


def advance(file: EventFile, step: Step) -> None:
    """Note what has become of some more records. Raises ``Superseded``."""
    errors = [*file.errors, *step.errors][:ERRORS]
    present = EventFile.objects.filter(pk=file.pk, records=file.records, state=State.WAITING)
    changed = present.update(
        records=step.records,
        position=step.position,
        errors=errors,
        changed_at=timezone.now(),
        **{name: F(name) + step.counts.get(name, 0) for name in COUNTS},
    )
    if not changed:
        raise Superseded
    file.records, file.position, file.errors = step.records, step.position, errors
    for name in COUNTS:
        setattr(file, name, getattr(file, name) + step.counts.get(name, 0))


@transaction.atomic
def end(file: EventFile, failure: str = "") -> None:
    """It has been taken in, or cannot be. Nothing of what it holds is kept."""
    file.state = State.FAILED if failure else State.DONE
    file.failure = failure[:300]
    file.save(update_fields=["state", "failure", "changed_at"])
    EventFilePart.objects.filter(file=file).delete()


@transaction.atomic
def keep(file: EventFile, parts: Iterable[bytes]) -> bool:
    """Keep an uploaded file, as sealed parts, until it is said how it is to be read.

    Nothing changes, and ``False``, while the same file is being taken in.
    """
    if found := _same(file):
        if found.state == State.WAITING:
            file.pk = found.pk
            return False
        found.parts.all().delete()
        file.pk, file.created_at = found.pk, found.created_at
        file.mapping = found.mapping
    file.save()
    for number, part in enumerate(parts):
        EventFilePart.objects.create(file=file, number=number, sealed=part)
    return True


def sealed(plain: bytes) -> bytes:
    """A part of a file as it is kept."""
    return seal(zstandard.compress(plain))


def unsealed(part: bytes) -> bytes:
    """What ``sealed`` made a part of. Raises ``Unsealable``."""
    return zstandard.decompress(unseal(part))


def parts(file: EventFile) -> Iterator[bytes]:
    """What is kept of a file, part by part. Raises ``Unsealable``."""
    rows = EventFilePart.objects.filter(file=file)
    for number in range(rows.count()):
        part = rows.values_list("sealed", flat=True).get(number=number)
        yield unsealed(bytes(part))


def waiting() -> Iterator[EventFile]:
    """The uploaded files that are to be taken in, the longest waiting first.

    Those of sources that are switched off wait on.
    """
    uploaded = EventFilePart.objects.values("file")
    rows = EventFile.objects.filter(
        state=State.WAITING, pk__in=uploaded, source__account__is_active=True
    )
    yield from rows.select_related("source__campaign").order_by("created_at")


def reseal() -> int:
    """Encrypt all parts anew, by the present key; how many. ``Unsealable``."""
    done = 0
    for pk in list(EventFilePart.objects.values_list("pk", flat=True)):
        row = EventFilePart.objects.filter(pk=pk)
        for part in row.values_list("sealed", flat=True):
            done += row.update(sealed=sealed_anew(bytes(part)))
    return done
