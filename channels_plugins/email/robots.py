"""Whether an open or a click looks like a machine's. The agent itself goes no further."""

from functools import lru_cache

from crawleruseragents import is_crawler

MACHINE = {"verdict": "machine"}
HUMAN_PROXIES = ("GoogleImageProxy", "YahooMailProxy")
"""Through these, people open what they read at Gmail and Yahoo; lists of crawlers name them."""


def verdict(agent: object, *, flagged: object = False) -> dict[str, str]:
    """The dimension ``verdict`` of an open or a click; none where nothing speaks of a machine.

    ``flagged`` is whether the provider itself says that it was a machine.
    """
    if flagged:
        return MACHINE
    if isinstance(agent, str) and agent and _crawls(agent[:LONGEST]):
        return MACHINE
    return {}


LONGEST = 512
"""Characters of an agent that are looked at: whoever opens an email writes it."""


@lru_cache(maxsize=4_096)
def _crawls(agent: str) -> bool:
    """Kept for each agent, since hundreds of patterns are tried."""
    return not any(proxy in agent for proxy in HUMAN_PROXIES) and is_crawler(agent)
