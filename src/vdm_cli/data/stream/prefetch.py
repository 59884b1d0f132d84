"""Work done ahead by one background thread, a bounded number of items."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class Prefetch(Generic[T]):
    """Draws from an iterator in the background and hands its items out in order.

    An error of the iterator is raised by the `next` that would have given the item, after all before it, and
    by every `next` after that.  The thread ends with `close`, and with the interpreter.

    Args:
        items: Drawn from in the background thread alone.
        depth: How many items may wait, at least 1.
    """

    def __init__(self, items: Iterator[T], depth: int):
        self._items = items
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="vdm-prefetch")
        self._ahead: deque[Future[T | None]] = deque()
        for _ in range(depth):
            self._order()

    def _order(self) -> None:
        self._ahead.append(self._executor.submit(next, self._items, None))

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        """The next item; waits for it."""
        item = self._ahead[0].result()
        if item is None:
            raise StopIteration
        self._ahead.popleft()
        self._order()
        return item

    def close(self) -> None:
        """Give up what is ahead, and wait until the thread has ended."""
        self._executor.shutdown(cancel_futures=True)
