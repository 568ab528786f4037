"""A worker's link that says, before each wait, how long that may take."""

from __future__ import annotations

import time
from collections.abc import Callable

from sandbox.contract import WorkerLink

GRACE_S = 20.0
"""How long after a job's wall limit a worker may still be busy killing, reaping and cleaning."""


class Observed:
    """Passes on to `link`; `alive` gets the seconds."""

    def __init__(self, link: WorkerLink, alive: Callable[[float], None]) -> None:
        self._link, self._alive = link, alive

    def send(self, data: bytes) -> None:
        self._alive(GRACE_S)
        self._link.send(data)

    def receive(self, size: int, deadline: float) -> bytes:
        self._alive(max(deadline - time.monotonic(), 0.0))
        return self._link.receive(size, deadline)

    def close(self) -> None:
        self._alive(GRACE_S)
        self._link.close()
