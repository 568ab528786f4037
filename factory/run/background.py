"""An event loop in a thread of its own, for code that waits for what runs in it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def background_loop(name: str) -> Iterator[asyncio.AbstractEventLoop]:
    """A running loop, which ends with the context; `name` is that of its thread.

    Worker processes end with the thread that starts them, so that it has to last as long as they do.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=name, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
