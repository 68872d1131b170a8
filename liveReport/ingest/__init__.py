"""The write side: from the bytes of a request to committed batches of the event log.

``receive`` is the entrance of events in our own words (the HTTP endpoint and ``send_events`` call
it), ``deliver`` that of providers' webhooks.
"""

from .append import Quarantined
from .body import BodyError
from .contract import Rejection
from .hooks import HookReceipt, deliver, hook_point
from .intake import HookPoint
from .receiving import Receipt, begin_serving, receive
from .replaying import replay

__all__ = [
    "BodyError",
    "HookPoint",
    "HookReceipt",
    "Quarantined",
    "Receipt",
    "Rejection",
    "begin_serving",
    "deliver",
    "hook_point",
    "receive",
    "replay",
]
