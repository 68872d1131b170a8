"""What every event says, whatever its channel, and what no text of an event may hold."""

import re

FIELDS = ("id", "campaign", "channel", "type", "occurred_at", "profile", "message", "execution")
"""The fields that every channel has. Dimensions come on top."""
REQUIRED = FIELDS[:6]
LONGEST = 200
"""Characters of a text."""
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
"""A control character: no text has one."""
