"""Amazon SNS: whose topic and whose signature it is, and what is visited."""

import json
from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.test import Client

from channels_plugins.email.webhooks.amazon_ses import AmazonSES
from liveReport.channels import Credentials, Ignored, TryLater, Unauthorised, Unreadable
from liveReport.models import Subscription
from liveReport.site.sources import Wanted, set_up
from tests.webhooks.cases import NOW, posted, said_by

TOPIC = "arn:aws:sns:us-west-2:123456789012:MyTopic"
HOST, FILE = (
    "sns.us-west-2.amazonaws.com",
    "SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96.pem",
)
CERTIFICATE = f"https://{HOST}/{FILE}"
CONFIRM = f"https://{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37"
OURS = Credentials(topics=frozenset({TOPIC}))
# "HTTP/HTTPS notification JSON format" and "subscription confirmation JSON format" at
# docs.aws.amazon.com, signed with a key of our own
NOTIFICATION = {
    "Type": "Notification",
    "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
    "TopicArn": TOPIC,
    "Subject": "My First Message",
    "Message": "Hello world!",
    "Timestamp": "2012-05-02T00:54:06.655Z",
    "SigningCertURL": CERTIFICATE,
    "UnsubscribeURL": f"https://{HOST}/?Action=Unsubscribe&SubscriptionArn={TOPIC}:c9135db0",
}
SUBSCRIPTION = {
    "Type": "SubscriptionConfirmation",
    "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
    "Token": "2336412f37",
    "TopicArn": TOPIC,
    "Message": "You have chosen to subscribe to the topic.\nTo confirm, visit the SubscribeURL.",
    "SubscribeURL": CONFIRM,
    "Timestamp": "2012-04-26T20:45:04.751Z",
    "SigningCertURL": CERTIFICATE,
}
KEY = rsa.generate_private_key(65_537, 2_048)
VERSIONS: dict[str, Any] = {"1": SHA1(), "2": SHA256()}


def certificate(key: Any) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


PEM = certificate(KEY)


def signed(envelope: dict[str, Any], version: str = "2") -> bytes:
    names = sorted({*envelope} - {"SigningCertURL", "UnsubscribeURL"})
    text = "".join(f"{name}\n{envelope[name]}\n" for name in names).encode()
    signature = b64encode(KEY.sign(text, padding.PKCS1v15(), VERSIONS[version])).decode()
    return json.dumps(envelope | {"SignatureVersion": version, "Signature": signature}).encode()


class Amazon:
    """Answers instead of Amazon, and remembers what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, httpx.Response | Exception] = {
            CERTIFICATE: httpx.Response(200, content=PEM),
            CONFIRM: httpx.Response(200),
        }

    def get(self, url: str, *, follow_redirects: bool, timeout: float) -> httpx.Response:
        assert not follow_redirects
        assert timeout <= 10
        self.asked.append(url)
        answer = self.answers[url]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Amazon:
    settings.DATA_DIR = tmp_path
    amazon = Amazon()
    monkeypatch.setattr(httpx, "get", amazon.get)
    return amazon


def verify(body: bytes, credentials: Credentials = OURS) -> None:
    AmazonSES().verify(posted(body), credentials)


@pytest.mark.parametrize("version", ["1", "2"])
def test_both_versions_of_signatures_are_right(amazon: Amazon, version: str) -> None:
    without_subject = {k: v for k, v in NOTIFICATION.items() if k != "Subject"}
    for envelope in (NOTIFICATION, without_subject, SUBSCRIPTION):
        verify(signed(envelope, version))
        with pytest.raises(Unauthorised, match="wrong_credentials"):
            verify(signed(envelope, version).replace(b"2012", b"2013"))


def test_a_certificate_is_fetched_once_and_kept(amazon: Amazon, tmp_path: Path) -> None:
    for _ in range(3):
        verify(signed(NOTIFICATION))
    assert amazon.asked == [CERTIFICATE]
    assert (tmp_path / "sns" / HOST / FILE).read_bytes() == PEM
    assert [path.name for path in (tmp_path / "sns" / HOST).iterdir()] == [FILE]


def test_a_kept_certificate_needs_no_network(amazon: Amazon, tmp_path: Path) -> None:
    (tmp_path / "sns" / HOST).mkdir(parents=True)
    (tmp_path / "sns" / HOST / FILE).write_bytes(PEM)
    verify(signed(NOTIFICATION))
    assert amazon.asked == []


def test_a_foreign_topic_is_refused_before_anything_is_fetched(amazon: Amazon) -> None:
    foreign = TOPIC.replace("123456789012", "210987654321")
    for envelope in (NOTIFICATION, SUBSCRIPTION):
        with pytest.raises(Unauthorised, match="foreign_topic"):
            verify(signed(envelope | {"TopicArn": foreign}))
        with pytest.raises(Unauthorised, match="foreign_topic"):
            verify(signed(envelope), Credentials())
    assert amazon.asked == []


@pytest.mark.parametrize(
    "url",
    [
        CERTIFICATE.replace("https", "http"),
        f"https://evil.example/{FILE}",
        f"https://sns.us-west-2.amazonaws.com.evil.example/{FILE}",
        f"https://evil.sns.us-west-2.amazonaws.com/{FILE}",
        f"https://sns.us.west.amazonaws.com/{FILE}",
        f"https://attacker.s3.amazonaws.com/{FILE}",
        f"https://me@{HOST}/{FILE}",
        f"https://{HOST}:8443/{FILE}",
        f"https://{HOST}/a/../{FILE}",
        f"https://{HOST}/SimpleNotificationService-xyz.pem",
        f"https://{HOST}/SimpleNotificationService-.pem",
        f"{CERTIFICATE}?x=1",
        f"{CERTIFICATE}\n",
        "",
    ],
)
def test_a_certificate_from_elsewhere_is_refused_unseen(amazon: Amazon, url: str) -> None:
    with pytest.raises(Unauthorised, match="wrong_credentials"):
        verify(signed(NOTIFICATION | {"SigningCertURL": url}))
    assert amazon.asked == []


def test_china_has_a_host_of_its_own(amazon: Amazon) -> None:
    url = f"https://sns.cn-north-1.amazonaws.com.cn/{FILE}"
    amazon.answers[url] = httpx.Response(200, content=PEM)
    verify(signed(NOTIFICATION | {"SigningCertURL": url}))


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(302, headers={"location": "https://evil.example/x.pem"}),
        httpx.Response(404),
        httpx.Response(200, content=b"not a certificate"),
        httpx.Response(200, content=certificate(ec.generate_private_key(ec.SECP256R1()))),
        httpx.Response(200, content=certificate(rsa.generate_private_key(65_537, 2_048))),
    ],
)
def test_what_is_not_the_certificate_signs_nothing(amazon: Amazon, answer: httpx.Response) -> None:
    amazon.answers[CERTIFICATE] = answer
    with pytest.raises(Unauthorised, match="wrong_credentials"):
        verify(signed(NOTIFICATION))


@pytest.mark.parametrize("answer", [httpx.Response(503), httpx.ConnectTimeout("late")])
def test_an_amazon_that_is_away_has_the_request_repeated(amazon: Amazon, answer: Any) -> None:
    good, amazon.answers[CERTIFICATE] = amazon.answers[CERTIFICATE], answer
    with pytest.raises(TryLater):
        verify(signed(NOTIFICATION))
    amazon.answers[CERTIFICATE] = good
    verify(signed(NOTIFICATION))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"junk",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        # raw message delivery: the event alone
        b'{"eventType": "Send", "mail": {"messageId": "m"}, "send": {}}',
        json.dumps(NOTIFICATION | {"SignatureVersion": 2, "Signature": "x"}).encode(),
        json.dumps(NOTIFICATION | {"TopicArn": [TOPIC]}).encode(),
        json.dumps(NOTIFICATION | {"Type": ["Notification"]}).encode(),
        json.dumps(NOTIFICATION | {"SignatureVersion": "3", "Signature": "AAAA"}).encode(),
        json.dumps(NOTIFICATION | {"SignatureVersion": "2", "Signature": "é"}).encode(),
    ],
)
def test_junk_and_raw_delivery_are_refused(amazon: Amazon, body: bytes) -> None:
    with pytest.raises(Unauthorised):
        verify(body)


def test_a_subscription_of_ours_is_confirmed_by_a_visit(amazon: Amazon) -> None:
    request = posted(signed(SUBSCRIPTION))
    assert said_by(AmazonSES(), request) == [Ignored("SubscriptionConfirmation")]
    assert amazon.asked == [CONFIRM]


@pytest.mark.parametrize(
    "answer", [httpx.Response(500), httpx.Response(302), httpx.ConnectError("no route")]
)
def test_a_visit_that_fails_is_made_again(amazon: Amazon, answer: Any) -> None:
    amazon.answers[CONFIRM] = answer
    with pytest.raises(TryLater):
        said_by(AmazonSES(), posted(signed(SUBSCRIPTION)))


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.us-west-2.amazonaws.com/",
        "https://evil.example/",
        "https://[",
        f"https://{HOST}:1/",
        1,
    ],
)
def test_nothing_but_amazon_is_visited(amazon: Amazon, url: Any) -> None:
    request = posted(json.dumps(SUBSCRIPTION | {"SubscribeURL": url}).encode())
    with pytest.raises(Unreadable, match="foreign_address"):
        list(AmazonSES().items(request))
    assert amazon.asked == []


def test_who_cancels_a_subscription_is_not_subscribed_again(amazon: Amazon) -> None:
    request = posted(signed(SUBSCRIPTION | {"Type": "UnsubscribeConfirmation"}))
    AmazonSES().verify(request, OURS)
    assert said_by(AmazonSES(), request) == [Ignored("UnsubscribeConfirmation")]
    assert amazon.asked == [CERTIFICATE]


def test_a_message_that_is_no_event_is_odd_but_for_the_greeting(amazon: Amazon) -> None:
    # anymail, tests/test_amazon_ses_webhooks.py
    text = "Successfully validated SNS topic for Amazon SES event publishing."
    greeting = posted(signed(NOTIFICATION | {"Message": text}))
    assert said_by(AmazonSES(), greeting) == [Ignored("Successfully validated SNS topic")]
    with pytest.raises(Unreadable, match="not_json"):
        list(AmazonSES().items(posted(signed(NOTIFICATION))))


@pytest.mark.django_db
def test_how_far_a_subscription_is_is_kept(amazon: Amazon, client: Client) -> None:
    source, _secret = set_up("ses", "amazon_ses", Wanted(topics=[TOPIC]))

    def status() -> int:
        return client.post("/hooks/ses/", signed(SUBSCRIPTION), "text/plain").status_code

    def states() -> list[tuple[bool, str]]:
        rows = Subscription.objects.filter(source=source, topic=TOPIC)
        return [(one.confirmed_at is not None, one.why) for one in rows]

    amazon.answers[CONFIRM] = httpx.ConnectError("no route")
    assert (status(), states()) == (503, [(False, "try_later")])
    amazon.answers[CONFIRM] = httpx.Response(200)
    assert (status(), states()) == (200, [(True, "try_later")])
    client.post("/hooks/ses/", signed(NOTIFICATION), "text/plain")
    assert len(states()) == 1
    Subscription.objects.all().delete()
    elsewhere = signed(SUBSCRIPTION | {"SubscribeURL": "https://evil.example/"})
    assert client.post("/hooks/ses/", elsewhere, "text/plain").status_code == 200
    assert states() == [(False, "unreadable")]
