"""The contract between the host and a worker: how messages are framed and answers are read.

Whatever starts a worker (see `boundary/`) hands back a `WorkerLink`: a process whose standard
input and output speak the message form of `sandbox.worker.server`. All that comes back from a
candidate is untrusted: `read_answers` accepts exactly the frames that were due, in order, and
nothing else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from sandbox.model import SandboxSpec
from sandbox.worker.codec import SUBCLASS


class Boundary(Protocol):
    """A way to build a wall. One file in `boundary/` each."""

    name: str

    def start(self, spec: SandboxSpec) -> WorkerLink:
        """Start a worker behind a fresh wall. Raises WallUnavailable naming the remedy."""
        ...

    def describe(self) -> str:
        """What it would run on, for people. Raises WallUnavailable naming the remedy."""
        ...


class WorkerLink(Protocol):
    """A started worker: bytes in, bytes out. Reading past its end or its death gives EOFError."""

    def send(self, data: bytes) -> None:
        """All of `data`; EOFError when the worker is gone, TimeoutError when it takes nothing for long."""
        ...

    def receive(self, size: int, deadline: float) -> bytes:
        """Exactly `size` bytes; EOFError when the worker is gone, TimeoutError at `deadline` (monotonic seconds)."""
        ...

    def close(self) -> None:
        """End the worker and all inside; returns when nothing of it is left."""
        ...


def message(header: dict[str, Any], *blobs: bytes) -> bytes:
    """A request as bytes; see `sandbox.worker.server` for the form."""
    text = json.dumps(header | {"blobs": [len(blob) for blob in blobs]}).encode()
    return b"".join((len(text).to_bytes(4, "big"), text, *blobs))


def read_message(link: WorkerLink, deadline: float) -> tuple[dict[str, Any], list[bytes]]:
    """One response: its header and its blobs. Raises EOFError, TimeoutError."""
    size = int.from_bytes(link.receive(4, deadline), "big")
    header: dict[str, Any] = json.loads(link.receive(size, deadline))
    return header, [link.receive(size, deadline) for size in header["blobs"]]


class AnswerKind(StrEnum):
    VALUE = "V"
    """`payload` is tagged JSON."""
    UNENCODABLE = "U"
    """`payload` names the type that is no plain value."""
    RAISED = "X"
    """`payload` is JSON {type, message, line}."""


@dataclass(frozen=True, slots=True)
class Answer:
    kind: AnswerKind
    payload: str

    @property
    def of_a_subclass(self) -> bool:
        """Whether something in the value says that it was of a subclass of a type of Python's own."""
        return SUBCLASS in self.payload


@dataclass(frozen=True, slots=True)
class Answers:
    """What a program claims to have answered: `answers[i]` for input i, as far as it came."""

    answers: tuple[Answer, ...]
    complete: bool
    """It answered every input and said nothing else."""
    load_error: str | None = None
    """JSON {type, message, line} of what loading it raised."""
    missing: str | None = None
    """JSON list of the functions it defines, when the entry point is not among them."""
    forged: str | None = None
    """What it wrote that was not due. Nothing it answered can be believed then."""


def read_answers(output: bytes, due: int) -> Answers:
    """Read the frames of a `PythonCalls` report for `due` inputs, trusting none of them."""
    frames, rest = split_frames(output, due + 3)
    if not frames:
        return Answers((), False, forged="bytes that are no frame" if rest else None)
    (first, payload), *following = frames
    if first == "L" and not following and not rest:
        return Answers((), False, load_error=payload)
    if first == "M" and not following and not rest:
        return Answers((), False, missing=payload)
    if first != "R":
        return Answers((), False, forged=f"a frame {first!r} before it was loaded")
    complete = bool(following) and following[-1][0] == "Z" and not rest
    claimed = following[:-1] if complete else following
    if len(claimed) > due:
        return Answers((), False, forged=f"more answers than the {due} inputs")
    if complete and len(claimed) < due:
        return Answers((), False, forged=f"{len(claimed)} answers to {due} inputs")
    if any(kind not in "VUX" for kind, _ in claimed):
        return Answers((), False, forged="a frame out of turn")
    return Answers(tuple(Answer(AnswerKind(kind), text) for kind, text in claimed), complete)


def split_frames(data: bytes, most: int) -> tuple[list[tuple[str, str]], bytes]:
    """The whole frames (kind, payload) in `data`, at most `most` of them, and the bytes left over."""
    frames: list[tuple[str, str]] = []
    start = 0
    while len(data) - start >= 5 and len(frames) < most:
        size = int.from_bytes(data[start + 1 : start + 5], "big")
        end = start + 5 + size
        if end > len(data):
            break
        kind = chr(data[start])
        if kind not in "RVUXWLMZCPF":
            break
        frames.append((kind, data[start + 5 : end].decode("utf-8", "replace")))
        start = end
    return frames, data[start:]
