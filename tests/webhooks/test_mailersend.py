"""MailerSend's events, by what it publishes."""

from tests.webhooks.cases import ProviderCases


class TestMailerSend(ProviderCases):
    provider = "mailersend"
