"""The commands an operator types."""

import io
import re
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from liveReport.models import ApiToken, Campaign, EventBatch, Source
from tests.support.factories import event

pytestmark = pytest.mark.django_db


def test_the_token_stands_alone_on_stdout(capsys: Any, campaign: Campaign) -> None:
    call_command("issue_token", "shop", "--scope", "ingest", "--campaign", "summer", "--days", "7")
    out, err = capsys.readouterr()
    token = ApiToken.objects.get()
    assert out.strip().startswith(token.token_key)
    assert len(out.split()) == 1
    assert out.strip() not in err
    assert token.source.name == "shop"
    assert list(token.campaigns.all()) == [campaign]
    assert 6 <= (token.expiry - timezone.now()).days <= 7


def test_no_usable_token_is_stored(capsys: Any) -> None:
    call_command("issue_token", "shop", "--scope", "read")
    text = capsys.readouterr().out.strip()
    assert text not in str(list(ApiToken.objects.values()))


def test_a_source_keeps_its_account(capsys: Any) -> None:
    for scope in ("ingest", "read"):
        call_command("issue_token", "shop", "--scope", scope)
    account = Source.objects.get().account
    assert not account.has_usable_password()
    assert not account.is_staff
    assert ApiToken.objects.filter(user=account).count() == 2


def test_a_source_never_takes_over_an_account(alice: Any) -> None:
    alice.username = "source-shop"
    alice.save()
    assert Source.objects.ensure("shop").account != alice


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["shop", "--scope", "ingest", "--campaign", "nowhere"], "nowhere"),
        (["shop", "--scope", "ingest", "--days", "0"], "--days"),
        (["two words", "--scope", "ingest"], "two words"),
        (["shop", "--scope", "everything"], "everything"),
    ],
)
def test_a_wrong_token_request_is_named(arguments: list[str], complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        call_command("issue_token", *arguments)
    assert not ApiToken.objects.exists()


def test_a_campaign_is_created_then_updated(capsys: Any) -> None:
    call_command("create_campaign", "spring", "--name", "Spring", "--channel", "email")
    call_command("create_campaign", "spring", "--name", "Spring sale")
    campaign = Campaign.objects.get(slug="spring")
    assert (campaign.name, campaign.status) == ("Spring sale", "live")
    assert [(row.channel, row.declared) for row in campaign.channels.all()] == [("email", True)]
    assert capsys.readouterr().out == "spring was created.\nspring was updated.\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["spring", "--name", "Spring", "--channel", "pigeon"], "pigeon"),
        (["no slug", "--name", "Spring"], "slug"),
        (["spring", "--name", "x" * 201], "200"),
    ],
)
def test_a_wrong_campaign_is_named(arguments: list[str], complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        call_command("create_campaign", *arguments)
    assert not Campaign.objects.exists()


def _ndjson(*events: dict[str, Any]) -> bytes:
    return b"\n".join(msgspec.json.encode(one) for one in events) + b"\n"


def test_events_of_a_file_are_appended(tmp_path: Path, campaign: Campaign, capsys: Any) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(_ndjson(event(), event()) + b"\n" + _ndjson(event()))
    call_command("send_events", str(file))
    assert sum(batch.count for batch in EventBatch.objects.all()) == 3
    assert EventBatch.objects.get().source.name == "command-line"
    out, err = capsys.readouterr()
    assert out == ""
    assert "3 accepted, 0 refused." in err


def test_refused_events_are_told_by_line(campaign: Campaign, monkeypatch: Any, capsys: Any) -> None:
    lines = _ndjson(event()) + b"\n" + b'{"id": 7}\n' + _ndjson(event(type="eaten"), event())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines)))
    with pytest.raises(SystemExit) as stop:
        call_command("send_events", "-", "--source", "backfill")
    assert stop.value.code == 1
    err = capsys.readouterr().err
    assert "line 3: id" in err
    assert "line 4: type" in err
    assert "2 accepted, 2 refused." in err
    assert EventBatch.objects.get().source.name == "backfill"


def test_a_long_file_is_sent_in_chunks(tmp_path: Path, campaign: Campaign) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(_ndjson(*(event() for _ in range(2_500))))
    call_command("send_events", str(file))
    assert [batch.count for batch in EventBatch.objects.order_by("pk")] == [1000, 1000, 500]


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_line_too_long_is_refused_alone(
    tmp_path: Path, campaign: Campaign, settings: Any, capsys: Any, end: bytes
) -> None:
    good = msgspec.json.encode(event())
    settings.INGEST_MAX_BYTES = len(good)
    file = tmp_path / "events.ndjson"
    long = b"x" * (len(good) + 1)
    file.write_bytes(b"\r\n".join([good, long, long * 10_000, b"", good, long]) + end)
    with pytest.raises(SystemExit) as stop:
        call_command("send_events", str(file))
    assert stop.value.code == 1
    err = capsys.readouterr().err
    refused = re.findall(r"line (\d+): longer than \d+ bytes \(too_large\)", err)
    assert refused == ["2", "3", "6"]
    assert "2 accepted, 3 refused." in err
    assert sum(batch.count for batch in EventBatch.objects.all()) == 2


def test_memory_for_a_line_is_bounded(tmp_path: Path, campaign: Campaign, capsys: Any) -> None:
    file = tmp_path / "events.ndjson"
    with file.open("wb") as out:
        out.writelines([_ndjson(event()), *[b"x" * 1_000_000] * 50, b"\n", _ndjson(event())])
    tracemalloc.start()
    try:
        with pytest.raises(SystemExit):
            call_command("send_events", str(file))
        assert tracemalloc.get_traced_memory()[1] < 25_000_000
    finally:
        tracemalloc.stop()
    err = capsys.readouterr().err
    assert "line 2: longer" in err
    assert "2 accepted, 1 refused." in err


def test_a_file_without_events_is_no_mistake(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "events.ndjson"
    for content in (b"", b"\n", b"\r\n \r\n"):
        file.write_bytes(content)
        call_command("send_events", str(file))
        assert "0 accepted, 0 refused." in capsys.readouterr().err


@pytest.mark.parametrize("end", [b"", b"\r", b"\r\n"])
def test_lines_end_in_any_way(tmp_path: Path, campaign: Campaign, capsys: Any, end: bytes) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"\r\n".join(msgspec.json.encode(event()) for _ in range(3)) + end)
    call_command("send_events", str(file))
    assert "3 accepted, 0 refused." in capsys.readouterr().err


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=rf"{tmp_path}: Is a directory\."):
        call_command("send_events", str(tmp_path))
    with pytest.raises(CommandError, match=r"line 1: Input/output error\."):
        call_command("send_events", "/proc/self/mem")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(CommandError, match=r"nothing\.ndjson"):
        call_command("send_events", "nothing.ndjson")
