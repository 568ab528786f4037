"""Where the small hub keeps large files: what `hf_xet` uploads, taken apart, and given back; kept in memory.

Speaks the protocol of https://huggingface.co/docs/xet (chunks in xorbs, files as terms in shards), as far as a
client asks for it. What it does not do: upload grants (a client that is refused one uploads directly), finding
chunks of other repositories, checking hashes of chunks. The sha256 of every file is checked.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

WRITE_TOKEN, READ_TOKEN = "xet_s3cr3t_write", "xet_s3cr3t_read"
_ENTRY = 48
_BOOKEND = b"\xff" * 32
_VERIFIED, _WITH_SHA256 = 1 << 31, 1 << 30


@dataclass(frozen=True)
class Term:
    """Chunks `start` up to `stop` of a xorb, `size` bytes when unpacked."""

    xorb: str
    start: int
    stop: int
    size: int


@dataclass
class Storage:
    xorbs: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, list[Term]] = field(default_factory=dict)
    """Terms of every file, by its hash."""
    hashes: dict[str, str] = field(default_factory=dict)
    """The hash of every file, by its sha256."""

    def take_shard(self, data: bytes) -> dict[str, bytes]:
        """The files that a shard describes, by sha256. Raises ValueError where one does not have its own."""
        found, at = {}, _ENTRY  # after the header
        while data[at : at + 32] != _BOOKEND:
            name, flags, count = struct.unpack_from("<32sII", data, at)
            entries = [struct.unpack_from("<32sIIII", data, at + _ENTRY * (1 + n)) for n in range(count)]
            at += _ENTRY * (1 + count * (2 if flags & _VERIFIED else 1))
            if not flags & _WITH_SHA256:
                raise ValueError("a repository's file comes with its sha256")
            sha256 = _hex(data[at : at + 32])
            at += _ENTRY
            terms = [Term(_hex(xorb), start, stop, size) for xorb, _, size, start, stop in entries]
            content = b"".join(chunk for term in terms for chunk in self._chunks(term))
            if hashlib.sha256(content).hexdigest() != sha256:
                raise ValueError(f"a file was announced as {sha256}, and is not")
            self.files[_hex(name)], self.hashes[sha256], found[sha256] = terms, _hex(name), content
        return found

    def reconstruction(self, name: str, address: str) -> dict[str, Any]:
        """How the file of that hash is put together again, and from where."""
        terms = self.files[name]
        xorbs = {
            term.xorb: [
                {
                    "range": {"start": 0, "end": len(_places(self.xorbs[term.xorb]))},
                    "url": f"{address}/{term.xorb}?signature=s3cr3t",
                    "url_range": {"start": 0, "end": _places(self.xorbs[term.xorb])[-1][1] - 1},
                }
            ]
            for term in terms
        }
        told = [
            {"hash": term.xorb, "unpacked_length": term.size, "range": {"start": term.start, "end": term.stop}}
            for term in terms
        ]
        return {"offset_into_first_range": 0, "terms": told, "fetch_info": xorbs}

    def _chunks(self, term: Term) -> list[bytes]:
        xorb = self.xorbs[term.xorb]
        return [_unpacked(xorb[start:stop]) for start, stop in _places(xorb)[term.start : term.stop]]


def _hex(data: bytes) -> str:
    """A hash as text: four little-endian numbers."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", data))


def _places(xorb: bytes) -> list[tuple[int, int]]:
    """Where each chunk of a xorb starts and stops, header included; what follows them is no chunk."""
    places, at = [], 0
    while at + 8 <= len(xorb) and xorb[at] == 0:
        size = int.from_bytes(xorb[at + 1 : at + 4], "little")
        places.append((at, at + 8 + size))
        at += 8 + size
    return places


def _unpacked(chunk: bytes) -> bytes:
    kind, size, data = chunk[4], int.from_bytes(chunk[5:8], "little"), chunk[8:]
    if kind:
        data = pa.decompress(data, size, codec="lz4", asbytes=True)
    if kind == 2:  # the first bytes of every four, then the second ones, …
        whole, at = bytearray(size), 0
        for first in range(4):
            count = len(range(first, size, 4))
            whole[first::4] = data[at : at + count]
            at += count
        data = bytes(whole)
    return data
