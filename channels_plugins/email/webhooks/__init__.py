"""The providers of email whose webhooks are understood, a file each."""

from liveReport.channels import Webhook

WEBHOOKS: tuple[Webhook, ...] = ()
