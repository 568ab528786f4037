"""The lease on what lies behind a URL: which process may write there now.

    lease/00000001.json  lease/00000002.json  …        the one with the greatest number counts

Promises: of several processes that want it at the same time one gets it, since an object of a number is created once
(If-None-Match). It ends by itself when it is not renewed. Who has lost it is seen to have lost it before it writes
again. Does not promise so much where the clocks of two machines differ by more than `SKEW_S`.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from dataclasses import asdict, dataclass
from uuid import uuid4

from factory.errors import ConfigError, LeaseLost, LockedError, StoreConflict, StoreError
from factory.storage.remote import Store

FOLDER = "lease"
LEASE_S = 60.0
"""Seconds that a lease lasts from when it is taken or renewed."""
RENEW_S = 15.0
"""Seconds after which it is renewed."""
SKEW_S = 5.0
"""Seconds by which the clocks of two machines may differ: so much later it is taken over, so much earlier it ends."""


@dataclass(frozen=True, slots=True)
class Held:
    """What one object of a lease says. `until` is in seconds since 1970; `copy` names a copy on one machine's disk."""

    number: int
    holder: str
    copy: str
    host: str
    pid: int
    until: float
    released: bool

    @property
    def is_live(self) -> bool:
        return not self.released and time.time() < self.until + SKEW_S


class Lease:
    """The lease on `url`, for a process that works with the copy `copy` of what lies there."""

    def __init__(self, store: Store, copy: str) -> None:
        self._url = store.url
        self._store = Store(f"{store.url}/{FOLDER}", store.note)
        self._copy, self._holder = copy, uuid4().hex
        self._number, self._ends = 0, 0.0
        self._lock = threading.Lock()

    def last(self) -> Held | None:
        """What the newest object says; None without any. Raises ConfigError, StoreError."""
        found = {name: number for name in self._store.find() if (number := _number(name))}
        if not found:
            return None
        name = max(found, key=lambda name: found[name])
        try:
            return Held(**json.loads(self._store.get(name)))
        except (ValueError, TypeError):
            raise StoreError(f"{self._url}/{FOLDER}/{name}: is no lease; remedy: remove it") from None

    def take(self, alone: bool) -> Held | None:
        """Take the lease; who had it last. `alone` is whether no other process works with this copy: what one of it
        left is taken over.

        Raises LockedError where another process has it, ConfigError where the store has no conditional puts.
        """
        last = self.last()
        if last is not None and last.is_live and not (alone and last.copy == self._copy):
            raise self._held(last)
        self._number = last.number if last is not None else 0
        try:
            self._write()
        except LeaseLost:
            newer = self.last()
            raise self._held(newer) if newer is not None else LockedError(f"{self._url}: was just taken") from None
        try:
            self._store.put(_name(self._number), b"another")
        except StoreConflict:
            return last
        self._store.remove(_name(self._number))
        raise ConfigError(
            f"{self._url}: the store overwrites what must not be overwritten (it knows no If-None-Match), and two "
            "processes could work on one run; remedy: a store with conditional puts, or a local path"
        )

    def renew(self) -> None:
        """Have the lease for longer. Raises LeaseLost where another process has taken it, StoreError."""
        with self._lock:
            self._write()

    def check(self) -> None:
        """See that the lease is this process's still, before something is written. Raises as `renew`."""
        if time.monotonic() > self._ends:
            self.renew()

    def release(self) -> None:
        """Let the next process have it at once. Raises as `renew`."""
        with self._lock:
            self._write(released=True)

    def _write(self, released: bool = False) -> None:
        """Write the object after the last one. Raises LeaseLost where another process has."""
        began, number = time.monotonic(), self._number + 1
        until = time.time() + (0.0 if released else LEASE_S)
        said = Held(number, self._holder, self._copy, socket.gethostname(), os.getpid(), until, released)
        try:
            self._store.put(_name(number), json.dumps(asdict(said)).encode())
        except StoreConflict:
            raise self._lost() from None
        found = {_number(name): name for name in self._store.find()}
        if max(found) > number:  # ours came late, below objects that are gone
            raise self._lost()
        self._number, self._ends = number, began + LEASE_S - SKEW_S
        for old in sorted(found)[:-2]:
            if old:
                self._store.remove(found[old])

    def _lost(self) -> LeaseLost:
        other = self.last()
        who = f"{other.host} (process {other.pid})" if other is not None else "another process"
        return LeaseLost(
            f"{self._url}: {who} has taken over, since this process did not renew its lease in time; nothing more is "
            "written there; remedy: let the other go on, or end it and run again"
        )

    def _held(self, other: Held) -> LockedError:
        until = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(other.until + SKEW_S))
        return LockedError(
            f"{self._url}: {other.host} (process {other.pid}) is working on it, and has the lease until {until}, "
            "unless it renews it; remedy: wait for it, or end it and run again after that time"
        )


def _name(number: int) -> str:
    return f"{number:08d}.json"


def _number(name: str) -> int:
    """The number of an object of a lease; 0 for any other object."""
    stem = name.removesuffix(".json")
    return int(stem) if stem.isdecimal() and stem != name else 0
