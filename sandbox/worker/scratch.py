"""The places a candidate can write to: how full they are, and how they are emptied between jobs.

Promises: whatever was left there is gone after `empty`, or an error is raised; sockets that nobody has any more too.
"""

import _socket
import os
import stat
import time

WORK_DIR = "/tmp"
SHARED = "/dev/shm"
"""Where POSIX puts shared memory: a place of its own behind one wall, a link to the work directory behind another."""
PLACES = tuple(place for place in (WORK_DIR, SHARED) if not os.path.islink(place) and os.path.isdir(place))
FILE_MB = 16 / 1024
"""What a file counts for besides its contents: no limit of the kernel's bounds a tmpfs's inodes, nor the time to
empty it."""


SOCKETS = "/proc/net/unix"
HEADING = 64
"""Bytes read of it: a line of titles and, where there is a socket, how its line begins, before a name that a candidate
chose."""
COLLECT_S = 1.0
"""How long the kernel may take to collect sockets; it is done in a few milliseconds."""


def used_mb(root: str = "") -> float:
    """MiB that all files take, in memory since that is where they lie, as seen from the root directory `root`."""
    return sum(place_mb(f"{root}{place}") for place in PLACES)


def size_kb() -> int:
    """KiB that the work directory can hold."""
    shape = os.statvfs(WORK_DIR)
    return shape.f_blocks * shape.f_bsize // 1024


def place_mb(place: str) -> float:
    shape = os.statvfs(place)
    return (shape.f_blocks - shape.f_bfree) * shape.f_bsize / 2**20 + (shape.f_files - shape.f_ffree) * FILE_MB


def empty() -> None:
    """Remove all that is there, whatever its shape, and open the places to all again.

    What lies deeper is first moved up, level by level: nothing recurses and no path grows long.
    """
    collect_sockets()
    for place in PLACES:
        if os.stat(place).st_mode & 0o7777 != 0o777:
            os.chmod(place, 0o777)
        while names := os.listdir(place):
            for name in names:
                path = f"{place}/{name}"
                if is_folder(path):
                    flatten(path, place)
                else:
                    os.unlink(path)


def collect_sockets() -> None:
    """Have the kernel free the sockets on their way in each other's queues, with names and files that go with them.

    They outlive all who had them, until some socket is closed. Raises OSError when they do not go.
    """
    if not sockets_left():
        return
    end = time.monotonic() + COLLECT_S
    while sockets_left():
        if time.monotonic() > end:
            raise OSError("sockets that a candidate left cannot be collected")
        _socket.socket(_socket.AF_UNIX).close()
        time.sleep(0.001)


def sockets_left() -> bool:
    """Whether there is any Unix socket behind this wall."""
    fd = os.open(SOCKETS, os.O_RDONLY)
    try:
        return not os.read(fd, HEADING).endswith(b"\n")
    finally:
        os.close(fd)


def flatten(folder: str, place: str) -> None:
    """Remove `folder` and its files; the folders in it move up to `place`."""
    os.chmod(folder, 0o700)
    for name in os.listdir(folder):
        path = f"{folder}/{name}"
        if is_folder(path):
            os.chmod(path, 0o700)  # a folder that moves has to be writable: its ".." changes
            os.rename(path, f"{place}/{os.urandom(16).hex()}")
        else:
            os.unlink(path)
    os.rmdir(folder)


def is_folder(path: str) -> bool:
    return stat.S_ISDIR(os.lstat(path).st_mode)
