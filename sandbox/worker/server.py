"""PID 1 inside the wall: forks a warm interpreter per candidate and relays between it and the host.

Promises: a candidate's program and answers pass through here by file descriptor, never
through this process's memory, so what one candidate wrote cannot be found by the next in the
pages it inherits. Nothing a candidate starts or leaves outlives its job. Any surprise ends this
process; whoever owns it starts a fresh one.

Does not promise to be a wall: the boundary that started it is.

A message is four bytes of header length (big endian), a JSON header, then the blobs whose
lengths the header lists under "blobs", both ways. Requests: inputs, calls, streams, open /
call / close (a conversation), commands.
"""

import _sitebuiltins
import builtins
import contextlib
import fcntl
import gc
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from sandbox.worker import candidate, codec, packages, scratch
from sandbox.worker.child import RESERVED, Child, kill_all, reserve
from sandbox.worker.namespaces import be_root_of_nothing
from sandbox.worker.relay import next_request, relay_answer, relay_call
from sandbox.worker.syscalls import (
    DENIED,
    OURS,
    PR_SET_DUMPABLE,
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    Filter,
    drop_capabilities,
    prctl,
)
from sandbox.worker.wire import Header, append, new_file, read_exactly, read_header, receive, respond, send, size_of

JOB_DIR = f"{scratch.WORK_DIR}/job"
ERRORS_KEPT = 4096
"""Bytes kept of standard error: of its beginning and, mostly, its end."""
OUT, SOURCE, ASKED = 3, 4, 5
"""A candidate's file descriptors beyond the standard three."""
KEPT = {"LD_LIBRARY_PATH", "PYTHONHASHSEED"}
"""Of the environment: without them, an interpreter that a candidate starts would not be this one, or not start."""
WARM = (
    "abc array bisect cmath collections copy dataclasses datetime decimal enum fractions functools heapq io "
    "itertools json math operator queue random re statistics string textwrap threading time traceback typing"
).split()
WARM_PROGRAM = b"""
import math
from typing import Any, Dict, List, Optional, Tuple, Union


def f(values: List[Any], table: Optional[Dict[str, int]] = None) -> Tuple[List[int], Union[int, str]]:
    seen: List[List[int]] = []
    floats: List[float] = []
    texts: List[str] = []
    ints: List[int] = []
    return values
"""
WARM_RUNS = 40
"""Twice what it takes until code that is called once a run is specialised."""


class Server:
    def __init__(self, isolation: str) -> None:
        self.inputs: list[Any] = []
        self.isolated = isolation == "namespace"
        self.own_kb = scratch.size_kb() if self.isolated else None
        """The size of each candidate's own work directory, where each has one."""
        null = os.open("/dev/null", os.O_RDWR)
        self.null = fcntl.fcntl(null, fcntl.F_DUPFD, RESERVED)
        reserve(self.null)
        self.syscalls = self._filter()
        self.empty_mb = 0.0 if self.isolated else scratch.used_mb()
        """MiB in a work directory that nothing is in."""

    def _filter(self) -> Filter:
        """What is left to put on each candidate; one that it forks has what this process may not call from it."""
        if self.isolated:  # it makes namespaces for each, and they mount in them
            return Filter()
        Filter(DENIED.keys() - OURS).install()
        return Filter(OURS, arguments=False)

    # ---- messages ----

    def serve(self) -> None:
        handlers: dict[str, Callable[[Header], None]] = {
            "inputs": self.take_inputs,
            "calls": self.run_calls,
            "streams": self.run_streams,
            "open": self.converse,
            "commands": self.run_commands,
            "ping": lambda _: send('{"blobs": []}'),
        }
        while (header := read_header()) is not None:
            handlers[str(header["op"])](header)

    def take_inputs(self, header: Header) -> None:
        """Keep the inputs of the problem at hand, decoded, for every candidate forked from now on."""
        texts = json.loads(read_exactly(header["blobs"][0]))
        self.inputs = [codec.loads(text) for text in texts] if header["kind"] == "calls" else texts

    def run_calls(self, header: Header) -> None:
        source, out = receive(header["blobs"][0]), new_file()
        entry_point, inputs = str(header["entry_point"]), self.inputs

        def body() -> int:
            candidate.answer_calls(contents(), entry_point, inputs, OUT)
            return 0

        fds = {0: self.null, 1: self.null, 2: self.null, OUT: out, SOURCE: source}
        report = self.run(body, header["limits"], fds, self.own_kb)
        respond([report], out, [size_of(out)])
        clean(source, out)

    def run_streams(self, header: Header) -> None:
        source, kept = receive(header["blobs"][0]), new_file()
        reports, sizes = [], []
        for text in self.inputs:
            stdin, out, errors = new_file(str(text).encode("utf-8", "surrogateescape")), new_file(), new_file()
            body = lambda: candidate.run_main(contents())  # noqa: E731
            report = self.run(body, header["limits"], {0: stdin, 1: out, 2: errors, SOURCE: source}, self.own_kb)
            reports.append(report)
            sizes += [append(out, kept), append(errors, kept, ERRORS_KEPT)]
            clean(stdin, out, errors)
            if report["breach"] is None and sum(sizes[::2]) > int(header["together_kb"]) * 1024:
                report["breach"] = "output"
            if report["breach"]:
                break
        respond(reports, kept, sizes)
        clean(source, kept)

    def run_commands(self, header: Header) -> None:
        os.makedirs(JOB_DIR)
        blobs = iter(header["blobs"])
        for name in header["files"]:
            path = os.path.join(JOB_DIR, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o700)
            receive(next(blobs), fd)
            os.close(fd)
        stdins = [receive(next(blobs)) for _ in header["steps"]]
        kept = new_file()
        reports, sizes = [], []
        for step, stdin in zip(header["steps"], stdins, strict=True):
            out, errors = new_file(), new_file()

            def body(argv: list[str] = step["argv"], env: dict[str, str] = step["env"]) -> NoReturn:
                os.chdir(JOB_DIR)
                signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and a program would inherit that
                os.execve(argv[0], argv, env)

            shared = 0 if self.isolated else None  # the steps of a job work in one directory
            report = self.run(body, step["limits"], {0: stdin, 1: out, 2: errors}, shared, scratch.used_mb())
            reports.append(report)
            sizes += [append(out, kept), append(errors, kept, ERRORS_KEPT)]
            os.close(out)
            os.close(errors)
            if step["required"] and (report["exit_code"] != 0 or report["breach"]):
                break
        respond(reports, kept, sizes)
        clean(*stdins, kept)

    def run(
        self,
        body: Callable[[], int],
        limits: Header,
        fds: dict[int, int],
        own_kb: int | None,
        files_mb: float | None = None,
    ) -> Header:
        """How a child ended. `files_mb` are MiB in its work directory as it begins; None where that is empty."""
        child = Child(body, limits, fds, self.syscalls, own_kb, self.empty_mb if files_mb is None else files_mb)
        child.wait()
        report = child.finish()
        # The signal for a file too large may be ignored; that the file is full cannot be hidden.
        full = int(limits["output_kb"]) * 1024
        for target, fd in fds.items():
            if target in (1, 2, OUT) and fd != self.null and report["breach"] is None and size_of(fd) >= full:
                report["breach"] = "output"
        return report

    def rehearse(self) -> None:
        """Run a child that does nothing, so that a failure to confine one is known at the start."""
        limits = {"cpu_s": 5, "wall_s": 30, "memory_mb": 512, "processes": 32, "output_kb": 4096, "open_files": 64}
        limits |= {"stack_mb": 256, "reserve_mb": 2048}
        report = self.run(lambda: 0, limits, {0: self.null, 1: self.null, 2: self.null}, self.own_kb)
        if report["exit_code"] != 0 or report["breach"]:
            raise OSError(f"a child could not be confined: {report}")

    # ---- conversations ----

    def converse(self, header: Header) -> None:
        """Relay calls and answers between the host and one candidate."""
        source = receive(header["blobs"][0])
        asked, ask = os.pipe()
        answers, answer = os.pipe()
        os.set_blocking(ask, False)
        os.set_blocking(answers, False)
        entry_point, tests, printed = str(header["entry_point"]), bool(header["tests"]), bool(header["printed"])

        def body() -> int:
            if tests:
                candidate.examine(contents(), entry_point, ASKED, OUT)
            else:
                candidate.converse(contents(), entry_point, ASKED, OUT, printed=printed)
            return 0

        fds = {0: self.null, 1: self.null, 2: self.null, OUT: answer, SOURCE: source, ASKED: asked}
        child = Child(body, header["limits"], fds, self.syscalls, self.own_kb, self.empty_mb)
        os.close(asked)
        os.close(answer)
        relay_answer(child, answers)
        while (request := next_request(child)) is not None and request["op"] == "call":
            relay_call(child, ask, request["blobs"][0])
            relay_answer(child, answers)
        kill_all()
        respond([child.finish()], source, [])
        clean(source, ask, answers)


def clean(*fds: int) -> None:
    """Close what a job used and empty the work directory."""
    for fd in fds:
        os.close(fd)
    scratch.empty()


def contents() -> bytes:
    """All of the program, read in the child that will run it; the descriptor is closed after."""
    data = os.pread(SOURCE, os.fstat(SOURCE).st_size, 0)
    os.close(SOURCE)
    return data


# ---- start ----


def warm_up(null: int) -> None:
    """Run a program of our own as a candidate's is run.

    The interpreter fills caches and specialises code as it runs; done here that is done once, and not written into
    copied pages by every candidate anew.
    """
    inputs = [codec.loads('[[[1,2.5,"a",true,null,{"k":[1]}]],{}]')]
    for _ in range(WARM_RUNS):
        candidate.answer_calls(WARM_PROGRAM, "f", inputs, null)
    del sys.modules[candidate.MODULE]


def drop_root(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def withdraw(uid: int, isolation: str) -> None:
    """Be nobody, out of every inside process's reach, and end with whoever started this."""
    # On a machine that runs out of memory, the kernel is to take a candidate.
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
    if os.getuid() == 0:
        drop_root(uid)
    drop_capabilities()
    if isolation == "namespace":
        be_root_of_nothing()
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # the kernel forgets it when the uid changes
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    prctl(PR_SET_DUMPABLE, 0)  # no ptrace, no /proc/1/mem for processes of the same user
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it, and candidates would
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # from inside, PID 1 gets only signals it has handlers for


def main(uid: int, isolation: str) -> None:
    """Serve until the host closes; as root, become `uid` first."""
    withdraw(uid, isolation)
    for name in os.environ.keys() - KEPT:
        del os.environ[name]
    sys.argv = [candidate.FILE]
    for module in WARM:
        __import__(module)
    packages.load()
    for name in ("exit", "quit"):  # the work of `site`, which is not loaded
        setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D (i.e. EOF)"))
    sys.set_int_max_str_digits(0)  # factorials are honest answers; the output limit bounds them
    server = Server(isolation)
    warm_up(server.null)
    server.rehearse()
    packages.same_chance()
    gc.collect()
    gc.freeze()
    server.serve()
