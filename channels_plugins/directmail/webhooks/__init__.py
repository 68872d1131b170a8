"""The providers of direct mail whose webhooks are understood, a file each."""

from liveReport.channels import Webhook

from .lob import Lob

WEBHOOKS: tuple[Webhook, ...] = (Lob(),)
