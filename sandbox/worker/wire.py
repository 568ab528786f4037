"""Moves bytes between the host and files, kernel to kernel where they are a candidate's.

Promises: `receive`, `append` and `respond` never bring a blob into this process's memory.
"""

import json
import os
from typing import Any

Header = dict[str, Any]
_decoder = json.JSONDecoder()


def read_exactly(size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = os.read(0, size - len(data))
        if not piece:
            raise EOFError("the host closed in the middle of a message")
        data += piece
    return data


def read_header() -> Header | None:
    """The host's next message without its blobs; None when it has closed."""
    first = os.read(0, 1)
    if not first:
        return None
    size = int.from_bytes(first + read_exactly(3), "big")
    header: Header
    header, _ = _decoder.raw_decode(read_exactly(size).decode())
    return header


def write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def send(text: str) -> None:
    """Send a header, as JSON."""
    data = text.encode()
    write_all(1, len(data).to_bytes(4, "big") + data)


def respond(reports: list[Header], kept: int, sizes: list[int]) -> None:
    """Send reports and what the file `kept` holds, as blobs of `sizes`."""
    send(f'{{"reports": [{", ".join(map(written, reports))}], "blobs": {sizes}}}')
    copy(kept, 1, 0, sum(sizes))


def written(report: Header) -> str:
    """A report as JSON, by hand: each page touched between two forks is copied anew, by `json.dumps` 60, by this 10."""
    code, signal = ("null" if report[it] is None else report[it] for it in ("exit_code", "signal"))
    breach = "null" if report["breach"] is None else f'"{report["breach"]}"'
    used = f'"cpu_ms": {report["cpu_ms"]!r}, "wall_ms": {report["wall_ms"]!r}, "peak_mb": {report["peak_mb"]!r}'
    return f'{{"exit_code": {code}, "signal": {signal}, "breach": {breach}, {used}}}'


def new_file(data: bytes = b"") -> int:
    """The descriptor of a file in memory, at offset 0."""
    fd = os.memfd_create("file")
    if data:
        write_all(fd, data)
        os.lseek(fd, 0, os.SEEK_SET)
    return fd


def receive(size: int, into: int | None = None) -> int:
    """Move `size` bytes from the host into a file (a new one, or after what `into` holds); it, at offset 0."""
    fd = new_file() if into is None else into
    os.lseek(fd, 0, os.SEEK_END)
    while size:
        moved = os.splice(0, fd, size)
        if not moved:
            raise EOFError("the host closed in the middle of a blob")
        size -= moved
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def size_of(fd: int) -> int:
    """Bytes of a file, at whose end it then is: `os.fstat` would make twenty objects."""
    return os.lseek(fd, 0, os.SEEK_END)


def append(fd: int, kept: int, most: int | None = None) -> int:
    """Copy the file `fd`, or `most` bytes of it, to the position of `kept`; how many bytes that is.

    A quarter of these is how it begins (what went wrong, before a long trace), the rest, on a new line, how it ends.
    """
    size = os.fstat(fd).st_size
    if most is None or size <= most:
        copy(fd, kept, 0, size)
        return size
    head = most // 4
    copy(fd, kept, 0, head)
    write_all(kept, b"\n")
    copy(fd, kept, size - (most - head - 1), size)
    return most


def copy(source: int, target: int, start: int, end: int) -> None:
    while start < end:
        start += os.sendfile(target, source, start, end - start)
