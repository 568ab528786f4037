"""One warm worker, kept alive: started when first needed, replaced after a while or on any surprise.

Promises: a job gets a report of what its program did, or `WorkerLost` after three workers
failed it; never a report about our own failure. Does not promise parallelism: a process that
wants more workers opens more sandboxes.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from sandbox.boundary import walls
from sandbox.contract import Boundary, WorkerLink, message, read_message, split_frames
from sandbox.errors import WallUnavailable, WorkerLost
from sandbox.model import (
    Breach,
    CommandJob,
    Conversation,
    ExecutionResult,
    Limits,
    PythonCalls,
    PythonStreams,
    SandboxSpec,
    Usage,
)

T = TypeVar("T")
TRIES = 3
JOBS_A_WORKER = 5000
GRACE_S = 20.0
"""How long after a job's wall limit a worker may still be busy killing, reaping and cleaning."""
START_S = 30.0


class Sandbox:
    """Runs jobs one after another behind a wall. A context manager; closing ends the worker.

    `backend` "auto" takes the first wall that can be built here, docker before bubblewrap; `backend` and `why` then
    tell which and why. Raises WallUnavailable when none can.
    """

    def __init__(self, backend: str = "auto", wall: SandboxSpec = SandboxSpec()) -> None:  # noqa: B008  # it is a constant
        self._walls = walls(backend)
        self._wall = wall
        self.why = "asked for"
        """Why it is this wall."""
        self._line: WorkerLink | None = None
        self._inputs: tuple[str, tuple[str, ...]] | None = None
        self._jobs = 0
        self._talking = False
        self.restarts = 0
        """Workers lost to anything but their age."""

    def __enter__(self) -> Sandbox:
        self._worker()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def backend(self) -> str:
        """The wall's name; "auto" as long as that is not settled."""
        return self._walls[0].name if len(self._walls) == 1 else "auto"

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = self._inputs = None
        self._jobs = 0

    # ---- jobs ----

    def run_calls(self, job: PythonCalls) -> ExecutionResult:
        """Run one program on its inputs; `read_answers` reads the report's output."""

        def attempt(line: WorkerLink) -> ExecutionResult:
            self._load(line, "calls", job.inputs)
            header = {"op": "calls", "entry_point": job.entry_point, "limits": _limits(job.limits)}
            line.send(message(header, job.source.encode("utf-8", "surrogatepass")))
            response, blobs = read_message(line, _deadline(job.limits))
            return _report(response["reports"][0], blobs[0], b"")

        return self._attempt(attempt)

    def run_streams(self, job: PythonStreams) -> tuple[ExecutionResult, ...]:
        """Run one program once per input; reports end early after one that broke a limit."""

        def attempt(line: WorkerLink) -> tuple[ExecutionResult, ...]:
            self._load(line, "streams", job.inputs)
            header = {"op": "streams", "limits": _limits(job.limits)}
            line.send(message(header, job.source.encode("utf-8", "surrogatepass")))
            return _reports(read_message(line, _deadline(job.limits, len(job.inputs))))

        return self._attempt(attempt)

    def run_commands(self, job: CommandJob) -> tuple[ExecutionResult, ...]:
        """Run the steps in order; reports end early after a required step that failed."""

        def attempt(line: WorkerLink) -> tuple[ExecutionResult, ...]:
            steps = [
                {"argv": step.argv, "env": dict(step.env), "required": step.required, "limits": _limits(step.limits)}
                for step in job.steps
            ]
            header = {"op": "commands", "files": list(job.files), "steps": steps}
            line.send(message(header, *job.files.values(), *(step.stdin for step in job.steps)))
            wall_s = sum(step.limits.wall_s for step in job.steps)
            return _reports(read_message(line, time.monotonic() + wall_s + GRACE_S))

        return self._attempt(attempt)

    @contextlib.contextmanager
    def conversation(self, job: Conversation) -> Iterator[Talk]:
        """Talk to one program, call by call.

        Raises WorkerLost when the worker fails in the middle: a conversation cannot be repeated from here,
        whoever leads it starts it again. No other job runs here meanwhile.
        """
        line = self._worker()
        self._talking = True
        try:
            header = {"op": "open", "entry_point": job.entry_point, "tests": job.tests, "limits": _limits(job.limits)}
            line.send(message(header, job.source.encode("utf-8", "surrogatepass")))
            talk = Talk(line, job.limits)
            yield talk
            talk.end()
            self._jobs += 1
        except (EOFError, TimeoutError) as error:
            self._lose()
            raise WorkerLost(f"the sandbox worker was lost: {error}") from None
        except BaseException:
            self.close()
            raise
        finally:
            self._talking = False

    # ---- the worker ----

    def _attempt(self, attempt: Callable[[WorkerLink], T]) -> T:
        reason = ""
        for _ in range(TRIES):
            try:
                result = attempt(self._worker())
            except (EOFError, TimeoutError) as error:
                reason = str(error)
                self._lose()
            except BaseException:
                # Left in the middle (Ctrl-C): the answer still to come must not be taken for the next job's.
                self.close()
                raise
            else:
                self._jobs += 1
                return result
        raise WorkerLost(f"{TRIES} sandbox workers were lost on the same job: {reason}")

    def _worker(self) -> WorkerLink:
        if self._talking:
            raise RuntimeError("a conversation is open on this sandbox; end it first, or open another sandbox")
        if self._line is not None and self._jobs >= JOBS_A_WORKER:
            self.close()
        if self._line is None:
            self._line = self._start()
        return self._line

    def _start(self) -> WorkerLink:
        """A worker that answers. Settles on the first wall that gives one, for as long as this sandbox lives."""
        refusals = []
        for wall in self._walls:
            try:
                line = _greeted(wall, self._wall)
            except WallUnavailable as error:
                refusals.append(error)
                continue
            if len(self._walls) > 1:
                passed_over = "; ".join(str(error) for error in refusals)
                self.why = f"since {passed_over}" if refusals else f"since {wall.describe()} answers"
                self._walls = [wall]
            return line
        if len(refusals) == 1:
            raise refusals[0]
        raise WallUnavailable("; ".join(map(str, refusals)))

    def _lose(self) -> None:
        self.restarts += 1
        self.close()

    def _load(self, line: WorkerLink, kind: str, inputs: tuple[str, ...]) -> None:
        if self._inputs is None or self._inputs[0] != kind or self._inputs[1] is not inputs:
            text = json.dumps(inputs).encode()
            line.send(message({"op": "inputs", "kind": kind}, text))
            self._inputs = (kind, inputs)


def _greeted(boundary: Boundary, wall: SandboxSpec) -> WorkerLink:
    """A worker behind a fresh wall, which has answered. Raises WallUnavailable."""
    line = boundary.start(wall)
    try:
        line.send(message({"op": "inputs", "kind": "calls"}, b"[]") + message({"op": "ping"}))
        read_message(line, time.monotonic() + START_S)
    except (EOFError, TimeoutError) as error:
        line.close()
        told = f"the {boundary.name} wall does not start: {error}; `factory doctor` tells more"
        raise WallUnavailable(told) from None
    except BaseException:
        line.close()
        raise
    return line


class Talk:
    """An open conversation: one frame (kind, payload) from inside for each text sent in.

    `opening` is the first frame, given unasked. None stands for a frame that never came, or bytes that are none.
    """

    def __init__(self, line: WorkerLink, limits: Limits) -> None:
        self._line, self._limits = line, limits
        self.report: ExecutionResult | None = None
        """How it ended, once it has."""
        self.opening = self._frame()

    def ask(self, text: str) -> tuple[str, str] | None:
        self._line.send(message({"op": "call"}, text.encode()))
        return self._frame()

    def end(self) -> None:
        self._line.send(message({"op": "close"}))
        header, _ = read_message(self._line, _deadline(self._limits))
        self.report = _report(header["reports"][0], b"", b"")

    def _frame(self) -> tuple[str, str] | None:
        _, (data,) = read_message(self._line, _deadline(self._limits))
        frames, rest = split_frames(data)
        return frames[0] if len(frames) == 1 and not rest else None


def _limits(limits: Limits) -> dict[str, Any]:
    return {name: getattr(limits, name) for name in limits.__slots__}


def _deadline(limits: Limits, runs: int = 1) -> float:
    return time.monotonic() + limits.wall_s * runs + GRACE_S


def _reports(response: tuple[dict[str, Any], list[bytes]]) -> tuple[ExecutionResult, ...]:
    header, blobs = response
    outputs = zip(blobs[::2], blobs[1::2], strict=True)
    return tuple(_report(report, out, errors) for report, (out, errors) in zip(header["reports"], outputs, strict=True))


def _report(data: dict[str, Any], output: bytes, errors: bytes) -> ExecutionResult:
    return ExecutionResult(
        exit_code=data["exit_code"],
        signal=data["signal"],
        breach=Breach(data["breach"]) if data["breach"] else None,
        output=output,
        errors=errors,
        usage=Usage(data["cpu_ms"], data["wall_ms"], data["peak_mb"]),
    )
