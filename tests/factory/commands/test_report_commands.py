"""`factory report`, `status --watch` and prices, on a run that is done, one that is not, and one with little in it."""

from __future__ import annotations

import io
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory.console import Console
from factory.report.cost import Account
from factory.report.progress import Watch
from factory.run.directory import RunDir
from factory.run.reader import finished
from factory.run.summary import summarize

Factory = Callable[..., subprocess.CompletedProcess[str]]
RewriteLedger = Callable[[RunDir, Callable[[dict[str, Any]], dict[str, Any] | None]], None]
GOOD = "def double(x):\n    return 2 * x\n"
WRONG = "def double(x):\n    return x\n"
GO_GOOD = "package main\n\nfunc double(x int) int { return 2 * x }\n"
GO_BROKEN = "package main\n\nfunc double(x int) int { return y }\n"


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "factory", *map(str, arguments)]


def given(folder: Path, answers: dict[str, list[str]], **settings: Any) -> Path:
    """A config that replays `answers`, Python rollouts by problem; every problem has two Go ones."""
    names = list(answers)
    cases = [{"args": [n], "expected": 2 * n} for n in (1, 0, -7)]
    problems = [{"id": name, "prompt": "Double.", "entry_point": "double", "cases": cases} for name in names]
    rows = [
        {"problem_id": name, "index": index, "text": text, "mode": "code", "language": language}
        for name in names
        for language, texts in (("python", answers[name]), ("go", [GO_BROKEN, GO_GOOD]))
        for index, text in enumerate(texts)
    ]
    for file, lines in (("problems.jsonl", problems), ("rollouts.jsonl", rows)):
        (folder / file).write_text("".join(json.dumps(line) + "\n" for line in lines))
    config: dict[str, Any] = {
        "name": "test",
        "problems": {"path": str(folder / "problems.jsonl")},
        "engine": {"kind": "replay", "path": str(folder / "rollouts.jsonl")},
        "sampling": {"n": max(map(len, answers.values()))},
        "translate": {"n": 2},
        "verify": {"canaries": False},  # they have tests of their own
        "executor": {"workers": 1},
        "sandbox": {"backend": "bubblewrap"},
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config | settings))
    return path


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, factory_process: Factory) -> tuple[Path, Path]:
    """(config file, run directory) of a finished run: two problems, one of which has a survivor."""
    folder = tmp_path_factory.mktemp("done")
    config = given(folder, {"set/0": [GOOD, WRONG], "set/1": [WRONG, WRONG]})
    ran = factory_process("run", config, "--run-dir", folder / "run")
    assert ran.returncode == 0, ran.stderr
    return config, folder / "run"


@pytest.fixture
def copied(done: tuple[Path, Path], tmp_path: Path) -> Path:
    """A run directory like the finished one, to do things to."""
    return Path(shutil.copytree(done[1], tmp_path / "run"))


def test_a_report_is_written_into_the_run_directory(copied: Path, factory: Factory) -> None:
    told = factory("report", copied)
    assert told.returncode == 0, told.stderr
    assert told.stdout.strip() == f"report: {copied / 'report.html'}"
    page = (copied / "report.html").read_text(encoding="utf-8")
    assert '<p class="badge done">Complete</p>' in page
    assert "<dt>Verified records</dt><dd><strong>2</strong><span>1 Python · 1 Go</span>" in page
    assert [path.name for path in copied.iterdir() if path.name.endswith(".tmp")] == []


def test_a_report_goes_where_it_is_told_to(done: tuple[Path, Path], tmp_path: Path, factory: Factory) -> None:
    target = tmp_path / "new" / "page.html"
    assert factory("report", done[1], "--out", target).returncode == 0
    assert target.exists()
    assert not (done[1] / "report.html").exists()
    refused = factory("report", done[1], "--out", tmp_path)
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr


def unmade(line: dict[str, Any]) -> dict[str, Any] | None:
    """A line of the ledger of a run that has not come to the survivors of the translations, or to those of problems."""
    made = ("survivors/", "translations/go/survivors/")
    return None if line.get("part", "").startswith(made) else line


def untranslated(line: dict[str, Any]) -> dict[str, Any] | None:
    """A line of the ledger of a run that has translated nothing yet."""
    return None if line.get("part", "").startswith("translations/") else line


def test_a_run_in_progress_is_reported(copied: Path, factory: Factory, rewrite_ledger: RewriteLedger) -> None:
    shutil.rmtree(copied / "translations")
    rewrite_ledger(RunDir(copied), untranslated)
    (copied / "summary.json").unlink()
    assert factory("report", copied).returncode == 0
    page = (copied / "report.html").read_text(encoding="utf-8")
    assert "In progress · 1 of 2 problems unfinished" in page
    assert "1 Python</span>" in page


def test_a_damaged_part_is_named_and_no_report_is_written(copied: Path, factory: Factory) -> None:
    part = next((copied / "verdicts").glob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-1] + b"?")
    told = factory("report", copied)
    assert told.returncode == 1
    assert str(part) in told.stderr
    assert not (copied / "report.html").exists()


def test_no_run_is_no_report(tmp_path: Path, factory: Factory) -> None:
    told = factory("report", tmp_path)
    assert told.returncode == 2
    assert "is no run directory" in told.stderr


def test_a_run_without_survivors_or_targets_is_reported(tmp_path: Path, factory: Factory) -> None:
    config = given(tmp_path, {"only/one": [WRONG]}, translate={"targets": []})
    assert factory("run", config, "--run-dir", tmp_path / "run").returncode == 1, "nothing is kept"
    assert factory("report", tmp_path / "run").returncode == 0
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Complete" in page
    assert "<dt>Verified records</dt><dd><strong>0</strong>" in page


def test_a_finished_problem_is_one_with_all_its_parts(copied: Path, rewrite_ledger: RewriteLedger) -> None:
    rewrite_ledger(RunDir(copied), unmade)
    place = RunDir(copied)
    config, problems = place.open_config(), place.open_problems()
    assert [finished(config, problem, place) for problem in problems] == [True, True]
    shutil.rmtree(copied / "translations" / "go" / "survivors")
    assert [finished(config, problem, place) for problem in problems] == [False, True]
    shutil.rmtree(copied / "survivors")
    assert [finished(config, problem, place) for problem in problems] == [False, False]


def test_a_problem_is_given_up_until_it_is_worked_on_again() -> None:
    skipped = {"event": "skipped", "problem": "a", "reason": "too long"}
    worked = {"event": "verified", "problem": "a", "part": "verdicts/a.parquet", "cpu_s": 0.0}
    assert Account([worked, skipped]).skipped == {"a": "too long"}
    assert Account([skipped, worked]).skipped == {}
    assert Account([{"event": "other"}]).skipped == {}


def test_watching_a_finished_run_ends_at_once(done: tuple[Path, Path], factory: Factory) -> None:
    told = factory("status", done[1], "--watch")
    assert told.returncode == 0, told.stderr
    assert told.stdout == factory("status", done[1]).stdout


def test_watching_ends_when_the_run_does_or_with_ctrl_c(copied: Path, rewrite_ledger: RewriteLedger) -> None:
    """Translations are put back while it is watched; before that, another watcher is stopped."""
    place = copied / "translations"
    rewrite_ledger(RunDir(copied), untranslated)
    place.rename(copied / "aside")
    watcher = command("status", copied, "--watch", "--every", "0.1")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    stopped = subprocess.Popen(watcher, **pipes)  # type: ignore[call-overload]
    assert "1 of 2 problems done" in stopped.stdout.readline()
    stopped.send_signal(signal.SIGINT)
    assert stopped.wait(30) == 130
    assert "stopped watching" in stopped.stderr.read()
    watched = subprocess.Popen(watcher, **pipes)  # type: ignore[call-overload]
    assert "1 of 2 problems done" in watched.stdout.readline()
    (copied / "aside").rename(place)
    with RunDir(copied) as run_dir:
        run_dir.log("verified", part="translations/go/verdicts/x.parquet", problem="set/0", rollouts=2, cpu_s=0.0)
    out, _ = watched.communicate(timeout=30)
    assert watched.returncode == 0
    assert "go: 1 of 1 problems survive" in out
    for process in (stopped, watched):
        process.stdout.close()
        process.stderr.close()


def test_a_terminal_sees_the_funnel_move(done: tuple[Path, Path]) -> None:
    place = RunDir(done[1])
    summary = summarize(place.open_config(), place.open_problems(), place)
    console = Console(file=io.StringIO(), force_terminal=True, highlight=False, width=100, height=60)
    with Watch(console) as watch:
        watch.show(summary, 1, time.time() - 7)
        watch.show(summary, 1, None)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    for told in ("1 of 2 problems done, last news 7 s ago", "nothing sampled yet", "passes all tests", "CPU-seconds"):
        assert told in shown


def test_a_plain_stream_is_told_what_has_changed(done: tuple[Path, Path]) -> None:
    place = RunDir(done[1])
    summary = summarize(place.open_config(), place.open_problems(), place)
    console = Console(file=io.StringIO(), width=20)
    with Watch(console) as watch:
        watch.show(summary, 1, None)
        watch.show(summary, 1, None)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert lines == [
        "1 of 2 problems done, nothing sampled yet; python 4 verified, 1 pass, 1 kept; go 2 verified, 1 pass, 1 kept"
    ]


def test_prices_may_come_later_and_change_no_record(done: tuple[Path, Path], copied: Path, factory: Factory) -> None:
    before = json.loads((copied / "shards" / "manifest.json").read_text())
    assert "dollars" not in json.loads((copied / "summary.json").read_text())["cost"]
    priced = factory("run", done[0], "--run-dir", copied, "--set", "cost.cpu_hour=3600")
    assert priced.returncode == 0, priced.stderr
    summary = json.loads((copied / "summary.json").read_text())
    used = summary["cost"]
    assert used["dollars"] == pytest.approx(used["program_cpu_s"])
    assert used["dollars_per_record"] == pytest.approx(used["dollars"] / 2)
    assert "a verified record" in priced.stdout
    manifest = json.loads((copied / "shards" / "manifest.json").read_text())
    assert manifest["files"] == before["files"]
    assert manifest["config_sha256"] == before["config_sha256"]
    assert manifest["varies_from_run_to_run"] == ["cost.cpu_hour"]
    assert f"- ${used['dollars_per_record']:.6f} a verified record" in (copied / "shards/README.md").read_text()
