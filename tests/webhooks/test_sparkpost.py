"""SparkPost's events, by what it publishes."""

from tests.webhooks.cases import ProviderCases


class TestSparkPost(ProviderCases):
    provider = "sparkpost"
    body_is_signed = False
