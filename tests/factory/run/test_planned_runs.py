"""Runs whose plan decides how many rollouts a problem gets: the same bytes however they came to an end."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from factory.records import Rollout
from factory.records.summary import Summary
from factory.run.journal import Journal
from factory.storage import parts

Factory = Callable[..., subprocess.CompletedProcess[str]]
Replayed = Callable[..., Path]
GOOD = [
    f"def double(x):\n    return {text}\n"
    for text in ("2 * x", "x + x", "x * 2", "x - (-x)", "sum([x, x])", "x + 1 * x", "3 * x - x")
]
WRONG = "def double(x):\n    return x\n"
PLAN = {"kind": "adaptive", "n_max": 24, "first": 4, "stop": {"survivors": 3, "least_yield": 0.3}}
PROGRAMS = {
    "set/0": GOOD * 5,  # many that differ
    "set/1": GOOD[:1] * 30,  # always the same
    "set/2": [WRONG] * 30,  # none passes
    "set/3": [*[WRONG] * 12, *GOOD[:1], *[WRONG] * 20],  # one passes, and late
    "set/4": [WRONG, GOOD[0], WRONG, WRONG, GOOD[1], WRONG, WRONG, GOOD[2], *[WRONG] * 22],
    "set/5": [WRONG] * 7,  # fewer are recorded
}
UNTIL = {"set/0": 4, "set/1": 6, "set/2": 24, "set/3": 14, "set/4": 9, "set/5": 7}
SAID = {
    "set/0": "stopped at 4: 4 distinct",
    "set/1": "stopped at 6: 1 distinct, another one is unlikely",
    "set/2": "pushed to 24: none passes",
    "set/3": "stopped at 14: 1 distinct, another one is unlikely",
    "set/4": "stopped at 9: 3 distinct",
    "set/5": "stopped at 7: none passes, no more are recorded",
}


def config_of(folder: Path, replayed: Replayed, **sections: Any) -> Path:
    """A config that replays `PROGRAMS` by a plan."""
    config = replayed(folder, len(PROGRAMS), [], sampling={"plan": PLAN}, verify={"chunk": 4, "canaries": False})
    rows = [
        {"problem_id": name, "index": index, "text": text, "mode": "code", "completion_tokens": 10}
        for name, texts in PROGRAMS.items()
        for index, text in enumerate(texts)
    ]
    (folder / "rollouts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config.write_text(yaml.safe_dump(yaml.safe_load(config.read_text()) | sections))
    return config


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory, factory: Factory, replayed: Replayed) -> Path:
    """The folder of a config, and of its run `run` that was left alone; no test changes them."""
    folder = tmp_path_factory.mktemp("planned")
    done = factory("run", config_of(folder, replayed), "--run-dir", folder / "run")
    assert done.returncode == 0, done.stderr
    return folder


def rollouts(run_dir: Path) -> Counter[str]:
    """How many rollouts the open parts of a run have, by problem."""
    found = [it for path in run_dir.glob("rollouts/*.parquet") for it in parts.read(path, Rollout)]
    assert len({(it.problem_id, it.index) for it in found}) == len(found)
    return Counter(it.problem_id for it in found)


def decided(run_dir: Path) -> list[dict[str, Any]]:
    """What plans decided, in the order of the ledgers."""
    ledgers = [run_dir / "ledger.jsonl", *sorted(run_dir.glob("slices/*/ledger.jsonl"))]
    lines = [json.loads(line) for ledger in ledgers for line in ledger.read_text().splitlines()]
    return [
        {key: value for key, value in line.items() if key not in ("at", "seal", "event")}
        for line in lines
        if line["event"] == "planned"
    ]


def sums(run_dir: Path) -> str:
    return (run_dir / "shards/SHA256SUMS").read_text()


def test_each_problem_gets_as_many_rollouts_as_it_needs(calm: Path) -> None:
    assert rollouts(calm / "run") == UNTIL
    summary = Summary.read(calm / "run/summary.json")
    assert summary.languages["python"].problems_with_survivors == 4
    assert summary.planned == {"enough survivors": 2, "low yield": 2, "n_max": 1, "no more recorded": 1}


def test_every_decision_is_in_the_ledger_once(calm: Path) -> None:
    made = decided(calm / "run")
    of_one = [it for it in made if it["problem"] == "set/4"]
    assert [(it["rollouts"], it["until"], it["why"], it["distinct"]) for it in of_one] == [
        (4, 6, "goes on", 1),
        (6, 9, "goes on", 2),
        (9, 9, "enough survivors", 3),
    ]
    assert len({(it["problem"], it["rollouts"]) for it in made}) == len(made)


def test_the_report_and_status_say_what_was_decided(calm: Path, tmp_path: Path, factory: Factory) -> None:
    done = factory("report", calm / "run", "--out", tmp_path / "page.html")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "page.html").read_text()
    data = json.loads(page.split('id="data">')[1].split("</script>")[0])
    assert {row["id"]: row["planned"] for row in data["problems"]} == SAID
    shown = factory("status", calm / "run").stdout
    assert "problems with enough programs that pass: 2" in shown
    assert "problems without further recorded rollouts: 1" in shown
    assert "unbiased" not in shown


def test_an_audit_finds_nothing(calm: Path, factory: Factory) -> None:
    done = factory("audit", calm / "run", "--sample", "1.0")
    assert done.returncode == 0, done.stdout + done.stderr


def test_kill_anywhere_then_the_same_bytes(calm: Path, tmp_path: Path, factory: Factory, warm: Any) -> None:
    total, killed = sum(1 for _ in (calm / "run").glob("*/*.parquet")), tmp_path / "killed"
    ends: list[int] = []
    for number in (1, total // 3, 2 * total // 3):
        process = warm.start("run", calm / "config.yaml", "--run-dir", killed, session=True)
        while process.poll() is None and sum(1 for _ in killed.rglob("*.parquet")) < number:
            time.sleep(0.005)
        process.send_signal(signal.SIGINT if len(ends) == 1 else signal.SIGKILL)
        ends.append(process.wait())
    assert -signal.SIGKILL in ends, "the run was through before it could be killed"
    assert factory("run", calm / "config.yaml", "--run-dir", killed).returncode == 0
    assert sums(killed) == sums(calm / "run")
    assert rollouts(killed) == UNTIL
    key = lambda it: (it["problem"], it["rollouts"])  # noqa: E731
    assert sorted(decided(killed), key=key) == sorted(decided(calm / "run"), key=key)


def test_slices_give_the_same_shards(
    calm: Path, tmp_path: Path, factory: Factory, replayed: Replayed, warm: Any
) -> None:
    config, sliced = config_of(tmp_path, replayed, slice=4), tmp_path / "sliced"
    process = warm.start("run", config, "--run-dir", sliced, session=True)
    while process.poll() is None and not list(sliced.rglob("verdicts/*.parquet")):
        time.sleep(0.005)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert factory("run", config, "--run-dir", sliced).returncode == 0
    one, other = (
        {str(it.relative_to(run)): it.read_bytes() for it in (run / "shards").rglob("*.parquet")}
        for run in (sliced, calm / "run")
    )
    assert one == other
    assert Summary.read(sliced / "summary.json").planned == Summary.read(calm / "run/summary.json").planned
    assert len(list(sliced.glob("slices/*/slice.json"))) == 2


@pytest.mark.parametrize(
    "sets", [["stop.survivors=5"], ["n_max=30"], ["stop.least_yield=0.2"], ["n_max=40", "stop.survivors=7"]]
)
def test_a_plan_that_is_extended_gives_what_it_would_have_given_at_once(
    calm: Path, tmp_path: Path, factory: Factory, sets: list[str]
) -> None:
    grown = shutil.copytree(calm / "run", tmp_path / "grown")
    more = [text for one in sets for text in ("--set", f"sampling.plan.{one}")]
    for run_dir in (grown, tmp_path / "new"):
        done = factory("run", calm / "config.yaml", "--run-dir", run_dir, *more)
        assert done.returncode == 0, done.stderr
    assert sums(grown) == sums(tmp_path / "new")
    assert rollouts(grown) == rollouts(tmp_path / "new") != UNTIL
    back = factory("run", calm / "config.yaml", "--run-dir", grown)
    assert back.returncode == 2
    assert f"sampling.plan.{sets[0].split('=')[0]}: " in back.stderr


def test_a_fixed_number_has_no_decisions(calm: Path, tmp_path: Path, factory: Factory) -> None:
    fixed = ("--set", "sampling.plan={kind: fixed}", "--set", "sampling.n=6")
    done = factory("run", calm / "config.yaml", "--run-dir", tmp_path / "run", *fixed)
    assert done.returncode == 0, done.stderr
    assert decided(tmp_path / "run") == []
    assert set(rollouts(tmp_path / "run").values()) == {6}
    assert Summary.read(tmp_path / "run/summary.json").planned == {}
    assert "unbiased" in done.stdout


def test_no_rollout_is_paid_for_twice(
    tmp_path: Path, endpoint: ModuleType, factory: Factory, replayed: Replayed, warm: Any
) -> None:
    """kill -9 of a run that asks an endpoint, while a later round is under way."""
    config, run_dir = config_of(tmp_path, replayed), tmp_path / "run"
    answer = endpoint.chat(f"```python\n{GOOD[0]}```")

    def behave(number: int, _: dict[str, Any]) -> Any:
        time.sleep(0.02)
        return answer

    with endpoint.Endpoint(behave).running() as server:
        text = yaml.safe_load(config.read_text())
        text["sampling"]["plan"]["stop"]["least_yield"] = 0.0  # all problems get all
        text["engine"] = {"kind": "openai", "model": "m", "base_url": server.url, "in_flight": 2}
        config.write_text(yaml.safe_dump(text))
        process = warm.start("run", config, "--run-dir", run_dir, session=True)
        while process.poll() is None and len(server.asked) < 60:
            time.sleep(0.005)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        kept = sum(rollouts(run_dir).values())
        kept += sum(len(Journal(path).read()) for path in (run_dir / "open").rglob("*.jsonl"))
        assert kept > 40
        asked = len(server.asked)
        assert factory("run", config, "--run-dir", run_dir).returncode == 0
    assert len(server.asked) - asked <= 24 * len(PROGRAMS) - kept + 2
    assert set(rollouts(run_dir).values()) == {24}
