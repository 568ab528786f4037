"""A run over problems with a prelude and calls of their own: rows stand by themselves, and rewards follow from them."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from factory.reward import passes

Factory = Callable[..., subprocess.CompletedProcess[str]]
PRELUDE = "from math import *\nimport sys\nsys.setrecursionlimit(20000)\n"
ROOT: dict[str, Any] = {
    "id": "root", "prompt": "The whole root, by steps.", "entry_point": "Solution.root", "prelude": PRELUDE,
    "calling": {"either": True}, "cases": [{"args": [n], "expected": n} for n in (3, 9000)],
}  # fmt: skip
TURN: dict[str, Any] = {
    "id": "turn", "prompt": "Turn it round.", "entry_point": "turn",
    "calling": {"args": ["list"], "in_place": 0, "result": "list"},
    "cases": [{"args": [[1, 2, 3]], "expected": [3, 2, 1]}, {"args": [[5, 7]], "expected": [7, 5]}],
}  # fmt: skip
DEEP = "def root(n):\n    return floor(sqrt(1)) + root(n - 1) if n else 0\n"
SWAP = (
    "def turn(head):\n    out, node = [], head\n"
    "    while node:\n        out.append(node.val)\n        node = node.next\n"
    "    while head:\n        head.val, head = out.pop(), head.next\n"
)
TEXTS = {
    "root": [DEEP, "class Solution:\n    def root(self, n):\n        return n\n", DEEP.replace("else 0", "else 1")],
    "turn": [SWAP, SWAP.replace("out.pop()", "out.pop(0)"), SWAP + "    return 7\n"],
}
REWARDS = {"root": [1.0, 1.0, 0.0], "turn": [1.0, 0.0, 1.0]}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory, factory: Factory) -> Path:
    folder = tmp_path_factory.mktemp("preludes")
    rollouts = [
        {"problem_id": name, "index": index, "text": text, "mode": "code"}
        for name, texts in TEXTS.items()
        for index, text in enumerate(texts)
    ]
    for name, lines in (("problems", [ROOT, TURN]), ("rollouts", rollouts)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    config = {
        "name": "preludes",
        "problems": {"path": str(folder / "problems.jsonl")},
        "engine": {"kind": "replay", "path": str(folder / "rollouts.jsonl")},
        "sampling": {"n": 3},
        "verify": {"canaries": False},
        "review": {"mutants": 0},
        "translate": {"targets": ["go"]},
        "executor": {"workers": 1},
        "shards": {"views": ["rl"]},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    done = factory("run", folder / "config.yaml", "--run-dir", folder / "run")
    assert done.returncode == 0, done.stderr
    return folder / "run"


def rows(run: Path, kind: str) -> list[dict[str, Any]]:
    return [row for path in sorted(run.glob(f"shards/{kind}/*.parquet")) for row in pq.read_table(path).to_pylist()]


def test_a_shipped_program_stands_by_itself(shipped: Path) -> None:
    found = {(row["problem_id"], row["rollout_index"]): row for row in rows(shipped, "data")}
    assert set(found) == {("root", 0), ("root", 1), ("turn", 0), ("turn", 2)}
    row = found["root", 0]
    assert row["prelude"] == PRELUDE
    assert json.loads(row["calling"]) == {"either": True}
    assert "taken from the prelude: sqrt" in row["import_fixes"]
    names: dict[str, Any] = {}
    exec(row["code"].replace("setrecursionlimit", "getrecursionlimit and int"), names)
    assert names["Solution"]().root(5) == 5
    assert found["root", 1]["code"] == TEXTS["root"][1]


def test_rewards_follow_from_the_rows_alone(shipped: Path) -> None:
    for row in rows(shipped, "rl"):
        name = row["extra_info"]["problem_id"]
        texts = [row["responses"][row["rollout_indices"].index(index)] for index in range(3)]
        assert texts == TEXTS[name]
        assert passes(texts, [row["reward_model"]] * 3) == REWARDS[name]


def test_an_audit_verifies_them_again_and_sees_another_call(shipped: Path, factory: Factory, tmp_path: Path) -> None:
    done = factory("audit", shipped)
    assert done.returncode == 0, done.stderr
    copy = tmp_path / "run"
    shutil.copytree(shipped, copy)
    path = next(copy.glob("shards/data/*.parquet"))
    table = pq.read_table(path)
    at = table.schema.get_field_index("calling")
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    pq.write_table(table.set_column(at, "calling", pa.array(["{}"] * len(table))), path)
    sums = copy / "shards" / "SHA256SUMS"
    sums.write_text(sums.read_text().replace(before, hashlib.sha256(path.read_bytes()).hexdigest()))
    assert "calling are not those of the run" in factory("audit", copy).stderr


def test_what_takes_objects_is_not_translated(shipped: Path) -> None:
    summary = json.loads((shipped / "summary.json").read_text())
    assert summary["untranslatable"] == {"go": ["turn"]}
