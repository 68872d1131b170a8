"""The providers of push messages whose webhooks are understood, a file each."""

from liveReport.channels import Webhook

WEBHOOKS: tuple[Webhook, ...] = ()
