"""The one place a candidate can write to: how full it is, and how it is emptied between jobs.

Promises: whatever was left there is gone after `empty`, or an error is raised.
"""

import os
import stat

WORK_DIR = "/tmp"


def files_in_use() -> int:
    shape = os.statvfs(WORK_DIR)
    return shape.f_files - shape.f_ffree


def empty() -> None:
    """Remove all that is in the work directory, whatever its shape, and open it to all again.

    What lies deeper is first moved up, level by level: nothing recurses and no path grows long.
    """
    if os.stat(WORK_DIR).st_mode & 0o777 != 0o777:
        os.chmod(WORK_DIR, 0o777)
    while names := os.listdir(WORK_DIR):
        for name in names:
            path = f"{WORK_DIR}/{name}"
            if is_folder(path):
                flatten(path)
            else:
                os.unlink(path)


def flatten(folder: str) -> None:
    """Remove `folder` and its files; the folders in it move up beside it."""
    os.chmod(folder, 0o700)
    for name in os.listdir(folder):
        path = f"{folder}/{name}"
        if is_folder(path):
            os.chmod(path, 0o700)  # a folder that moves has to be writable: its ".." changes
            os.rename(path, f"{WORK_DIR}/{os.urandom(16).hex()}")
        else:
            os.unlink(path)
    os.rmdir(folder)


def is_folder(path: str) -> bool:
    return stat.S_ISDIR(os.lstat(path).st_mode)
