"""What all processes behind this wall use together, read from /proc by their PID 1.

Does not promise to see a process that lives and ends between two looks with nobody waiting for
it: its CPU time is lost. The limit on wall time bounds what can be had that way.
"""

import contextlib
import os

CLOCK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def living() -> list[str]:
    """The ids of all processes but PID 1."""
    return [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]


def stat_fields(path: str) -> list[bytes]:
    """The fields of a proc(5) stat file after the command's name: item 0 is field 3."""
    with open(path, "rb") as file:
        return file.read().rpartition(b")")[2].split()


def resident_mb(folder: str, fields: list[bytes]) -> float:
    """Resident MiB of a process, given its stat fields."""
    pages = int(fields[21])
    if fields[0] == b"Z" and int(fields[17]) > 1:
        # Its first thread has ended and shows no memory; the others still hold it.
        threads = os.listdir(f"{folder}/task")
        pages = max(int(stat_fields(f"{folder}/task/{thread}/stat")[21]) for thread in threads)
    return pages * PAGE / 2**20


def usage() -> tuple[float, float]:
    """(CPU seconds, resident MiB) of all living processes; pages that several share count in each."""
    cpu = resident = 0.0
    for name in living():
        with contextlib.suppress(OSError, ValueError):  # it ended while we looked
            fields = stat_fields(f"/proc/{name}/stat")
            # Fields 14-17: user and system time, its own and that of children it waited for.
            cpu += sum(map(int, fields[11:15])) / CLOCK
            resident += resident_mb(f"/proc/{name}", fields)
    return cpu, resident


def memory_mb() -> float:
    """Resident MiB of all living processes, shared pages counted once: exact, and dear to ask."""
    return sum(map(share_mb, living()))


def share_mb(name: str) -> float:
    """One process's part of the memory: its proportional set size, or all it has where it hides that."""
    with contextlib.suppress(OSError, ValueError):
        try:
            with open(f"/proc/{name}/smaps_rollup", "rb") as file:
                return next((int(line.split()[1]) / 1024 for line in file if line.startswith(b"Pss:")), 0.0)
        except OSError:
            return resident_mb(f"/proc/{name}", stat_fields(f"/proc/{name}/stat"))
    return 0.0
