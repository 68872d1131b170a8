"""The providers of text messages whose webhooks are understood, a file each."""

from liveReport.channels import Webhook

from .infobip import Infobip
from .messagebird import MessageBird
from .sinch import Sinch
from .twilio import Twilio
from .vonage import Vonage

WEBHOOKS: tuple[Webhook, ...] = (Infobip(), MessageBird(), Sinch(), Twilio(), Vonage())
