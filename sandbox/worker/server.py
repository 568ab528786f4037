"""PID 1 inside the wall: forks a warm interpreter per candidate, watches it, reaps it, says how it ended.

Promises: a candidate's program and answers pass through here by file descriptor, never
through this process's memory, so what one candidate wrote cannot be found by the next in the
pages it inherits. Nothing a candidate starts outlives its job. What it used is measured for
the whole tree. Any surprise ends this process; whoever owns it starts a fresh one.

Does not promise to be a wall: the boundary that started it is.

A message is four bytes of header length (big endian), a JSON header, then the blobs whose
lengths the header lists under "blobs", both ways. Requests: inputs, calls, streams, open /
call / close (a conversation), commands.
"""

import ctypes
import fcntl
import gc
import json
import math
import os
import random
import resource
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

from sandbox.worker import candidate, codec

WORK_DIR = "/tmp"
JOB_DIR = "/tmp/job"
ERRORS_KEPT = 4096
"""Bytes kept of the end of standard error."""
OUT, SOURCE, ASKED = 3, 4, 5
"""A candidate's file descriptors beyond the standard three."""
FIRST_LOOK_MS, LOOK_MS = 20, 50
WARM = (
    "abc array bisect cmath collections copy dataclasses datetime decimal enum fractions functools heapq io "
    "itertools json math operator queue random re statistics string textwrap threading time traceback typing"
).split()

Header = dict[str, Any]


class Server:
    def __init__(self) -> None:
        self.inputs: list[Any] = []
        self.environment = dict(os.environ)
        os.environ.clear()
        self.null = os.open("/dev/null", os.O_RDWR)
        self.clock = os.sysconf("SC_CLK_TCK")
        self.page = os.sysconf("SC_PAGE_SIZE")

    # ---- messages ----

    def serve(self) -> None:
        handlers: dict[str, Callable[[Header], None]] = {
            "inputs": self.take_inputs,
            "calls": self.run_calls,
            "streams": self.run_streams,
            "open": self.converse,
            "commands": self.run_commands,
            "ping": lambda _: send({"blobs": []}),
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

        report = self.run(body, header["limits"], {0: self.null, 1: self.null, 2: self.null, OUT: out, SOURCE: source})
        respond([report], [out])
        self.clean(source, out)

    def run_streams(self, header: Header) -> None:
        source = receive(header["blobs"][0])
        reports, outputs = [], []
        for text in self.inputs:
            stdin, out, errors = new_file(str(text).encode("utf-8", "surrogateescape")), new_file(), new_file()
            body = lambda: candidate.run_main(contents())  # noqa: E731
            report = self.run(body, header["limits"], {0: stdin, 1: out, 2: errors, SOURCE: source})
            reports.append(report)
            outputs += [out, errors]
            self.clean(stdin)
            if report["breach"]:
                break
        respond(reports, outputs)
        self.clean(source, *outputs)

    def run_commands(self, header: Header) -> None:
        os.makedirs(JOB_DIR)
        sizes = iter(header["blobs"])
        for name in header["files"]:
            path = os.path.join(JOB_DIR, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o700)
            receive(next(sizes), fd)
            os.close(fd)
        stdins = [receive(next(sizes)) for _ in header["steps"]]
        reports, outputs = [], []
        for step, stdin in zip(header["steps"], stdins, strict=True):
            out, errors = new_file(), new_file()

            def body(argv: list[str] = step["argv"], env: dict[str, str] = step["env"]) -> NoReturn:
                os.chdir(JOB_DIR)
                os.execve(argv[0], argv, env)

            report = self.run(body, step["limits"], {0: stdin, 1: out, 2: errors})
            reports.append(report)
            outputs += [out, errors]
            if step["required"] and (report["exit_code"] != 0 or report["breach"]):
                break
        respond(reports, outputs)
        self.clean(*stdins, *outputs)

    def converse(self, header: Header) -> None:
        """Relay calls and answers between the host and one candidate, then start over with a clean memory."""
        source = receive(header["blobs"][0])
        asked, ask = os.pipe()
        told, tell = os.pipe()
        entry_point, lead = str(header["entry_point"]), candidate.examine if header["tests"] else candidate.converse

        def body() -> int:
            lead(contents(), entry_point, ASKED, OUT)
            return 0

        limits: Header = header["limits"]
        child = Child(
            self, body, limits, {0: self.null, 1: self.null, 2: self.null, OUT: tell, SOURCE: source, ASKED: asked}
        )
        os.close(asked)
        os.close(tell)
        self.relay_answer(child, told, limits)
        while (request := read_header()) is not None and request["op"] == "call":
            data = read_exactly(request["blobs"][0])
            try:
                write_all(ask, len(data).to_bytes(4, "big") + data)
            except BrokenPipeError:
                pass  # it is gone; the missing answer says so
            self.relay_answer(child, told, limits)
        child.kill()
        respond([child.finish()], [])
        os.execve(sys.orig_argv[0], sys.orig_argv, self.environment)

    def relay_answer(self, child: "Child", told: int, limits: Header) -> None:
        """Send on one frame of the candidate's, or an empty one when it ended or broke a limit instead."""
        most = int(limits["output_kb"]) * 1024
        data = b""
        while child.alive_until_readable(told):
            piece = os.read(told, 65536)
            data += piece
            if not piece or len(data) > most + 5:
                break
            if len(data) >= 5 and len(data) >= 5 + int.from_bytes(data[1:5], "big"):
                break
        send({"blobs": [len(data)]})
        write_all(1, data)

    # ---- running one process tree ----

    def run(self, body: Callable[[], int], limits: Header, fds: dict[int, int]) -> Header:
        child = Child(self, body, limits, fds)
        child.wait()
        return child.finish()

    def clean(self, *fds: int) -> None:
        """Close what the job used and empty the work directory."""
        for fd in fds:
            os.close(fd)
        with os.scandir(WORK_DIR) as entries:
            left = [entry.path for entry in entries]
        for path in left:
            remove(path)

    def tree_usage(self) -> tuple[float, float]:
        """(CPU seconds of living processes, resident MiB of them together), all but this one."""
        cpu = resident = 0
        for name in os.listdir("/proc"):
            if not name.isdigit() or name == "1":
                continue
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:
                continue  # it ended while we looked
            # Fields 14-17 of proc(5) stat: user and system time, of itself and of the children it reaped.
            cpu += sum(int(field) for field in fields[11:15])
            resident += int(fields[21])
        return cpu / self.clock, resident * self.page / 2**20


class Child:
    """One forked candidate and everything it starts."""

    def __init__(self, server: Server, body: Callable[[], int], limits: Header, fds: dict[int, int]) -> None:
        self.server, self.limits = server, limits
        self.breach: str | None = None
        self.started = time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            become(body, limits, fds)
        self.pidfd = os.pidfd_open(self.pid)
        self.poll = select.poll()
        self.poll.register(self.pidfd, select.POLLIN)
        self.next_look = FIRST_LOOK_MS

    def wait(self) -> None:
        while not self.poll.poll(self.next_look):
            if self.look():
                return

    def alive_until_readable(self, fd: int) -> bool:
        """Wait until `fd` has something to read; False when the child ended or broke a limit first."""
        self.poll.register(fd, select.POLLIN)
        try:
            while True:
                ready = [which for which, _ in self.poll.poll(self.next_look)]
                if fd in ready:
                    return True
                if ready or self.look():
                    return False
        finally:
            self.poll.unregister(fd)

    def look(self) -> bool:
        """Whether a limit is broken; if so everything is killed."""
        self.next_look = LOOK_MS
        cpu_s, resident_mb = self.server.tree_usage()
        if cpu_s > float(self.limits["cpu_s"]):
            self.breach = "cpu"
        elif resident_mb > float(self.limits["memory_mb"]):
            self.breach = "memory"
        elif time.monotonic() - self.started > float(self.limits["wall_s"]):
            self.breach = "wall"
        if self.breach:
            self.kill()
        return self.breach is not None

    def kill(self) -> None:
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def finish(self) -> Header:
        """Reap the child, kill and reap all it left behind; how it ended and what all of it used."""
        _, status, usage = os.wait4(self.pid, 0)
        wall_ms = (time.monotonic() - self.started) * 1000
        os.close(self.pidfd)
        cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss
        self.kill()
        while True:
            try:
                _, _, usage = os.wait4(-1, 0)
            except ChildProcessError:
                break
            cpu += usage.ru_utime + usage.ru_stime
            peak = max(peak, usage.ru_maxrss)
        code = os.waitstatus_to_exitcode(status)
        if self.breach is None:
            if cpu > float(self.limits["cpu_s"]):
                self.breach = "cpu"
            elif code == -signal.SIGXFSZ:
                self.breach = "output"
            elif code == candidate.OUT_OF_MEMORY:
                self.breach = "memory"
        return {
            "exit_code": code if code >= 0 else None,
            "signal": -code if code < 0 else None,
            "breach": self.breach,
            "cpu_ms": cpu * 1000,
            "wall_ms": wall_ms,
            "peak_mb": peak / 1024,
        }


def become(body: Callable[[], int], limits: Header, fds: dict[int, int]) -> NoReturn:
    """In the child: take exactly the file descriptors `fds`, the limits, and run `body`."""
    code = 70
    try:
        parked = {target: dup_high(fd) for target, fd in fds.items()}
        for target, fd in parked.items():
            os.dup2(fd, target)
        os.closerange(max(fds) + 1, 4096)
        os.setsid()
        confine(limits)
        code = body()
    finally:
        os._exit(code)


def dup_high(fd: int) -> int:
    return fcntl.fcntl(fd, fcntl.F_DUPFD, 64)


def confine(limits: Header) -> None:
    """Set the kernel's limits on this process; they are inherited and cannot be raised again."""
    cpu_s = math.ceil(float(limits["cpu_s"])) + 1
    memory = int(limits["memory_mb"]) * 2**20
    for what, most in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_STACK, min(memory, 256 * 2**20)),
        (resource.RLIMIT_FSIZE, int(limits["output_kb"]) * 1024),
        (resource.RLIMIT_NOFILE, int(limits["open_files"])),
        (resource.RLIMIT_NPROC, int(limits["processes"]) + 1),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)


# ---- file descriptors ----


def read_exactly(size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = os.read(0, size - len(data))
        if not piece:
            raise EOFError("the host closed in the middle of a message")
        data += piece
    return data


def read_header() -> Header | None:
    first = os.read(0, 1)
    if not first:
        return None
    size = int.from_bytes(first + read_exactly(3), "big")
    return json.loads(read_exactly(size))


def write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def send(header: Header) -> None:
    text = json.dumps(header).encode()
    write_all(1, len(text).to_bytes(4, "big") + text)


def respond(reports: list[Header], outputs: list[int]) -> None:
    """Send reports, then the contents of `outputs` from kernel to kernel, never through our memory."""
    sizes = [os.fstat(fd).st_size for fd in outputs]
    send({"reports": reports, "blobs": sizes})
    for fd, size in zip(outputs, sizes, strict=True):
        offset = 0
        while offset < size:
            offset += os.sendfile(1, fd, offset, size - offset)


def new_file(data: bytes = b"") -> int:
    fd = os.memfd_create("file")
    if data:
        write_all(fd, data)
        os.lseek(fd, 0, os.SEEK_SET)
    return fd


def receive(size: int, into: int | None = None) -> int:
    """Move `size` bytes from the host into a file, kernel to kernel; its descriptor, at offset 0."""
    fd = new_file() if into is None else into
    while size:
        moved = os.splice(0, fd, size)
        if not moved:
            raise EOFError("the host closed in the middle of a blob")
        size -= moved
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def contents() -> bytes:
    """All of the program, read in the child that will run it; the descriptor is closed after."""
    data = os.pread(SOURCE, os.fstat(SOURCE).st_size, 0)
    os.close(SOURCE)
    return data


def remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        os.chmod(path, 0o700)
        shutil.rmtree(path)
    else:
        os.unlink(path)


# ---- start ----


def hide() -> None:
    """Deny ptrace and /proc/PID/mem to processes of the same user (prctl PR_SET_DUMPABLE = 4)."""
    if ctypes.CDLL(None).prctl(4, 0, 0, 0, 0) != 0:
        raise OSError("prctl(PR_SET_DUMPABLE) failed")


def drop_root(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def main(uid: int) -> None:
    """Serve until the host closes; as root, become `uid` first."""
    if os.getuid() == 0:
        drop_root(uid)
    hide()
    for module in WARM:
        __import__(module)
    random.seed(0)
    sys.set_int_max_str_digits(0)  # factorials are honest answers; the output limit bounds them
    server = Server()
    gc.collect()
    gc.freeze()
    server.serve()
