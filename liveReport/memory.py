"""What a process remembers, and how to make it forget all of it at once.

A floor below everything else: whoever keeps something that the next caller finds
keeps it in a ``Memory``, or says to ``enlist`` how it is forgotten.
"""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from cachetools import Cache

Key = TypeVar("Key")
Value = TypeVar("Value")

_ways: list[Callable[[], object]] = []


def enlist(forget: Callable[[], object]) -> None:
    """Have ``forget_all`` call this, for as long as the process lives."""
    _ways.append(forget)


def forget_all() -> None:
    """As if the process had just begun: for tests, in which the same state comes again."""
    for forget in _ways:
        forget()


class Memory(Generic[Key, Value]):
    """A cache that threads may share; make one for a module, not one for each call.

    How much is kept, and for how long, is the cache's to say: ``LRUCache(most)``,
    ``TTLCache(most, seconds)``.
    """

    def __init__(self, cache: Cache[Key, Value]) -> None:
        self._cache = cache
        self._lock = Lock()
        enlist(self.clear)

    def get(self, key: Key) -> Value | None:
        """What is remembered under the key; ``None`` if nothing is (any more)."""
        with self._lock:
            try:
                return self._cache[key]
            except KeyError:
                return None

    def put(self, key: Key, value: Value) -> Value:
        """Remember the value, and return it."""
        with self._lock:
            self._cache[key] = value
        return value

    def first(self, key: Key, value: Value) -> Value:
        """What is remembered under the key: the value, if nothing was."""
        with self._lock:
            return self._cache.setdefault(key, value)

    def drop(self, key: Key) -> None:
        """Forget what is remembered under the key, if anything is."""
        with self._lock:
            self._cache.pop(key, None)

    def clear(self) -> None:
        with self._lock:
            self._cache.clear()
