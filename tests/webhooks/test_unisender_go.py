"""UnisenderGo's events, by what it publishes."""

from tests.webhooks.cases import ProviderCases


class TestUnisenderGo(ProviderCases):
    provider = "unisender_go"
