"""Who has looked at single events: a line in the log each time."""

import logging

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import QueryDict

from liveReport.models import ApiToken

logger = logging.getLogger("liveReport.audit")

_SHORT = 500
"""Characters of what was asked for."""


def events_listed(
    user: AbstractBaseUser | AnonymousUser,
    token: ApiToken | None,
    campaign: str,
    query: QueryDict,
    shown: int,
) -> None:
    """Note that somebody was shown so many events of a campaign, and which they asked for."""
    who = f"token {token.token_key}… of {token.source.name}" if token else f"user {user.pk}"
    asked = query.urlencode()[:_SHORT]
    logger.info("Events listed: %d of %s by %s (%s)", shown, campaign, who, asked)
