"""Processes of the command line that begin with everything imported: forks of one that has done so.

`python warm.py` reads a request a line, and answers each with a line: `start` gives the process id of a new
`factory ARGUMENTS`, `poll` and `wait` how it has ended, as `subprocess` says it; null while it runs. Each is a process
of its own as one that a user starts, with its signals, streams, environment and workers, 2 CPU seconds sooner: what
the command imports is there before. What a module reads from the environment at its import it would get from here, so
that the clients of other services are left to each process.
"""

import contextlib
import gc
import json
import os
import random
import runpy
import signal
import sys

import pyarrow as pa

import factory.cli
import factory.commands.audit
import factory.commands.export
import factory.commands.run
import factory.commands.verify  # noqa: F401

pa.array([1])  # at the first, pyarrow imports pandas
running: set[int] = set()


def start(arguments: list[str], env: dict[str, str], folder: str, out: str, err: str, session: bool) -> int:
    """The process id in the parent; 0 in the child, which is ready to run the command."""
    if child := os.fork():
        running.add(child)
        return child
    if session:
        os.setsid()
    for number, path in enumerate((os.devnull, out, err)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    sys.path[0] = folder  # as `python -m` has it; this file's own folder is nobody's
    random.seed()
    sys.argv = ["factory", *arguments]
    return 0


def ended(child: int, options: int) -> int | None:
    if child not in running:
        return None
    found, status = os.waitpid(child, options)
    if found:
        running.discard(child)
    return os.waitstatus_to_exitcode(status) if found else None


def served() -> bool:
    """Answer requests to their end; True in a child that a request has started."""
    for line in sys.stdin:
        name, *given = json.loads(line)
        if name == "start":
            answer: int | None = start(*given)
            if not answer:
                return True
        else:
            answer = ended(given[0], os.WNOHANG if name == "poll" else 0)
        print(json.dumps(answer), flush=True)
    return False


if __name__ == "__main__":
    gc.freeze()  # so that no collection in a child copies the pages that it shares with this process
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for pytest
    if served():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.stdin = open(os.devnull)  # noqa: SIM115
        runpy.run_module("factory", run_name="__main__", alter_sys=True)
    else:
        for left in running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(left, signal.SIGKILL)
