"""Mailtrap's events, by what it publishes."""

from tests.webhooks.cases import ProviderCases


class TestMailtrap(ProviderCases):
    provider = "mailtrap"
