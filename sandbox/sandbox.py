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
from sandbox.link import GRACE_S, Observed
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
START_S = 30.0
AWAY_S = 10.0
"""How long a wall that has been there may be away, as while a Docker daemon restarts."""


class Sandbox:
    """Runs jobs one after another behind a wall. A context manager; closing ends the worker.

    `backend` "auto" takes the first wall that can be built here, docker before bubblewrap; `backend` and `why` then
    say which and why. `alive` is called before each wait for a worker with the seconds that it may take, at most.
    Raises WallUnavailable when no wall can be built, or one that was there is away for `AWAY_S`.
    """

    def __init__(
        self,
        backend: str = "auto",
        spec: SandboxSpec = SandboxSpec(),  # noqa: B008  # it is a constant
        alive: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self._alive = alive
        self._walls = walls(backend)
        self._spec = spec
        self.why = "asked for"
        """Why it is this wall."""
        self._link: WorkerLink | None = None
        self._inputs: tuple[str, tuple[str, ...]] | None = None
        self._jobs = 0
        self._talking = self._had_worker = False
        self.restarts = 0
        """Workers lost to anything but their age."""

    def __enter__(self) -> Sandbox:
        self._worker()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def backend(self) -> str:
        """The wall's name; "auto" until one has started."""
        return self._walls[0].name if len(self._walls) == 1 else "auto"

    def close(self) -> None:
        if self._link is not None:
            self._link.close()
        self._link = self._inputs = None
        self._jobs = 0

    # ---- jobs ----

    def run_calls(self, job: PythonCalls) -> ExecutionResult:
        """Run one program on its inputs; `read_answers` reads the report's output."""

        def attempt(link: WorkerLink) -> ExecutionResult:
            self._load(link, "calls", job.inputs)
            limits = _limits(job.limits.for_calls(len(job.inputs)))
            header = {"op": "calls", "entry_point": job.entry_point, "limits": limits}
            link.send(message(header, job.source.encode("utf-8", "surrogatepass")))
            response, blobs = read_message(link, _deadline(job.limits))
            return _report(response["reports"][0], blobs[0], b"")

        return self._attempt(attempt)

    def run_streams(self, job: PythonStreams) -> tuple[ExecutionResult, ...]:
        """Run one program once per input; reports end early after one that broke a limit, its own or that of all."""

        def attempt(link: WorkerLink) -> tuple[ExecutionResult, ...]:
            self._load(link, "streams", job.inputs)
            together = job.limits.for_calls(len(job.inputs)).output_kb
            header = {"op": "streams", "limits": _limits(job.limits), "together_kb": together}
            link.send(message(header, job.source.encode("utf-8", "surrogatepass")))
            return _reports(read_message(link, _deadline(job.limits, len(job.inputs))))

        return self._attempt(attempt)

    def run_commands(self, job: CommandJob) -> tuple[ExecutionResult, ...]:
        """Run the steps in order; reports end early after a required step that failed."""

        def attempt(link: WorkerLink) -> tuple[ExecutionResult, ...]:
            steps = [
                {"argv": step.argv, "env": dict(step.env), "required": step.required, "limits": _limits(step.limits)}
                for step in job.steps
            ]
            header = {"op": "commands", "files": list(job.files), "steps": steps}
            link.send(message(header, *job.files.values(), *(step.stdin for step in job.steps)))
            wall_s = sum(step.limits.wall_s for step in job.steps)
            return _reports(read_message(link, time.monotonic() + wall_s + GRACE_S))

        return self._attempt(attempt)

    @contextlib.contextmanager
    def conversation(self, job: Conversation) -> Iterator[Talk]:
        """Talk to one program, call by call.

        Raises WorkerLost when the worker fails in the middle: a conversation cannot be repeated from here,
        whoever leads it starts it again. No other job runs here meanwhile.
        """
        link = self._worker()
        self._talking = True
        try:
            how = {"tests": job.tests, "printed": job.printed}
            header = {"op": "open", "entry_point": job.entry_point, **how, "limits": _limits(job.limits)}
            link.send(message(header, job.source.encode("utf-8", "surrogatepass")))
            talk = Talk(link, job.limits)
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
        if self._link is not None and self._jobs >= JOBS_A_WORKER:
            self.close()
        if self._link is None:
            self._link = self._start_again()
            self._had_worker = True
        return self._link

    def _start_again(self) -> WorkerLink:
        """A worker that answers; a wall that gave one before is waited for. Raises WallUnavailable."""
        end = time.monotonic() + AWAY_S * self._had_worker
        while True:
            try:
                return self._start()
            except WallUnavailable:
                if time.monotonic() >= end:
                    raise
            self._alive(1.0)
            time.sleep(1.0)

    def _start(self) -> WorkerLink:
        """A worker that answers. Settles on the first wall that gives one, for as long as this sandbox lives."""
        refusals = []
        for wall in self._walls:
            try:
                self._alive(START_S)
                link = Observed(_greeted(wall, self._spec), self._alive)
            except WallUnavailable as error:
                refusals.append(error)
                continue
            if len(self._walls) > 1:
                passed_over = "; ".join(str(error) for error in refusals)
                self.why = f"since {passed_over}" if refusals else f"since {wall.describe()} answers"
                self._walls = [wall]
            return link
        if len(refusals) == 1:
            raise refusals[0]
        raise WallUnavailable("; ".join(map(str, refusals)))

    def _lose(self) -> None:
        self.restarts += 1
        self.close()

    def _load(self, link: WorkerLink, kind: str, inputs: tuple[str, ...]) -> None:
        if self._inputs is None or self._inputs[0] != kind or self._inputs[1] is not inputs:
            text = json.dumps(inputs).encode()
            link.send(message({"op": "inputs", "kind": kind}, text))
            self._inputs = (kind, inputs)


def _greeted(boundary: Boundary, spec: SandboxSpec) -> WorkerLink:
    """A worker behind a fresh wall, which has answered. Raises WallUnavailable."""
    link = boundary.start(spec)
    try:
        link.send(message({"op": "inputs", "kind": "calls"}, b"[]") + message({"op": "ping"}))
        read_message(link, time.monotonic() + START_S)
    except (EOFError, TimeoutError) as error:
        link.close()
        raise WallUnavailable(
            f"the {boundary.name} wall cannot start: {error}; remedy: `factory doctor` says whether it can here; where "
            "it could, raise the limits on processes and memory (`ulimit -a`, the container's pids limit)"
        ) from None
    except BaseException:
        link.close()
        raise
    return link


class Talk:
    """An open conversation: one frame (kind, payload) from inside for each text sent in.

    `opening` is the first frame, given unasked. None means that no frame came, or bytes that are not one.
    """

    def __init__(self, link: WorkerLink, limits: Limits) -> None:
        self._link, self._limits = link, limits
        self.report: ExecutionResult | None = None
        """How it ended, once it has."""
        self.opening = self._frame()

    def ask(self, text: str) -> tuple[str, str] | None:
        self._link.send(message({"op": "call"}, text.encode()))
        return self._frame()

    def end(self) -> None:
        self._link.send(message({"op": "close"}))
        header, _ = read_message(self._link, _deadline(self._limits))
        self.report = _report(header["reports"][0], b"", b"")

    def _frame(self) -> tuple[str, str] | None:
        _, (data,) = read_message(self._link, _deadline(self._limits))
        frames, rest = split_frames(data, 2)
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
