"""The system calls a candidate may not make: a seccomp filter, assembled here and put on each candidate.

Promises: no new namespace, mount or root; no look into another process nor change to its limits or
priority; no kernel object that outlives a process (System V IPC, message queues, keys, attributes);
no memory that no limit counts (memfd, shared anonymous or huge pages, mappings that grow like a stack, queues of
files' events and of asynchronous input); no socket but a Unix one (a network namespace does not hold vsock back),
and none with a longer queue than a new one has; nothing that slows the machine for others (writing all its disks
out, emptying its page cache, keeping a core to itself, interrupting all of them); none of the calls that kernel
exploits live on (bpf, io_uring, userfaultfd, perf). Refused calls answer ENOSYS, refused arguments EPERM, so that
libraries fall back as on an older kernel. Who maps memory that grows like a stack is ended by SIGSYS: no library
does, and the report calls it a breach of the memory limit.

Does not promise to name every dangerous call: it takes away from what an unprivileged process may do,
it does not list what a program needs. Python, and Go with its compiler and linker, work under it.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Collection
from typing import Any

# name: number on x86-64, on aarch64 (None: not there). From Linux's syscall tables.
DENIED: dict[str, tuple[int, int | None]] = {
    # namespaces, mounts, the machine
    "unshare": (272, 97), "setns": (308, 268), "clone3": (435, 435), "chroot": (161, 51), "pivot_root": (155, 41),
    "mount": (165, 40), "umount2": (166, 39), "mount_setattr": (442, 442), "move_mount": (429, 429),
    "open_tree": (428, 428), "open_tree_attr": (467, 467), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "swapon": (167, 224), "swapoff": (168, 225), "reboot": (169, 142), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "acct": (163, 89), "syslog": (103, 116), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    "personality": (135, 92), "modify_ldt": (154, None),
    # other processes, the server first of them
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "process_madvise": (440, 440), "process_mrelease": (448, 448), "pidfd_getfd": (438, 438),
    "sched_setaffinity": (203, 122), "sched_setscheduler": (144, 119), "sched_setparam": (142, 118),
    "sched_setattr": (314, 274), "setpriority": (141, 140), "ioprio_set": (251, 30),
    "migrate_pages": (256, 238), "move_pages": (279, 239),
    # what outlives a process
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190), "semop": (65, 193),
    "semctl": (66, 191), "semtimedop": (220, 192), "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188),
    "msgctl": (71, 187), "mq_open": (240, 180), "mq_unlink": (241, 181), "keyctl": (250, 219), "add_key": (248, 217),
    "request_key": (249, 218), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    # memory that no limit counts
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "vmsplice": (278, 75),
    "io_setup": (206, 0), "io_destroy": (207, 1), "io_getevents": (208, 4), "io_submit": (209, 2),
    "io_cancel": (210, 3), "io_pgetevents": (333, 292), "inotify_init": (253, None), "inotify_init1": (294, 26),
    # what slows the machine for others
    "mbind": (237, 235), "set_mempolicy": (238, 237), "set_mempolicy_home_node": (450, 450), "membarrier": (324, 283),
    "sync": (162, 81), "syncfs": (306, 267), "fadvise64": (221, 223),
    # kernel surface that no honest program needs
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "fanotify_init": (300, 262),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "seccomp": (317, 277), "landlock_create_ruleset": (444, 444), "landlock_add_rule": (445, 445),
    "landlock_restrict_self": (446, 446),
}  # fmt: skip
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""uname's machine -> (AUDIT_ARCH of linux/audit.h, column of the tables here)."""
MMAP, CLONE, SOCKET, SOCKETPAIR, PRLIMIT = (9, 222), (56, 220), (41, 198), (53, 199), (302, 261)
SETSOCKOPT, PRCTL = (54, 208), (157, 167)
NEW_NAMESPACES = 0x7E020000
MAP_SHARED_ANONYMOUS, MAP_GROWSDOWN, MAP_HUGETLB = 0x21, 0x100, 0x40000
AF_UNIX = 1
SOL_SOCKET, SO_SNDBUF = 1, 7
PR_SCHED_CORE = 62
X32 = 0x40000000
"""Bit of a call's number that picks x86-64's other table, whose numbers no filter here knows."""

# Instructions of linux/filter.h and the places they read in struct seccomp_data.
LOAD, AND, RETURN = 0x20, 0x54, 0x06
EQUAL, AT_LEAST, ANY_BIT = 0x15, 0x35, 0x45
NUMBER, ARCH, ARGUMENTS = 0, 4, 16
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
SECCOMP_MODE_FILTER = 2
_LINUX_CAPABILITY_VERSION_3 = 0x20080522
_libc = ctypes.PyDLL(None)
"""Called with the interpreter's lock held and errno left alone: every candidate is made by way of these calls."""

Instruction = tuple[int, int, int, int]


def program(machine: str, calls: Collection[str] = tuple(DENIED), arguments: bool = True) -> bytes:
    """The filter for `machine` as struct sock_filter[]: it refuses `calls` and, with `arguments`, what others may ask.

    Raises OSError for a machine unknown here.
    """
    if machine not in MACHINES:
        raise OSError(f"no system call filter for {machine!r}; there are: {', '.join(MACHINES)}")
    arch, column = MACHINES[machine]
    checks: list[Instruction] = (
        []
        if not arguments
        else [
            *when(
                MMAP[column],
                3,
                [
                    (ANY_BIT, 0, 1, MAP_GROWSDOWN),
                    (RETURN, 0, 0, KILL),
                    (AND, 0, 0, MAP_SHARED_ANONYMOUS | MAP_HUGETLB),
                    *refuse_from(MAP_SHARED_ANONYMOUS),
                ],
            ),
            *when(CLONE[column], 0, [(ANY_BIT, 0, 1, NEW_NAMESPACES), refuse(errno.EPERM)]),
            *when(SOCKET[column], 0, [(EQUAL, 1, 0, AF_UNIX), refuse(errno.EPERM)]),
            *when(SOCKETPAIR[column], 0, [(EQUAL, 1, 0, AF_UNIX), refuse(errno.EPERM)]),
            # It is done, and changes nothing, as where a machine allows no longer queues.
            *when(SETSOCKOPT[column], 1, [(EQUAL, 0, 3, SOL_SOCKET), argument(2), (EQUAL, 0, 1, SO_SNDBUF), refuse(0)]),
            *when(PRCTL[column], 0, [(EQUAL, 0, 1, PR_SCHED_CORE), refuse(errno.EPERM)]),
            *when(PRLIMIT[column], 0, [(EQUAL, 1, 0, 0), refuse(errno.EPERM)]),
        ]
    )
    numbers = [number for name in calls if (number := DENIED[name][column]) is not None]
    count = len(numbers)
    denials = [(EQUAL, count - place, 0, number) for place, number in enumerate(numbers)]
    instructions: list[Instruction] = [
        (LOAD, 0, 0, ARCH),
        (EQUAL, 1, 0, arch),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, X32),
        refuse(errno.ENOSYS),
        *checks,
        *denials,
        (RETURN, 0, 0, ALLOW),
        refuse(errno.ENOSYS),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)


def when(number: int, first: int, check: list[Instruction]) -> list[Instruction]:
    """Run `check` on the low half of argument `first` of call `number`, then allow the call; else pass by."""
    return [(EQUAL, 0, len(check) + 2, number), argument(first), *check, (RETURN, 0, 0, ALLOW)]


def argument(place: int) -> Instruction:
    """Load the low half of an argument."""
    return LOAD, 0, 0, ARGUMENTS + 8 * place


def refuse_from(least: int) -> list[Instruction]:
    """Of the masked flags: MAP_SHARED with MAP_ANONYMOUS, and huge pages in any company, are `least` or more."""
    return [(AT_LEAST, 0, 1, least), refuse(errno.EPERM)]


def refuse(error: int) -> Instruction:
    return (RETURN, 0, 0, ERRNO | error)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


OURS = ("memfd_create",)
"""What a server calls itself that forks its candidates: they get the rest of the filter from it, and this part alone
each. The kernel takes 0.3 ms of CPU to compile the whole, and 0.05 for this."""


class Filter:
    """The filter, or a part of it, assembled once; `install` puts it on the calling process and all it starts, for
    good. What several refuse together is refused.

    The process must have given up new privileges (PR_SET_NO_NEW_PRIVS). Raises OSError.
    """

    def __init__(self, calls: Collection[str] = tuple(DENIED), arguments: bool = True) -> None:
        self._code = program(os.uname().machine, calls, arguments)
        self._program = ctypes.byref(_Program(len(self._code) // 8, self._code))

    def install(self) -> None:
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, self._program)


def prctl(option: int, value: int, pointer: Any = 0) -> None:
    """prctl(2). Raises OSError."""
    if _libc.prctl(option, value, pointer, 0, 0) != 0:
        raise OSError(f"prctl({option}, {value}) was refused")


def drop_capabilities() -> None:
    """Empty this process's sets of capabilities, those that a program it starts would inherit among them."""
    if _libc.capset(struct.pack("=Ii", _LINUX_CAPABILITY_VERSION_3, 0), bytes(24)) != 0:
        raise OSError("capabilities could not be dropped")
