"""An event of ours from the cells of a record."""

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from liveReport.channels.fields import REQUIRED
from liveReport.channels.webhooks import KEYS, phone

from ..attribution import CAMPAIGN, SEPARATOR, keys_in
from ..contract import Refused
from .mapping import FileMapping, MappingError, field_names
from .text import FileError

_KEYS = {key: key.removeprefix("lr_") for key in KEYS}
_TIMES = ("occurred_at", "execution")
_NO_ID = ("id", "campaign")
"""What is no part of an id that a line gets: the campaign is one of every id's anyway."""


class Rows:
    """Reads the cells of one file. ``campaigns`` has slugs by the texts that stand for them at the
    source, ``campaign`` whose events are that say nothing.

    Raises ``FileError`` for columns that a mapping names and the file lacks, and ``MappingError``
    for required fields that nothing fills.
    """

    def __init__(
        self,
        mapping: FileMapping,
        header: Sequence[str],
        campaigns: Mapping[str, str],
        campaign: str,
    ) -> None:
        self.mapping = mapping
        self._width = len(header)
        self._fields = field_names()
        self._columns = {
            field: _place(field, column, header) for field, column in mapping.columns.items()
        }
        self._constants = dict(mapping.constants)
        if campaign:
            self._constants.setdefault("campaign", campaign)
        self._campaigns = campaigns
        self._words = {
            field: {theirs.strip().casefold(): ours for theirs, ours in words.items()}
            for field, words in mapping.values.items()
        }
        self._check(header)

    def _check(self, header: Sequence[str]) -> None:
        filled = {"id", *self._columns, *self._constants}
        missing = [field for field in REQUIRED if field not in filled]
        if missing:
            names = ", ".join(masked(name[:40]) for name in header)
            raise MappingError(
                f"Nothing says {', '.join(missing)}: name a column or a constant for each."
                f" The file has the columns: {names}."
            )

    def event(self, cells: Sequence[str]) -> dict[str, Any] | None:
        """The event, fit for JSON; nothing for a line that is to be ignored. Raises ``Refused``."""
        if any(cells[self._width :]):
            message = f"{len(cells)} cells, but the header has {self._width}."
            raise Refused("", "too_many_cells", message)
        said = self._said(cells)
        ours = {field: self._word(field, text) for field, text in said.items() if field != "id"}
        if None in ours.values():
            return None
        event: dict[str, Any] = {field: text for field, text in ours.items() if text}
        event["id"] = said.get("id") or _identity(said, self._fields)
        self._attribute(event)
        if missing := [field for field in REQUIRED if field not in event]:
            raise Refused(missing[0], "required", "There is nothing in this column.")
        for field in _TIMES:
            if field in event:
                event[field] = self._moment(field, event[field])
        event["profile"] = _profile(event["profile"])
        return event

    def _said(self, cells: Sequence[str]) -> dict[str, str]:
        """What the line says of each field, in the file's words."""
        said = dict(self._constants)
        for field, place in self._columns.items():
            if place < len(cells) and cells[place]:
                said[field] = cells[place]
        return said

    def _word(self, field: str, text: str) -> str | None:
        words = self._words.get(field)
        if words is not None and (bare := text.casefold()) in words:
            return words[bare]
        return text.casefold() if field in ("type", "channel") else text

    def _attribute(self, event: dict[str, Any]) -> None:
        """Whose it is: the keys that stand in the text, or what the text stands for, or itself."""
        text = event.get("campaign", "")
        keys = keys_in(text)
        if keys.get(CAMPAIGN):
            event |= {_KEYS[key]: value for key, value in keys.items()}
        elif slug := self._campaigns.get(text):
            event["campaign"] = slug

    def _moment(self, field: str, text: str) -> Any:
        try:
            return self.mapping.moment(text)
        except ValueError as error:
            raise Refused(field, "not_a_time", str(error)) from error


def _place(field: str, column: str, header: Sequence[str]) -> int:
    wanted = column.strip().casefold()
    places = [place for place, name in enumerate(header) if name.casefold() == wanted]
    if len(places) == 1:
        return places[0]
    if places:
        raise FileError(f"{field}: {len(places)} columns are called {column!r}.")
    raise FileError(f"{field}: no column is called {column!r}.")


def _identity(said: Mapping[str, str], names: Sequence[str]) -> str:
    """What is the same when a line comes again, by whatever mapping it is read then."""
    parts = [f"{name}={said[name]}" for name in names if name not in _NO_ID and name in said]
    return blake2b(SEPARATOR.join(parts).encode(), digest_size=20).hexdigest()


def _profile(text: str) -> str:
    """Addresses and numbers as providers' webhooks have them: it is the same person."""
    if "@" in text:
        return text.lower()
    return phone(text) if text.startswith("+") and _NUMBER.fullmatch(text) else text


_NUMBER = re.compile(r"\+[\d\s().\-/]{5,}")
_NAMING = re.compile(r"[^\s'\"]*@[^\s'\"]*|\+?\d[\d\s().\-/]{4,}\d")


def masked(text: str) -> str:
    """A text without addresses and long numbers: what it quotes may be from another column."""
    return _NAMING.sub("…", text)
