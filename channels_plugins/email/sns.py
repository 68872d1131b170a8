"""Amazon SNS, which posts what SES says: whose topic, whose signature, and confirmations.

Amazon signs for everybody, so that a right signature proves nothing before the topic is known to
be ours; and nothing is fetched before that.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import httpx
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509 import load_pem_x509_certificate
from django.conf import settings

from liveReport.channels import (
    FOREIGN_TOPIC,
    NO_CREDENTIALS,
    WRONG,
    Credentials,
    HookRequest,
    TryLater,
    Unauthorised,
    Unreadable,
)

NOTIFICATION, SUBSCRIPTION = "Notification", "SubscriptionConfirmation"
UNSUBSCRIPTION = "UnsubscribeConfirmation"
_CONFIRMED = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIPTION: _CONFIRMED,
    UNSUBSCRIPTION: _CONFIRMED,
}
"""The fields that are signed, in this order; those that a message lacks are left out."""
HASHES: Mapping[str, HashAlgorithm] = {"1": SHA1(), "2": SHA256()}  # noqa: S303 - by version
NEEDED = ("Type", "TopicArn", "Message", "Signature", "SignatureVersion", "SigningCertURL")
HOST = r"https://(sns\.[a-z0-9-]{3,}\.amazonaws\.com(?:\.cn)?)"
CERTIFICATE = re.compile(HOST + r"/(SimpleNotificationService-[0-9a-fA-F]{1,99}\.pem)")
CONFIRMATION = re.compile(HOST + r"/[!-~]*")
SECONDS = 5.0
"""How long Amazon may take to answer: a request waits for it."""

Envelope = Mapping[str, Any]


def verify(request: HookRequest, credentials: Credentials) -> None:
    """``Unauthorised`` unless SNS signed it for a topic of ours.

    ``TryLater`` if the certificate cannot be had now. What is delivered raw has no signature.
    """
    envelope = _envelope(request)
    if envelope["TopicArn"] not in credentials.topics:
        raise Unauthorised(FOREIGN_TOPIC)
    try:
        key = _key(_certificate(envelope["SigningCertURL"], credentials))
        signature = b64decode(envelope["Signature"], validate=True)
        if b64encode(signature).decode() != envelope["Signature"]:  # bits that mean nothing
            raise Unauthorised(WRONG)
        algorithm = HASHES[envelope["SignatureVersion"]]
        key.verify(signature, signed_text(envelope), padding.PKCS1v15(), algorithm)
    except (InvalidSignature, LookupError, ValueError) as error:
        raise Unauthorised(WRONG) from error


def signed_text(envelope: Envelope) -> bytes:
    """What is signed of a message: names and values, a line each."""
    names = [name for name in SIGNED[envelope["Type"]] if envelope.get(name) is not None]
    text = "".join(f"{name}\n{envelope[name]}\n" for name in names)
    return text.encode("utf-8", "surrogatepass")


def confirm(url: object) -> None:
    """Visit the address that confirms a subscription. ``TryLater`` if that fails."""
    if not (isinstance(url, str) and CONFIRMATION.fullmatch(url)):
        raise Unreadable("foreign_address")
    if _fetched(url).status_code != httpx.codes.OK:
        raise TryLater("the subscription could not be confirmed")


def _envelope(request: HookRequest) -> Envelope:
    try:
        found = request.json()
    except Unreadable as error:
        raise Unauthorised(NO_CREDENTIALS) from error
    if not isinstance(found, dict) or found.get("Type") not in [*SIGNED]:
        raise Unauthorised(NO_CREDENTIALS)
    if not all(isinstance(found.get(name), str) for name in NEEDED):
        raise Unauthorised(NO_CREDENTIALS)
    return found


def _certificate(url: str, credentials: Credentials) -> bytes:
    """It, of a rehearsal, as it is kept, or fetched and then kept. ``LookupError`` if none."""
    match = CERTIFICATE.fullmatch(url)
    if not match:
        raise Unauthorised(WRONG)
    if credentials.certificates:
        return credentials.certificates[url]
    path = Path(settings.DATA_DIR) / "sns" / match[1] / match[2]
    with suppress(FileNotFoundError):
        return path.read_bytes()
    answer = _fetched(url)
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise TryLater("the certificate could not be fetched")
    if answer.status_code != httpx.codes.OK:
        raise Unauthorised(WRONG)
    _key(answer.content)
    _keep(path, answer.content)
    return answer.content


def _fetched(url: str) -> httpx.Response:
    try:
        return httpx.get(url, follow_redirects=False, timeout=SECONDS)
    except httpx.HTTPError as error:
        raise TryLater("Amazon did not answer") from error


def _keep(path: Path, content: bytes) -> None:
    """Whole or not at all; without it the next request fetches it again."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(content)
        Path(file.name).replace(path)


@lru_cache(maxsize=64)
def _key(certificate: bytes) -> rsa.RSAPublicKey:
    """The key of a certificate. ``ValueError`` if it is none, or none of RSA."""
    try:
        key = load_pem_x509_certificate(certificate).public_key()
    except UnsupportedAlgorithm as error:
        raise ValueError("not a key that is known") from error
    if isinstance(key, rsa.RSAPublicKey):
        return key
    raise ValueError("not a key of RSA")
