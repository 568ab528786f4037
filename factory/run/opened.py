"""Opening the directory of a run, wherever it lies: for a URL, the working copy of it.

Promises: nothing is done, nor imported, for a local path. One process at a time works on what lies at a URL: it has
the lease on it. Whatever ends the work, what was made is uploaded first, unless the store is away or the lease is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from factory.config.places import as_place
from factory.config.secrets import refuse_secrets
from factory.errors import ConfigError
from factory.run.directory import RunDir
from factory.run.paths import COUNTS_SUFFIX

SCHEMES = ("s3", "s3a")
"""Kinds of URLs that a run may lie at: objects are written there on a condition, and this was tested."""
Note = Callable[[str], None]


def run_dir_at(place: Path | str) -> RunDir:
    """The run directory at a path, or at a URL, which `fetched` or `working` then opens. Raises ConfigError."""
    place = as_place(place)
    if not isinstance(place, str):
        return RunDir(place)
    from factory.run.working_copy import folder_of  # here, since most runs lie on this machine

    refuse_secrets({"run_dir": place}, "the run")
    scheme = place.partition("://")[0]
    if scheme not in SCHEMES:
        raise ConfigError(
            f"run_dir: {place}: no run can lie behind {scheme}://, only behind s3://; remedy: s3://BUCKET/FOLDER, or a "
            "local path"
        )
    return RunDir(folder_of(place) / "run", place)


def fetched(place: RunDir, note: Note) -> RunDir:
    """Bring the copy of a run at a URL to what lies there, unless a process of this machine works on it; `place`.

    Raises ConfigError, StoreError, OSError.
    """
    if place.url:
        from factory.run.working_copy import WorkingCopy
        from factory.storage.lease import Lease

        copy = WorkingCopy(place.url, note)
        with copy.syncing():
            if not copy.is_worked_on():
                copy.update(Lease(copy.store, copy.id).last())
    return place


@contextmanager
def opened(place: RunDir, note: Note, writes: bool) -> Iterator[None]:
    """Open a run to work on it, as `working`, where the command `writes` to it; else to look at it, as `fetched`."""
    if writes:
        with working(place, note):
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
            place.__dict__.pop("written", None)
            place.forget()
            mirror.begin(there)
            yield


@asynccontextmanager
async def working_on(place: RunDir, note: Note) -> AsyncIterator[None]:
    """The same around what a task of the event loop does: the task is cancelled where uploading fails."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None

    def failed() -> None:
        loop.call_soon_threadsafe(task.cancel)

    with working(place, note, failed):
        yield


def publish(place: RunDir, report: Path) -> str:
    """Upload a report that was written into the copy of a run at a URL; where it is. Raises StoreError, OSError."""
    if place.url:
        from factory.storage.remote import Store

        store = Store(place.url)
        there = store.find()
        for path in filter(Path.exists, (report, report.with_suffix(COUNTS_SUFFIX))):
            store.put(path.name, path.read_bytes(), there.get(path.name))
    return f"{place.shown}/{report.name}"
