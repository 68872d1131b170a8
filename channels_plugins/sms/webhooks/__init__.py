"""The providers of text messages whose webhooks are understood, a file each."""

from liveReport.channels import Webhook

from .twilio import Twilio

WEBHOOKS: tuple[Webhook, ...] = (Twilio(),)
