"""What the providers of text messages have in common."""

from collections.abc import Mapping

from liveReport.channels import KEYS, Said


def keys_of(fields: Mapping[str, str]) -> dict[str, str]:
    """What of a sender's own came with the fields."""
    return {key: fields[key] for key in KEYS if key in fields}


def number_of(said: Said) -> str:
    """The number that a rehearsal writes to: nobody's, where the recipient has none."""
    return said.recipient if said.recipient.startswith("+") else "+447700900000"
