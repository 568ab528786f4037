"""Problem files: what is read, and how a bad line is named."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from factory import problems
from factory.config import GradingConfig, ProblemsConfig
from factory.errors import ProblemError
from factory.problems import Loaded, Refusal
from factory.problems.formats import native
from factory.records import Problem
from factory.run.load_problems import load_problems

GOOD: dict[str, Any] = {"id": "set/1", "prompt": "p", "entry_point": "f", "cases": [{"args": [1], "expected": 2}]}


def written(tmp_path: Path, *rows: object, name: str = "p.jsonl") -> Path:
    path = tmp_path / name
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def found(path: Path, name: str = "auto") -> list[Loaded | Refusal]:
    return list(problems.read(ProblemsConfig(path=path, format=name)))


def read_file(path: Path, name: str = "auto") -> list[Problem]:
    return [one.problem for one in found(path, name) if isinstance(one, Loaded)]


def refused(path: Path, name: str = "auto") -> str:
    """The one refusal among the rows."""
    (refusal,) = [one for one in found(path, name) if isinstance(one, Refusal)]
    return str(refusal).replace(str(path), "FILE")


def fault(path: Path, name: str = "auto") -> str:
    """Why nothing of the file can be read."""
    with pytest.raises(ProblemError) as caught:
        found(path, name)
    assert caught.value.exit_code == 2
    return str(caught.value).replace(str(path), "FILE")


def row(number: int) -> dict[str, Any]:
    return GOOD | {"id": f"set/{number}"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prompt": 5}, "FILE:2: prompt: 5: Input should be a valid string"),
        ({"id": ""}, 'FILE:2: id: "": String should have at least 1 character'),
        ({"colour": "red"}, 'FILE:2: colour: "red": Extra inputs are not permitted'),
        ({"entry_point": "not a name"}, 'FILE:2: entry_point: "not a name": String should match pattern'),
        ({"cases": []}, "FILE:2: cases: a problem without cases or test_code decides nothing"),
        ({"cases": [{"args": [1]}]}, 'FILE:2: cases.0: {"args": [1]}: a call case needs args and expected'),
        ({"cases": [{"expected": 1}]}, 'FILE:2: cases.0: {"expected": 1}: a call case needs args and expected'),
        ({"cases": [{"stdin": "a"}]}, 'FILE:2: cases.0: {"stdin": "a"}: a stdin case needs stdin and stdout'),
        (
            {"cases": [{}]},
            "FILE:2: cases.0: {}: a case has args and expected, or stdin and stdout, not both or neither",
        ),
        ({"cases": [{"args": [], "expected": 1, "stdin": "a", "stdout": "b"}]}, "not both or neither"),
        (
            {"cases": [*GOOD["cases"], {"stdin": "a", "stdout": "b"}]},
            "FILE:2: cases.1: entry_point 'f' wants args and expected",
        ),
        ({"entry_point": None}, "FILE:2: cases.0: entry_point None wants stdin and stdout"),
        (
            {"entry_point": None, "cases": [], "test_code": "assert True"},
            "FILE:2: entry_point: test_code calls a function",
        ),
        (
            {"cases": [{"args": [{"$": "range", "v": 1}], "expected": 1}]},
            "FILE:2: cases.0.args: malformed range value: expected a list, found a int",
        ),
        (
            {"cases": [{"args": [], "expected": {"$": "int", "v": "x"}}]},
            "FILE:2: cases.0.expected: malformed int value",
        ),
        (
            {"cases": [{"args": [], "kwargs": {"k": {"$": "set"}}, "expected": 1}]},
            "FILE:2: cases.0.kwargs: a tagged value",
        ),
        (
            {"cases": [{"args": [{"$": "complex", "v": [{"$": "int", "v": "1" + "0" * 400}, 0]}], "expected": 1}]},
            "FILE:2: cases.0.args: ",
        ),
        ({"test_code": "def ("}, "FILE:2: test_code: line 1: "),
        ({"comparison": {"kind": "vibes"}}, "FILE:2: comparison.kind: \"vibes\": Input should be 'equal', 'exact'"),
        (
            {"comparison": {"kind": "float", "rel": -1}},
            "FILE:2: comparison.rel: -1: Input should be greater than or equal to 0",
        ),
        ({"comparison": {"kind": "checker", "checker": "def ("}}, "FILE:2: comparison.checker: line 1: "),
        ({"comparison": {"kind": "checker"}}, "FILE:2: comparison.checker: defines no function check(input, output)"),
        ({"comparison": {"kind": "checker", "checker": "def verify(a, b): pass"}}, "defines no function check"),
        ({"limits": {"cpu_s": 0}}, "FILE:2: limits.cpu_s: 0: Input should be greater than 0"),
        ({"limits": {"memory_mb": 1}}, "FILE:2: limits.memory_mb: 1: Input should be greater than or equal to 32"),
        ({"limits": {"speed": 1}}, "FILE:2: limits.speed: 1: Extra inputs are not permitted"),
        ({"id": "set/1"}, "FILE:2: id: 'set/1' is in FILE:1 too; ids are unique"),
    ],
)
def test_a_bad_line_is_named_with_field_and_value(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = written(tmp_path, GOOD, row(2) | change, row(3))
    assert message in refused(path)
    assert [problem.id for problem in read_file(path)] == ["set/1", "set/3"], "the others are problems all the same"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "FILE:3: is not JSON: "),
        ("[" * 100_000, "FILE:3: is not JSON that can be read: "),
        ("5", "FILE:3: is a JSON int, not an object"),
        ('"text"', "FILE:3: is a JSON str, not an object"),
        ("null", "FILE:3: is a JSON NoneType, not an object"),
        (json.dumps(GOOD | {"id": "x", "prompt": "\ud800"}), "FILE:3: holds half of a surrogate pair"),
        (json.dumps(GOOD | {"id": "x", "cases": [{"args": ["\udc00"], "expected": 1}]}), "FILE:3: holds half of a"),
    ],
    ids=lambda text: text[:20],
)
def test_a_line_that_is_no_problem_at_all(tmp_path: Path, line: str, message: str) -> None:
    path = written(tmp_path, GOOD, "", line, row(4))
    assert refused(path).startswith(message)
    assert [problem.id for problem in read_file(path)] == ["set/1", "set/4"]


def test_a_whole_surrogate_pair_is_text(tmp_path: Path) -> None:
    (problem,) = read_file(written(tmp_path, GOOD | {"prompt": "\U0001f600"}))
    assert problem.prompt == "\U0001f600"


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    assert "FILE:1: prompt: " in refused(written(tmp_path, {"id": "a", "cases": GOOD["cases"]}), "native")
    assert refused(written(tmp_path, {"task_id": 1, "code": "", "test_list": []})) == "FILE:1: text: is missing"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "FILE: holds no problem"),
        ("\n \n", "FILE: holds no problem"),
        ("{", "FILE:1: is not JSON: "),
        ('{"a": 1}', "FILE:1: is of no known format (keys a)"),
    ],
)
def test_a_file_without_problems(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(text)
    with pytest.raises(ProblemError) as caught:
        load_problems(ProblemsConfig(path=path), GradingConfig())
    assert str(caught.value).replace(str(path), "FILE").startswith(message)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert fault(tmp_path / "none.jsonl") == "FILE: no such problem file"
    (tmp_path / "folder").mkdir()
    assert fault(tmp_path / "folder").startswith("FILE: holds no file of problems (.jsonl, .json, .csv, .parquet")
    (tmp_path / "latin.csv").write_bytes(b"id\n\xe9\n")
    assert fault(tmp_path / "latin.csv").startswith("FILE: cannot be read: ")
    whole = gzip.compress(json.dumps(GOOD).encode() * 50)
    for name, data in {"no": b"no gzip", "cut": whole[:-20], "bad": whole[:20] + b"\xff" * 8 + whole[28:]}.items():
        (tmp_path / f"{name}.jsonl.gz").write_bytes(data)
        assert fault(tmp_path / f"{name}.jsonl.gz").startswith("FILE: cannot be read after line 0: "), name


def test_an_unknown_format_names_those_there_are(tmp_path: Path) -> None:
    assert fault(written(tmp_path, GOOD), "humanevil").startswith(
        "problem format 'humanevil' is unknown; there are: auto, native, evalplus, "
    )


def test_every_way_to_write_the_file_gives_the_same_problems(tmp_path: Path) -> None:
    rows = [row(1), row(2)]
    lines = written(tmp_path, *rows, name="p.jsonl")
    array = tmp_path / "p.json"
    array.write_text(json.dumps(rows, indent=2))
    for path in (lines, array):
        (tmp_path / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    expected = list(read_file(lines))
    assert [problem.id for problem in expected] == ["set/1", "set/2"]
    for name in ("p.json", "p.jsonl.gz", "p.json.gz"):
        assert list(read_file(tmp_path / name)) == expected, name
    assert list(read_file(lines, "native")) == expected
    single = tmp_path / "single.json"
    single.write_text(json.dumps(row(1), indent=1))
    assert list(read_file(single)) == expected[:1]


def test_a_config_takes_some_of_a_file(tmp_path: Path) -> None:
    path = written(tmp_path, *(row(n) for n in range(5)))
    taken = load_problems(ProblemsConfig(path=path, limit=2), GradingConfig())
    assert [problem.id for problem in taken.problems] == ["set/0", "set/1"]
    chosen = load_problems(ProblemsConfig(path=path, ids=("set/3", "set/1")), GradingConfig())
    assert [problem.id for problem in chosen.problems] == ["set/1", "set/3"], "in the file's order"
    with pytest.raises(ProblemError, match="has no problem 'set/9' that can be used; such as 'set/1' are there"):
        load_problems(ProblemsConfig(path=path, ids=("set/1", "set/9")), GradingConfig())


def test_a_problem_survives_its_own_json() -> None:
    problem = native.read(
        GOOD
        | {"comparison": {"kind": "float", "rel": 0.1}, "limits": {"cpu_s": 2}, "meta": {"license": "MIT", "more": [1]}}
    )
    assert type(problem).model_validate_json(problem.model_dump_json()) == problem
    assert problem.meta.model_dump()["more"] == [1]


def test_a_case_is_written_the_same_however_it_was_read(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"args": [1], "expected": None},
        {"args": [], "kwargs": {"k": 1}, "expected": 2, "public": True},
        {"stdin": "", "stdout": "", "public": True},
        {"stdin": "a", "stdout": "b"},
    ]
    for given in rows:
        case = Problem.model_validate(
            GOOD | {"cases": [given], "entry_point": None if "stdin" in given else "f"}
        ).cases[0]
        again = type(case).model_validate_json(case.model_dump_json())
        assert case.as_json() == again.as_json() == given


def test_a_comparison_of_values_is_refused_for_a_stdin_problem(tmp_path):
    path = tmp_path / "p.jsonl"
    row = {"id": "p", "prompt": "x", "entry_point": None, "cases": [{"stdin": "1", "stdout": "1"}]}
    path.write_text(json.dumps(row | {"comparison": {"kind": "unordered"}}) + "\n")
    assert "comparison.kind: 'unordered' compares values" in refused(path)
