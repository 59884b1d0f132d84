"""Ctrl-C and SIGTERM as a request that is carried out at the next safe point."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class StopRequest:
    """Whether somebody asked to stop, and how."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None


@contextmanager
def stop_requests(say: Callable[[str], None]) -> Iterator[StopRequest]:
    """Catch SIGINT and SIGTERM while the block runs; a second one stops at once.

    Outside the main thread signals cannot be caught, and the request stays empty.

    Args:
        say: Told, at the first signal, that it was heard.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return

    def handle(number: int, frame: FrameType | None) -> None:
        if request.signal is not None:
            raise KeyboardInterrupt
        request.signal = signal.Signals(number)
        say(f"{request.signal.name}: stopping at the next logging step; once more stops at once")

    previous = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield request
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
