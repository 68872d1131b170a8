"""The providers of email whose webhooks are understood, a file each."""

from liveReport.channels import Webhook

from .postmark import Postmark
from .sendgrid import SendGrid

WEBHOOKS: tuple[Webhook, ...] = (
    Postmark(),
    SendGrid(),
)
