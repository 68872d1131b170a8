"""The providers of email whose webhooks are understood, a file each."""

from liveReport.channels import Webhook

from .amazon_ses import AmazonSES
from .brevo import Brevo
from .mailersend import MailerSend
from .mailgun import Mailgun
from .mailjet import Mailjet
from .mailtrap import Mailtrap
from .mandrill import Mandrill
from .postal import Postal
from .postmark import Postmark
from .resend import Resend
from .sendgrid import SendGrid
from .sparkpost import SparkPost
from .unisender_go import UnisenderGo

WEBHOOKS: tuple[Webhook, ...] = (
    AmazonSES(),
    Brevo(),
    MailerSend(),
    Mailgun(),
    Mailjet(),
    Mailtrap(),
    Mandrill(),
    Postal(),
    Postmark(),
    Resend(),
    SendGrid(),
    SparkPost(),
    UnisenderGo(),
)
