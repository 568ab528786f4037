"""A budget for a whole run: who gets the next round, what slices pass on, and the same bytes after a kill."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory.config import BudgetConfig, Config, Generator, PriceConfig, ReplayEngine, SamplingConfig
from factory.config.load import validate
from factory.errors import ConfigError
from factory.records import Problem, Rollout
from factory.records.summary import Summary
from factory.run.budget import Budget, SliceBudget
from factory.run.directory import RunDir
from factory.run.slices import Slice
from factory.sampling.plans import Ask, Decision, Seen, Why, ask, charge_of, next_wave, tokens_of
from factory.storage import parts

Factory = Callable[..., subprocess.CompletedProcess[str]]
Replayed = Callable[..., Path]
GOOD = [f"def double(x):\n    return {text}\n" for text in ("2 * x", "x + x", "x * 2", "x - (-x)", "sum([x, x])")]
WRONG = "def double(x):\n    return x\n"
PLAN = {"kind": "adaptive", "n_max": 30, "first": 4, "stop": {"survivors": 4, "least_yield": 0}}
PROGRAMS = {
    "set/0": [WRONG, GOOD[0], WRONG, *GOOD[1:], *GOOD * 5],  # worth a second round
    "set/1": [WRONG] * 30,
    "set/2": GOOD * 6,  # done with its first
    "set/3": [WRONG, WRONG, WRONG, GOOD[0], *[WRONG] * 30],
    "set/4": [WRONG] * 30,
}
EACH = 10
"""Tokens of a rollout."""


def config_of(folder: Path, replayed: Replayed, tokens: int, **sections: Any) -> Path:
    sampling = sections.pop("sampling", {"plan": PLAN, "budget": {"tokens": tokens}})
    config = replayed(folder, len(PROGRAMS), [], sampling=sampling, verify={"chunk": 4, "canaries": False}, **sections)
    rows = [
        {
            "problem_id": name,
            "index": index,
            "text": text,
            "mode": "code",
            "completion_tokens": EACH,
            "prompt_tokens": 5,
        }
        for name, texts in PROGRAMS.items()
        for index, text in enumerate(texts)
    ]
    (folder / "rollouts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return config


def rollouts(run_dir: Path) -> Counter[str]:
    found = [it for path in run_dir.glob("rollouts/*.parquet") for it in parts.read(path, Rollout)]
    return Counter(it.problem_id for it in found)


def lines(run_dir: Path, event: str) -> list[dict[str, Any]]:
    ledgers = [run_dir / "ledger.jsonl", *sorted(run_dir.glob("slices/*/ledger.jsonl"))]
    found = [json.loads(line) for ledger in ledgers for line in ledger.read_text().splitlines()]
    return [line for line in found if line["event"] == event]


def sums(run_dir: Path) -> str:
    return (run_dir / "shards/SHA256SUMS").read_text()


# ---- who is next ----


def test_a_round_is_worth_what_it_may_give_and_no_more_than_is_lacking() -> None:
    decision = Decision(8, 12, Why.GOES_ON, Seen(graded=8, passed=6, distinct=5, once=4, twice=1))
    wanted = ask(3, decision, 80, 8)
    assert (wanted.order, wanted.cost) == (3, 40)
    assert wanted.records == pytest.approx(decision.seen.new_in(4))
    assert ask(3, decision, 80, 6).records == 1
    longer = ask(3, decision, 160, 8)
    assert longer.worth == pytest.approx(wanted.worth / 2)


def test_a_wave_is_the_better_half_as_far_as_the_budget_goes() -> None:
    asks = [Ask(0, 10, 1.0), Ask(1, 10, 4.0), Ask(2, 10, 2.0), Ask(3, 10, 4.0), Ask(4, 20, 6.0)]
    assert next_wave(asks, 1000) == ([asks[1], asks[3], asks[4]], False)
    assert next_wave(reversed(asks), 25) == ([asks[1], asks[3]], True)
    assert next_wave(asks, 9) == ([], True)
    assert next_wave(asks[:1], 10) == (asks[:1], False)


def test_uncounted_tokens_are_guessed_from_bytes() -> None:
    assert tokens_of(Rollout(problem_id="p", index=0, text="äb", mode="code")) == 1
    assert tokens_of(Rollout(problem_id="p", index=0, text="äb", mode="code", completion_tokens=7)) == 7


def test_rounds_wait_for_every_problem_and_for_the_slice_before(tmp_path: Path) -> None:
    async def work() -> None:
        first, second = (
            SliceBudget(RunDir(tmp_path / "0"), ["a"], lambda: 100),
            SliceBudget(RunDir(tmp_path / "1"), ["b", "c"], lambda: 50),
        )
        first.then = second
        first.receive(0)
        turns = [asyncio.ensure_future(second.turn(name, Ask(at, 40, 1.0), 20)) for at, name in enumerate("bc")]
        await asyncio.sleep(0)
        assert not any(turn.done() for turn in turns), "the slice before has not ended"
        first.leave("a", 90)
        await asyncio.sleep(0)
        assert [turn.done() for turn in turns] == [True, True], "20 + 20 are spent of 50, and 10 came on top"
        assert [await turn for turn in turns] == [False, False]

    async def enough() -> None:
        budget = SliceBudget(RunDir(tmp_path / "2"), ["a", "b"], lambda: 100)
        budget.receive(0)
        better = asyncio.ensure_future(budget.turn("b", Ask(1, 30, 2.0), 20))
        await asyncio.sleep(0)
        assert not better.done(), "the other may be worth more"
        other = asyncio.ensure_future(budget.turn("a", Ask(0, 30, 1.0), 20))
        assert await better
        assert not other.done(), "it is not in the better half"
        budget.leave("b", 55)
        assert not await other, "25 are left, and it asks for 30"

    (tmp_path / "0").mkdir()
    asyncio.run(work())
    asyncio.run(enough())
    (line,) = [json.loads(it) for it in (tmp_path / "0/ledger.jsonl").read_text().splitlines()]
    assert (line["event"], line["share"], line["carried"], line["left"]) == ("budget", 100, 0, 10)


def test_dollars_are_charged_for_prompts_and_answers() -> None:
    one = Rollout(problem_id="p", index=0, text="x", mode="code", completion_tokens=7, prompt_tokens=100)
    asked = [
        Generator(name, at, at + 1, "always", ReplayEngine(path=Path("x"), price=price), SamplingConfig())
        for at, (name, price) in enumerate(
            [("small", PriceConfig(prompt=0.15, completion=0.6)), ("large", PriceConfig(prompt=1.0, completion=4.0))]
        )
    ]
    charge = charge_of(BudgetConfig(usd=1), asked)
    small, large = (one.model_copy(update={"generator": name}) for name in ("small", "large"))
    assert charge.of(small) == charge.of(one) == 100 * 150 + 7 * 600, "billionths of a dollar"
    assert charge.of(large) == 100 * 1000 + 7 * 4000
    assert charge.total([small, large]) == charge.of(small) + charge.of(large)
    assert charge_of(BudgetConfig(tokens=1), asked).of(large) == 7
    uncounted = one.model_copy(update={"prompt_tokens": None})
    assert charge.of(uncounted) == 7 * 600


def sampled(run_dir: RunDir, engine_s: float, tokens: int, gpus: int = 2) -> None:
    facts = {"engine": "a", "engine_s": engine_s, "load_s": 10.0, "gpus": gpus, "completion_tokens": tokens}
    run_dir.path.mkdir(exist_ok=True)
    run_dir.log("sampled", part="rollouts/x.parquet", rollouts=1, **facts)


def sliced(folder: Path, gpu_hours: float) -> tuple[Budget, list[Slice]]:
    """The budget of two slices, of three problems and of one."""
    named = [
        Problem.model_validate({"id": f"p/{at}", "prompt": "p", "cases": [{"stdin": "", "stdout": ""}]})
        for at in range(4)
    ]
    parts_ = [Slice(at, tuple(it), RunDir(folder / f"{at}"), False) for at, it in enumerate((named[:3], named[3:]))]
    config = Config.model_validate({
        "name": "test", "problems": {"path": "p"}, "engine": {"kind": "vllm", "model": "m"},
        "sampling": {"plan": {"kind": "adaptive"}, "budget": {"gpu_hours": gpu_hours}},
    })  # fmt: skip
    return Budget(config, parts_), parts_


def share(budget: Budget, part: Slice) -> int:
    found = budget.of(part)
    assert found is not None
    return found._share()


def test_gpu_hours_are_tokens_at_the_rate_of_the_first_rounds_for_good(tmp_path: Path) -> None:
    budget, (first, second) = sliced(tmp_path, 0.1)
    sampled(first.dir, 8.0, 900)
    sampled(second.dir, 10.0, 100)
    tokens = int((360 - 2 * 10) / (2 * 10) * 1000)
    assert (share(budget, first), share(budget, second)) == (tokens * 3 // 4, tokens - tokens * 3 // 4)
    (line,) = [it for it in first.dir.ledger() if it["event"] == "rate"]
    assert (line["tokens"], line["gpu_s"], line["load_gpu_s"]) == (1000, 20.0, 20.0)
    sampled(second.dir, 1000.0, 5)
    again, (first, second) = sliced(tmp_path, 0.1)
    assert (share(again, second), share(again, first)) == (tokens - tokens * 3 // 4, tokens * 3 // 4), "it is resumed"
    larger, (first, _) = sliced(tmp_path, 0.2)
    assert share(larger, first) == int((720 - 20) / 20 * 1000) * 3 // 4


def test_gpu_hours_need_a_gpu_and_tokens(tmp_path: Path) -> None:
    budget, (first, _) = sliced(tmp_path, 0.1)
    assert share(budget, first) == 0, "nothing is sampled, and no rate is kept"
    assert not first.dir.path.exists()
    sampled(first.dir, 8.0, 900, gpus=0)
    with pytest.raises(ConfigError, match=r"sampling\.budget\.gpu_hours: the engine holds no GPU"):
        share(budget, first)


# ---- runs ----


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory, factory: Factory, replayed: Replayed) -> Path:
    """The folder of a config, and of its run `run` that was left alone; no test changes them."""
    folder = tmp_path_factory.mktemp("budget")
    done = factory("run", config_of(folder, replayed, 300), "--run-dir", folder / "run")
    assert done.returncode == 0, done.stderr
    return folder


def test_rounds_go_to_who_is_worth_most_until_the_budget_is_spent(calm: Path, factory: Factory) -> None:
    found = rollouts(calm / "run")
    assert found["set/0"] == 6, "two more programs were lacking, and its next two are those"
    assert found["set/2"] == 4
    assert 300 - 5 * EACH < EACH * found.total() <= 300
    planned = Summary.read(calm / "run/summary.json").planned
    assert planned["enough survivors"] == 2
    assert planned["budget spent"] == 3
    assert "problems for which sampling.budget had no more: 3" in factory("status", calm / "run").stdout


def test_a_killed_run_spends_the_same(calm: Path, tmp_path: Path, factory: Factory, warm: Any) -> None:
    killed = tmp_path / "killed"
    for number in (3, 12):
        process = warm.start("run", calm / "config.yaml", "--run-dir", killed, session=True)
        while process.poll() is None and sum(1 for _ in killed.rglob("*.parquet")) < number:
            time.sleep(0.005)
        process.kill()
        assert process.wait() == -signal.SIGKILL
    assert factory("run", calm / "config.yaml", "--run-dir", killed).returncode == 0
    assert sums(killed) == sums(calm / "run")
    assert rollouts(killed) == rollouts(calm / "run")


def test_dollars_spend_what_as_many_tokens_would_also_after_a_kill(
    calm: Path, tmp_path: Path, factory: Factory, replayed: Replayed
) -> None:
    price, sampling = {"prompt": 0.0, "completion": 2.0}, {"plan": PLAN, "budget": {"usd": 600e-6}}
    engine = {"kind": "replay", "path": str(tmp_path / "rollouts.jsonl"), "price": price}
    config, killed = config_of(tmp_path, replayed, 0, sampling=sampling, engine=engine), tmp_path / "killed"
    command = [sys.executable, "-m", "factory", "run", str(config), "--run-dir", str(killed)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while process.poll() is None and sum(1 for _ in killed.rglob("*.parquet")) < 6:
        time.sleep(0.005)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    done = factory("run", config, "--run-dir", killed)
    assert done.returncode == 0, done.stderr
    assert rollouts(killed) == rollouts(calm / "run")
    dearer = factory("run", config, "--run-dir", killed, "--set", "engine.price.completion=1.0")
    assert dearer.returncode == 2
    assert "price: an engine's is another, and sampling.budget.usd goes by it" in dearer.stderr
    prompts = factory("run", config, "--run-dir", tmp_path / "prompts", "--set", "engine.price.prompt=4.0")
    assert prompts.returncode == 0, prompts.stderr
    assert rollouts(tmp_path / "prompts").total() == 20, "the first rounds alone take more: 20 x (10 x 2 + 5 x 4)"


def test_a_larger_budget_extends_a_run(calm: Path, tmp_path: Path, factory: Factory) -> None:
    grown = tmp_path / "grown"
    for tokens in (240, 300):
        done = factory("run", calm / "config.yaml", "--run-dir", grown, "--set", f"sampling.budget.tokens={tokens}")
        assert done.returncode == 0, done.stderr
    assert sums(grown) == sums(calm / "run")
    assert factory("run", calm / "config.yaml", "--run-dir", grown, "--set", "sampling.budget=null").returncode == 0
    assert rollouts(grown)["set/1"] == 30


def test_slices_pass_on_what_is_left(tmp_path: Path, factory: Factory, replayed: Replayed, warm: Any) -> None:
    config = config_of(tmp_path, replayed, 300, slice=3)
    assert factory("run", config, "--run-dir", tmp_path / "calm").returncode == 0
    shares = lines(tmp_path / "calm", "budget")
    assert [(it["share"], it["carried"]) for it in shares] == [(180, 0)]
    spent = EACH * sum(it["rollouts"] for it in lines(tmp_path / "calm", "sampled"))
    assert spent <= 300
    killed = tmp_path / "killed"
    process = warm.start("run", config, "--run-dir", killed, session=True)
    while process.poll() is None and not (killed / "slices/000000/slice.json").exists():
        time.sleep(0.005)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert factory("run", config, "--run-dir", killed).returncode == 0
    assert sums(killed) == sums(tmp_path / "calm")
    assert len(list(killed.glob("slices/*/slice.json"))) == 2


def test_a_budget_needs_a_plan_and_one_process(calm: Path, tmp_path: Path, factory: Factory) -> None:
    data = yaml.safe_load((calm / "config.yaml").read_text())
    with pytest.raises(ConfigError, match=r"plan\.kind is 'fixed'"):
        validate(Config, data | {"sampling": {"budget": {"tokens": 5}}}, "here")
    with pytest.raises(ConfigError, match="by one process"):
        validate(Config, data | {"executor": {"kind": "ray"}}, "here")
    for budget, said in (
        ({}, "none is given"),
        ({"tokens": 5, "usd": 1.0}, "tokens and usd are given"),
        ({"usd": 1.0}, r"usd: needs to know what tokens cost; remedy: engine\.price"),
        ({"gpu_hours": 1.0}, "engine.kind 'replay' holds no GPU of ours"),
    ):
        with pytest.raises(ConfigError, match=said):
            validate(Config, data | {"sampling": {"plan": PLAN, "budget": budget}}, "here")
    done = factory("run", calm / "config.yaml", "--run-dir", tmp_path / "run", "--slices", "0-1")
    assert done.returncode == 2
    assert "sampling.budget" in done.stderr
