"""Resend's events, by what it publishes."""

from tests.webhooks.cases import ProviderCases


class TestResend(ProviderCases):
    provider = "resend"
