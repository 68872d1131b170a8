"""One call for what several threads want done at the same moment.

No library does this; what it brings to small requests is in benchmark part ``ingest``.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(eq=False)
class _Wish(Generic[Item]):
    item: Item
    is_done: bool = False
    error: BaseException | None = None


class GroupCommit(Generic[Item]):
    """Does some work for every thread that waits for it, with as few calls as that takes.

    Who comes while nobody is at work calls at once. Who comes meanwhile lines up, and the
    first of those calls for all of them. So nobody waits for others to come, and the more
    there are, the fewer calls each of them costs.
    """

    def __init__(self, work: Callable[[Sequence[Item]], object]) -> None:
        self._work = work
        self._wishes: deque[_Wish[Item]] = deque()
        self._turn = Lock()

    def do(self, item: Item) -> None:
        """Have the work done for ``item``, along with others; raises what it raised for them."""
        wish = _Wish(item)
        self._wishes.append(wish)
        with self._turn:
            if not wish.is_done:
                self._fulfil()
        if wish.error is not None:
            raise wish.error

    def _fulfil(self) -> None:
        wishes = [self._wishes.popleft() for _ in range(len(self._wishes))]
        error: BaseException | None = None
        try:
            self._work([wish.item for wish in wishes])
        except BaseException as raised:  # noqa: BLE001 (each thread raises it, see above)
            error = raised
        for wish in wishes:
            wish.error, wish.is_done = error, True
