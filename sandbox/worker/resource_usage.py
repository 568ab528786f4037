"""What all processes behind this wall use together, read from /proc by their PID 1.

Memory is what is resident, and what the kernel holds for it unseen: page tables, a record for each mapping, and what
the queues of sockets may hold. Does not promise to see a process that lives and ends between two looks with nobody
waiting for it: its CPU time is lost, which the limit on wall time bounds. Does not count pipes (the kernel bounds a
user's to 64 MiB), items of epoll, locks of files and threads' stacks.
"""

import _socket
import contextlib
import functools
import os

from sandbox.worker.scratch import SOCKETS

CLOCK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
DATAGRAMS, SENDERS = b"0002", 12
"""How that file calls the type of a socket whose queue takes messages of others, and of how many: a new network
namespace allows it 10, to which the kernel adds one, and its peer."""
MAPPINGS, MAPPING_MB = 65536, 256 / 2**20
"""Mappings that a process may have (vm.max_map_count), and what the kernel holds for one."""


def living() -> list[str]:
    """The ids of all processes but PID 1."""
    return [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]


def stat_fields(path: str) -> list[bytes]:
    """The fields of a proc(5) stat file after the command's name: item 0 is field 3."""
    with open(path, "rb") as file:
        return file.read().rpartition(b")")[2].split()


def filters(name: str) -> int:
    """Filters of system calls that a process has put on itself, or inherited; -1 where the kernel does not say."""
    with open(f"/proc/{name}/status", "rb") as file:
        return next((int(line.split()[1]) for line in file if line.startswith(b"Seccomp_filters:")), -1)


def tables_mb(folder: str) -> float:
    """MiB of a process's page tables."""
    with open(f"{folder}/status", "rb") as file:
        return next((int(line.split()[1]) / 1024 for line in file if line.startswith(b"VmPTE:")), 0.0)


def held_mb(folder: str, fields: list[bytes]) -> float:
    """MiB that a process holds at most, given its stat fields."""
    if fields[0] == b"Z" and int(fields[17]) > 1:
        # Its first thread has ended and shows no memory; the others still hold it.
        threads = (f"{folder}/task/{thread}" for thread in os.listdir(f"{folder}/task"))
        return max(thread_mb(thread, stat_fields(f"{thread}/stat")) for thread in threads)
    return thread_mb(folder, fields)


def thread_mb(folder: str, fields: list[bytes]) -> float:
    mappings = min(int(fields[20]) // PAGE, MAPPINGS) * MAPPING_MB
    return int(fields[21]) * PAGE / 2**20 + mappings + tables_mb(folder)


def resident_mb() -> float:
    """MiB of this process's resident memory."""
    fd = os.open("/proc/self/statm", os.O_RDONLY)  # asked for every candidate, so without the layers of `open`
    try:
        return int(os.read(fd, 256).split()[1]) * PAGE / 2**20
    finally:
        os.close(fd)


def usage() -> tuple[dict[str, tuple[int, int]], float]:
    """Of all living processes: ticks of CPU time by process, its own and that of children it waited for; MiB at most.

    Pages that several share count in each.
    """
    spent, held = {}, queues_mb()
    for name in living():
        with contextlib.suppress(OSError, ValueError):  # it ended while we looked
            fields = stat_fields(f"/proc/{name}/stat")
            # Fields 14-17: user and system time, its own and that of children it waited for.
            user, system, of_children, in_system = map(int, fields[11:15])
            spent[name] = user + system, of_children + in_system
            held += held_mb(f"/proc/{name}", fields)
    return spent, held


def unclaimed_s(before: dict[str, tuple[int, int]], now: dict[str, tuple[int, int]]) -> float:
    """CPU seconds of processes that are gone since `before`, and that nobody waited for."""
    gone = sum(own + waited_for for name, (own, waited_for) in before.items() if name not in now)
    claimed = sum(waited_for - before.get(name, (0, 0))[1] for name, (_, waited_for) in now.items())
    return max(0, gone - claimed) / CLOCK


def memory_mb() -> float:
    """MiB that all living processes hold, shared pages counted once: exact, and dear to ask."""
    return queues_mb() + sum(map(share_mb, living()))


def share_mb(name: str) -> float:
    """One process's part of the memory: its proportional set size, or all it may have where it hides that."""
    folder = f"/proc/{name}"
    with contextlib.suppress(OSError, ValueError):
        try:
            with open(f"{folder}/smaps_rollup", "rb") as file:
                pages = next((int(line.split()[1]) / 1024 for line in file if line.startswith(b"Pss:")), 0.0)
            with open(f"{folder}/maps", "rb") as file:
                return pages + sum(1 for _ in file) * MAPPING_MB + tables_mb(folder)
        except OSError:
            return held_mb(folder, stat_fields(f"{folder}/stat"))
    return 0.0


def queues_mb() -> float:
    """MiB that the queues of all Unix sockets here may hold; of those too that no process has any more."""
    with open(SOCKETS, "rb") as file:
        next(file, b"")
        kinds = [line.split()[4:5] for line in file]  # a name may hold line breaks, and then counts for more
    return queue_mb() * sum(SENDERS if kind == [DATAGRAMS] else 1 for kind in kinds) if kinds else 0.0


@functools.cache
def queue_mb() -> float:
    """MiB that one sender may have on its way: twice what it is said to, since its last message may be a large one."""
    fresh = _socket.socket(_socket.AF_UNIX)
    most = fresh.getsockopt(_socket.SOL_SOCKET, _socket.SO_SNDBUF)
    fresh.close()
    return 2 * most / 2**20
