"""How the event log stores events: msgpack rows, compressed with zstandard."""

from collections.abc import Sequence

import msgspec
import zstandard


class LogEvent(msgspec.Struct, array_like=True, gc=False):
    """One accepted event, as it stands in the log.

    ``at`` and ``execution`` are microseconds since 1970 (``execution`` 0 without
    one); ``profile`` is the pseudonym, a signed 64-bit integer; ``dimensions``
    has a value for each dimension of the event type, ``__none__`` where missing.
    """

    id: str
    campaign: str
    channel: str
    type: str
    at: int
    profile: int
    execution: int = 0
    message: str = ""
    dimensions: dict[str, str] = {}


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[LogEvent])


def encode(events: Sequence[LogEvent]) -> bytes:
    """Pack events for ``EventBatch.payload``."""
    return zstandard.ZstdCompressor(level=1).compress(_encoder.encode(events))


def decode(payload: bytes | memoryview) -> list[LogEvent]:
    """Unpack ``EventBatch.payload``."""
    return _decoder.decode(zstandard.ZstdDecompressor().decompress(bytes(payload)))
