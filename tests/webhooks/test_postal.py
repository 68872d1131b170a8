"""Postal's events, by what it publishes."""

from tests.webhooks.cases import ProviderCases


class TestPostal(ProviderCases):
    provider = "postal"
