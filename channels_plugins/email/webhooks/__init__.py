"""The providers of email whose webhooks are understood, a file each."""

from liveReport.channels import Webhook

from .sendgrid import SendGrid

WEBHOOKS: tuple[Webhook, ...] = (SendGrid(),)
