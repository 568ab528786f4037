"""One warm filter chain for all tests, short ways to problems and verdicts, and the command line."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import pytest
import yaml

from factory.cli import main
from factory.commands import audit, audit_rewards, process
from factory.config import GradingConfig, LimitsConfig, SandboxConfig
from factory.errors import DamageWarning, RenamedKeyWarning
from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.records import Case, Problem, Program, Verdict
from factory.records.values import encode
from factory.run import workers
from factory.run.directory import RunDir

MakeProblem = Callable[..., Problem]
Grade = Callable[..., list[Verdict]]
Factory = Callable[..., subprocess.CompletedProcess[str]]
Replayed = Callable[..., Path]
RewriteLedger = Callable[[RunDir, Callable[[dict[str, Any]], dict[str, Any] | None]], None]
BUBBLEWRAP = SandboxConfig(backend="bubblewrap")
"""For what tests no wall: `auto` takes Docker where a daemon answers, at three times the CPU."""
LETTERS = {"$": "set", "v": ["y", "x"]}


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_the_disk() -> Iterator[None]:
    """No test sees whether a file would outlive a loss of power; a run of some parts waits for the disk 100 times."""
    with mock.patch.object(os, "fsync", return_value=None):
        yield


@pytest.fixture(scope="session")
def make_problem() -> MakeProblem:
    """`make_problem(((1, 2), 3), …, kind="exact", **fields)`: cases are (args, expected), or (stdin, stdout) texts."""

    def make(*cases: tuple[Any, Any], kind: str = "equal", **fields: Any) -> Problem:
        stream = any(isinstance(given, str) for given, _ in cases)
        rows = [
            {"stdin": given, "stdout": expected}
            if stream
            else {"args": [encode(arg) for arg in given], "expected": encode(expected)}
            for given, expected in cases
        ]
        defaults = {
            "id": "t/0",
            "prompt": "Do it.",
            "entry_point": None if stream else "f",
            "cases": rows,
            "comparison": {"kind": kind},
        }
        return Problem.model_validate(defaults | fields)

    return make


@pytest.fixture(scope="session")
def session() -> Iterator[GradingSession]:
    limits = LimitsConfig(cpu_s=0.5, wall_s=30, memory_mb=256)
    with GradingSession(GradingConfig(limits=limits, sandbox=BUBBLEWRAP)) as session:
        yield session


@pytest.fixture(scope="session")
def grade(session: GradingSession) -> Grade:
    """`grade(problem, source, …)`: one Python verdict a source."""

    def verdicts(problem: Problem, *sources: str | None) -> list[Verdict]:
        return verify(session, problem, [Program(index, source) for index, source in enumerate(sources)], "python")

    return verdicts


@pytest.fixture
def problem() -> Problem:
    return Problem(
        id="set/1",
        prompt="Add two numbers.",
        entry_point="add_up",
        starter_code="def add_up(a: int, b: int) -> int:\n",
        cases=(
            Case(args=[1, 2], expected=3, public=True),
            Case(args=[70007, 80008], expected=150015),
            Case(args=[{"$": "tuple", "v": [1]}], kwargs={"b": LETTERS}, expected=None, public=True),
        ),
    )


@pytest.fixture
def stdin_problem() -> Problem:
    cases = (Case(stdin="1 2\n", stdout="3\n", public=True), Case(stdin="70007 80008\n", stdout="150015\n"))
    return Problem(id="set/2", prompt="Read numbers, print their sum.", cases=cases)


# ---- a replayed run ----


@pytest.fixture(scope="session")
def replayed() -> Replayed:
    """`replayed(folder, problems, programs, go="", **sections)`: the config, in `folder`, of a run that replays them.

    Each of the problems, "set/0" and on, asks to double a number, and has all of the programs as its rollouts. With
    `go` each is translated by it; without, nothing is.
    """

    def make(folder: Path, problems: int, programs: Sequence[str], go: str = "", **sections: Any) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        names = [f"set/{number}" for number in range(problems)]
        cases = [{"args": [n], "expected": 2 * n} for n in (1, 0, -7)]
        rows = [{"id": name, "prompt": "Double.", "entry_point": "double", "cases": cases} for name in names]
        rollouts: list[dict[str, Any]] = [
            {"problem_id": name, "index": index, "text": text, "mode": "code"}
            for name in names
            for index, text in enumerate(programs)
        ]
        if go:
            one = {"index": 0, "text": go, "mode": "code", "language": "go"}
            rollouts += [{"problem_id": name} | one for name in names]
        translate: dict[str, Any] = {"n": 1} if go else {"targets": []}
        config = {
            "name": "test",
            "problems": {"path": str(folder / "problems.jsonl")},
            "engine": {"kind": "replay", "path": str(folder / "rollouts.jsonl")},
            "sampling": {"n": len(programs)},
            "translate": translate,
            "verify": {"canaries": False},
            "executor": {"workers": 1},
            "sandbox": {"backend": "bubblewrap"},
            "shards": {"views": ["sft", "rollouts"]},
        } | sections
        for name, lines in (("problems", rows), ("rollouts", rollouts)):
            (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        return folder / "config.yaml"

    return make


# ---- cost ----


TIMES, MOST, TRIES = 4, 9, 10
FLOOR_S = 0.0005


@pytest.fixture(scope="session")
def assert_grows() -> Callable[..., None]:
    """`assert_grows(cost, size)`: `cost` (CPU seconds) of `TIMES * size` is less than `MOST` times that of `size`.

    What is linear takes `TIMES` as long, what is quadratic `TIMES` squared. No test knows a time. Whatever else the
    machine does only adds to one, so the least of several tries counts, and the tries end with the first that shows it.
    What is below `FLOOR_S` is no more than a clock can tell apart.
    """

    def compare(cost: Callable[[int], float], size: int, *, most: float = MOST, times: int = TIMES) -> None:
        small = large = math.inf
        for _ in range(TRIES):
            large = min(large, cost(times * size))
            if large < most * FLOOR_S:
                return
            small = min(small, max(cost(size), FLOOR_S))
            if large < most * small:
                return
        pytest.fail(f"{large:.4f} CPU seconds where {small:.4f} were needed for one {times} times smaller")

    return compare


@pytest.fixture(scope="session")
def cpu_s() -> Callable[[Callable[[], object]], float]:
    """`cpu_s(work)`: the CPU seconds of this thread that `work` needs; what it raises is what it does."""

    def measured(work: Callable[[], object]) -> float:
        start = time.thread_time()
        with contextlib.suppress(ValueError, RecursionError, MemoryError):
            work()
        return time.thread_time() - start

    return measured


# ---- an endpoint ----


@pytest.fixture(scope="session")
def endpoint() -> ModuleType:
    """The module `endpoint.py` beside this file: a small endpoint that behaves as it is told."""
    return sibling("endpoint")


def sibling(name: str) -> ModuleType:
    """The module in a file beside this one."""
    spec = importlib.util.spec_from_file_location(f"small_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ---- an object store ----


@pytest.fixture
def object_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """`ObjectStore` of object_store.py, with an empty bucket, and a cache folder of the test's own."""
    s3fs = pytest.importorskip("s3fs")
    pytest.importorskip("moto")
    s3fs.S3FileSystem.clear_instance_cache()  # they keep the address of another test's store
    with sibling("object_store").ObjectStore().served() as store:
        for name, value in store.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("ROLLOUT_FACTORY_CACHE", str(tmp_path / "cache"))
        store.files().mkdir(store.bucket)
        yield store


# ---- an index of packages ----


class Index:
    """All the packages that pip finds, as wheels in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def add(self, name: str, version: str, source: str, *needs: str) -> None:
        """A package of one module, which needs others."""
        info = f"{name}-{version}.dist-info"
        about = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        files = {
            f"{name}.py": source,
            f"{info}/METADATA": "\n".join([*about, *(f"Requires-Dist: {need}" for need in needs), ""]),
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
        with zipfile.ZipFile(self.folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    """An index with `toy_upper`, which needs `toy_lower`. What pip finds there is kept in a cache of the test's own."""
    found = Index(tmp_path / "index")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(found.folder))
    monkeypatch.setenv("ROLLOUT_FACTORY_CACHE", str(tmp_path / "cache"))
    found.add("toy_lower", "2.0", "def two(): return 2\n")
    found.add("toy_upper", "1.5", "from toy_lower import two\n", "toy_lower")
    return found


# ---- the command line ----

NO_DOCKER = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}
"""So that `auto` is bubblewrap."""


class Inline:
    """An executor that runs units in this process, each in the context that it was opened with."""

    workers = 1

    def __init__(self, context: Any) -> None:
        self.context = context

    async def run(self, work: Callable[[Any, Any], Any], unit: Any, /) -> Any:
        return work(self.context, unit)


@contextlib.asynccontextmanager
async def inline(
    _: object, open_context: Callable[[Callable[[float], None]], AbstractContextManager[Any]]
) -> AsyncIterator[Inline]:
    """In place of `open_executor`."""
    with open_context(lambda seconds: None) as context:
        yield Inline(context)


def in_process(*arguments: object) -> subprocess.CompletedProcess[str]:
    """What `factory ARGUMENTS` prints and exits with, run here, and units of work with it."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.ExitStack() as changed:
        changed.enter_context(contextlib.redirect_stdout(out))
        changed.enter_context(contextlib.redirect_stderr(err))
        changed.enter_context(mock.patch.object(sys, "argv", ["factory", *map(str, arguments)]))
        changed.enter_context(mock.patch.dict(os.environ, NO_DOCKER))
        for module in (workers, audit, audit_rewards):
            changed.enter_context(mock.patch.object(module, "open_executor", inline))
        changed.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        for ours in (RenamedKeyWarning, DamageWarning):
            warnings.simplefilter("always", ours)
        process.console.cache_clear()
        try:
            main()
        except SystemExit as end:
            return subprocess.CompletedProcess(
                [*map(str, arguments)], int(end.code or 0), out.getvalue(), err.getvalue()
            )
        finally:
            process.console.cache_clear()


class WarmProcess:
    """A `factory` command in a process of its own that warm.py has started. In use as `subprocess.Popen`."""

    def __init__(self, warm: Warm, pid: int, folder: Path, args: list[str]) -> None:
        self.pid, self.args = pid, args
        self.returncode: int | None = None
        self.out, self.err = folder / "out", folder / "err"
        """Files that get what it prints."""
        self._warm = warm

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._warm.ask("poll", self.pid)
        return self.returncode

    def wait(self) -> int:
        if self.returncode is None:
            self.returncode = self._warm.ask("wait", self.pid)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for it; what it has printed. `timeout` is pytest's to keep."""
        self.wait()
        return self.out.read_text(), self.err.read_text()

    def end(self) -> subprocess.CompletedProcess[str]:
        """Wait for it; what it has printed."""
        return subprocess.CompletedProcess(self.args, self.wait(), *self.communicate())


class Warm:
    """Starts `factory` commands, each in a process of its own, by warm.py."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0
        command = [sys.executable, str(Path(__file__).with_name("warm.py"))]
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._turn = threading.Lock()

    def start(
        self,
        *arguments: object,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        session: bool = False,
    ) -> WarmProcess:
        """Begin `factory ARGUMENTS`, in a session of its own with `session`. `env` and `cwd` as of `Popen`."""
        folder = self._folder / str(self._count)
        self._count += 1
        folder.mkdir()
        given = [*map(str, arguments)]
        environment = dict(os.environ if env is None else env)
        pid = self.ask(
            "start", given, environment, str(cwd or Path.cwd()), str(folder / "out"), str(folder / "err"), session
        )
        assert pid is not None
        return WarmProcess(self, pid, folder, given)

    def ask(self, *request: Any) -> int | None:
        with self._turn:
            assert self._server.stdin is not None
            assert self._server.stdout is not None
            self._server.stdin.write(json.dumps(request) + "\n")
            self._server.stdin.flush()
            answer: int | None = json.loads(self._server.stdout.readline())
            return answer

    def close(self) -> None:
        self._server.communicate()


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """`warm.start("run", config, …)`: the command in a process of its own that need not import what it imports."""
    with contextlib.closing(Warm(tmp_path_factory.mktemp("warm"))) as warm:
        yield warm


@pytest.fixture(scope="session")
def factory() -> Factory:
    """`factory("run", config, …)`: what the command prints and exits with, run in this process."""
    return in_process


@pytest.fixture(scope="session")
def factory_process(warm: Warm) -> Factory:
    """The same in a process of its own, which starts the workers of the config: three times as dear."""
    return lambda *arguments: warm.start(*arguments, env=os.environ | NO_DOCKER).end()


@pytest.fixture(scope="session")
def rewrite_ledger() -> RewriteLedger:
    """`rewrite_ledger(place, change)`: puts what `change` makes of every line in its place; nothing for None."""

    def rewrite(place: RunDir, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
        lines = [change(line) for line in place.ledger()]
        place.ledger().path.unlink()
        for line in filter(None, lines):
            place.ledger().append(line["event"], **{key: line[key] for key in line.keys() - {"event", "at"}})

    return rewrite
