"""The queue of the embedded default: whole messages, each for one, whatever lies beside them."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from threading import Thread
from typing import Any

import kombu
import pytest
from kombu.utils.json import dumps

from tests.support.processes import embedded

QUEUE = "livereport"


def ring(broker: kombu.Connection, body: str = "ring", queue: str = QUEUE) -> None:
    kombu.Producer(broker).publish(body, routing_key=queue)


def channel_of(broker: kombu.Connection) -> Any:
    """Its own methods are of no common type."""
    return broker.default_channel


def take(broker: kombu.Connection, queue: str = QUEUE) -> Any:
    """The body of the next message, or nothing."""
    message = channel_of(broker).basic_get(queue, no_ack=True)
    return message and message.payload


def test_messages_come_in_the_order_in_which_they_were_sent(tmp_path: Path) -> None:
    with embedded(tmp_path / "queue") as beat, embedded(tmp_path / "queue") as worker:
        for body in ("one", "two", "three"):
            ring(beat, body)
        assert channel_of(worker).queue_declare(QUEUE).message_count == 3
        assert [take(worker) for _ in range(4)] == ["one", "two", "three", None]
        assert list((tmp_path / "queue").iterdir()) == []


@pytest.mark.parametrize("other", ["other", "a.livereport", "../livereport", "live/report"])
def test_queues_are_kept_apart(tmp_path: Path, other: str) -> None:
    with embedded(tmp_path / "queue") as broker:
        channel_of(broker)._put(other, {"body": "x", "properties": {"delivery_tag": "1"}})
        assert take(broker) is None
        ring(broker)
        assert channel_of(broker).queue_purge(QUEUE) == 1
        assert channel_of(broker).queue_declare(other).message_count == 1
    assert [path.name for path in tmp_path.iterdir()] == ["queue"]


def message(**changes: Any) -> bytes:
    whole = {"body": "W10=", "properties": {"delivery_tag": "1", "body_encoding": "base64"}}
    return dumps(whole | changes).encode()


ODD: dict[str, Callable[[Path], object]] = {
    "empty": lambda file: file.touch(),
    "half": lambda file: file.write_bytes(message()[:20]),
    "binary": lambda file: file.write_bytes(b"\xff\x00"),
    "no object": lambda file: file.write_bytes(b"[]"),
    "nothing in it": lambda file: file.write_bytes(b"{}"),
    "no properties": lambda file: file.write_bytes(message(properties=None)),
    "no tag": lambda file: file.write_bytes(message(properties={})),
    "bad body": lambda file: file.write_bytes(message(body="#")),
    "deep": lambda file: file.write_bytes(b"[" * 60_000),
    "huge": lambda file: file.write_bytes(message(body="A" * 100_000)),
    "not to be read": lambda file: (file.write_bytes(message()), file.chmod(0)),
    "a pipe": os.mkfifo,
    "leads nowhere": lambda file: file.symlink_to("nowhere"),
    "leads to itself": lambda file: file.symlink_to(file),
    "endless": lambda file: file.symlink_to("/dev/zero"),
    "a folder": lambda file: file.mkdir(),
    "a full folder": lambda file: (file.mkdir(), (file / "file").touch()),
}


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_message_is_in_nobodys_way(tmp_path: Path, odd: str) -> None:
    file = tmp_path / f"0.{QUEUE}.msg"
    ODD[odd](file)
    with embedded(tmp_path) as broker:
        ring(broker)
        assert "ring" in [take(broker), take(broker)]  # root can read what nobody may
    assert "folder" in odd or not os.path.lexists(file)


def test_what_an_earlier_version_left_is_in_nobodys_way(tmp_path: Path) -> None:
    for folder in ("messages", "control"):
        (tmp_path / folder).mkdir()
    (tmp_path / "messages" / f"1_uuid.{QUEUE}.msg").touch()
    (tmp_path / "control" / f"{QUEUE}.exchange").touch()
    with embedded(tmp_path) as broker:
        assert take(broker) is None
        ring(broker)
        assert take(broker) == "ring"


def test_a_folder_that_vanishes_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "queue"
    with embedded(folder) as broker:
        assert take(broker) is None
        ring(broker)
        assert folder.stat().st_mode & 0o777 == 0o700
        next(folder.iterdir()).unlink()
        folder.rmdir()
        assert take(broker) is None
        ring(broker)
        assert take(broker) == "ring"


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_half(draft: Path, content: bytes) -> None:
        with draft.open("wb") as out:
            out.write(content[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    with embedded(tmp_path) as broker:
        monkeypatch.setattr(Path, "write_bytes", write_half)
        with pytest.raises(OSError, match="No space"):
            ring(broker)
        assert list(tmp_path.iterdir()) == []
        monkeypatch.undo()
        ring(broker)
        assert take(broker) == "ring"


def test_each_message_is_for_one_and_nobody_finds_half_of_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "liveReport.site.filequeue")
    sent = [f"{number}" for number in range(400)]
    taken: list[str] = []

    def send(some: list[str]) -> None:
        with embedded(tmp_path) as broker:
            for body in some:
                ring(broker, body)

    def consume() -> None:
        with embedded(tmp_path) as broker:
            while len(taken) < len(sent):
                try:
                    taken.append(channel_of(broker)._get(QUEUE)["body"])
                except Empty:
                    continue

    threads = [Thread(target=send, args=(sent[place::2],)) for place in range(2)]
    threads += [Thread(target=consume, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(taken) == len(set(taken)) == len(sent)
    assert caplog.records == []
