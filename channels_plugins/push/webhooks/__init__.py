"""The providers of push messages whose webhooks are understood, a file each."""

from liveReport.channels import Webhook

from .apns import Apns
from .fcm import Fcm

WEBHOOKS: tuple[Webhook, ...] = (
    Apns(),
    Fcm(),
)
