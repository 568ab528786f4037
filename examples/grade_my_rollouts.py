"""Grade model answers from Python: write two files, call `factory verify`, read the verdicts.

    python examples/grade_my_rollouts.py OUT_DIR

Needs no config, model, GPU or network. Replace PROBLEMS and ANSWERS by your own; docs/formats.md has every field.
"""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

PROBLEMS: list[dict[str, Any]] = [
    {
        "id": "mine/median",
        "prompt": "Write `median(numbers)`: the middle number, or the mean of the two in the middle.",
        "entry_point": "median",
        "cases": [
            {"args": [[3, 1, 2]], "expected": 2},
            {"args": [[4, 1, 3, 2]], "expected": 2.5},
            {"args": [[7]], "expected": 7},
        ],
    }
]
ANSWERS = [
    "Sure:\n```python\nimport statistics\n\ndef median(numbers):\n    return statistics.median(numbers)\n```",
    "```python\ndef median(numbers):\n    return sorted(numbers)[len(numbers) // 2]\n```",
    "```python\ndef median(numbers):\n    while True:\n        pass\n```",
    "I am sorry, I can not do that.",
]


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    """`rows` as JSON, one a line."""
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    rollouts = [
        {"problem_id": "mine/median", "index": index, "mode": "chat", "text": text}
        for index, text in enumerate(ANSWERS)
    ]
    problem_file = write_lines(out / "problems.jsonl", PROBLEMS)
    rollout_file = write_lines(out / "rollouts.jsonl", rollouts)
    files = ["--problems", str(problem_file), "--rollouts", str(rollout_file), "--out", str(out)]
    # A wrong answer is a result and exits with 0. What exits with another code could not be graded.
    command = [sys.executable, "-m", "factory", "verify", *files, "--language", "python", "--set", "limits.cpu_s=1"]
    subprocess.run(command, check=True)

    verdicts = pq.read_table(out / "verdicts.parquet").to_pylist()
    for verdict in verdicts:
        cases = f"{verdict['cases_passed']} of {verdict['cases_total']} cases"
        print(f"{verdict['problem_id']} {verdict['index']}: {verdict['status']}, {cases}. {verdict['detail']}")
    graded: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    for verdict in verdicts:
        if verdict["status"] != "infrastructure_error":  # our own failure: it counts in no rate
            graded[verdict["problem_id"]] += 1
            passed[verdict["problem_id"]] += verdict["status"] == "passed"
    for problem, count in graded.items():
        print(f"{problem}: pass@1 {passed[problem] / count:.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
