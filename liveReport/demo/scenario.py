"""What the demo campaigns send, to whom, and what becomes of it. Tables only."""

from dataclasses import dataclass

Shares = tuple[tuple[str, float], ...]
"""Values with their weights."""

DOMAINS: Shares = (
    ("gmail.com", 34), ("outlook.com", 13), ("orange.fr", 9), ("yahoo.com", 8), ("icloud.com", 8),
    ("free.fr", 6), ("hotmail.com", 6), ("gmx.de", 4), ("sfr.fr", 3), ("laposte.net", 3),
    ("web.de", 2), ("proton.me", 2), ("bluewin.ch", 1), ("libero.it", 1),
)  # fmt: skip
PLATFORMS: Shares = (("android", 55), ("ios", 38), ("web", 7))
BOUNCES: Shares = (
    ("hard 5.1.1", 46), ("soft 5.2.2", 19), ("hard 5.1.2", 8), ("soft 4.4.7", 9),
    ("soft 5.7.1", 8), ("hard 5.2.1", 5), ("ignored auto-reply", 5),
)  # fmt: skip
DEFERRALS: Shares = (("4.2.2", 30), ("4.7.0", 45), ("4.4.1", 15), ("4.3.2", 10))
ERRORS: Shares = (("dispatch timeout", 6), ("rendering failed", 3), ("rate limit", 2))
PUSH_BOUNCES: Shares = (("UNREGISTERED", 70), ("BadDeviceToken", 20), ("SENDER_ID_MISMATCH", 10))
SMS_BOUNCES: Shares = (("30003", 45), ("30005", 22), ("30006", 14), ("30007", 11), ("30008", 8))
MAIL_RETURNS: Shares = (("moved", 6), ("unknown at this address", 3), ("refused", 1))
EXCLUSIONS: dict[str, Shares] = {
    "email": (
        ("EmailNoConsent", 48), ("EmailSuppressed", 20), ("ExcludedForControlRules", 18),
        ("EmailNoAddressFoundInProfile", 9), ("EmailMalformedAddress", 5),
    ),
    "push": (
        ("PushNoTokenFoundInProfile", 55), ("PushNoConsent", 30),
        ("ExcludedForControlRules", 15),
    ),
    "sms": (
        ("SMSNoConsent", 60), ("SMSNoToNumberDefinedInProfile", 25),
        ("ExcludedForControlRules", 15),
    ),
    "inapp": (("ExcludedForControlRules", 1),),
    "web": (("ExperimentationHoldoutExclusion", 1),),
    "directmail": (("ExcludedForControlRules", 3), ("DirectMailNoVariantDefined", 1)),
}  # fmt: skip
ELEMENTS: Shares = (
    ("hero banner", 40), ("product carousel", 24), ("newsletter box", 14), ("sale ribbon", 12),
    ("checkout hint", 7), ("footer link", 3),
)  # fmt: skip
INTERACTIONS: Shares = (("click", 52), ("dismiss", 40), ("other", 8))
OFFERS: Shares = (("free shipping", 5), ("ten percent", 4), ("gift wrap", 2))


@dataclass(frozen=True)
class Campaign:
    """One campaign: a journey a profile takes, and when journeys begin.

    ``a_day`` journeys start within 24 hours. ``bursts`` are hours of the day (UTC)
    around which they cluster; none means the rhythm of people's days.
    ``every`` hours a new execution begins, 0 for a campaign that runs once.
    """

    slug: str
    name: str
    channels: tuple[str, ...]
    a_day: int
    bursts: tuple[float, ...] = ()
    every: int = 0
    offers: bool = False
    pool: int = 50_000
    """How many different profiles take part."""


CAMPAIGNS = (
    Campaign(
        "autumn-launch", "Autumn launch", ("email", "push"), 52_000,
        bursts=(1, 5, 8, 11, 15, 18, 21), offers=True, pool=120_000,
    ),
    Campaign("weekly-offers", "Weekly offers", ("sms", "email"), 12_000, every=4, pool=9_000),
    Campaign("always-on", "Always-on welcome", ("web", "inapp"), 24_000, pool=15_000),
    Campaign("winter-catalogue", "Winter catalogue", ("directmail",), 5_000, pool=40_000),
)  # fmt: skip
