"""Mandrill's events, by what it publishes."""

from tests.webhooks.cases import ProviderCases


class TestMandrill(ProviderCases):
    provider = "mandrill"
