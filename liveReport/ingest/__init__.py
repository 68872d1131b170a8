"""The write side: from the bytes of a request to committed batches of the event log.

``receive`` is the entrance of events in our own words (the HTTP endpoint and ``send_events`` call
it), ``receive_beacon`` that of pages and apps, ``deliver`` that of providers' webhooks.
"""

from .append import Quarantined
from .beacons import beacon_point, receive_beacon
from .body import BodyError
from .contract import Rejection
from .hooks import HookReceipt, deliver, hook_point, is_familiar
from .intake import HookPoint
from .receiving import Receipt, begin_serving, receive
from .recently import turn_away
from .replaying import replay

__all__ = [
    "BodyError",
    "HookPoint",
    "HookReceipt",
    "Quarantined",
    "Receipt",
    "Rejection",
    "beacon_point",
    "begin_serving",
    "deliver",
    "hook_point",
    "is_familiar",
    "receive",
    "receive_beacon",
    "replay",
    "turn_away",
]
