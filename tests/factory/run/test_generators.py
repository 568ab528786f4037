"""Several generators in a run: which problem climbs to which, whatever ended the run; rows, counts, prices."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from factory.config import SamplingConfig, load
from factory.errors import EngineError
from factory.records import PER_GENERATOR, Request, Rollout
from factory.records.summary import Summary
from factory.report.cost import Account
from factory.report.generators import priced
from factory.run import engine
from factory.run.directory import RunDir
from factory.sampling.engines.replay import Replay
from factory.storage import parts

Factory = Callable[..., subprocess.CompletedProcess[str]]
Replayed = Callable[..., Path]
GOOD = [f"def double(x):\n    return {text}\n" for text in ("2 * x", "x + x", "x * 2", "x - (-x)", "sum([x, x])")]
WRONG = "def double(x):\n    return x\n"
GO = "package solution\n\nfunc double(x int) int { return 2 * x }\n"
BAD_GO = "package solution\n\nfunc double(x int) int { return x }\n"
ADAPTIVE = {"kind": "adaptive", "n_max": 4, "first": 2, "stop": {"survivors": 2, "least_yield": 0.0}}
PROGRAMS = {
    "small": {
        "set/0": [GOOD[0], GOOD[1], WRONG, WRONG],  # two that differ
        "set/1": [WRONG, GOOD[0], GOOD[0], WRONG],  # one
        "set/2": [WRONG] * 4,  # none
        "set/3": [WRONG] * 4,
    },
    "large": {name: [WRONG, GOOD[2], GOOD[3], WRONG] for name in ("set/0", "set/1", "set/2")} | {"set/3": [WRONG] * 4},
    "last": {f"set/{number}": [GOOD[4], GOOD[0]] for number in range(4)},
}
NUMBERS = {"small": 4, "large": 4, "last": 2}
GO_BY = {"small": BAD_GO, "large": GO}
PRICES = {"small": {"prompt": 1.0, "completion": 2.0}, "large": {"completion": 10.0}}
TOKENS = 10
"""Of each answer; a prompt has twice as many."""


def generators(folder: Path, *names: str, **changed: dict[str, Any]) -> list[dict[str, Any]]:
    """The sections of generators that replay their `PROGRAMS`: the first is always asked, the others climb."""
    return [
        {
            "name": name,
            "engine": {"kind": "replay", "path": str(folder / f"{name}.jsonl"), "price": PRICES.get(name)},
            **({"n": NUMBERS[name]} if "plan" not in changed.get(name, {}) else {}),
            **({"when": "unsolved"} if number else {}),
            **changed.get(name, {}),
        }
        for number, name in enumerate(names)
    ]


def write(folder: Path, replayed: Replayed, several: list[dict[str, Any]], **sections: Any) -> Path:
    """A config of these generators."""
    config = replayed(folder, 4, [], review={"rerun": False, "inputs": 0, "mutants": 0})
    for name, by_problem in PROGRAMS.items():
        rows: list[dict[str, Any]] = [
            {"problem_id": problem, "index": index, "text": text, "mode": "code"}
            for problem, texts in by_problem.items()
            for index, text in enumerate(texts)
        ]
        if name in GO_BY:
            one = {"index": 0, "text": GO_BY[name], "mode": "code", "language": "go"}
            rows += [{"problem_id": problem} | one for problem in by_problem]
        counted = {"completion_tokens": TOKENS, "prompt_tokens": 2 * TOKENS, "model": f"{name}@1"}
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row | counted) + "\n" for row in rows))
    text = yaml.safe_load(config.read_text()) | {"sampling": {}, "generators": several} | sections
    del text["engine"]
    config.write_text(yaml.safe_dump(text))
    return config


def made(run_dir: Path) -> dict[str, dict[str, list[int]]]:
    """The indices of Python rollouts in open parts, by generator and problem."""
    found: dict[str, dict[str, list[int]]] = {}
    for path in sorted(run_dir.rglob("rollouts/*.parquet")):
        if "translations" not in path.parts and "shards" not in path.parts:
            for it in parts.read(path, Rollout):
                found.setdefault(it.generator, {}).setdefault(it.problem_id, []).append(it.index)
    return {name: {problem: sorted(it) for problem, it in of.items()} for name, of in found.items()}


def numbers(run_dir: Path) -> dict[str, dict[str, int]]:
    return {name: {problem: len(it) for problem, it in of.items()} for name, of in made(run_dir).items()}


def sums(run_dir: Path) -> str:
    return (run_dir / "shards/SHA256SUMS").read_text()


def rows(run_dir: Path, folder: str = "data") -> Iterator[dict[str, Any]]:
    for path in sorted((run_dir / "shards" / folder).glob("*.parquet")):
        yield from pq.read_table(path).to_pylist()


def run(factory: Factory, config: Path, run_dir: Path) -> Summary:
    done = factory("run", config, "--run-dir", run_dir)
    assert done.returncode == 0, done.stdout + done.stderr
    return Summary.read(run_dir / "summary.json")


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory, factory: Factory, replayed: Replayed) -> Path:
    """The folder of a config of three tiers, and of its run `run`, left alone; no test changes them."""
    folder = tmp_path_factory.mktemp("generators")
    several = generators(folder, "small", "large", "last", large={"when": "few", "n": 4})
    views = ["sft", "pretrain", "pairs", "preference", "rl", "rollouts"]
    translate = {"n": 1, "repair_rounds": 0, "generators": ["small", "large"]}
    rank = {"keep": 2}
    config = write(folder, replayed, several, translate=translate, shards={"views": views}, rank=rank)
    run(factory, config, folder / "run")
    return folder


def test_problems_climb_that_have_too_few(calm: Path) -> None:
    assert numbers(calm / "run") == {
        "small": dict.fromkeys(("set/0", "set/1", "set/2", "set/3"), 4),
        "large": dict.fromkeys(("set/1", "set/2", "set/3"), 4),  # `few`, of rank.keep = 2
        "last": {"set/3": 2},  # `unsolved`
    }


def test_indices_of_generators_do_not_clash(calm: Path) -> None:
    by = made(calm / "run")
    assert by["large"]["set/1"] == [PER_GENERATOR + at for at in range(4)]
    assert by["last"]["set/3"] == [2 * PER_GENERATOR + at for at in range(2)]
    names = {path.name.split(".")[1].rpartition("-")[0] for path in (calm / "run/rollouts").glob("*.parquet")}
    assert names == {"small", "large", "last"}


def test_every_row_says_who_made_it(calm: Path) -> None:
    found = list(rows(calm / "run"))
    by_problem = {
        (it["problem_id"], it["generator"], it["tier"], it["model"]) for it in found if it["language"] == "python"
    }
    assert by_problem == {
        ("set/0", "small", 1, "small@1"),
        ("set/1", "small", 1, "small@1"), ("set/1", "large", 2, "large@1"),
        ("set/2", "large", 2, "large@1"), ("set/3", "last", 3, "last@1"),
    }  # fmt: skip
    assert {it["generator"]: json.loads(it["price"] or "null") for it in found} == {
        "small": {"prompt": 1.0, "completion": 2.0},
        "large": {"prompt": 0.0, "completion": 10.0},
        "last": None,
    }
    for view in ("sft", "pretrain", "pairs", "preference", "rollouts"):
        assert all(it["generator"] in NUMBERS and it["tier"] for it in rows(calm / "run", view)), view
    for it in rows(calm / "run", "rl"):
        assert len(it["generator"]) == len(it["tier"]) == len(it["price"]) == len(it["responses"])
        assert [index // PER_GENERATOR + 1 for index in it["rollout_indices"]] == it["tier"]
    manifest = json.loads((calm / "run/shards/manifest.json").read_text())
    assert {"generator", "tier", "price"} <= manifest["schema"].keys()
    assert manifest["views"]["rl"]["schema"]["tier"] == "list<item: int64>"
    card = (calm / "run/shards/README.md").read_text()
    assert "| small | 1 | always | 1, 2 | 16 |" in card


def test_the_second_translates_what_the_first_could_not(calm: Path) -> None:
    go = [it for it in rows(calm / "run") if it["language"] == "go"]
    assert {it["problem_id"] for it in go} == {f"set/{number}" for number in range(4)}
    assert {it["generator"] for it in go} == {"large"}
    assert {it["rollout_index"] for it in go} == {PER_GENERATOR}
    summary = Summary.read(calm / "run/summary.json")
    assert {name: it["go"].rollouts for name, it in summary.generators.items() if "go" in it} == {
        "small": 4,
        "large": 4,
    }


def test_the_yield_of_each_is_counted_and_paid(calm: Path, factory: Factory, tmp_path: Path) -> None:
    summary = Summary.read(calm / "run/summary.json")
    small, large, last = (summary.generators[name]["python"] for name in ("small", "large", "last"))
    assert (small.problems, small.rollouts, small.passed, small.distinct, small.kept) == (4, 16, 4, 3, 3)
    assert (large.problems, large.rollouts, large.passed, large.distinct) == (3, 12, 4, 4)
    assert (last.problems, last.rollouts, last.passed, last.distinct) == (1, 2, 2, 2)
    assert small.pass_rate == 0.25
    assert small.completion_tokens == 16 * TOKENS
    assert small.tokens_per_distinct == round(16 * TOKENS / 3, 1)
    assert small.dollars == pytest.approx(16 * (2 * TOKENS * 1.0 + TOKENS * 2.0) / 1e6)
    assert large.dollars_per_distinct == pytest.approx(12 * TOKENS * 10 / 1e6 / 4)
    assert last.dollars is None
    of_go = 4 * (2 * TOKENS * 1.0 + TOKENS * 2.0) / 1e6 + 4 * TOKENS * 10 / 1e6
    account, paid = Account(RunDir(calm / "run").ledger()), load(calm / "config.yaml", ("cost.cpu_hour=0.0",))
    assert priced(account, paid, 1).dollars == pytest.approx((small.dollars or 0) + (large.dollars or 0) + of_go)
    for done in (factory("status", calm / "run"), factory("report", calm / "run", "--out", tmp_path / "page.html")):
        assert done.returncode == 0, done.stderr
    shown = factory("status", calm / "run").stdout
    assert "python, by generator" in shown
    assert "go, by generator" in shown
    page = (tmp_path / "page.html").read_text()
    assert "Python, by generator" in page
    assert "What each generator gave, Go" in page


def test_an_audit_finds_nothing(calm: Path, factory: Factory) -> None:
    done = factory("audit", calm / "run", "--sample", "1.0")
    assert done.returncode == 0, done.stdout + done.stderr


def test_kill_anywhere_then_the_same_bytes(calm: Path, tmp_path: Path, factory: Factory) -> None:
    total, killed = sum(1 for _ in (calm / "run").glob("*/*.parquet")), tmp_path / "killed"
    command = [sys.executable, "-m", "factory", "run", str(calm / "config.yaml"), "--run-dir", str(killed)]
    ends: list[int] = []
    for number in (1, total // 4, total // 2, 3 * total // 4):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        while process.poll() is None and sum(1 for _ in killed.rglob("*.parquet")) < number:
            time.sleep(0.005)
        process.send_signal(signal.SIGINT if len(ends) == 2 else signal.SIGKILL)
        ends.append(process.wait())
    assert -signal.SIGKILL in ends, "the run was through before it could be killed"
    run(factory, calm / "config.yaml", killed)
    assert sums(killed) == sums(calm / "run")
    assert made(killed) == made(calm / "run")


def test_slices_give_the_same_rows_and_counts(calm: Path, tmp_path: Path, factory: Factory) -> None:
    text = yaml.safe_load((calm / "config.yaml").read_text()) | {"slice": 2}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(text))
    summary = run(factory, tmp_path / "config.yaml", tmp_path / "run")
    assert list(rows(tmp_path / "run")) == list(rows(calm / "run"))
    assert summary.generators == Summary.read(calm / "run/summary.json").generators


def test_a_generator_at_the_end_extends_a_finished_run(tmp_path: Path, factory: Factory, replayed: Replayed) -> None:
    """One of a config with `engine` alone is the first of a list that names it `default`."""
    given, run_dir = tmp_path / "given", tmp_path / "run"
    first = generators(given, "small", small={"n": None})[0] | {"name": "default"}
    config = write(given, replayed, [first])
    plain = yaml.safe_load(config.read_text())
    del plain["generators"]
    plain |= {"engine": first["engine"], "sampling": {"n": 4}}
    (given / "plain.yaml").write_text(yaml.safe_dump(plain))
    run(factory, given / "plain.yaml", run_dir)
    before = {it.name: it.read_bytes() for it in (run_dir / "rollouts").glob("*.parquet")}

    write(given, replayed, [first, *generators(given, "small", "large")[1:]], sampling={"n": 4})
    summary = run(factory, config, run_dir)
    assert numbers(run_dir)["large"] == {"set/2": 4, "set/3": 4}
    assert {name: (run_dir / "rollouts" / name).read_bytes() for name in before} == before
    assert summary.languages["python"].problems_with_survivors == 3
    fresh = run(factory, config, tmp_path / "fresh")
    assert sums(tmp_path / "fresh") == sums(run_dir)
    assert fresh.generators == summary.generators

    for refused in ([first], [*generators(given, "small", "large")[1:], first]):
        write(given, replayed, [refused[0] | {"when": "always"}, *refused[1:]], sampling={"n": 4})
        done = factory("run", config, "--run-dir", run_dir)
        assert done.returncode == 2
        assert "generators" in done.stderr or "name" in done.stderr


def test_with_a_plan_the_next_counts_what_others_gave(tmp_path: Path, factory: Factory, replayed: Replayed) -> None:
    climbs = {"plan": ADAPTIVE, "when": "few"}
    several = generators(tmp_path, "small", "large", small={"plan": ADAPTIVE}, large=climbs)
    run(factory, write(tmp_path, replayed, several), tmp_path / "run")
    assert numbers(tmp_path / "run") == {
        "small": {"set/0": 2, "set/1": 4, "set/2": 4, "set/3": 4},
        "large": {"set/1": 2, "set/2": 3, "set/3": 4},  # of set/1 one program was there: one more is enough
    }
    ledger = [json.loads(line) for line in (tmp_path / "run/ledger.jsonl").read_text().splitlines()]
    planned = [(it["problem"], it["generators"], it["why"]) for it in ledger if it["event"] == "planned"]
    assert ("set/1", "large", "enough survivors") in planned
    assert ("set/0", "large", "goes on") not in planned


def test_a_budget_counts_all_generators(tmp_path: Path, factory: Factory, replayed: Replayed) -> None:
    climbs = {"plan": ADAPTIVE, "when": "few"}
    several = generators(tmp_path, "small", "large", small={"plan": ADAPTIVE}, large=climbs)
    totals = []
    for tokens in (1, 100, 10_000):
        folder = tmp_path / str(tokens)
        sampling = {"plan": ADAPTIVE, "budget": {"tokens": tokens}}
        config = write(tmp_path, replayed, several, sampling=sampling)
        run(factory, config, folder)
        totals.append(sum(sum(it.values()) for it in numbers(folder).values()) * TOKENS)
    first = 4 * ADAPTIVE["first"] * TOKENS  # type: ignore[operator]
    assert totals[0] == first, "every problem has its first round, and none climbs"
    assert first < totals[1] <= 100 + ADAPTIVE["n_max"] * TOKENS  # type: ignore[operator]
    assert totals[2] == 230


def test_those_that_are_always_asked_share_by_weight(tmp_path: Path, factory: Factory, replayed: Replayed) -> None:
    both = {"n": None, "when": "always"}
    several = generators(tmp_path, "small", "large", small=both | {"weight": 3}, large=both)
    run(factory, write(tmp_path, replayed, several, sampling={"n": 4}), tmp_path / "run")
    assert numbers(tmp_path / "run") == {
        "small": {f"set/{number}": 3 for number in range(4)},
        "large": {f"set/{number}": 1 for number in range(4)},
    }
    adaptive = {"plan": ADAPTIVE | {"stop": {"survivors": 9, "least_yield": 0.0}}}
    write(tmp_path, replayed, several, sampling=adaptive)
    run(factory, tmp_path / "config.yaml", tmp_path / "planned")
    assert numbers(tmp_path / "planned") == numbers(tmp_path / "run")


def test_what_one_exports_another_replays(calm: Path, tmp_path: Path, factory: Factory) -> None:
    """All rollouts of a run of several generators in one file: each gets its own."""
    found = [
        {key: it[key] for key in ("problem_id", "language", "mode", "model", "generator")}
        | {"index": it["rollout_index"], "text": it["completion"][0]["content"], "parent": it["parent_sha256"]}
        for it in rows(calm / "run", "rollouts")
    ]
    (tmp_path / "all.jsonl").write_text("".join(json.dumps(it) + "\n" for it in found))
    text = yaml.safe_load((calm / "config.yaml").read_text())
    for one in text["generators"]:
        one["engine"]["path"] = str(tmp_path / "all.jsonl")
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(text))
    run(factory, tmp_path / "config.yaml", tmp_path / "run")
    mine, theirs = (
        [(it["id"], it["generator"], it["rollout_index"]) for it in rows(one / "run")] for one in (calm, tmp_path)
    )
    assert mine == theirs


def test_the_translator_alone_uses_the_list(calm: Path, tmp_path: Path, factory: Factory) -> None:
    given = [{"problem_id": f"set/{number}", "code": GOOD[0]} for number in range(2)]
    (tmp_path / "survivors.jsonl").write_text("".join(json.dumps(it) + "\n" for it in given))
    done = factory(
        "translate", "--survivors", tmp_path / "survivors.jsonl", "--problems", calm / "problems.jsonl",
        "--config", calm / "config.yaml", "--out", tmp_path / "run",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    go = [it for it in rows(tmp_path / "run") if it["language"] == "go"]
    assert [(it["generator"], it["tier"]) for it in go] == [("large", 0)] * 2


def test_no_problem_climbs_past_an_engine_that_died(
    calm: Path, tmp_path: Path, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it owes may solve the problem: the next run asks for that, and comes to what a calm one comes to."""

    class Dies(Replay):
        async def sample(self, request: Request, sampling: SamplingConfig) -> AsyncGenerator[Rollout]:
            if "small" in self.model and request.problem_id != "set/3":
                raise EngineError("the engine is gone")
            async for one in super().sample(request, sampling):
                yield one

    monkeypatch.setattr(engine, "open_engine", lambda config, say: Dies(config))
    done = factory("run", calm / "config.yaml", "--run-dir", tmp_path / "run")
    assert done.returncode == 1
    assert "the engine is gone" in done.stderr
    assert "set/0" not in numbers(tmp_path / "run").get("large", {})
    assert "set/2" not in numbers(tmp_path / "run").get("large", {})
    monkeypatch.undo()
    run(factory, calm / "config.yaml", tmp_path / "run")
    assert sums(tmp_path / "run") == sums(calm / "run")
