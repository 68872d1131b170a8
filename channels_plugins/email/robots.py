"""What of an open or a click speaks of a robot, or of a proxy. The agent itself goes no further."""

from functools import lru_cache

from crawleruseragents import is_crawler

PREFETCHED = {"signal": "prefetch"}
HUMAN = {"verdict": "human"}
PROXIES = ("GoogleImageProxy", "YahooMailProxy")
"""Through these, people open what they read at Gmail and Yahoo; lists of crawlers name them."""
LONGEST = 512
"""Characters of an agent that are looked at: whoever opens an email writes it."""


def reaction(agent: object, *, flagged: object = False) -> dict[str, str]:
    """Who an open or a click was, as a dimension: its signal, or a person where it has none.

    ``flagged`` is whether the provider itself says that it was a machine.
    """
    if flagged:
        return {"signal": "provider"}
    found = _signal(agent[:LONGEST]) if isinstance(agent, str) else ""
    return {"signal": found} if found else HUMAN


@lru_cache(maxsize=4_096)
def _signal(agent: str) -> str:
    """Kept for each agent, since hundreds of patterns are tried."""
    if any(proxy in agent for proxy in PROXIES):
        return "proxy"
    return "crawler" if agent and is_crawler(agent) else ""
