"""What may happen to one profile, channel by channel. Tables only.

A flow says what follows an event: of each group of steps at most one happens.
``""`` is where a journey begins.
"""

from collections.abc import Mapping
from typing import NamedTuple

from .chance import Wheel

Details = Mapping[str, str]


class Step(NamedTuple):
    """One of the things that may come next."""

    type: str
    share: float
    after: float = 0.0
    """Seconds that pass at least."""
    mean: float = 0.0
    """More seconds, on the average; short waits are likelier than long ones."""
    within: float = 0.0
    """More seconds, at most; all waits are as likely."""
    details: Details = {}
    """What the event says for certain."""


Flow = Mapping[str, tuple[tuple[Step, ...], ...]]


def _words(*shares: tuple[str, float], key: str = "reason") -> Wheel[Details]:
    return Wheel(*(({key: word}, weight) for word, weight in shares))


EMAIL: Flow = {
    "": ((Step("targeted", 1),),),
    "targeted": (
        (
            Step("excluded", 0.058, 1, 2),
            Step("error", 0.004, 2, 5),
            Step("sent", 0.938, 3, 6),
        ),
    ),
    "sent": (
        (
            Step("delivered", 0.952, 1, 8),
            Step("bounced", 0.016, 1, 15),
            Step("deferred", 0.032, 2, 30),
        ),
    ),
    "deferred": (
        (
            Step("deferred", 0.42, 300, 900),
            Step("delivered", 0.5, 240, 1_200),
            Step("bounced", 0.07, 900, 3_600),
        ),
    ),
    "delivered": ((Step("opened", 0.29, 15, 6_000),), (Step("complained", 0.0004, 60, 9_000),)),
    "opened": (
        (Step("clicked", 0.13, 3, 40),),
        (Step("opened", 0.2, 600, 5_000),),
        (Step("unsubscribed", 0.007, 8, 50),),
        (Step("complained", 0.0012, 8, 60),),
    ),
}
POINTS: Flow = {
    **EMAIL,
    "sent": (
        (
            Step("delivered", 0.93, 1, 8),
            Step("deferred", 0.047, 2, 30),
            Step("bounced", 0.011, 1, 15, details={"category": "hard", "reason": "5.1.1"}),
            Step("bounced", 0.007, 1, 15, details={"category": "soft", "reason": "5.2.2"}),
            Step("bounced", 0.005, 1, 15, details={"category": "soft", "reason": "5.7.1"}),
        ),
    ),
    "deferred": (
        (
            Step("deferred", 0.3, 120, 300),
            Step("delivered", 0.65, 60, 400),
            Step("bounced", 0.05, 300, 900, details={"category": "soft", "reason": "4.4.7"}),
        ),
    ),
}
"""What SendGrid has words for: codes of the receiving server, and no answers of machines."""
EMAIL_WITH_OFFERS: Flow = {
    **EMAIL,
    "sent": (*EMAIL["sent"], (Step("offer_sent", 1),)),
    "opened": (*EMAIL["opened"], (Step("offer_displayed", 0.86, 1, 3),)),
    "clicked": ((Step("offer_clicked", 0.55, 1, 5),),),
}
SEND_SECONDS = 4 * 3_600
"""A large send goes out little by little; whom it is for is known from the start."""
LARGE_SEND: Flow = {
    **EMAIL,
    "targeted": (
        (
            Step("excluded", 0.058, 1, 60),
            Step("error", 0.004, 2, within=SEND_SECONDS),
            Step("sent", 0.938, 3, within=SEND_SECONDS),
        ),
    ),
}
UNAUTHENTICATED: Flow = {
    **LARGE_SEND,
    "sent": (
        (
            Step("bounced", 0.86, 1, 6, details={"category": "soft", "reason": "5.7.26"}),
            Step("delivered", 0.14, 1, 8),
        ),
    ),
}
"""The mailbox provider no longer believes that a message is ours, and takes few."""
PUSH: Flow = {
    "": ((Step("targeted", 1),),),
    "targeted": (
        (Step("excluded", 0.13, 1, 2), Step("error", 0.004, 1, 2), Step("sent", 0.866, 1, 3)),
    ),
    "sent": ((Step("delivered", 0.966, 1, 20), Step("bounced", 0.034, 1, 3)),),
    "delivered": ((Step("opened", 0.062, 5, 1_800),), (Step("action", 0.031, 4, 2_400),)),
}
FLASH_SECONDS = 50 * 60
FLASH_PUSH: Flow = {
    **PUSH,
    "targeted": (
        (
            Step("excluded", 0.13, 1, 20),
            Step("error", 0.004, 1, within=FLASH_SECONDS),
            Step("sent", 0.866, 1, within=FLASH_SECONDS),
        ),
    ),
}
SMS: Flow = {
    "": ((Step("targeted", 1),),),
    "targeted": (
        (Step("excluded", 0.085, 1, 2), Step("error", 0.006, 1, 3), Step("sent", 0.909, 1, 4)),
    ),
    "sent": ((Step("delivered", 0.948, 2, 12), Step("bounced", 0.029, 5, 60)),),
    "delivered": ((Step("clicked", 0.092, 20, 2_200),),),
}
FLASH_SMS: Flow = {
    **SMS,
    "targeted": (
        (
            Step("excluded", 0.085, 1, 20),
            Step("error", 0.006, 1, within=FLASH_SECONDS),
            Step("sent", 0.909, 1, within=FLASH_SECONDS),
        ),
    ),
}
WEB: Flow = {
    "": ((Step("impression", 0.968), Step("excluded", 0.032)),),
    "impression": ((Step("interaction", 0.14, 2, 20),), (Step("impression", 0.44, 5, 70),)),
}
INAPP: Flow = {
    "": ((Step("impression", 0.975), Step("excluded", 0.025)),),
    "impression": ((Step("interaction", 0.38, 1, 9),),),
}
LETTERS: Flow = {
    "": ((Step("targeted", 1),),),
    "targeted": (
        (Step("excluded", 0.048, 1, 5), Step("error", 0.011, 5, 30), Step("sent", 0.941, 20, 200)),
    ),
}
POST: Flow = {"": ((Step("delivered", 0.957), Step("returned", 0.043)),)}
"""Letters of earlier days arrive, or come back."""

DOMAINS = _words(
    ("gmail.com", 3_400), ("outlook.com", 1_150), ("orange.fr", 900), ("yahoo.com", 760),
    ("icloud.com", 720), ("hotmail.com", 640), ("free.fr", 560), ("gmx.de", 380), ("sfr.fr", 310),
    ("laposte.net", 290), ("web.de", 220), ("proton.me", 190), ("bluewin.ch", 120),
    ("libero.it", 110), ("telenet.be", 90),
    *((f"mail{number}.example", 250 / (number + 4)) for number in range(1, 160)),
    key="domain",
)  # fmt: skip
PLATFORMS = _words(("android", 52), ("ios", 40), ("web", 8), key="platform")
OFFERS = _words(("free-shipping", 5), ("ten-percent", 4), ("gift-wrap", 2), key="offer")

ON_A_DEVICE = frozenset(
    {"targeted", "excluded", "sent", "delivered", "bounced", "error", "opened", "action"}
)
TRAITS: Mapping[str, tuple[tuple[Wheel[Details], frozenset[str]], ...]] = {
    "email": (
        (DOMAINS, frozenset({"sent", "deferred", "delivered", "bounced", "opened", "clicked"})),
        (OFFERS, frozenset({"offer_sent", "offer_displayed", "offer_clicked"})),
    ),
    "push": ((PLATFORMS, ON_A_DEVICE),),
}
"""What stays the same throughout a journey, and the events that tell it."""

DETAILS: Mapping[tuple[str, str], Wheel[Details]] = {
    ("email", "excluded"): _words(
        ("EmailNoConsent", 46), ("EmailSuppressed", 21), ("ExcludedForControlRules", 18),
        ("EmailNoAddressFoundInProfile", 9), ("EmailMalformedAddress", 4), ("DomainSuppressed", 2),
    ),
    ("email", "error"): _words(("Throttling", 5), ("4.4.2", 3), ("RuntimeRenderingError", 1)),
    ("email", "deferred"): _words(("4.7.0", 44), ("4.2.2", 28), ("4.4.1", 14), ("4.3.2", 9)),
    ("email", "bounced"): Wheel(
        *(
            ({"category": category, "reason": reason}, weight)
            for category, reason, weight in (
                ("hard", "5.1.1", 44), ("soft", "5.2.2", 19), ("soft", "4.4.7", 9),
                ("hard", "5.1.2", 8), ("soft", "5.7.1", 7), ("hard", "5.2.1", 5),
                ("ignored", "auto-replied", 5), ("soft", "4.7.1", 3),
            )
        )
    ),
    ("email", "opened"): Wheel(
        ({"verdict": "human"}, 58),
        ({"signal": "proxy"}, 24),
        ({"signal": "prefetch"}, 13),
        ({"signal": "crawler"}, 2),
        ({}, 3),
    ),
    ("email", "clicked"): Wheel(
        ({"verdict": "human"}, 88), ({"signal": "timing"}, 8), ({"signal": "crawler"}, 4)
    ),
    ("push", "excluded"): _words(
        ("PushNoTokenFoundInProfile", 52), ("PushNoConsent", 31), ("ExcludedForControlRules", 13),
        ("PushNoValidTokenFoundForApps", 4),
    ),
    ("push", "error"): _words(("UNAVAILABLE", 5), ("INTERNAL", 3), ("QUOTA_EXCEEDED", 2)),
    ("push", "bounced"): _words(
        ("UNREGISTERED", 66), ("BadDeviceToken", 21), ("SENDER_ID_MISMATCH", 9), ("ExpiredToken", 4)
    ),
    ("push", "action"): _words(("click", 58), ("dismiss", 42), key="interaction"),
    ("sms", "excluded"): _words(
        ("SMSNoConsent", 58), ("SMSNoToNumberDefinedInProfile", 26), ("ExcludedForControlRules", 16)
    ),
    ("sms", "error"): _words(("20429", 6), ("30001", 3), ("30010", 1)),
    ("sms", "bounced"): _words(
        ("30003", 45), ("30005", 22), ("30006", 14), ("30007", 11), ("30008", 8)
    ),
    ("inapp", "excluded"): _words(("ExcludedForControlRules", 9), ("InAppNoVariantDefined", 1)),
    ("inapp", "interaction"): _words(
        ("click", 51), ("dismiss", 41), ("other", 8), key="interaction"
    ),
    ("web", "excluded"): _words(("ExperimentationHoldoutExclusion", 1)),
    ("web", "impression"): _words(
        ("hero banner", 40), ("product carousel", 24), ("newsletter box", 14), ("sale ribbon", 12),
        ("checkout hint", 7), ("footer link", 3), key="element",
    ),
    ("web", "interaction"): _words(
        ("hero banner", 30), ("product carousel", 38), ("newsletter box", 6), ("sale ribbon", 17),
        ("checkout hint", 8), ("footer link", 1), key="element",
    ),
    ("directmail", "excluded"): _words(
        ("ExcludedForControlRules", 8), ("DirectMailNoVariantDefined", 1)
    ),
    ("directmail", "error"): _words(("AddressIncomplete", 7), ("FileRejected", 2)),
    ("directmail", "returned"): _words(
        ("AddresseeMoved", 6), ("AddresseeUnknown", 3), ("DeliveryRefused", 1)
    ),
}  # fmt: skip
"""What differs from event to event."""

NAMED = frozenset({"sent", "deferred", "delivered", "bounced", "error"})
"""Events that name their message, so that it can be told which still wait."""
