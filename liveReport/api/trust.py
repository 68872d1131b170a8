"""Who sends, also while the database cannot be asked.

Every token that the database confirmed is noted in a file that the web processes
of a machine share, so that a restart, or the other process, knows it as well. The
file has digests, as the database does, and nothing that could be sent.
"""

import time
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec
from cachetools import LRUCache
from django.conf import settings
from django.contrib.auth.models import User
from django.db import Error
from django.utils import timezone
from knox.crypto import hash_token
from rest_framework.exceptions import AuthenticationFailed

from liveReport.engines.local import LocalFile
from liveReport.engines.outage import asking, database, is_outage
from liveReport.memory import Memory
from liveReport.models import ApiToken, Source
from liveReport.site.auth import BearerAuthentication, Scope

from .problems import DatabaseAway

_SET_UP = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS token (
    digest TEXT PRIMARY KEY, verified REAL NOT NULL, known BLOB NOT NULL);
"""
REFRESH = 60
"""Seconds after which it is noted anew that a token is still good."""
BELIEF = 1.0
"""Seconds for which a process believes what a token is limited to; never that it is still good."""
MOST = 10_000
"""Tokens of which a process knows that it has noted them lately."""


class Known(msgspec.Struct, frozen=True, array_like=True):
    """What a token is good for, besides its digest; ``campaigns`` is ``None`` for all."""

    source: int
    user: int
    scope: str
    expiry: datetime | None
    campaigns: list[str] | None

    @classmethod
    def of(cls, token: ApiToken) -> "Known":
        allowed = None if token.allowed is None else sorted(token.allowed)
        return cls(token.source_id, token.user_id, token.scope, token.expiry, allowed)

    def token(self, digest: str) -> ApiToken:
        """The token as the database would give it out; not to be saved."""
        token = ApiToken(
            digest=digest,
            source=Source(pk=self.source),
            user=User(pk=self.user),
            scope=self.scope,
            expiry=self.expiry,
            all_campaigns=self.campaigns is None,
        )
        token.allowed = None if self.campaigns is None else frozenset(self.campaigns)
        return token


class Noted(NamedTuple):
    """A token as the database gave it out, when it did, and when the file was told so."""

    token: ApiToken
    known: Known
    confirmed: float
    written: float


class TrustedTokens:
    """The tokens that were verified lately. A disk that fails costs the memory, nothing else."""

    def __init__(self, folder: Path) -> None:
        self._file = LocalFile(folder / "tokens.sqlite3", _SET_UP, durable=False)
        self._noted = Memory[str, Noted](LRUCache(MOST))

    def note(self, token: ApiToken) -> None:
        """The database has just confirmed the token."""
        known, now = Known.of(token), time.time()
        before = self._noted.get(token.pk)
        is_written = before and before.known == known and 0 <= now - before.written < REFRESH
        # Also if writing fails: not again with every request.
        written = before.written if before and is_written else now
        self._noted.put(token.pk, Noted(token, known, time.monotonic(), written))
        if not is_written:
            self._file.first("DELETE FROM token WHERE verified < ?", now - _trust())
            row = (token.pk, now, msgspec.json.encode(known))
            self._file.first("REPLACE INTO token VALUES (?, ?, ?)", *row)

    def lately(self, digest: str) -> ApiToken | None:
        """The token if this process had it from the database less than ``BELIEF`` ago."""
        noted = self._noted.get(digest)
        if noted is None or time.monotonic() - noted.confirmed >= BELIEF:
            return None
        return noted.token

    def forget(self, digest: str) -> None:
        """The database has just denied the token. Strangers' tokens cost no write."""
        self._noted.drop(digest)
        if self._file.first("SELECT 1 FROM token WHERE digest = ?", digest):
            self._file.first("DELETE FROM token WHERE digest = ?", digest)

    def find(self, digest: str) -> ApiToken | None:
        """The token if the database knew it lately and it has not expired."""
        row = self._file.first("SELECT verified, known FROM token WHERE digest = ?", digest)
        # Ahead of us is what was verified before the clock was set back.
        if row is None or abs(time.time() - row[0]) >= _trust():
            return None
        known = msgspec.json.decode(row[1], type=Known)
        return known.token(digest) if known.expiry and known.expiry > timezone.now() else None

    def close(self) -> None:
        self._file.close()


def trusted_tokens() -> TrustedTokens:
    """This machine's memory of tokens."""
    return _trusted_tokens(settings.SPOOL_DIR)


_trusted_tokens = cache(TrustedTokens)


def _trust() -> float:
    return float(settings.TOKEN_TRUST.total_seconds())


class IngestAuthentication(BearerAuthentication):
    """A bearer token; but events are taken while the database is away.

    Then a token is good that the database confirmed lately, on this machine, and
    that has not expired. Of any other nobody can say what it is: try again.
    """

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiToken]:
        digest = hash_token(token.decode("latin-1"))
        if database.lets_through():
            try:
                return self._confirmed(token, digest)
            except Error as error:
                if not is_outage(error):
                    raise
        if (known := trusted_tokens().find(digest)) is None:
            raise DatabaseAway
        return known.user, known

    def _confirmed(self, token: bytes, digest: str) -> tuple[User, ApiToken]:
        try:
            with asking():
                known = trusted_tokens().lately(digest)
                if known and ApiToken.objects.is_usable(digest):
                    return known.user, known
                user, found = super().authenticate_credentials(token)
                if found.scope == Scope.INGEST:
                    trusted_tokens().note(found)
        except AuthenticationFailed:
            trusted_tokens().forget(digest)
            raise
        return user, found
