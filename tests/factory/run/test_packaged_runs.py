"""Runs with `sandbox.packages`: the exact versions are in the run's config and its rows, and decide what it may go on
with.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from factory.config import GradingConfig, parse_section
from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.records import Problem, Program
from factory.reward import passes
from factory.storage import packages
from sandbox import Sandbox, WallUnavailable
from sandbox.boundary import WALLS

Factory = Callable[..., subprocess.CompletedProcess[str]]
PINS = ["toy-lower==2.0", "toy-upper==1.5"]
RIGHT = "import toy_upper\ndef f(x):\n    return x * toy_upper.two()\n"
WRONG = "import toy_upper\ndef f(x):\n    return x + toy_upper.two() + 1\n"
PLAIN = "def f(x):\n    return x + x\n"
PROBLEM = {"id": "t/0", "prompt": "Double it.", "entry_point": "f"}
TESTS = "import toy_upper\ndef check(candidate):\n    assert candidate(5) == 5 * toy_upper.two()\n"


def write(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def given(tmp_path: Path) -> dict[str, Path]:
    cases = [{"args": [2], "expected": 4}, {"args": [0], "expected": 0}]
    texts = (RIGHT, WRONG, PLAIN)
    rows = [{"problem_id": "t/0", "index": n, "text": text, "mode": "code"} for n, text in enumerate(texts)]
    return {
        "problems": write(tmp_path / "problems.jsonl", PROBLEM | {"cases": cases}),
        "tested": write(tmp_path / "tested.jsonl", PROBLEM | {"test_code": TESTS}),
        "rollouts": write(tmp_path / "rollouts.jsonl", *rows),
    }


def verified(factory: Factory, given: dict[str, Path], out: Path, problems: str, *sets: str) -> list[tuple[str, str]]:
    """Status and detail of each rollout."""
    options = [option for each in ("verify.canaries=false", *sets) for option in ("--set", each)]
    files = ("--problems", given[problems], "--rollouts", given["rollouts"], "--language", "python", "--out", out)
    done = factory("verify", *files, *options)
    assert done.returncode == 0, done.stderr
    return [(row["status"], row["detail"]) for row in pq.read_table(out / "verdicts.parquet").to_pylist()]


@pytest.mark.parametrize("problems", ["problems", "tested"])
@pytest.mark.parametrize("wall", sorted(WALLS))
def test_programs_and_tests_have_packages(index: Any, given: dict[str, Path], wall: str, problems: str) -> None:
    try:
        Sandbox(wall).__enter__().close()
    except WallUnavailable as error:
        pytest.skip(str(error))
    config = parse_section(GradingConfig, (f"sandbox.backend={wall}", "sandbox.packages=[toy_upper]"))
    problem = Problem.model_validate_json(given[problems].read_text())
    programs = [Program(n, text) for n, text in enumerate((RIGHT, WRONG, PLAIN))]
    with GradingSession(config) as session:
        found = verify(session, problem, programs, "python")
    assert [verdict.status for verdict in found] == ["passed", "wrong_answer", "passed"]


def test_without_the_key_nothing_is_there(index: Any, given: dict[str, Path], tmp_path: Path, factory: Factory) -> None:
    found = verified(factory, given, tmp_path / "out", "problems", "sandbox.backend=bubblewrap")
    missing = ("runtime_error", "line 1: ModuleNotFoundError: No module named 'toy_upper'")
    assert found == [missing, missing, ("passed", "")]


@pytest.mark.parametrize(
    ("command", "name"),
    [
        *((command, "no-such-toy") for command in ("run", "verify", "problems")),
        *((command, name) for command in ("run", "verify") for name in ("toy-broken", "toy-deadly")),
    ],
)
def test_a_package_that_no_program_could_use_is_wrong_input(
    index: Any, given: dict[str, Path], tmp_path: Path, factory: Factory, command: str, name: str
) -> None:
    index.add("toy_broken", "1.0", "import no_such_library\n")
    index.add("toy_deadly", "1.0", "import os\nos._exit(3)\n")
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(settings(given)))
    arguments: dict[str, tuple[Any, ...]] = {
        "run": (config, "--run-dir", tmp_path / "run"),
        "verify": ("--problems", given["problems"], "--rollouts", given["rollouts"], "--out", tmp_path / "out"),
        "problems": (given["problems"],),
    }
    done = factory(
        command, *arguments[command], "--set", f"sandbox.packages=[{name}]", "--set", "sandbox.backend=bubblewrap"
    )
    assert done.returncode == 2, done.stderr
    assert "sandbox.packages: " in done.stderr
    assert name in done.stderr
    assert "remedy: " in done.stderr
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "out").exists()


def settings(given: dict[str, Path], **sandbox: Any) -> dict[str, Any]:
    return {
        "name": "packaged",
        "problems": {"path": str(given["problems"])},
        "engine": {"kind": "replay", "path": str(given["rollouts"])},
        "sampling": {"n": 3},
        "verify": {"canaries": False},
        "review": {"rerun": False, "inputs": 0, "mutants": 0},
        "translate": {"targets": []},
        "executor": {"workers": 1},
        "shards": {"views": ["rl"]},
        "sandbox": {"backend": "bubblewrap", **sandbox},
    }


def test_a_run_keeps_the_versions_and_all_that_comes_after_goes_by_them(
    index: Any, given: dict[str, Path], tmp_path: Path, factory: Factory
) -> None:
    config, place = tmp_path / "config.yaml", tmp_path / "run"
    config.write_text(yaml.safe_dump(settings(given, packages=["toy_upper"])))
    done = factory("run", config, "--run-dir", place)
    assert done.returncode == 0, done.stderr
    assert f"packages: {' '.join(PINS)}" in done.stderr
    assert yaml.safe_load((place / "config.yaml").read_text())["sandbox"]["packages"] == PINS
    programs = pq.read_table(next(place.glob("shards/data/*.parquet"))).to_pylist()
    assert {row["code"] for row in programs} == {RIGHT, PLAIN}
    assert all(json.loads(row["sandbox"])["packages"] == PINS for row in programs)
    assert "Python had toy-lower==2.0, toy-upper==1.5" in (place / "shards" / "README.md").read_text()

    # Elsewhere, and later: nothing is in the cache, and the index has a newer version.
    index.add("toy_lower", "3.0", "def two(): return 3\n")
    shutil.rmtree(tmp_path / "cache")
    packages._layer.cache_clear()
    done = factory("audit", place)
    assert done.returncode == 0, done.stderr
    (row,) = pq.read_table(next(place.glob("shards/rl/*.parquet"))).to_pylist()
    assert passes([RIGHT, WRONG, PLAIN], [row["reward_model"]] * 3) == [1.0, 0.0, 1.0]

    done = factory("run", config, "--run-dir", place)
    assert done.returncode == 2, done.stderr
    assert 'sandbox.packages: ["toy-lower==2.0", "toy-upper==1.5"] -> ["toy-lower==3.0"' in done.stderr
    config.write_text(yaml.safe_dump(settings(given, packages=PINS)))
    assert factory("run", config, "--run-dir", place).returncode == 0
    config.write_text(yaml.safe_dump(settings(given)))
    done = factory("run", config, "--run-dir", place)
    assert done.returncode == 2, done.stderr


def test_a_row_without_packages_is_graded_without(
    index: Any, given: dict[str, Path], tmp_path: Path, factory: Factory
) -> None:
    config, place = tmp_path / "config.yaml", tmp_path / "run"
    config.write_text(yaml.safe_dump(settings(given)))
    assert factory("run", config, "--run-dir", place).returncode == 0
    (row,) = pq.read_table(next(place.glob("shards/rl/*.parquet"))).to_pylist()
    assert "packages" not in row["reward_model"]["ground_truth"]
    assert passes([RIGHT, PLAIN], [row["reward_model"]] * 2) == [0.0, 1.0]
