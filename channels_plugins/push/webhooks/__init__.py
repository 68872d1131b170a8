"""The providers of push messages whose webhooks are understood, a file each."""

from liveReport.channels import Webhook

from .apns import Apns
from .fcm import Fcm
from .onesignal import OneSignal

WEBHOOKS: tuple[Webhook, ...] = (Apns(), Fcm(), OneSignal())
