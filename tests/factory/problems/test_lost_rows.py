"""Rows that are problems, and are not lost for the way they are written; rows that are none, each alone."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from factory import problems
from factory.config import GradingConfig, ProblemsConfig
from factory.errors import ProblemError
from factory.problems import Loaded, Oracle, Refusal
from factory.problems.formats import apps, code_contests, leetcode
from factory.run.load_problems import LoadedProblems, load_problems

SETTINGS = GradingConfig.model_validate({"limits": {"cpu_s": 1, "output_kb": 4}, "sandbox": {"backend": "bubblewrap"}})
STREAM = {"inputs": ["1\n", "5\n"], "outputs": ["2\n", "6\n"]}
RIGHT = "print(int(input()) + 1)\n"


def row(number: int = 1, **more: Any) -> dict[str, Any]:
    cases = [{"args": [1], "expected": 2}]
    return {"id": f"p/{number}", "prompt": "Add one.", "entry_point": "f", "cases": cases} | more


def apps_row(**more: Any) -> dict[str, Any]:
    base = {"problem_id": 1, "question": "Add one.", "input_output": json.dumps(STREAM), "solutions": "[]"}
    return base | {"starter_code": "", "difficulty": "competition"} | more


def written(tmp_path: Path, *rows: dict[str, Any]) -> Path:
    path = tmp_path / "p.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return path


def load(path: Path, **config: Any) -> LoadedProblems:
    return load_problems(ProblemsConfig(path=path, **config), SETTINGS)


def found(path: Path, **config: Any) -> list[Loaded | Refusal]:
    return list(problems.read(ProblemsConfig(path=path, **config)))


def reason(path: Path) -> str:
    (refusal,) = (one for one in found(path) if isinstance(one, Refusal))
    return refusal.reason


# ---- references ----


@pytest.mark.parametrize("solutions", ["", None, "[]", []])
def test_a_row_without_solutions_is_a_problem(tmp_path: Path, solutions: Any) -> None:
    (problem,) = load(written(tmp_path, apps_row(solutions=solutions))).problems
    assert (problem.id, problem.reference, len(problem.cases)) == ("apps/1", None, 2)


def test_the_reference_is_the_first_solution_that_passes(tmp_path: Path) -> None:
    solutions = ["print 1", "print(input())", "raise SystemExit", RIGHT, *(f"# {n}\n{RIGHT}" for n in range(2))]
    (problem,) = load(written(tmp_path, apps_row(solutions=json.dumps(solutions)))).problems
    assert problem.reference == RIGHT
    with pytest.raises(ProblemError, match=r"fails its own tests: wrong_answer: .*, and so do 1 other solutions"):
        load(written(tmp_path, apps_row(solutions=json.dumps(["print(input())", "print(2)"]))))


def test_the_first_solution_that_answers_tells_what_is_wrapped(oracle: Oracle) -> None:
    tests = {"inputs": [[[1]], [[2]]], "outputs": [[[2]], [[3]]], "fn_name": "f"}
    right = "def f(xs):\n    return [x + 1 for x in xs]\n"
    solutions = ["def f(xs):\n    return 1 / 0\n", "def f(xs):\n    return 7\n", right]
    given = apps_row(input_output=json.dumps(tests), solutions=json.dumps(solutions))
    problem = apps.read(given, oracle)
    assert problem.reference == right
    assert [case.expected for case in problem.cases] == [[2], [3]]


def test_code_contests_has_several_solutions(tmp_path: Path) -> None:
    tests = {"input": STREAM["inputs"], "output": STREAM["outputs"]}
    solutions = {"language": [2, 3, 3], "solution": [RIGHT, "print(0)", f"# py3\n{RIGHT}"]}
    given = {"name": "a", "description": "Add one.", "public_tests": tests, "private_tests": None}
    (problem,) = load(written(tmp_path, given | {"solutions": solutions, "difficulty": 1})).problems
    assert problem.reference == f"# py3\n{RIGHT}"


# ---- forms ----


def test_leetcode_rows_of_the_first_versions(oracle: Oracle) -> None:
    """Columns as in LeetCodeDataset-v0.1.0 and v0.2.0."""
    given = {
        "task_id": "add-one",
        "prompt": "from typing import *\n",
        "completion": "class Solution:\n    def addOne(self, nums: List[int], k: int):\n        return nums[0] + k\n",
        "entry_point": "Solution().addOne",
        "test": "def check(candidate):\n    assert candidate(nums = [1, 2], k = 3) == 4\n",
        "query": "Add. Please complete the following python code precisely:",
        "response": "",
        "input_output": [],
        "meta": {
            "question_id": "7",
            "difficulty": "Easy",
            "question_title": "Add k to the first.",
            "lang_code": "class Solution:\n    def addOne(self, nums: List[int], k: int) -> int:",
        },
    }
    assert leetcode.sniff(given)
    problem = leetcode.read(given, oracle)
    assert (problem.id, problem.prompt, problem.meta.difficulty) == ("leetcode/add-one", "Add k to the first.", "Easy")
    assert (problem.entry_point, problem.cases[0].args) == ("Solution.addOne", [[1, 2], 3])
    assert "def addOne" in problem.starter_code


@pytest.mark.parametrize(
    "test", ["assert f(1) == 2", [{"input": "1", "output": "2"}], '[{"input": {"args": [1]}, "output": {}}]', None, []]
)
def test_columns_that_only_sound_alike_are_no_code_contests(test: Any) -> None:
    assert not code_contests.sniff({"id": "1", "content": "c", "labels": "{}", "test": test})
    whole = [{"input": {"stdin": "1"}, "output": {"stdout": "2"}}]
    assert code_contests.sniff({"id": "1", "content": "c", "labels": "{}", "test": whole})


def test_a_row_with_an_id_and_a_prompt_is_not_yet_native(tmp_path: Path) -> None:
    check = "def check(candidate):\n    assert candidate(1) == 2\n"
    other = {"id": 7, "task_id": "X/1", "prompt": "def f(x):\n", "entry_point": "f", "test": check}
    (one,) = found(written(tmp_path, other))
    assert isinstance(one, Loaded), one
    assert one.problem.id == "X/1"


def test_a_byte_order_mark_and_several_members_are_no_fault(tmp_path: Path) -> None:
    bom, first, second = b"\xef\xbb\xbf", json.dumps(row(1)).encode(), json.dumps(row(2)).encode()
    (tmp_path / "a.jsonl").write_bytes(bom + first + b"\r\n" + second)
    (tmp_path / "a.json").write_bytes(bom + b"[" + first + b"," + second + b"]")
    (tmp_path / "lines.json").write_bytes(first + b"\n" + second + b"\n")
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(bom + first) + gzip.compress(bom + second))
    for name in ("a.jsonl", "a.json", "lines.json", "a.jsonl.gz"):
        loaded = found(tmp_path / name)
        assert [one.problem.id for one in loaded if isinstance(one, Loaded)] == ["p/1", "p/2"], (name, loaded)


def test_rows_by_their_id(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    plain = {key: value for key, value in row().items() if key != "id"}
    path.write_text(json.dumps({"p/1": row(1), "p/7": plain}))
    assert [one.problem.id for one in found(path) if isinstance(one, Loaded)] == ["p/1", "p/7"]
    check = "def check(candidate):\n    assert candidate(1) == 2\n"
    path.write_text(json.dumps({"HumanEval/3": {"prompt": "def f(x):\n", "entry_point": "f", "test": check}}))
    assert [one.problem.id for one in found(path) if isinstance(one, Loaded)] == ["HumanEval/3"]


def test_csv_with_json_in_its_cells(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text('name,chat,tests\nadd,"[{""role"": ""user"", ""content"": ""Add one.""}]",' + json.dumps(
        json.dumps([{"input": "1\n", "output": "2\n"}])
    ).replace('\\"', '""').replace("\\\\n", "\\n") + "\n")  # fmt: skip
    (one,) = found(path, mapping={"id": "name", "prompt": "chat", "tests": "tests"})
    assert isinstance(one, Loaded), one
    assert (one.problem.prompt, one.problem.cases[0].stdin, one.problem.cases[0].stdout) == ("Add one.", "1\n", "2\n")


def test_a_mapping_reads_json_text_pairs_and_messages(tmp_path: Path) -> None:
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Add one."}]
    pairs = [{"input": [1], "output": 2}, {"input": "[5]", "output": 6}]
    given = {"info": json.dumps({"chat": chat, "function": "f"}), "tests": pairs}
    path = written(tmp_path, given, {"info": json.dumps({"chat": [*chat, {"role": "assistant", "content": "2"}]})})
    mapping = {"prompt": "info.chat", "entry_point": "info.function", "tests": "tests"}
    good, bad = found(path, mapping=mapping)
    assert isinstance(good, Loaded), good
    assert good.problem.prompt == "Be brief.\n\nAdd one."
    assert [(case.args, case.expected) for case in good.problem.cases] == [([1], 2), ([5], 6)]
    assert isinstance(bad, Refusal)
    assert "is no list of messages of a system and a user" in bad.reason


# ---- refused, alone ----


@pytest.mark.parametrize("prompt", ["", " \n", None])
def test_an_empty_prompt_is_refused(tmp_path: Path, prompt: str | None) -> None:
    loaded = load(written(tmp_path, row(1), row(2, prompt=prompt)))
    assert [one.id for one in loaded.problems] == ["p/1"]
    assert loaded.refused[0].reason.startswith("prompt: ")
    mbpp = {"task_id": 1, "text": prompt, "code": "def f(x):\n    return x\n", "test_list": ["assert f(1) == 1"]}
    assert reason(written(tmp_path, mbpp)).startswith("text: ")


def test_a_misspelt_key_is_named_and_costs_its_row_alone(tmp_path: Path) -> None:
    odd = {key.replace("prompt", "promt"): value for key, value in row(1).items()}
    loaded = load(written(tmp_path, odd, row(2)))
    assert [one.id for one in loaded.problems] == ["p/2"]
    assert loaded.refused[0].reason == "promt: is no field of a problem; did you mean 'prompt'?"
    with pytest.raises(ProblemError, match=r"p\.jsonl:1: promt: is no field of a problem; did you mean 'prompt'\?"):
        load(written(tmp_path, odd))
    code = {"id": "p/3", "prompt": "Add one.", "entry_pont": "f", "test_code": "assert f(1) == 2"}
    assert "did you mean 'entry_point'" in reason(written(tmp_path, row(2), code))


def test_the_first_row_need_not_tell_the_format(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, {"note": "x"}, apps_row()))
    assert [one.id for one in loaded.problems] == ["apps/1"]
    assert loaded.refused[0].place.endswith("p.jsonl:1")
    with pytest.raises(ProblemError, match=r"p\.jsonl:1: is of no known format \(keys note\)"):
        load(written(tmp_path, {"note": "x"}, {"other": "y"}))


def test_what_no_program_may_print_is_refused(tmp_path: Path) -> None:
    much = {"inputs": ["1"], "outputs": ["1 " * 5000]}
    loaded = load(written(tmp_path, apps_row(), apps_row(problem_id=2, input_output=json.dumps(much))))
    assert [one.id for one in loaded.problems] == ["apps/1"]
    assert loaded.refused[0].reason == ("cases.0: expects 9999 bytes, and a program may give 4096 (limits.output_kb)")
    long = row(1, cases=[{"args": [1], "expected": "x" * 5000}])
    assert "limits.output_kb" in load(written(tmp_path, row(2), long)).refused[0].reason
    assert load(written(tmp_path, long | {"limits": {"output_kb": 8}})).problems
