"""Why an open or a click looks like a machine's: a closed list of signals, never the agent."""

from functools import lru_cache

from crawleruseragents import is_crawler

PROVIDER, PREFETCH, CRAWLER = "provider", "prefetch", "crawler"
"""The provider's own flag · fetched before anybody looked · an agent that calls itself one."""
HUMAN_PROXIES = ("GoogleImageProxy", "YahooMailProxy")
"""Through these, people open what they read at Gmail and Yahoo; lists of crawlers name them."""


def signal(agent: object, *, flagged: object = False) -> dict[str, str]:
    """The dimension ``signal`` of an open or a click; none for people.

    ``flagged`` is whether the provider itself says that it was a machine.
    """
    if flagged:
        return {"signal": PROVIDER}
    if isinstance(agent, str) and agent and _crawls(agent[:LONGEST]):
        return {"signal": CRAWLER}
    return {}


LONGEST = 512
"""Characters of an agent that are looked at: whoever opens an email writes it."""


@lru_cache(maxsize=4_096)
def _crawls(agent: str) -> bool:
    """Kept for each agent, since hundreds of patterns are tried."""
    return not any(proxy in agent for proxy in HUMAN_PROXIES) and is_crawler(agent)
