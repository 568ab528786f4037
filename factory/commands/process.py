"""The process around a command: where it prints, how it stops, and what it exits with.

Promises: Ctrl-C and SIGTERM stop the work cleanly and say how to go on (130); an error of ours is one line (1, or 2 for
wrong input). Imports what it needs when it needs it, so that `factory --help` takes no time.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer

from factory import __version__, environment, streams
from factory.errors import DamageWarning, FactoryError, RenamedKeyWarning

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from factory.console import Console
    from factory.records.summary import Summary, VerifySummary
    from factory.run.directory import RunDir

T = TypeVar("T")


@cache
def console(stderr: bool = False) -> Console:
    """Where the commands print: results to stdout, or progress and errors to stderr."""
    from factory.console import Console

    return Console(stderr=stderr)


def say(text: str) -> None:
    """Print one line of the result as it is, however long."""
    console().print(text, soft_wrap=True, highlight=False)


def note(text: str) -> None:
    """Print one line on the way to the result, to stderr."""
    console(True).print(text, soft_wrap=True, highlight=False)


def show_version(wanted: bool) -> None:
    """Print the version, if that is `wanted`, and exit."""
    if wanted:
        sys.stdout.write(f"{__version__}\n")
        raise typer.Exit


def show_summary(summary: Summary) -> None:
    """Print the funnel and the cost of a run."""
    from factory.report.terminal import print_cost, print_funnel

    print_funnel(console(), summary)
    print_cost(console(), summary.cost)


def looked_at(run_dir: str, watch: bool = False) -> RunDir:
    """The run directory at a path or URL, for a command that looks at it, or is to `watch` it.

    Raises ConfigError, StoreError, OSError.
    """
    from factory.run.opened import fetched, run_dir_at, see_watchable

    place = fetched(run_dir_at(run_dir), note)
    if watch:
        see_watchable(place)
    if place.ledger_is_gone:
        note(f"warning: {place.ledger().path}: is gone, and with it which parts there were; remedy: run again")
    return place


def exit_if_ungraded(summary: Summary | VerifySummary) -> None:
    """Exit with 1 if a program could not be graded through a failure of ours."""
    if any(part.funnel.drops.get("infrastructure_error") for part in summary.languages.values()):
        raise typer.Exit(1)


def exit_if_nothing_is_kept(summary: Summary) -> None:
    """Exit with 1, and say so, if a run of `factory run` has no record to show for it."""
    funnels = {name: part.funnel for name, part in summary.languages.items()}
    if not any(funnel.kept for funnel in funnels.values()):
        counts = "; ".join(f"{name}: {it.rollouts:,} rollouts, {it.passed:,} pass" for name, it in funnels.items())
        console(True).print(f"error: nothing is kept ({counts}); the shards have no rows", soft_wrap=True)
        raise typer.Exit(1)


def interruptible(work: Coroutine[Any, Any, T], how_to_go_on: str | Callable[[], str]) -> T:
    """Run `work` to its end; on Ctrl-C or SIGTERM stop it cleanly, say how to go on, and exit with 130.

    Heard in every phase: also where `work` itself computes or waits for something outside. A second signal ends the
    process at once; what is written is kept then, too.
    """
    import asyncio
    import signal

    async def guarded() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
        stopping = False

        def stop(*_: object) -> None:
            nonlocal stopping
            if stopping:
                console(True).show_cursor()
                console(True).print("stopped at once", soft_wrap=True)
                os._exit(130)
            stopping = True
            if asyncio.current_task(loop) is task:  # it is not waiting for the loop, which would stop it
                raise asyncio.CancelledError
            loop.call_soon_threadsafe(task.cancel)

        for number in before:
            signal.signal(number, stop)
        return await task

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return asyncio.run(guarded())
    except asyncio.CancelledError:
        last = how_to_go_on if isinstance(how_to_go_on, str) else how_to_go_on()
        console(True).print(last, soft_wrap=True)
        raise typer.Exit(130) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def guarded(app: Callable[[], object]) -> NoReturn:
    """Run the command line. Errors of ours end it with a message and an exit code, without a traceback."""
    import warnings

    streams.guard()
    warnings.showwarning = _showing(warnings.showwarning)
    try:
        environment.hide_secrets()
        environment.check_addresses()
        app()
    except KeyboardInterrupt:
        console(True).print("stopped", soft_wrap=True)
        sys.exit(130)
    except SystemExit as end:
        sys.stdout.flush()
        if not end.code and (lost := getattr(sys.stdout, "lost", None)) and not isinstance(lost, BrokenPipeError):
            _fail([FactoryError(f"stdout: {lost}")])
        raise
    except BaseException as error:
        from factory.run.together import leaves

        errors = list(leaves(error, BaseException))
        if not all(_has_message(one) for one in errors):
            raise
        _fail(errors)
    sys.exit(0)


def _showing(other: Callable[..., None]) -> Callable[..., None]:
    """Shows our own warnings as one plain line each, and any other as `other` does."""

    def show(message: Warning | str, category: type[Warning], *more: Any) -> None:
        if category in (RenamedKeyWarning, DamageWarning):
            console(True).print(f"warning: {message}", soft_wrap=True, highlight=False)
        else:
            other(message, category, *more)

    return show


def _has_message(error: BaseException) -> bool:
    """Whether an error is one of ours, or a disk that is full or closed to us: its message is all a user needs."""
    from sandbox import SandboxError

    return isinstance(error, FactoryError | SandboxError | OSError | MemoryError) or str(error) == _NO_THREAD


_NO_THREAD = "can't start new thread"
"""What Python says where the system refuses it a thread."""
_REMEDIES = {
    errno.ENOSPC: "make room on that disk, and run again: what is written is kept",
    errno.EDQUOT: "raise the quota of that disk, and run again: what is written is kept",
    errno.EFBIG: "raise the limit on file sizes (`ulimit -f`), or lower shards.max_bytes, and run again",
    errno.EROFS: "another place, that can be written to (`--run-dir`, or `--out`)",
    errno.EACCES: "another place, or another user",
    errno.EISDIR: "move it aside, and run again",
    errno.ENOTDIR: "move what is there aside, and run again",
    errno.EEXIST: "move it aside, and run again",
    errno.EIO: "look at the disk or its network, and run again",
    errno.EMFILE: "raise the limit on open files (`ulimit -n 1024`), and run again",
    errno.ENFILE: "raise this machine's limit on open files (sysctl fs.file-max), and run again",
    errno.EAGAIN: "raise the limit on processes and threads (`ulimit -u`, the container's pids limit), and run again",
    errno.ENOMEM: "raise the limit on memory (`ulimit -v`, the container's), or lower executor.workers, and run again",
}
"""What to do about errors of the system."""


def _text(error: BaseException) -> str:
    """The message for the user; that of the system's error names the remedy, and the path if there is one."""
    if isinstance(error, MemoryError) or str(error) == _NO_THREAD:
        short = errno.ENOMEM if isinstance(error, MemoryError) else errno.EAGAIN
        return f"{str(error) or 'out of memory'}; remedy: {_REMEDIES[short]}"
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error) or type(error).__name__
    remedy = _REMEDIES.get(error.errno or 0)
    path = error.filename2 or error.filename  # the second is where a file was to be put
    place = f"{path}: " if path is not None else ""
    return f"{place}{error.strerror}" + (f"; remedy: {remedy}" if remedy else "")


def _fail(errors: Sequence[BaseException]) -> NoReturn:
    for text in dict.fromkeys(map(_text, errors)):
        console(True).print(f"error: {text}", soft_wrap=True, highlight=False)
    sys.exit(max(getattr(error, "exit_code", 1) for error in errors))
