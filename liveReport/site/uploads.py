"""What browsers upload: sealed as it comes in, so that no part of it lies on a disk in clear."""

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from liveReport.engines.files import sealed

PART = 1024 * 1024
"""Bytes of a part."""
IN_MEMORY = 1024 * 1024
"""Sealed bytes of a file that need no disk."""


class SealedFile(UploadedFile[bytes]):
    """An uploaded file, as sealed parts. Nothing else of it is kept."""

    def __init__(self, store: IO[bytes], lengths: list[int], **more: Any) -> None:
        super().__init__(store, **more)
        self._store = store
        self._lengths = lengths

    def parts(self) -> Iterator[bytes]:
        """Its parts in order, sealed."""
        self._store.seek(0)
        for length in self._lengths:
            yield self._store.read(length)


class SealingHandler(FileUploadHandler):
    """Seals a file part by part. Of one that is larger than any may be nothing is left."""

    chunk_size = PART

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._store: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 (the file's own)
        self._lengths: list[int] = []
        self._size = 0
        self._waiting = bytearray()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._size += len(raw_data)
        if self._size > settings.FILE_MAX_BYTES:
            self._drop()
            return
        self._waiting += raw_data
        if len(self._waiting) >= PART:
            self._seal()

    def _seal(self) -> None:
        part = sealed(bytes(self._waiting))
        self._waiting.clear()
        self._store.write(part)
        self._lengths.append(len(part))

    def _drop(self) -> None:
        """What is left is read all the same, so that the form can say what was wrong."""
        self._waiting.clear()
        self._lengths.clear()
        self._store.seek(0)
        self._store.truncate()

    def file_complete(self, file_size: int) -> SealedFile:
        if self._waiting or not self._size:
            self._seal()
        return SealedFile(
            self._store,
            self._lengths,
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
        )

    def upload_interrupted(self) -> None:
        self._store.close()
