"""Files that are whole or not there, and whose damage is seen."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from factory.errors import DamagedPart, PartError

MOVE_ASIDE = "remedy: move it aside, and run again"
"""What to do about a file of a run that cannot be read. Not to delete it: rollouts cannot be had again."""

_TEMPORARY = re.compile(r"\..+\.(?P<pid>[0-9]{1,9})\.(?:tmp|old)", re.DOTALL)
"""The name of a file or folder that a process, given by its number, has not finished; see `atomic`."""


def put(path: Path, data: bytes, lasting: bool = True) -> str:
    """Write `data` to `path` with its sha256 beside it, at once or not at all; the sha256.

    Unless `lasting`, a loss of power may take the file, or the sha256 beside it: what is found damaged or gone then has
    to be made again. What ends this process alone takes neither.
    """
    digest = hashlib.sha256(data).hexdigest()
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
    elif path.exists() and path.read_bytes() != data:
        path.unlink()  # before its digest goes: a kill then leaves no part, rather than one that looks damaged
    # One fsync of the folder is for both names: file systems with a journal keep the order of renames.
    with atomic(path, lasting) as temporary, atomic(digest_file(path), lasting=False, fsync=lasting) as beside:
        # The digest is in place before the part is: what exists can be checked.
        beside.write_bytes(_digest_line(path, digest))
        temporary.write_bytes(data)
    return digest


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Lets an OSError of what is written to `path` name it, which a failed write by itself does not."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            raise type(error)(error.errno, os.strerror(error.errno), str(path)) from error
        raise


def digest_file(path: Path) -> Path:
    """Where the sha256 of the part at `path` lies, in the form that `sha256sum --check` reads."""
    return path.with_name(f"{path.name}.sha256")


def set_aside(path: Path) -> Path:
    """Give a damaged part and its digest another name, under which nothing looks for parts; that name."""
    aside = free_name(path)
    path.rename(aside)
    if digest_file(path).exists():
        digest_file(path).rename(digest_file(aside))
    return aside


def free_name(path: Path) -> Path:
    """A name beside a damaged file that none has yet."""
    aside = path.with_name(f"{path.name}.damaged")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{number}")
    return aside


@contextmanager
def atomic(path: Path, lasting: bool = True, fsync: bool = True) -> Iterator[Path]:
    """The way a file of a run comes to be: written aside, to the path this gives, fsynced, renamed.

    Unless `lasting`, the caller sees to it that the new name outlives a loss of power, or can do without; unless
    `fsync`, that of what is in it.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        try:
            yield temporary
            if fsync:
                with temporary.open("rb") as file:
                    os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        if lasting:
            sync(path.parent)


def sync(path: Path) -> None:
    """Make a file, or the names in a folder, last where its file system can: some network ones answer EINVAL.

    Raises OSError.
    """
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):
            raise
    finally:
        os.close(number)


def remove_temporary(folder: Path) -> None:
    """Remove what processes that have ended left half written anywhere below `folder`."""
    for path in folder.rglob(".*.*"):
        found = _TEMPORARY.fullmatch(path.name)
        if found is None or _runs(int(found["pid"])):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def is_leftover(name: str) -> bool:
    """Whether a file of this name is half written, or was set aside: nothing reads it."""
    return _TEMPORARY.fullmatch(name) is not None or re.search(r"\.damaged(-[0-9]+)?(\.sha256)?$", name) is not None


def _runs(pid: int) -> bool:
    """Whether a process of this number runs on this machine, whoever started it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


def _bytes(path: Path) -> bytes:
    """The bytes of a file. Raises OSError, also for a pipe, which would be waited for for ever."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no file", str(path))
    return path.read_bytes()


def checked(path: Path, recorded: str | None = None, mend: bool = False) -> bytes:
    """The bytes of the part at `path`, seen to be those that were written.

    Two witnesses say which those were: the sha256 beside the part, and `recorded`, the one that the ledger has, if
    any. One that agrees with the part is enough; with `mend`, a sha256 beside it that does not agree is then written
    again. Raises DamagedPart where neither agrees, PartError where the part cannot be read.
    """
    try:
        data = _bytes(path)
    except OSError as error:
        raise PartError(f"{path}: cannot be read ({error.strerror}); {MOVE_ASIDE}") from None
    digest = hashlib.sha256(data).hexdigest()
    line, beside = _digest_line(path, digest), digest_file(path)
    try:
        fault = "" if _bytes(beside) == line else "its sha256 is another"
    except OSError as error:
        fault = f"{beside.name}: {error.strerror}"
    if not fault:
        return data
    if digest != recorded:
        raise DamagedPart(f"{path}: is damaged ({fault}); {MOVE_ASIDE}")
    if mend:
        with atomic(beside) as temporary:
            temporary.write_bytes(line)
    return data


def _digest_line(path: Path, digest: str) -> bytes:
    """The text of the digest file of the part at `path`."""
    return f"{digest}  {path.name}\n".encode("utf-8", "surrogateescape")


def digest(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
