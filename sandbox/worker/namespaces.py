"""Namespaces of its own for each candidate, made by a server that is nobody outside.

Promises: `fork` gives a child that is PID 1 of a PID namespace, in a mount and an IPC namespace of its own; what
it starts dies with it. `enter` gives that child a work directory that nobody else ever sees, and takes its privileges.

Does not promise a /proc of its own: the wall's is shown, in which the server and one candidate are. As PID 1 a
candidate is not ended by signals it sends itself and has no handler for.
"""

import ctypes
import os

from sandbox.worker import scratch
from sandbox.worker.syscalls import CLONE, MACHINES, PR_SET_DUMPABLE, drop_capabilities, prctl

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID = 0x00020000, 0x08000000, 0x10000000, 0x20000000
SIGCHLD = 17
MS_NOSUID, MS_NODEV, MS_REC, MS_PRIVATE = 2, 4, 1 << 14, 1 << 18
_libc = ctypes.PyDLL(None, use_errno=True)
"""Called without letting go of the interpreter's lock: a child that a raw clone makes has it then."""


def checked(result: int, what: str) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"no namespaces here, {what}: {os.strerror(error)}; remedy: sandbox.isolation: fork")
    return result


def be_root_of_nothing() -> None:
    """Move into a user namespace with nobody else in it, in which this process may make further namespaces."""
    uid, gid = os.getuid(), os.getgid()
    prctl(PR_SET_DUMPABLE, 1)  # or the files below belong to root
    checked(_libc.unshare(CLONE_NEWUSER), "unshare(CLONE_NEWUSER)")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def fork() -> int:
    """As os.fork, into new PID, mount and IPC namespaces. Raises OSError."""
    number = CLONE[MACHINES[os.uname().machine][1]]
    flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | SIGCHLD
    ctypes.pythonapi.PyOS_BeforeFork()
    pid = _libc.syscall(number, flags, 0, 0, 0, 0)
    if pid == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
    else:
        ctypes.pythonapi.PyOS_AfterFork_Parent()
    return checked(pid, "clone into namespaces")


def enter(scratch_kb: int) -> None:
    """In the child: cover the places to write with fresh ones of `scratch_kb` (0: leave them), then drop all rights."""
    if scratch_kb:
        checked(_libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mount(MS_PRIVATE)")
        for place in scratch.PLACES:
            options = f"size={scratch_kb}k,mode=777".encode()
            mounted = _libc.mount(b"tmpfs", place.encode(), b"tmpfs", MS_NOSUID | MS_NODEV, options)
            checked(mounted, f"mount(tmpfs on {place})")
        os.chdir(scratch.WORK_DIR)
    drop_capabilities()
