"""Opening the directory of a run, or of one of its slices, wherever it lies: for a URL, the working copy of it.

Promises: nothing is done, nor imported, for a local path. One process at a time works on what lies at a URL: it has
the lease on it. A run and each of its slices have leases of their own, so that several machines work on one run.
Whatever ends the work, what was made is uploaded first, unless the store is away or the lease is lost.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from factory.config.places import as_place
from factory.config.secrets import refuse_secrets
from factory.errors import ConfigError, LockedError
from factory.run.copy_paths import path_of
from factory.run.directory import RunDir
from factory.run.paths import COUNTS_SUFFIX

T = TypeVar("T")

SCHEMES = ("s3", "s3a")
"""Kinds of URLs that a run may lie at: objects are written there on a condition, and this was tested."""
LEASE_WAIT_S = 150.0
"""Seconds to wait for the lease on a slice: what a lost worker had ends after 65."""
_ASK_AGAIN_S = 2.0
Note = Callable[[str], None]


def run_dir_at(place: Path | str) -> RunDir:
    """The run directory at a path, or at a URL, which `fetched` or `working` then opens. Raises ConfigError."""
    place = as_place(place)
    if not isinstance(place, str):
        return RunDir(place)
    refuse_secrets({"run_dir": place}, "the run")
    scheme = place.partition("://")[0]
    if scheme not in SCHEMES:
        raise ConfigError(
            f"run_dir: {place}: no run can lie behind {scheme}://, only behind s3://; remedy: s3://BUCKET/FOLDER, or a "
            "local path"
        )
    return RunDir(path_of(place), place)


def on_this_machine(place: RunDir) -> RunDir:
    """The same directory, as a process on another machine has named it: its copy lies elsewhere here."""
    return run_dir_at(place.url) if place.url else place


def fetched(place: RunDir, note: Note) -> RunDir:
    """Bring the copies of a run at a URL, and of its slices, to what lies there; `place`.

    Not a copy that a process of this machine works on. Raises ConfigError, StoreError, OSError.
    """
    if place.url:
        from factory.run.working_copy import WorkingCopy
        from factory.storage.lease import Lease

        def bring(copy: WorkingCopy) -> None:
            with copy.syncing():
                if not copy.is_worked_on():
                    copy.update(Lease(copy.store, copy.id).last())

        copy = WorkingCopy(place.url, note)
        bring(copy)
        for number, there in copy.find_slices().items():
            part = WorkingCopy(place.slice(number).url, note)
            if not part.has_all(there):
                bring(part)
        place.forget_all()
    return place


@contextmanager
def opened(place: RunDir, note: Note, writes: bool) -> Iterator[None]:
    """Open a run to work on it, as `working`, where the command `writes` to it; else to look at it, as `fetched`."""
    if writes:
        with working(place, note):
            fetched(place, note)
            yield
    else:
        fetched(place, note)
        yield


def see_watchable(place: RunDir) -> None:
    """Raises ConfigError for a run at a URL that no process of this machine works on: its copy does not change."""
    if place.url:
        from factory.run.working_copy import WorkingCopy

        if not WorkingCopy(place.url, lambda line: None).is_worked_on():
            raise ConfigError(
                f"--watch: {place.url}: no process of this machine works on it; remedy: leave --watch out, or watch it "
                "on the machine that works on it"
            )


@contextmanager
def working(place: RunDir, note: Note, failed: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Be the one process that works on a run; at a URL, with the lease on it and what is made uploaded.

    `failed` is called, in another thread, where that fails before the work is done; leaving then raises why. Raises
    LockedError, ConfigError, StoreError, LeaseLost, OSError.
    """
    if not place.url:
        yield
        return
    from factory.run.mirror import Mirror
    from factory.run.working_copy import WorkingCopy
    from factory.storage.lease import Lease

    copy = WorkingCopy(place.url, note)
    with copy.working() as alone:
        copy.see()
        lease = Lease(copy.store, copy.id)
        last = lease.take(alone)
        with Mirror(copy, lease, failed) as mirror:
            with copy.syncing():
                there = copy.update(last)
            place.forget_all()
            mirror.begin(there)
            yield


@asynccontextmanager
async def working_on(place: RunDir, note: Note, wait_s: float = 0.0) -> AsyncIterator[None]:
    """The same around what a task of the event loop does: the task is cancelled where uploading fails.

    What another process works on is waited for, `wait_s` seconds at most.
    """
    if not place.url:
        yield
        return
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None

    def failed() -> None:
        loop.call_soon_threadsafe(task.cancel)

    ends, said = loop.time() + wait_s, False
    while (work := await _entered(partial(working, place, note, failed), last=loop.time() >= ends)) is None:
        if not said:
            note(f"{place.url}: another process works on it, and is waited for, up to {wait_s:.0f} s")
            said = True
        await asyncio.sleep(_ASK_AGAIN_S)
    try:
        yield
    except BaseException:
        if not await _to_its_end(partial(work.__exit__, *sys.exc_info())):
            raise
    else:
        await _to_its_end(partial(work.__exit__, None, None, None))


async def _entered(
    open_work: Callable[[], AbstractContextManager[None]], last: bool
) -> AbstractContextManager[None] | None:
    """What was opened and entered; None where another process works on it, unless this is the `last` try."""
    work, entered = open_work(), False

    def enter() -> None:
        nonlocal entered
        work.__enter__()
        entered = True

    try:
        await _to_its_end(enter)
    except LockedError:
        if last:
            raise
        return None
    except asyncio.CancelledError:
        if entered:
            await _to_its_end(partial(work.__exit__, *sys.exc_info()))
        raise
    return work


async def _to_its_end(work: Callable[[], T]) -> T:
    """What `work` gives in a thread; where the task is cancelled meanwhile, CancelledError is raised after it."""
    done = asyncio.ensure_future(asyncio.to_thread(work))
    cancelled = False
    while not done.done():
        try:
            await asyncio.wait([done])
        except asyncio.CancelledError:
            cancelled = True
    result = done.result()
    if cancelled:
        raise asyncio.CancelledError
    return result


def publish(place: RunDir, report: Path) -> str:
    """Upload a report that was written into the copy of a run at a URL; where it is. Raises StoreError, OSError."""
    if place.url:
        from factory.storage.remote import Store

        store = Store(place.url)
        there = store.find()
        for path in filter(Path.exists, (report, report.with_suffix(COUNTS_SUFFIX))):
            store.put(path.name, path.read_bytes(), there.get(path.name))
    return f"{place.shown}/{report.name}"
