"""How the columns and words of a file become fields and words of ours."""

import codecs
import string
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from liveReport.channels.fields import FIELDS
from liveReport.events.moments import instant

from ..contract import current_contract

EPOCH = {"epoch": 1, "epoch_ms": 1_000}
"""Formats of times that are numbers, and how many of them are a second."""


class MappingError(Exception):
    """A mapping cannot be used: the message says where it is wrong."""


class FileMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How files of a source are read.

    ``columns`` has the name of a column by the field that it fills. ``values`` has, by field, our
    word by the file's; a line whose word is none of ours (``None``) is ignored. ``constants`` are
    what fields say that have no column, or nothing in it. Times without an offset are of ``zone``;
    ``format`` is that of ``strptime``, or ``epoch``, ``epoch_ms``. Without ``delimiter`` and
    ``encoding`` the file shows its own.
    """

    columns: dict[str, str] = {}
    values: dict[str, dict[str, str | None]] = {}
    constants: dict[str, str] = {}
    zone: str = ""
    format: str = ""
    delimiter: str = ""
    encoding: str = ""

    def checked(self) -> "FileMapping":
        """Itself. Raises ``MappingError``."""
        known = field_names()
        for part in ("columns", "values", "constants"):
            if strange := sorted(set(getattr(self, part)) - set(known)):
                raise MappingError(
                    f"{part}: no field is called {strange[0]!r}, but {', '.join(known)}."
                )
        if "id" in self.constants:
            raise MappingError("constants: id: every event has another.")
        if self.delimiter and (len(self.delimiter) > 1 or self.delimiter in '"\r\n'):
            raise MappingError(f"delimiter: {self.delimiter!r} is not one character.")
        _check_zone(self.zone)
        _check_encoding(self.encoding)
        return self

    def joined(self, other: "FileMapping") -> "FileMapping":
        """With what another one says besides, or instead."""
        values = dict(self.values)
        for field, words in other.values.items():
            values[field] = values.get(field, {}) | words
        return FileMapping(
            self.columns | other.columns,
            values,
            self.constants | other.constants,
            *(
                getattr(other, name) or getattr(self, name)
                for name in ("zone", "format", "delimiter", "encoding")
            ),
        )

    def as_json(self) -> dict[str, object]:
        found: dict[str, object] = msgspec.to_builtins(self)
        return found

    def moment(self, text: str) -> datetime:
        """The instant of a cell. Raises ``ValueError`` with a reason that does not quote it."""
        try:
            found = self._read(text)
        except (ValueError, OverflowError, OSError) as error:
            expected = f"{self.format!r}" if self.format else "an ISO 8601 time"
            raise ValueError(f"Not {expected}.") from error
        if found.tzinfo is None:
            if not self.zone:
                raise ValueError("No offset, and no zone is given for times without one.")
            found = found.replace(tzinfo=ZoneInfo(self.zone))
        try:
            return found.astimezone(UTC)
        except OverflowError as error:
            raise ValueError("No such year.") from error

    def _read(self, text: str) -> datetime:
        if per_second := EPOCH.get(self.format):
            return datetime.fromtimestamp(float(text) / per_second, UTC)
        if self.format:
            return datetime.strptime(text, self.format)
        try:
            return instant(text)
        except ValueError:
            return datetime.fromisoformat(text)


def field_names() -> tuple[str, ...]:
    """All that a column can fill."""
    return (*FIELDS, *current_contract().dimensions)


def mapping_of(found: object) -> FileMapping:
    """A mapping as JSON has it. Raises ``MappingError``."""
    try:
        return msgspec.convert(found, FileMapping).checked()
    except msgspec.ValidationError as error:
        raise MappingError(f"{error}.") from error


def _check_zone(zone: str) -> None:
    if not zone:
        return
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError) as error:
        raise MappingError(f"zone: {zone!r} is none: write one such as Europe/Paris.") from error


def _check_encoding(encoding: str) -> None:
    if not encoding:
        return
    try:
        codecs.getincrementaldecoder(encoding)
        "".encode(encoding)
    except (LookupError, ValueError) as error:
        raise MappingError(f"encoding: {encoding!r} is none that is known.") from error


_SYNONYMS: Mapping[str, Sequence[str]] = {
    "id": ("event id",),
    "campaign": ("campaign id", "campaign name", "campagne"),
    "channel": ("canal",),
    "type": ("event", "event type", "status", "state", "statut", "evenement", "événement"),
    "occurred_at": (
        *("time", "timestamp", "date", "datetime", "date time", "event time", "event date"),
        *("status date", "horodatage", "date heure"),
    ),
    "profile": (
        *("profile id", "customer", "customer id", "client", "client id", "recipient", "contact"),
        *("contact id", "e mail", "e mail address", "phone", "mobile", "msisdn", "to"),
        *("profil", "destinataire", "adresse e mail", "telephone", "téléphone"),
    ),
    "message": (
        *("message id", "letter id", "piece id", "mail id", "tracking id", "tracking number"),
        *("reference",),
    ),
    "execution": ("run", "execution id", "exécution"),
    "reason": ("error", "error code", "return reason", "bounce reason", "motif", "raison"),
}
"""What vendors call their columns, besides by the names of our fields."""


def proposed(header: Iterable[str], mapping: FileMapping) -> FileMapping:
    """The mapping with what the names of columns say of fields that it leaves open."""
    names = {_bare(name): name for name in reversed(list(header)) if name}
    taken = set(mapping.columns.values())
    columns = dict(mapping.columns)
    for field in field_names():
        if field in columns or field in mapping.constants:
            continue
        candidates = (names.get(_bare(name)) for name in (field, *_SYNONYMS.get(field, ())))
        if column := next((one for one in candidates if one and one not in taken), None):
            columns[field] = column
            taken.add(column)
    return msgspec.structs.replace(mapping, columns=columns)


_BLANKS = str.maketrans(dict.fromkeys(string.punctuation, " "))


def _bare(name: str) -> str:
    """A name of a column by which it is found: small letters and digits, nothing between."""
    return "".join(name.translate(_BLANKS).casefold().split())
