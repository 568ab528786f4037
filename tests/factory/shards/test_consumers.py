"""The views before those who train on them: TRL's trainers, and the reward function in TRL's and verl's form."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset

from factory import reward
from factory.config import Config
from factory.errors import InfrastructureError, ProblemError
from factory.records import Failure, Problem, ProblemOutcome, Rollout, Status, Survivor, Verdict, sha256
from factory.records.summary import Summary
from factory.shards import write

HERE = Path(__file__).parent
RIGHT = "```python\ndef double(x):\n    return 2 * x\n```"
WRONG = "```python\ndef double(x):\n    return x\n```"
GO = "```go\npackage x\n\nfunc double(x int) int { return 2 * x }\n```"


def problem(name: str) -> Problem:
    cases = [{"args": [n], "expected": 2 * n, "public": n == 1} for n in (1, 0, -7)]
    base = {"id": name, "prompt": "Double a number.", "entry_point": "double", "cases": cases}
    return Problem.model_validate(base | {"comparison": {"kind": "exact"}, "limits": {"cpu_s": 2}})


FAILURE = Failure(0, False, "1", "1", "2")


def outcome(name: str) -> ProblemOutcome:
    found: list[tuple[Rollout, Verdict]] = []
    kept: list[Survivor] = []
    for index, (text, language) in enumerate(((RIGHT, "python"), (WRONG, "python"), (GO, "go"))):
        code = text.split("\n", 1)[1].removesuffix("```")
        status = Status.PASSED if text != WRONG else Status.WRONG_ANSWER
        parent = kept[0].code_sha256 if language == "go" else None
        rollout = Rollout(problem_id=name, index=index, text=text, mode="chat", language=language, parent=parent)
        verdict = Verdict(name, index, language, status, cases_passed=1, cases_total=3, code=code,
                          normal_form=str(index), code_sha256=sha256(code), first_failure=FAILURE)  # fmt: skip
        found.append((rollout, verdict))
        if status is Status.PASSED:
            kept.append(
                Survivor(name, index, language, 0, code, sha256(code), str(index), 3, 3, 1.0, 1.0, parent=parent)
            )
    return ProblemOutcome(problem(name), tuple(kept), tuple(found))


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("consumers") / "shards"
    views = {"views": ["sft", "pretrain", "preference", "rl"]}
    config = Config.model_validate(
        {"name": "t", "problems": {"path": "p"}, "engine": {"kind": "replay", "path": "r"}, "shards": views}
    )
    write(folder, config, map(outcome, ("a/1", "a/2", "a/3")), Summary("test", 1, {}))
    return folder


@pytest.mark.trainer
def test_trl_takes_one_optimiser_step_on_each_view(shards: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    make = HERE.parent / "sampling" / "tiny_model.py"
    subprocess.run([sys.executable, str(make), str(model)], check=True, capture_output=True)
    env = os.environ | {"HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    command = [sys.executable, str(HERE / "consumers.py"), str(shards), str(model), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=280)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(next(line for line in done.stdout.splitlines() if line.startswith('{"sft"')))
    for view in ("sft", "pretrain", "preference", "rl"):
        assert (told[view]["steps"], told[view]["moved"]) == (1, True), view
    assert told["sft"]["loss"] > 1
    assert told["preference"]["loss"] == pytest.approx(0.693, abs=0.01), "log 2: before it learns, DPO knows no better"
    assert told["rewards"] == [0.0, 0.0], "a random model passes nothing, and our sandbox said so"


def rl_rows(shards: Path, tmp_path: Path) -> dict[str, dict[str, Any]]:
    rows = load_dataset(str(shards), "rl", split="train", cache_dir=str(tmp_path / "cache"))
    return {row["id"]: row for row in rows}


def test_a_reward_is_what_the_recorded_rollouts_earned(shards: Path, tmp_path: Path) -> None:
    for name, row in rl_rows(shards, tmp_path).items():
        repeated = [row["reward_model"]] * len(row["responses"])
        chats = [[{"role": "assistant", "content": text}] for text in row["responses"]]
        assert reward.passes(completions=chats, reward_model=repeated, prompts=[]) == row["rewards"], name
        assert reward.passes(completions=row["responses"], reward_model=repeated) == row["rewards"], name


def test_rewards_of_several_problems_stand_in_the_order_of_the_completions(shards: Path, tmp_path: Path) -> None:
    rows = rl_rows(shards, tmp_path)
    one, other = rows["a/1/python"]["reward_model"], rows["a/2/go"]["reward_model"]
    given = [(WRONG, one), (GO, other), (RIGHT, one), (WRONG, other), ("no code", one)]
    found = reward.passes([text for text, _ in given], [truth for _, truth in given])
    assert found == [0.0, 1.0, 1.0, 0.0, 0.0]


def test_verl_scores_one_completion(shards: Path, tmp_path: Path) -> None:
    row = rl_rows(shards, tmp_path)["a/1/python"]
    scores = [
        reward.compute_score(row["data_source"], text, row["reward_model"]["ground_truth"], row["extra_info"])
        for text in (RIGHT, WRONG, "import sys; sys.exit(0)")
    ]
    assert scores == [1.0, 0.0, 0.0]


def test_a_failure_of_ours_is_no_reward(shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = rl_rows(shards, tmp_path)["a/1/python"]
    lost = Verdict("a/1", 0, "python", Status.INFRASTRUCTURE_ERROR, "three workers died")
    monkeypatch.setattr(reward, "grade", lambda *_: [lost])
    with pytest.raises(InfrastructureError, match="problem 'a/1': three workers died"):
        reward.passes([RIGHT], [row["reward_model"]])


@pytest.mark.parametrize("truth", ["", "[]", "{}", '{"id": "x", "cases": "no"}'])
def test_a_ground_truth_of_another_kind_is_told(truth: str) -> None:
    with pytest.raises(ProblemError, match=r"ground_truth: .* is not one of the rl view"):
        reward.compute_score("x", RIGHT, truth)
