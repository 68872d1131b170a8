"""Mailjet's events, by what it publishes."""

from tests.webhooks.cases import ProviderCases


class TestMailjet(ProviderCases):
    provider = "mailjet"
    body_is_signed = False
