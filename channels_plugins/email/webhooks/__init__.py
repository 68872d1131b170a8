"""The providers of email whose webhooks are understood, a file each."""

from liveReport.channels import Webhook

from .amazon_ses import AmazonSES
from .mailgun import Mailgun
from .postmark import Postmark
from .sendgrid import SendGrid

WEBHOOKS: tuple[Webhook, ...] = (
    AmazonSES(),
    Mailgun(),
    Postmark(),
    SendGrid(),
)
