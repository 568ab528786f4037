"""Keeping what lies at a URL the same as the working copy of a run, while the run works.

Promises: what lies at the URL is, at every moment, what a killed run would have left there: a part before the line of
the ledger that names it, sealed files before their `slice.json`, and what is removed last of all. A part goes there
only as long as it is whole (its bytes are those of the sha256 beside it). Nothing is written there without the lease.
An object that another process has written is never written over. A pass that fails ends the run, and loses nothing of
the copy.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from types import TracebackType

from factory.errors import StoreConflict, StoreError
from factory.run.seal import FOLDERS
from factory.run.sealed import FACTS
from factory.run.together import leaves
from factory.run.working_copy import LEDGER, Stat, WorkingCopy, stat_of
from factory.shards import SUMS
from factory.storage.files import digest_file
from factory.storage.lease import RENEW_S, Lease
from factory.storage.remote import at_once

PAUSE_S = 5.0
"""Seconds between two passes over the working copy."""
_REMOVABLE = (*FOLDERS, "open", "shards")
"""Folders of a run that the factory alone writes to, as to a slice: what it removes there is removed at the URL too."""


class Mirror:
    """Two threads: one passes over the copy every few seconds, the other renews the lease. A context manager.

    `failed` is called, in a thread, when either has ended with an error, which is then in `failure`.
    """

    def __init__(self, copy: WorkingCopy, lease: Lease, failed: Callable[[], None]) -> None:
        """`lease` has been taken."""
        self.failure: Exception | None = None
        self._copy, self._lease, self._failed = copy, lease, failed
        self._versions: dict[str, str] = {}
        self._begun = False
        self._missing: set[str] = set()
        self._end = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Mirror:
        self._start(RENEW_S, self._lease.renew)
        return self

    def begin(self, there: dict[str, str]) -> None:
        """Pass over the copy from now on; `there` has the versions of what lies at the URL. Raises what has failed."""
        if self.failure is not None:
            raise self.failure
        self._versions, self._begun = there, True
        self._start(PAUSE_S, self.flush)

    def _start(self, pause_s: float, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=self._again, args=(pause_s, work), daemon=True)
        self._threads.append(thread)
        thread.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()
        causes = list(leaves(error, BaseException)) if error is not None else []
        away = [it for it in causes if isinstance(it, StoreError) and not isinstance(it, StoreConflict)]
        if self.failure is None and not away:
            try:
                self._finish()
            except (StoreError, OSError) as failure:
                self.failure = failure
        if away and away == causes and error is not away[0]:  # of several slices, whose store is one: it is said once
            raise self.failure or away[0]
        if self.failure is None or self.failure is error:
            return
        if isinstance(error, Exception):
            raise ExceptionGroup("the work, and uploading what it made", [error, self.failure])
        raise self.failure

    def _finish(self) -> None:
        if self._begun:
            self.flush()
            self.flush()  # what is gone is removed by the second pass that misses it
        self._lease.release()

    def _again(self, pause_s: float, work: Callable[[], None]) -> None:
        while not self._end.wait(pause_s):
            try:
                work()
            except Exception as error:  # whatever it is, it is raised where the run is
                self.failure = self.failure or error
                self._end.set()
                self._failed()

    def flush(self) -> None:
        """One pass: upload what has changed, and remove what is gone. Raises StoreError, OSError."""
        ledger, of_ledger = b"", stat_of(self._copy.path / LEDGER)
        if of_ledger is not None and self._is_new(LEDGER, of_ledger):  # read before the parts are listed that it names
            ledger = (self._copy.path / LEDGER).read_bytes()
        files = self._copy.files()
        changed = {name.removesuffix(".sha256") for name, stat in files.items() if self._is_new(name, stat)}
        parts = sorted(name for name in changed if name in files and name != LEDGER)
        last = [name for name in parts if name.rpartition("/")[2] in (FACTS, SUMS)]
        at_once(self._put_part, [name for name in parts if name not in last])
        at_once(self._put_part, last)
        if of_ledger is not None and ledger:
            self._put(LEDGER, ledger[: ledger.rfind(b"\n") + 1], of_ledger)
        if self._remove(files) or parts or ledger:
            self._copy.keep_index()

    def _is_new(self, name: str, stat: Stat) -> bool:
        known = self._copy.objects.get(name)
        return known is None or known != (self._versions.get(name), stat)

    def _put_part(self, name: str) -> None:
        """Upload a file, unless it is gone, or is not what the sha256 beside it says: it is being written, or damaged.

        That sha256 goes before it.
        """
        path = self._copy.path / name
        stat = stat_of(path)
        beside = digest_file(path)
        about = stat_of(beside)
        try:
            data = path.read_bytes()
            line = beside.read_bytes() if about is not None else b""
        except FileNotFoundError:
            return
        if stat is None or (about is not None and not line.startswith(hashlib.sha256(data).hexdigest().encode())):
            return
        if about is not None:
            self._put(f"{name}.sha256", line, about)
        self._put(name, data, stat)

    def _put(self, name: str, data: bytes, stat: Stat) -> None:
        if not self._is_new(name, stat):
            return
        self._lease.check()
        try:
            version = self._copy.store.put(name, data, self._versions.get(name))
        except StoreConflict:
            self._lease.renew()  # says so where the lease is lost
            raise
        self._versions[name] = version
        self._copy.objects[name] = version, stat

    def _remove(self, files: dict[str, Stat]) -> bool:
        """Remove objects whose files are gone, and were at the last pass; whether there were any.

        What took their place has been uploaded by then: it was there before they went.
        """
        missing = {
            name
            for name in self._versions.keys() - files.keys()
            if self._copy.is_slice or name.partition("/")[0] in _REMOVABLE
        }
        gone = missing & self._missing
        self._missing = missing - gone
        for several in (
            [name for name in gone if name.endswith(FACTS)],
            [name for name in gone if not name.endswith((FACTS, ".sha256"))],
            [name for name in gone if name.endswith(".sha256")],
        ):
            at_once(self._drop, several)
        return bool(gone)

    def _drop(self, name: str) -> None:
        self._lease.check()
        self._copy.store.remove(name)
        del self._versions[name]
        self._copy.objects.pop(name, None)
