"""Webhooks: how a provider's requests become events. Part of the public API of plugins.

A provider is a subclass of ``Webhook`` that a channel lists in ``webhooks``, or that another
package adds to a channel with ``@webhook("email")``. See docs/webhooks.md.
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import msgspec
from django.utils.translation import gettext_lazy as _

from .texts import Text

USER = "livereport"
"""Who a provider logs in as that sends a secret of ours."""
KEYS = ("lr_campaign", "lr_execution", "lr_profile", "lr_message")
"""What a sender passes through a provider so that its events can be attributed."""


class Secret(StrEnum):
    """Where the secret of a source goes, and whose it is."""

    BASIC = "basic"
    """Ours, as a password in the URL."""
    BEARER = "bearer"
    """Ours, in ``Authorization: Bearer``."""
    SIGNATURE = "signature"
    """The provider's, of which or with which it signs requests."""
    TOPIC = "topic"
    """None: the provider signs for everybody, and topics say what is ours."""
    PUBLIC = "public"
    """None, but a key that anybody may read, as it stands in pages: see docs/web.md."""

    @property
    def is_ours(self) -> bool:
        return self in (Secret.BASIC, Secret.BEARER)


class Unauthorised(Exception):
    """A request is not the provider's, or not any more. ``code`` says why, for people."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


NO_CREDENTIALS, WRONG, STALE = "no_credentials", "wrong_credentials", "stale"
FOREIGN_TOPIC, REUSED = "foreign_topic", "reused_token"
REFUSALS: Mapping[str, Text] = {
    NO_CREDENTIALS: _("no credentials"),
    WRONG: _("wrong signature or secret"),
    STALE: _("signed too long ago"),
    FOREIGN_TOPIC: _("a topic that is not on the list"),
    REUSED: _("a token that signed something else before"),
}
"""Why requests are refused, in words; an adapter's own codes speak for themselves."""


class Unreadable(Exception):
    """A body, or an item of it, that cannot be understood. ``code`` says why."""

    def __init__(self, code: str = "malformed") -> None:
        super().__init__(code)
        self.code = code


class TryLater(Exception):
    """Something that the request asks for could not be done now: 503, so that it is repeated."""


class Event(NamedTuple):
    """What a provider says of one recipient, in the channel's terms.

    ``type`` and ``dimensions`` are those of the channel's declaration. ``at`` is an instant
    with its zone, ``None`` where the provider says none: then it is when it was received.
    ``recipient`` is an address in lower case, or a number as ``+digits``, and ``""`` where the
    provider cannot say which of several it is. ``message`` is the provider's id. ``keys`` is the
    metadata that the provider carries (of which ``KEYS`` are read), ``labels`` the texts of
    fields that hold one. ``link`` and ``attempt`` tell events apart that are the same otherwise.
    An event that is ``derived`` from another, since the provider has none of its own for it, is
    counted once for a message and recipient, and does not touch gauges.
    """

    type: str
    at: datetime | None
    recipient: str = ""
    message: str = ""
    keys: Mapping[str, Any] = {}
    labels: Sequence[str] = ()
    dimensions: Mapping[str, str] = {}
    link: str = ""
    attempt: str = ""
    derived: bool = False


class Ignored(NamedTuple):
    """Known, and not counted. ``why`` is the provider's word for it."""

    why: str


@dataclass(frozen=True)
class HookRequest:
    """A request as it came. ``url`` is the public one, with its query; names of ``headers`` are
    in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.url).query, keep_blank_values=True)

    @property
    def form(self) -> list[tuple[str, str]]:
        """The fields of a form, in order. ``Unreadable`` if they are not text."""
        try:
            return parse_qsl(self.body.decode(), keep_blank_values=True, max_num_fields=1_000)
        except ValueError as error:
            raise Unreadable("not_a_form") from error

    def header(self, name: str) -> str:
        """A header, or ``""``."""
        return self.headers.get(name.lower(), "")

    def json(self) -> Any:
        """The body, decoded. ``Unreadable`` if it is not JSON."""
        try:
            return msgspec.json.decode(self.body)
        except (ValueError, RecursionError) as error:  # also: not UTF-8
            raise Unreadable("not_json") from error


@dataclass(frozen=True)
class Credentials:
    """What is good for a source now: ``secrets`` of providers, ``digests`` of ours, ``topics``.

    The former ones are among them while their grace lasts.
    """

    secrets: Sequence[str] = ()
    digests: Sequence[str] = ()
    topics: frozenset[str] = field(default_factory=frozenset)
    certificates: Mapping[str, bytes] = field(default_factory=dict)
    """Certificates that need not be fetched, by URL: a rehearsal brings its own."""

    def knows(self, text: str) -> bool:
        """Whether a text is a secret of ours."""
        digest = digest_of(text)
        return any(hmac.compare_digest(digest, ours) for ours in self.digests)

    def check(self, is_signed: Callable[[str], bool]) -> None:
        """``Unauthorised`` unless one of the provider's secrets makes the signature right."""
        if not any(is_signed(secret) for secret in self.secrets):
            raise Unauthorised(WRONG)


class SetUp(NamedTuple):
    """What whoever sets a source up has to do at the provider's, in the reader's language.

    ``where`` its settings are, ``events`` to tick there, ``keys``: how a message carries
    ``lr_campaign`` and the others, ``secret``: where the provider shows its own, if it has one.
    """

    where: Text
    events: Text
    keys: Text
    secret: Text = ""


class Webhook:
    """One provider of one channel.

    Required: ``provider`` (permanent: it is stored with sources), ``label``, ``secret``,
    ``set_up``, ``events``; ``verify`` too where the secret is a signature. ``items`` is for
    requests that are no JSON list or object.
    """

    provider: str
    label: Text
    secret: Secret
    set_up: SetUp
    get_delivers = False
    """Whether a GET with a query brings events, as a POST does."""
    others: Sequence[str] = ()
    """Further channels whose events it may bring, where they name them: of pages and apps only."""
    rehearsal: "type[Rehearsal] | None" = None
    """Who plays the provider in ``manage.py rehearse``."""

    def verify(self, request: HookRequest, credentials: Credentials) -> None:
        """Raise ``Unauthorised`` unless the provider sent these very bytes, and lately.

        Nothing is parsed before that.
        """
        _OURS[self.secret](request, credentials)

    def one_time(self, request: HookRequest) -> str:
        """What is good for a single body, though the provider may send that again; "" if nothing
        is. For signatures that don't cover the body."""
        return ""

    def confirms(self, request: HookRequest) -> str:
        """The topic of which a request asks to have the subscription confirmed, or ``""``. It is
        ``items`` that confirms it."""
        return ""

    def items(self, request: HookRequest) -> Iterable[Any]:
        """The parts of a request that are understood, kept and tried again one by one.

        Each has to be fit for JSON, and has all that ``events`` needs. ``Unreadable`` if there
        are none to be seen.
        """
        found = request.json()
        return found if isinstance(found, list) else [found]

    def events(self, item: Any) -> Iterable[Event | Ignored]:
        """What an item says: of each recipient, an event or that it is ignored.

        ``Unreadable("unknown_type")`` for one of a kind that nobody knows here. Whatever else it
        raises for an odd item has the item wait in quarantine, and no other.
        """
        raise NotImplementedError


class Said(NamedTuple):
    """What a provider is to say in a rehearsal: an event of ours, of one recipient."""

    type: str
    recipient: str
    message: str
    at: datetime
    keys: Mapping[str, str]
    reason: str = ""
    category: str = ""
    signal: str = ""
    """Of an open or a click, what speaks of a machine (where the channel has such a dimension)."""

    @property
    def label(self) -> str:
        """The keys as the one text that some providers carry."""
        return "&".join(f"{key}={value}" for key, value in self.keys.items())


class Rehearsal:
    """Plays a provider: words what happened as it does, and signs. Nothing leaves the machine.

    Required: ``types``, ``item`` and ``unknown``; ``request`` too for requests that are no list
    of JSON with a secret of ours. A secret of the provider's is made up for each rehearsal.
    """

    types: Sequence[str] = ()
    """The event types of ours that the provider reports."""
    most = 1_000
    """Items in a request."""

    def __init__(self, webhook: Webhook) -> None:
        self.webhook = webhook
        self.secret = token_urlsafe(32)

    @property
    def credentials(self) -> Credentials:
        """What a source has whose requests are signed here."""
        if self.webhook.secret.is_ours:
            return Credentials(digests=[digest_of(self.secret)])
        return Credentials(secrets=[self.secret])

    def item(self, said: Said) -> Any:
        """It, in the provider's words."""
        raise NotImplementedError

    def unknown(self, said: Said) -> Any:
        """An item of a kind that the provider might add some day."""
        raise NotImplementedError

    def request(self, items: Sequence[Any], url: str, now: datetime) -> HookRequest:
        """A request with these items, signed now."""
        return HookRequest("POST", url, self._headers(), msgspec.json.encode(items), now)

    def _headers(self) -> dict[str, str]:
        pair = f"{USER}:{self.secret}".encode()
        basic = self.webhook.secret == Secret.BASIC
        text = f"Basic {b64encode(pair).decode()}" if basic else f"Bearer {self.secret}"
        return {"content-type": "application/json", "authorization": text}


def digest_of(secret: str) -> str:
    """What is stored of a secret of ours: it is random, so that nothing slower is needed."""
    return sha256(secret.encode()).hexdigest()


def signed_with(key: bytes, signature: str, *parts: bytes, algorithm: str = "sha256") -> bool:
    """Whether a hexadecimal signature is the HMAC of the parts."""
    expected = hmac.digest(key, b"".join(parts), algorithm).hex()
    return hmac.compare_digest(expected.encode(), signature.lower().encode("utf-8", "replace"))


def is_lately(seconds: str | float, now: datetime, tolerance: float) -> bool:
    """Whether a time in seconds since 1970 is no further from now than ``tolerance`` seconds."""
    try:
        return abs(now.timestamp() - float(seconds)) <= tolerance
    except ValueError:
        return False


def instant(seconds: float | str) -> datetime:
    """An instant from seconds since 1970. ``Unreadable`` if it is none."""
    try:
        return datetime.fromtimestamp(float(seconds), UTC)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise Unreadable("not_a_time") from error


def instant_of_epoch(number: float | str) -> datetime:
    """An instant from seconds since 1970, or milliseconds where it would be after the year 5000.

    ``Unreadable`` if it is none.
    """
    try:
        seconds = float(number)
    except (TypeError, ValueError, OverflowError) as error:
        raise Unreadable("not_a_time") from error
    return instant(seconds / 1000 if seconds >= _MILLISECONDS else seconds)


_MILLISECONDS = 1e11


def moment_of(text: str) -> datetime:
    """An instant from ISO 8601 text, which is UTC where it says no zone. ``Unreadable`` if none."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise Unreadable("not_a_time") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def phone(number: object) -> str:
    """A number as ``+digits``, however a provider writes it."""
    digits = "".join(filter(str.isdecimal, str(number)))
    return f"+{digits}" if digits else ""


def _basic(request: HookRequest, credentials: Credentials) -> None:
    scheme, _, text = request.header("authorization").partition(" ")
    if scheme.lower() != "basic":
        raise Unauthorised(NO_CREDENTIALS)
    try:
        user, _, password = b64decode(text.strip(), validate=True).decode().partition(":")
    except ValueError as error:
        raise Unauthorised(WRONG) from error
    if not (credentials.knows(password) and user == USER):
        raise Unauthorised(WRONG)


def _bearer(request: HookRequest, credentials: Credentials) -> None:
    scheme, _, text = request.header("authorization").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorised(NO_CREDENTIALS)
    if not credentials.knows(text.strip()):
        raise Unauthorised(WRONG)


_OURS = {Secret.BASIC: _basic, Secret.BEARER: _bearer}
