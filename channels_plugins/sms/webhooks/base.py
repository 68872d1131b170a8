"""What the providers of text messages have in common."""

from collections.abc import Mapping

from liveReport.channels import KEYS


def keys_of(fields: Mapping[str, str]) -> dict[str, str]:
    """What of a sender's own came with the fields."""
    return {key: fields[key] for key in KEYS if key in fields}
