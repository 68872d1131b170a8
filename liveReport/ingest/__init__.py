"""The write side: from the bytes of a request to committed batches of the event log.

``receive`` is the one entrance; the HTTP endpoint and ``send_events`` call it.
"""

from liveReport.engines.quarantine import replay

from .append import Quarantined
from .body import BodyError
from .contract import Rejection
from .receiving import Receipt, begin_serving, receive

__all__ = [
    "BodyError",
    "Quarantined",
    "Receipt",
    "Rejection",
    "begin_serving",
    "receive",
    "replay",
]
