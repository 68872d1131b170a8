"""Instants as text: whatever comes in or goes out, one spelling means the same everywhere."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""RFC 3339 with an offset, to the nearest microsecond. No clock of ours knows leap seconds."""

RUNS = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""A run starts at the first of these or later, and before the second."""

_DAY = len("2026-03-01")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def instant(text: str) -> datetime:
    """The instant that a text names, in UTC; ``ValueError`` if it names none."""
    try:
        return msgspec.convert(text, Instant).astimezone(UTC)
    except (msgspec.ValidationError, OverflowError) as error:
        raise ValueError(f"{text[:100]!r} is not an RFC 3339 time with an offset.") from error


def instant_in_url(text: str) -> datetime:
    """The same of a text in a URL: a plus sign that was not escaped arrives as a space."""
    plain = text.strip()
    return instant(plain[: _DAY + 1] + plain[_DAY + 1 :].replace(" ", "+"))


def start_of_run(text: str) -> datetime:
    """The start of a run as a URL names it; ``ValueError`` if no run can start then."""
    moment = instant_in_url(text)
    if not is_start_of_run(moment):
        raise ValueError(f"{text[:100]!r}: its year (in UTC) is not within 2000 and 2199.")
    return moment


def is_start_of_run(moment: datetime) -> bool:
    """Whether a run can start then."""
    earliest, end = RUNS
    return earliest <= moment < end


def rfc3339(moment: datetime) -> str:
    """An instant as frames and URLs name it, in UTC; fractions only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def moment(microseconds: int) -> datetime:
    """The instant so long after 1970 began; ``OverflowError`` if there is no such year."""
    return _EPOCH + microseconds * _MICROSECOND


def microseconds(moment: datetime) -> int:
    """The time from when 1970 began to an instant."""
    return (moment - _EPOCH) // _MICROSECOND
