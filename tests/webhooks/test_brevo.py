"""Brevo's events, by what it publishes."""

from tests.webhooks.cases import ProviderCases


class TestBrevo(ProviderCases):
    provider = "brevo"
    body_is_signed = False
