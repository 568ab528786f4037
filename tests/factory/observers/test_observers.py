"""Who follows a run: each sees what happened, hears the end however it comes, and ends no run when it fails."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import signal
import socket
import subprocess
import sys
import types
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import pytest
from prometheus_client.parser import text_string_to_metric_families

from factory.config import (
    CommandObserver,
    JsonLinesObserver,
    MlflowObserver,
    ObserverConfig,
    PrometheusObserver,
    TensorBoardObserver,
    WandbObserver,
    WebhookObserver,
)
from factory.errors import ConfigError, EngineError
from factory.observers import OBSERVERS, Observers, RunName
from factory.observers.prometheus import Prometheus
from factory.records import Rollout, Status, Verdict

Factory = Callable[..., subprocess.CompletedProcess[str]]
Replayed = Callable[..., Path]
PROGRAMS = ("def double(x):\n    return 2 * x\n", "def double(x):\n    return x * x\n")
RUN = RunName("a-run", "/runs/a-run", "a model")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def some_figures(observers: Observers) -> None:
    """Two rollouts, of which one passes."""
    for index in range(2):
        observers.figures.add_rollout(Rollout(problem_id="a", index=index, text="", mode="chat", completion_tokens=10))
    observers.figures.add_verdicts(
        [Verdict("a", 0, "python", Status.PASSED), Verdict("a", 1, "python", Status.WRONG_ANSWER)]
    )
    observers.show(observers.figures)


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def observe(notes: list[str]) -> Callable[..., Observers]:
    return lambda *configs: Observers(configs, RUN, notes.append)


def test_every_kind_of_the_config_has_its_observer() -> None:
    kinds = [one.model_fields["kind"].default for one in ObserverConfig.__origin__.__args__]  # type: ignore[attr-defined]
    assert list(OBSERVERS) == kinds


# ---- a whole run ----


@pytest.fixture
def followed(tmp_path: Path, replayed: Replayed) -> Path:
    hook = [sys.executable, "-c", f"import sys; open({str(tmp_path / 'hook.json')!r}, 'w').write(sys.stdin.read())"]
    observers = [
        {"kind": "prometheus", "port": 0},
        {"kind": "json_lines", "path": str(tmp_path / "log" / "run.jsonl"), "every_s": 0.001},
        {"kind": "tensorboard", "path": str(tmp_path / "board")},
        {"kind": "command", "command": hook},
    ]
    return replayed(tmp_path, 3, PROGRAMS, observers=observers)


def test_a_run_is_followed_to_its_end(followed: Path, tmp_path: Path, factory: Factory) -> None:
    ran = factory("run", followed, "--run-dir", tmp_path / "run")
    assert ran.returncode == 0, ran.stderr
    assert "metrics: http://127.0.0.1:" in ran.stderr
    assert "left out" not in ran.stderr
    first, *others, last = lines(tmp_path / "log" / "run.jsonl")
    assert (first["event"], first["run"], first["directory"]) == ("begins", "test", str(tmp_path / "run"))
    assert first["model"].startswith("replay of ")
    figures = [line for line in others if line["event"] == "figures"]
    assert figures
    assert all(early["rollouts"] <= late["rollouts"] for early, late in itertools.pairwise(figures))
    assert (last["event"], last["status"], last["error"], last["shipped"]) == ("ends", "finished", "", {"python": 3})
    about = last["figures"]
    assert (about["rollouts"], about["python/verified"], about["python/passed"], about["python/kept"]) == (6, 6, 3, 3)
    assert about["python/pass_rate"] == 0.5
    hook = json.loads((tmp_path / "hook.json").read_text())
    assert (hook["status"], hook["shipped"], hook["figures"]["rollouts"]) == ("finished", {"python": 3}, 6)
    assert list((tmp_path / "board").glob("events.out.tfevents.*"))


def test_a_run_that_fails_says_why(followed: Path, tmp_path: Path, factory: Factory) -> None:
    ran = factory("run", followed, "--run-dir", tmp_path / "run", "--set", f"problems.path={tmp_path / 'no.jsonl'}")
    assert ran.returncode == 2
    hook = json.loads((tmp_path / "hook.json").read_text())
    assert hook["status"] == "failed"
    assert "no.jsonl" in hook["error"]
    assert lines(tmp_path / "log" / "run.jsonl")[-1]["error"] == hook["error"]


def test_observers_change_neither_the_shards_nor_what_resumes(
    followed: Path, tmp_path: Path, factory: Factory, replayed: Replayed
) -> None:
    plain = replayed(tmp_path / "plain", 3, PROGRAMS)
    assert factory("run", followed, "--run-dir", tmp_path / "run").returncode == 0
    assert factory("run", plain, "--run-dir", tmp_path / "other").returncode == 0
    for path in (tmp_path / "run" / "shards").rglob("*.parquet"):
        other = tmp_path / "other" / path.relative_to(tmp_path / "run")
        assert path.read_bytes() == other.read_bytes()
    resumed = factory("run", followed, "--run-dir", tmp_path / "run", "--set", "observers=[]")
    assert resumed.returncode == 0, resumed.stderr


# ---- ends ----


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (None, "finished", ""),
        (KeyboardInterrupt(), "stopped", ""),
        (asyncio.CancelledError(), "stopped", ""),
        (EngineError("the engine\nhas died"), "failed", "the engine\\nhas died"),
        (ExceptionGroup("several", [ExceptionGroup("inner", [ValueError("a bug")])]), "failed", "a bug"),
    ],
)
def test_how_a_run_ends_is_said(
    observe: Callable[..., Observers], tmp_path: Path, error: BaseException | None, status: str, said: str
) -> None:
    path = tmp_path / "run.jsonl"

    def work() -> None:
        with observe(JsonLinesObserver(path=path)):
            if error is not None:
                raise error

    if error is None:
        work()
    else:
        with pytest.raises(type(error)):
            work()
    last = lines(path)[-1]
    assert (last["event"], last["status"], last["error"]) == ("ends", status, said)


# ---- prometheus ----


def scraped(port: int) -> dict[tuple[str, str], float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {
        (sample.name, sample.labels.get("language", sample.labels.get("model", ""))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_prometheus_reads_the_counts_as_they_are(observe: Callable[..., Observers], notes: list[str]) -> None:
    with observe(PrometheusObserver(port=0)) as observers:
        port = int(notes[0].removeprefix("metrics: http://127.0.0.1:").removesuffix("/metrics"))
        assert scraped(port)["factory_rollouts_sampled_total", ""] == 0
        some_figures(observers)
        found = scraped(port)
        assert found["factory_rollouts_sampled_total", ""] == 2
        assert found["factory_completion_tokens_total", ""] == 20
        assert found["factory_rollouts_verified_total", "python"] == 2
        assert found["factory_rollouts_passed_total", "python"] == 1
        assert found["factory_run_info", "a model"] == 1
    with pytest.raises(OSError, match="refused"):
        scraped(port)


def test_a_port_that_is_taken_is_named_at_the_beginning(observe: Callable[..., Observers], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        log = JsonLinesObserver(path=tmp_path / "run.jsonl")
        with pytest.raises(ConfigError, match=rf"port {port} of 127\.0\.0\.1 cannot be listened on"):
            observe(log, PrometheusObserver(port=port)).__enter__()
    assert lines(tmp_path / "run.jsonl")[-1]["status"] == "failed"


# ---- hooks ----


@pytest.fixture
def hooked(endpoint: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """`hooked(answer)`: an address that answers so, in HOOK_URL."""
    opened = []

    def start(answer: Callable[[int, Any], Any]) -> Any:
        manager = endpoint.Endpoint(answer).running()
        served = manager.__enter__()
        opened.append(manager)
        monkeypatch.setenv("HOOK_URL", f"{served.url}/secret-part-of-it")
        return served

    yield start
    for manager in opened:
        manager.__exit__(None, None, None)


def test_a_webhook_is_sent_what_the_run_has_come_to(observe: Callable[..., Observers], hooked: Any) -> None:
    served = hooked(lambda number, body: (204, {}, b""))
    with observe(WebhookObserver(url_env="HOOK_URL")) as observers:
        some_figures(observers)
        assert served.asked == []
    ((path, _, body),) = served.asked
    assert path.endswith("/secret-part-of-it")
    assert (body["run"], body["directory"], body["status"]) == ("a-run", "/runs/a-run", "finished")
    assert body["figures"]["python/passed"] == 1


@pytest.mark.parametrize(("status", "tries"), [(503, 3), (429, 3), (404, 1), (401, 1)])
def test_a_webhook_that_fails_is_a_note(
    observe: Callable[..., Observers], hooked: Any, notes: list[str], status: int, tries: int
) -> None:
    served = hooked(lambda number, body: (status, {}, b"no"))
    with observe(WebhookObserver(url_env="HOOK_URL")):
        pass
    assert len(served.asked) == tries
    assert notes == [f"observers: webhook: is left out: status {status}"]


def test_a_webhook_that_comes_back_is_told(observe: Callable[..., Observers], hooked: Any, notes: list[str]) -> None:
    served = hooked(lambda number, body: (0, {}, None) if number == 0 else (200, {}, b"ok"))
    with observe(WebhookObserver(url_env="HOOK_URL")):
        pass
    assert (len(served.asked), notes) == (2, [])


@pytest.mark.parametrize("value", [None, "", "no address", "ftp://host/x", "http://"])
def test_an_address_that_is_none_is_named_without_being_shown(
    observe: Callable[..., Observers], monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("HOOK_URL", raising=False)
    if value is not None:
        monkeypatch.setenv("HOOK_URL", value)
    with pytest.raises(ConfigError, match=r"observers: webhook: HOOK_URL") as refused:
        observe(WebhookObserver(url_env="HOOK_URL")).__enter__()
    assert not value or value not in str(refused.value)


def test_a_command_is_given_the_end(observe: Callable[..., Observers], tmp_path: Path, notes: list[str]) -> None:
    out = tmp_path / "out.json"
    code = (
        "import json, os, sys\n"
        "about = json.load(sys.stdin) | {'env': [os.environ['FACTORY_RUN_DIR'], os.environ['FACTORY_STATUS']]}\n"
        f"open({str(out)!r}, 'w').write(json.dumps(about))\n"
    )
    with observe(CommandObserver(command=(sys.executable, "-c", code))) as observers:
        some_figures(observers)
    found = json.loads(out.read_text())
    assert found["env"] == ["/runs/a-run", "finished"]
    assert found["figures"]["rollouts"] == 2
    assert notes == []


@pytest.mark.parametrize(
    ("code", "timeout_s", "why"),
    [
        ("raise SystemExit('no room')", 60, "exits 1: no room"),
        ("import time; time.sleep(60)", 0.2, "was ended after 0.2 s"),
    ],
)
def test_a_command_that_fails_is_a_note(
    observe: Callable[..., Observers], notes: list[str], code: str, timeout_s: float, why: str
) -> None:
    with observe(CommandObserver(command=(sys.executable, "-c", code), timeout_s=timeout_s)):
        pass
    assert notes == [f"observers: command: is left out: {why}"]


def test_a_program_that_is_not_there_is_named(observe: Callable[..., Observers]) -> None:
    with pytest.raises(ConfigError, match="'no-such-program': there is no such program"):
        observe(CommandObserver(command=("no-such-program",))).__enter__()


# ---- trackers ----


def test_tensorboard_reads_the_curves(observe: Callable[..., Observers], tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import TENSORS, EventAccumulator

    with observe(TensorBoardObserver(path=tmp_path / "board", every_s=0.001)) as observers:
        some_figures(observers)
    read = EventAccumulator(str(tmp_path / "board"), size_guidance={TENSORS: 0})
    read.Reload()
    assert {"rollouts", "tokens_per_s", "python/passed", "python/pass_rate"} <= set(read.Tags()["tensors"])
    last = read.Tensors("python/passed")[-1]
    assert (last.step, last.tensor_proto.float_val[0]) == (2, 1.0)


@pytest.mark.parametrize(("failing", "code"), [(False, 0), (True, 1)])
def test_wandb_is_given_points_by_rollouts(
    observe: Callable[..., Observers], monkeypatch: pytest.MonkeyPatch, failing: bool, code: int
) -> None:
    library = mock.MagicMock()  # it is not installed for tests
    monkeypatch.setitem(sys.modules, "wandb", library)
    with contextlib.suppress(EngineError), observe(WandbObserver(project="mine", every_s=0.001)) as observers:
        some_figures(observers)
        if failing:
            raise EngineError("dead")
    about = library.init.call_args.kwargs
    assert (about["project"], about["name"], about["config"]["model"]) == ("mine", "a-run", "a model")
    run = library.init.return_value
    assert [call.kwargs["step"] for call in run.log.call_args_list] == [2, 2]
    assert run.log.call_args.args[0]["python/passed"] == 1
    run.finish.assert_called_once_with(exit_code=code)


def test_mlflow_is_given_points_by_rollouts(observe: Callable[..., Observers], monkeypatch: pytest.MonkeyPatch) -> None:
    library = mock.MagicMock()  # it is not installed for tests
    monkeypatch.setitem(sys.modules, "mlflow", library)
    client = library.MlflowClient.return_value
    client.get_experiment_by_name.return_value = None
    with observe(MlflowObserver(experiment="mine", every_s=0.001)) as observers:
        some_figures(observers)
    client.create_run.assert_called_once_with(client.create_experiment.return_value, run_name="a-run")
    logged = {call.args[1]: call.args[2] for call in client.log_metric.call_args_list}
    assert (logged["rollouts"], logged["python/passed"]) == (2, 1)
    assert client.set_terminated.call_args.args[1] == "FINISHED"


@pytest.mark.parametrize(
    "config", [WandbObserver(project="a"), MlflowObserver(experiment="a"), TensorBoardObserver(path=Path("board"))]
)
def test_a_package_that_is_not_there_is_named(
    observe: Callable[..., Observers], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, config: ObserverConfig
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("wandb", "mlflow", "tensorboard.summary"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigError, match=rf"observers: {config.kind}: the package is not installed; remedy: pip"):
        observe(config).__enter__()


# ---- those that fail ----


def test_a_service_that_is_away_is_left_out(
    observe: Callable[..., Observers], monkeypatch: pytest.MonkeyPatch, notes: list[str]
) -> None:
    def away(**_: Any) -> None:
        raise RuntimeError("no network")

    monkeypatch.setitem(sys.modules, "wandb", types.SimpleNamespace(init=away))
    with observe(WandbObserver(project="mine")) as observers:
        some_figures(observers)
    assert notes == ["observers: wandb: is left out: no network"]


@pytest.mark.parametrize("when", ["show", "note", "end"])
def test_one_that_fails_is_left_out_and_the_others_go_on(
    observe: Callable[..., Observers], monkeypatch: pytest.MonkeyPatch, notes: list[str], tmp_path: Path, when: str
) -> None:
    def fail(self: object, *_: Any) -> None:
        raise OSError("disk is full")

    monkeypatch.setattr(Prometheus, when, fail)
    with observe(PrometheusObserver(port=0), JsonLinesObserver(path=tmp_path / "run.jsonl")) as observers:
        some_figures(observers)
        observers.print_and_note("a note")
    assert notes.count("observers: prometheus: is left out: disk is full") == 1
    found = lines(tmp_path / "run.jsonl")
    assert [line["event"] for line in found] == ["begins", "figures", "note", "ends"]
    assert found[-1]["status"] == "finished"


def test_a_log_that_cannot_be_written_is_named(observe: Callable[..., Observers], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        observe(JsonLinesObserver(path=tmp_path / "file" / "run.jsonl")).__enter__()


def test_a_secret_is_in_no_line(
    observe: Callable[..., Observers], hooked: Any, tmp_path: Path, notes: list[str]
) -> None:
    hooked(lambda number, body: (500, {}, b"no"))
    path = tmp_path / "run.jsonl"
    with observe(JsonLinesObserver(path=path), WebhookObserver(url_env="HOOK_URL")) as observers:
        observers.note("asked .../secret-part-of-it")
        import os

        observers.note(f"asked {os.environ['HOOK_URL']}")
    assert os.environ["HOOK_URL"] not in path.read_text() + " ".join(notes)


def test_a_run_that_is_stopped_calls_its_hooks(followed: Path, tmp_path: Path) -> None:
    endless = "def double(x):\n    while True:\n        pass\n"
    rollouts = tmp_path / "rollouts.jsonl"
    rows = [json.loads(line) | {"text": endless} for line in rollouts.read_text().splitlines()]
    rollouts.write_text("".join(json.dumps(row) + "\n" for row in rows))
    code = "from factory.cli import main; main()"
    words = ["run", str(followed), "--run-dir", str(tmp_path / "run")]
    words += ["--set", "limits={cpu_s: 60, wall_s: 60}", "--set", "max_limits={cpu_s: 60}"]
    run = subprocess.Popen([sys.executable, "-c", code, *words], stderr=subprocess.PIPE, text=True)
    assert run.stderr is not None
    with run.stderr:
        for line in run.stderr:
            if "metrics:" in line:
                break
        while not list((tmp_path / "run").rglob("rollouts/*.parquet")):
            assert run.poll() is None
        run.send_signal(signal.SIGTERM)
        rest = run.stderr.read()
    assert run.wait(60) == 130, rest
    assert json.loads((tmp_path / "hook.json").read_text())["status"] == "stopped"
    assert lines(tmp_path / "log" / "run.jsonl")[-1]["status"] == "stopped"
