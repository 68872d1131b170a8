"""What the log says of those who ask for what is not there."""

import logging

import pytest
from django.test import Client

from liveReport.site.errors import BriefRefusals


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What a log keeps that has the filter."""
    brief = BriefRefusals()
    return [record.getMessage() for record in caplog.records if brief.filter(record)]


def test_a_flood_of_wrong_addresses_is_one_short_line(
    client: Client, db: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        for number in range(20):
            assert client.get(f"/nowhere/{number}/{'x' * 1_000}").status_code == 404
            assert client.post("/healthz").status_code == 405
    said = lines(caplog)
    assert [line.partition(":")[0] for line in said] == ["Not Found", "Method Not Allowed (POST)"]
    assert all(len(line) <= BriefRefusals.LENGTH for line in said)


def test_what_is_ours_to_mend_is_said_whole_each_time(caplog: pytest.LogCaptureFixture) -> None:
    request_log = logging.getLogger("django.request")
    with caplog.at_level(logging.INFO):
        for _ in range(2):
            request_log.error("Internal Server Error: %s", "x" * 300, extra={"status_code": 500})
    assert [len(line) for line in lines(caplog)] == [323, 323]
