"""Who reports what happened on pages, and in apps."""

from .beacon import Beacon

WEBHOOKS = (Beacon(),)
