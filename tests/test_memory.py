"""What a process remembers: for so long, so much, and until it is told to forget."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from cachetools import LRUCache, TTLCache

from liveReport import memory
from liveReport.engines.outage import Breaker
from liveReport.memory import Memory, forget_all


@pytest.fixture(autouse=True)
def _enlisted_for_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_ways", [])


def test_one_call_makes_everybody_forget() -> None:
    known, breaker = Memory[str, int](LRUCache(2)), Breaker()
    known.put("a", 1)
    breaker.failed()
    forget_all()
    assert known.get("a") is None
    assert breaker.lets_through()


def test_what_was_first_stays_until_it_is_dropped() -> None:
    known = Memory[str, list[int]](LRUCache(2))
    first: list[int] = []
    assert known.first("a", first) is first
    assert known.first("a", []) is first
    known.drop("a")
    known.drop("a")
    assert known.get("a") is None


def test_nothing_is_believed_for_too_long() -> None:
    now = 0.0
    known = Memory[str, int](TTLCache(2, 1.0, timer=lambda: now))
    assert known.put("a", 1) == known.get("a") == 1
    now = 1.0
    assert known.get("a") is None


def test_threads_share_it() -> None:
    known = Memory[int, int](TTLCache(10, 0.001))

    def use(thread: int) -> None:
        for number in range(2_000):
            known.put(number % 20, thread)
            known.get(number % 17)
            known.first(number % 13, thread)
            known.drop(number % 11)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(use, range(4)))
    assert sum(known.get(number) is not None for number in range(20)) <= 10
