"""One bad row never ends the load of a set: whatever stands in a field, the row is a problem or is refused."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factory.config import ProblemsConfig
from factory.problems import FORMATS, Loaded, Oracle, Refusal, read

FUNCTION = "def f(x):\n    return x"
CHECK = "def check(candidate):\n    assert candidate(1) == 1"
TEST = {"input": "1", "output": "1", "testtype": "functional"}
STREAMS = {"input": ["1"], "output": ["1"]}
ROWS: dict[str, dict[str, Any]] = {
    "native": {
        "id": "a", "prompt": "Do.", "entry_point": "f", "cases": [{"args": [1], "expected": 1}], "reference": FUNCTION,
    },
    "humaneval": {
        "task_id": "a", "prompt": "def f(x):\n", "entry_point": "f", "test": CHECK,
        "canonical_solution": "    return x",
    },
    "evalplus": {
        "task_id": "Mbpp/1", "prompt": "Do.", "entry_point": "f", "canonical_solution": FUNCTION, "base_input": [[1]],
        "plus_input": [[2]], "atol": 0, "assertion": "assert f(1) == 1",
    },
    "mbpp": {"task_id": 1, "text": "Do.", "code": FUNCTION, "test_list": ["assert f(1) == 1"], "test_setup_code": ""},
    "leetcode": {
        "task_id": "a", "entry_point": "Solution().f", "starter_code": "class Solution:\n    def f(self, x):\n        ",
        "query": "Do.", "prompt": "", "test": CHECK,
        "completion": "class Solution:\n    def f(self, x):\n        return x",
    },
    "livecodebench": {
        "question_content": "Do.", "question_id": "a", "starter_code": "", "public_test_cases": json.dumps([TEST]),
        "private_test_cases": "[]", "metadata": '{"func_name": "f"}',
    },
    "code_contests": {
        "name": "a", "description": "Do.", "public_tests": STREAMS, "private_tests": STREAMS,
        "generated_tests": STREAMS, "difficulty": 1, "solutions": {"language": [3], "solution": ["print(input())"]},
    },
    "kodcode": {
        "question": "Do.", "solution": FUNCTION, "test": "def test_a():\n    assert f(1) == 1",
        "test_info": [{"function_name": "f"}],
    },
    "taco": {
        "question": "Do.", "solutions": json.dumps([FUNCTION]), "starter_code": "", "difficulty": "", "raw_tags": "[]",
        "skill_types": "[]", "input_output": json.dumps({"inputs": [[1]], "outputs": [1], "fn_name": "f"}),
    },
    "apps": {
        "problem_id": 1, "question": "Do.", "solutions": json.dumps([FUNCTION]), "starter_code": "", "difficulty": "",
        "input_output": json.dumps({"inputs": [[1]], "outputs": [[1]], "fn_name": "f"}),
    },
}  # fmt: skip
ODD: list[Any] = [None, 5, -1.5, True, "", "x", "[", "5", "{}", "[[]]", "\x00", [], [None], [[5]], {}, {"a": {"b": []}}]
ANYTHING = st.recursive(
    st.one_of(st.sampled_from(ODD), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(("$", "v", "inputs", "outputs", "args", "kind", "a")), inner, max_size=3),
        inner.map(json.dumps),
        st.lists(inner, max_size=2).map(lambda values: "\n".join(f"assert f({it!r}) == {it!r}" for it in values)),
    ),
    max_leaves=8,
)
"""What may stand in a field: JSON, JSON in texts, tests."""
MORE = int(os.environ.get("FUZZ", "0"))
MAPPING = {"prompt": "p.q", "entry_point": "f", "tests": "t", "id": "i"}
MAPPED = {"p": {"q": "Do."}, "f": "f", "t": ["assert f(1) == 1"], "i": 1}


def loaded(path: Path, rows: list[dict[str, Any]], oracle: Oracle, **config: Any) -> list[Loaded | Refusal]:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return list(read(ProblemsConfig(path=path, **config), oracle))


@pytest.mark.parametrize("name", [*FORMATS, "mapping"])
def test_whatever_stands_in_a_field(tmp_path: Path, oracle: Oracle, name: str) -> None:
    sample = ROWS.get(name, MAPPED)
    config = {"format": name, "mapping": MAPPING if name == "mapping" else {}}
    (good,) = loaded(tmp_path / "p.jsonl", [sample], oracle, **config)
    assert isinstance(good, Loaded), good
    rows = [sample | {field: odd} for field, odd in itertools.product(sample, ODD)]
    rows += [{key: value for key, value in sample.items() if key != field} for field in sample]
    found = loaded(tmp_path / "p.jsonl", rows, oracle, **config)
    assert len(found) == len(rows)
    for refusal in found:
        assert isinstance(refusal, Loaded) or (refusal.reason and refusal.place), refusal
    assert sum(isinstance(one, Refusal) for one in found) > len(sample)
    for one in found:
        if isinstance(one, Loaded):
            assert one.problem.prompt not in ("None", "-1.5", "True", "[None]"), "no text was made of what is none"


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_told_by_its_own_rows_first(name: str) -> None:
    assert next(other for other, form in FORMATS.items() if form.sniff(ROWS[name])) == name


@pytest.mark.parametrize("name", [*FORMATS, "mapping"])
def test_whatever_else_stands_in_fields(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """Without an oracle, so that nothing runs; `FUZZ=20000` in the environment tries as many rows, by chance."""
    sample = ROWS.get(name, MAPPED)
    config = {"format": name, "mapping": MAPPING if name == "mapping" else {}}
    path = tmp_path_factory.mktemp("fuzzed") / "p.jsonl"

    @settings(
        max_examples=MORE or 40,
        derandomize=not MORE,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.dictionaries(st.sampled_from(sorted(sample)), ANYTHING, min_size=1, max_size=2))
    def every_row_is_a_problem_or_refused(fields: dict[str, Any]) -> None:
        path.write_text(json.dumps(sample | fields) + "\n")
        (found,) = read(ProblemsConfig(path=path, **config))
        assert isinstance(found, Loaded) or found.reason

    every_row_is_a_problem_or_refused()
