"""What happens to one profile: pure functions from a random source to events.

A journey yields (seconds after its start, fields of an event) and knows neither
the campaign nor the clock.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from . import scenario
from .scenario import Shares

Step = tuple[float, dict[str, Any]]


def pick(random: Random, shares: Shares) -> str:
    """One of the values, by their weights."""
    values, weights = zip(*shares, strict=True)
    return str(random.choices(values, weights)[0])


def email(random: Random, *, offers: bool) -> Iterator[Step]:
    """An email, from targeting to the last reaction."""
    yield 0, {"type": "targeted"}
    if random.random() < 0.06:
        yield 1, {"type": "excluded", "reason": pick(random, scenario.EXCLUSIONS["email"])}
        return
    if random.random() < 0.006:
        yield 2, {"type": "error", "reason": pick(random, scenario.ERRORS)}
        return
    domain = pick(random, scenario.DOMAINS)
    message = f"m{random.getrandbits(60):015x}"
    yield 4, {"type": "sent", "domain": domain, "message": message}
    if offers:
        offer = pick(random, scenario.OFFERS)
        yield 4, {"type": "offer_sent", "offer": offer}
    at = 5 + random.expovariate(1 / 8)
    waits = list(_deferrals(random, at))
    for wait, reason in waits:
        yield wait, {"type": "deferred", "domain": domain, "reason": reason, "message": message}
    if waits:
        at = waits[-1][0] + 240 + random.expovariate(1 / 1_500)
    if random.random() < 0.017:
        category, reason = pick(random, scenario.BOUNCES).split(" ", 1)
        bounce = {"category": category, "reason": reason, "domain": domain, "message": message}
        yield at, {"type": "bounced", **bounce}
        return
    yield at, {"type": "delivered", "domain": domain, "message": message}
    yield from _email_reactions(random, at, domain)
    if offers:
        yield from _offer_reactions(random, at, offer)


def _deferrals(random: Random, at: float) -> Iterator[tuple[float, str]]:
    """When and why a slow server puts a message off: rarely at all, then often again."""
    if random.random() < 0.03:
        while random.random() < 0.75 and at < 40_000:
            yield at, pick(random, scenario.DEFERRALS)
            at += 240 + random.expovariate(1 / 1_500)


def _offer_reactions(random: Random, at: float, offer: str) -> Iterator[Step]:
    if random.random() < 0.22:
        yield at + 900, {"type": "offer_displayed", "offer": offer}
        if random.random() < 0.2:
            yield at + 960, {"type": "offer_clicked", "offer": offer}


def _email_reactions(random: Random, at: float, domain: str) -> Iterator[Step]:
    """Opens that fade over hours; some click, a few leave or complain."""
    if random.random() > 0.27:
        return
    at += 30 + random.expovariate(1 / 7_000)
    for _ in range(1 + (random.random() < 0.3)):
        yield at, {"type": "opened", "domain": domain}
        at += random.expovariate(1 / 2_000)
    if random.random() < 0.16:
        yield at + 15, {"type": "clicked", "domain": domain}
    if random.random() < 0.009:
        yield at + 25, {"type": "unsubscribed"}
    if random.random() < 0.0025:
        yield at + 40, {"type": "complained"}


def push(random: Random, *, offers: bool) -> Iterator[Step]:
    """A notification on one device."""
    on = {"platform": pick(random, scenario.PLATFORMS)}
    yield 0, {"type": "targeted", **on}
    if random.random() < 0.14:
        yield 1, {"type": "excluded", "reason": pick(random, scenario.EXCLUSIONS["push"]), **on}
        return
    if random.random() < 0.004:
        yield 1, {"type": "error", "reason": pick(random, scenario.ERRORS), **on}
        return
    yield 2, {"type": "sent", **on}
    if random.random() < 0.035:
        yield 3, {"type": "bounced", "reason": pick(random, scenario.PUSH_BOUNCES), **on}
        return
    yield 3, {"type": "delivered", **on}
    if random.random() < 0.11:
        at = 20 + random.expovariate(1 / 1_800)
        yield at, {"type": "opened", **on}
    if random.random() < 0.05:
        at = 30 + random.expovariate(1 / 2_400)
        doing = pick(random, scenario.INTERACTIONS[:2])
        yield at, {"type": "action", "interaction": doing, **on}


def sms(random: Random, *, offers: bool) -> Iterator[Step]:
    """A text message."""
    yield 0, {"type": "targeted"}
    if random.random() < 0.09:
        yield 1, {"type": "excluded", "reason": pick(random, scenario.EXCLUSIONS["sms"])}
        return
    if random.random() < 0.006:
        yield 1, {"type": "error", "reason": pick(random, scenario.ERRORS)}
        return
    yield 2, {"type": "sent"}
    if random.random() < 0.025:
        yield 30, {"type": "bounced", "reason": pick(random, scenario.SMS_BOUNCES)}
        return
    if random.random() < 0.94:
        yield 9, {"type": "delivered"}
    if random.random() < 0.12:
        yield 60 + random.expovariate(1 / 2_500), {"type": "clicked"}


def web(random: Random, *, offers: bool) -> Iterator[Step]:
    """A visit to a few pages."""
    if random.random() < 0.05:
        yield 0, {"type": "excluded", "reason": pick(random, scenario.EXCLUSIONS["web"])}
        return
    at = 0.0
    for _ in range(random.randint(1, 3)):
        element = {"element": pick(random, scenario.ELEMENTS)}
        yield at, {"type": "impression", **element}
        if random.random() < 0.17:
            yield at + 6, {"type": "interaction", **element}
        at += random.expovariate(1 / 60)


def inapp(random: Random, *, offers: bool) -> Iterator[Step]:
    """A message inside the app."""
    if random.random() < 0.04:
        yield 0, {"type": "excluded", "reason": pick(random, scenario.EXCLUSIONS["inapp"])}
        return
    yield 0, {"type": "impression"}
    if random.random() < 0.45:
        doing = pick(random, scenario.INTERACTIONS)
        yield 2 + random.expovariate(1 / 9), {"type": "interaction", "interaction": doing}


def directmail(random: Random, *, offers: bool) -> Iterator[Step]:
    """A letter, which takes its time."""
    yield 0, {"type": "targeted"}
    if random.random() < 0.05:
        yield 1, {"type": "excluded", "reason": pick(random, scenario.EXCLUSIONS["directmail"])}
        return
    if random.random() < 0.01:
        yield 2, {"type": "error", "reason": pick(random, scenario.ERRORS)}
        return
    yield 60, {"type": "sent"}
    if random.random() < 0.4:
        yield 30_000 + random.expovariate(1 / 9_000), {"type": "delivered"}
    elif random.random() < 0.02:
        reason = pick(random, scenario.MAIL_RETURNS)
        yield 40_000, {"type": "returned", "reason": reason}


JOURNEYS: dict[str, Callable[..., Iterator[Step]]] = {
    "email": email,
    "push": push,
    "sms": sms,
    "web": web,
    "inapp": inapp,
    "directmail": directmail,
}
