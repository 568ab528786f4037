"""The examples, run as their pages say, and the parts of them that need a trainer with a stand-in for it."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml
from datasets import Dataset

from factory.config import RayExecutorConfig

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
GOOD = "```python\ndef double(x):\n    return 2 * x\n```"
BAD = "```python\ndef double(x):\n    return x ** 2\n```"


def run(name: str, *arguments: str) -> str:
    """What the example prints to stdout; it is called from the project's directory."""
    command = [sys.executable, f"examples/{name}", *arguments]
    environment = os.environ | {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}  # so that `auto` is bubblewrap
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(name).stem, EXAMPLES / name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rl_rows(rewards: list[float]) -> Dataset:
    """One row as the `rl` view has it, of a right and a wrong response with recorded `rewards`."""
    truth = {
        "id": "p/1", "language": "python", "entry_point": "double", "test_code": "",
        "cases": json.dumps([{"args": [2], "expected": 4}, {"args": [5], "expected": 10}]),
        "comparison": "{}", "limits": "{}",
    }  # fmt: skip
    return Dataset.from_list(
        [
            {
                "id": "p/1/python",
                "prompt": [{"role": "user", "content": "Double a number."}],
                "reward_model": {"style": "rule", "ground_truth": json.dumps(truth)},
                "responses": [GOOD, BAD],
                "rollout_indices": [0, 7],
                "rewards": rewards,
            }
        ]
    )


def test_every_example_is_on_the_page() -> None:
    listed = set(re.findall(r"\[[\w./]+\]\(([\w./]+)\)", (EXAMPLES / "README.md").read_text()))
    assert {name for name in listed if name.endswith(".py")} == {
        str(path.relative_to(EXAMPLES)) for path in EXAMPLES.rglob("*.py")
    }
    assert all((EXAMPLES / name).is_file() for name in listed)


def test_rollouts_are_graded_each_with_its_reason(tmp_path: Path) -> None:
    printed = run("grade_my_rollouts.py", str(tmp_path)).splitlines()
    assert printed[-5:] == [
        "mine/median 0: passed, 3 of 3 cases. ",
        "mine/median 1: wrong_answer, 2 of 3 cases. case 1: answered 3, expected 2.5",
        "mine/median 2: timeout, 0 of 3 cases. used more CPU time than allowed",
        "mine/median 3: no_code, 0 of 3 cases. no python program in the answer",
        "mine/median: pass@1 0.25",
    ]


def test_the_added_format_reads_its_rows_and_refuses_one_without_tests() -> None:
    printed = run("add_a_format/io_pairs.py", "problems", "examples/add_a_format/rows.jsonl")
    assert "2 problems (2 stdin)" in printed
    assert "rows.jsonl:3: cases: a problem without cases or test_code decides nothing" in printed


def test_the_trainer_is_rewarded_by_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in calls the reward as TRL does: completions as chats, and a list a column of the data set."""

    class Trainer:
        def __init__(self, model: str, reward_funcs: Any, train_dataset: Dataset, args: SimpleNamespace) -> None:
            (row,) = train_dataset
            columns = {name: [row[name]] * 2 for name in row if name != "prompt"}
            chats = [[{"role": "assistant", "content": text}] for text in (BAD, GOOD)]
            self.rewards = reward_funcs(prompts=[row["prompt"]] * 2, completions=chats, **columns)

    monkeypatch.setitem(sys.modules, "trl", SimpleNamespace(GRPOConfig=SimpleNamespace, GRPOTrainer=Trainer))
    assert load("train_grpo.py").trainer("a-model", rl_rows([1.0, 0.0]), "out").rewards == [0.0, 1.0]


def test_the_check_before_training_names_a_reward_that_differs(capsys: pytest.CaptureFixture[str]) -> None:
    check = load("train_grpo.py").check
    assert check(rl_rows([1.0, 0.0])) == 1
    assert capsys.readouterr().out == ""
    assert check(rl_rows([1.0, 1.0])) == 1
    assert capsys.readouterr().out == "p/1/python rollout 7: 0.0, recorded 1.0\n"


def test_the_check_before_training_fails_where_nothing_passes() -> None:
    rows = rl_rows([1.0, 0.0]).map(lambda row: {"responses": [BAD, BAD]})
    with pytest.raises(SystemExit, match=r"no recorded response passes.*factory doctor"):
        load("train_grpo.py").check(rows)


# ---- a cluster ----


def test_the_job_array_over_slices_works_off_a_run(tmp_path: Path, replayed: Callable[..., Path]) -> None:
    program = "def double(x):\n    return 2 * x\n"
    config, run_dir = replayed(tmp_path, 4, [program], slice=1), tmp_path / "run"
    command = tmp_path / "factory"
    command.write_text(f"#!{sys.executable}\nfrom factory.cli import main\nif __name__ == '__main__':\n    main()\n")
    command.chmod(0o755)
    environment = os.environ | {"FACTORY": str(command), "SLICES_PER_JOB": "2", "PYTHONPATH": str(ROOT)}
    for number in ("0", "1"):
        subprocess.run(
            ["bash", str(EXAMPLES / "cluster" / "slices.sbatch"), str(config), str(run_dir)],
            env=environment | {"SLURM_ARRAY_TASK_ID": number},
            check=True,
            timeout=100,
        )
    assert len(list(run_dir.glob("slices/*/slice.json"))) == 4
    assert not (run_dir / "shards").exists()
    subprocess.run([command, "run", config, "--run-dir", run_dir], env=environment, check=True, timeout=100)
    assert json.loads((run_dir / "summary.json").read_text())["languages"]["python"]["shipped"] == 4


@pytest.mark.parametrize("name", ["slices.sbatch", "ray.sbatch"])
def test_batch_files_are_shell(name: str) -> None:
    subprocess.run(["bash", "-n", str(EXAMPLES / "cluster" / name)], check=True)


def test_the_ray_job_names_keys_of_the_config() -> None:
    job = yaml.safe_load((EXAMPLES / "cluster" / "rayjob.yaml").read_text())
    assert job["kind"] == "RayJob"
    words = job["spec"]["entrypoint"].split()
    given = [words[at + 1].removeprefix("executor.") for at, word in enumerate(words) if word == "--set"]
    settings = dict(it.split("=") for it in given)
    assert RayExecutorConfig.model_validate(settings).workers == 4
