"""Texts and answers made to hang or crash the host: each has a verdict of its own, from which nobody else suffers."""

from __future__ import annotations

import ast
import asyncio
import gzip
import json
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from factory.config import GradingConfig
from factory.errors import InfrastructureError
from factory.grading.chain import verify
from factory.grading.checker import check
from factory.grading.extract import extract
from factory.grading.judge import Judge
from factory.grading.session import GradingSession
from factory.inputs.generate import inputs
from factory.languages import language
from factory.languages.go.signature import signature
from factory.languages.python.parse import parse
from factory.languages.python.reach import reached
from factory.problems import Refusal
from factory.problems.parsing.asserts import split
from factory.problems.parsing.suite import of_file
from factory.records import Case, Problem, Program, Rejection, Rollout, Run, Status, Verdict, bounds
from factory.records.bounds import (
    LEAST_TRIED,
    MAX_ANSWER,
    MAX_NAME,
    MAX_NESTING,
    MAX_RECORDED,
    MAX_SOURCE,
    MAX_STATEMENT,
    MAX_TEXT,
    MAX_TRIED,
    Tries,
    longest_answer,
)
from factory.records.values import encode
from factory.run.units import GradeUnit, graded
from factory.sampling.rollout_files import Unread, read_rollouts
from factory.storage import raw_rows
from sandbox import Sandbox

MakeProblem = Callable[..., Problem]
Grade = Callable[..., list[Verdict]]
COLLIDING = "P = 2**61 - 1\ndef f(n):\n    return {k * P for k in range(1, 3001)}\n"
CHECKER = "def check(given, output):\n    return output == 3 or sum(range(10**12)) < 0\n"


def nested(depth: int, of: type = list) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = of([value])
    return value


# ---- texts ----


@pytest.mark.parametrize("mode", ["chat", "code", "completion"])
def test_a_text_beyond_the_bound_is_no_code(make_problem: MakeProblem, mode: str) -> None:
    rollout = Rollout(problem_id="t/0", index=4, mode=mode, text="x" * (MAX_TEXT + 1))
    program = extract(rollout, make_problem(((1,), 1)), language("python"))
    assert program == Program(4, None, f"an answer of {MAX_TEXT + 1} characters; at most {MAX_TEXT} are read")


def test_many_thoughts_are_read_one_after_the_other(make_problem: MakeProblem) -> None:
    text = "<think></think>" * 5000 + "```python\ndef f(n):\n    return n\n```\n"
    rollout = Rollout(problem_id="t/0", index=0, mode="chat", text=text)
    assert extract(rollout, make_problem(((1,), 1)), language("python")).code == "def f(n):\n    return n\n"


def test_what_is_parsed_in_search_of_a_program_is_bounded(
    make_problem: MakeProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    python = language("python")
    looks_like = type(python).looks_like
    monkeypatch.setattr(
        type(python), "looks_like", lambda self, text: sizes.append(len(text)) or looks_like(self, text)
    )
    text = "".join(f"x{n} = {n}\n" for n in range(10_000)) + "("
    extract(Rollout(problem_id="t/0", index=0, mode="chat", text=text), make_problem(((1,), 1)), python)
    assert len(text) * 3 < sum(sizes) <= 5 * MAX_SOURCE


def test_an_attempt_counts_however_short_it_is() -> None:
    tries = Tries()
    assert sum(tries.afford("") for _ in range(MAX_TRIED)) == MAX_TRIED // LEAST_TRIED


@pytest.mark.parametrize("error", [RecursionError(), MemoryError(), InfrastructureError("lost")])
def test_a_text_that_is_too_much_for_us_costs_its_neighbours_nothing(
    make_problem: MakeProblem, error: Exception
) -> None:
    class Executor:
        async def run(self, work: Any, unit: GradeUnit) -> list[Verdict]:
            if any("bad" in rollout.text for rollout in unit.rollouts):
                raise error
            return [Verdict("t/0", rollout.index, "python", Status.PASSED, "") for rollout in unit.rollouts]

    rollouts = tuple(
        Rollout(problem_id="t/0", index=n, mode="code", text=text) for n, text in enumerate(("good", "bad", "good"))
    )
    unit = GradeUnit(make_problem(((1,), 1)), rollouts, "python")
    verdicts, lost = asyncio.run(graded(Executor(), unit, lambda line: None))  # type: ignore[arg-type]
    assert [verdict.status for verdict in verdicts] == [Status.PASSED, Status.INFRASTRUCTURE_ERROR, Status.PASSED]
    assert lost
    assert verdicts[1].detail == (str(error) or type(error).__name__)


@pytest.mark.parametrize("name", ["python", "go", "javascript"])
def test_a_program_beyond_the_bound_is_not_parsed(
    make_problem: MakeProblem, session: GradingSession, name: str
) -> None:
    right = {"python": "def f(n): return n\n", "go": "package a\nfunc F(n int) int { return n }\n"}
    code = right.get(name, "function f(n) { return n }\n")
    programs = [Program(0, code + "\n" * MAX_SOURCE), Program(1, code)]
    long, short = verify(session, make_problem(((1,), 1)), programs, name)
    assert long.detail == f"program of {MAX_SOURCE + len(code)} characters; at most {MAX_SOURCE} are parsed"
    assert (long.status in (Status.SYNTAX_ERROR, Status.COMPILE_ERROR), short.status) == (True, Status.PASSED)


# ---- answers ----


def test_an_answer_of_colliding_members_is_wrong(make_problem: MakeProblem, grade: Grade) -> None:
    forged = (
        "import os\ndef f(n):\n"
        '    v = b\',\'.join(b\'{"$":"int","v":"%d"}\' % (k * (2**61 - 1)) for k in range(1, 20_001))\n'
        '    p = b\'{"$":"set","v":[\' + v + b\']}\'\n'
        "    data = b'V' + len(p).to_bytes(4, 'big') + p + b'Z\\0\\0\\0\\0'\n"
        "    while data: data = data[os.write(3, data):]\n"
        "    os._exit(0)\n"
    )
    anything = {"comparison": {"kind": "predicate", "predicate": "set(answer) == {1, 2}"}}
    problem = make_problem(((1,), None), **anything)
    as_list = COLLIDING.replace("{k * P", "[k * P").replace("3001)}", "3001)]")
    verdicts = grade(problem, forged, COLLIDING, as_list, "def f(n):\n    return [2, 1, 2]\n")
    assert [verdict.status for verdict in verdicts] == [Status.WRONG_ANSWER] * 3 + [Status.PASSED]
    assert "more than 100 different members of one hash" in verdicts[0].detail


def test_a_predicate_joins_many_lists_at_once(make_problem: MakeProblem, grade: Grade) -> None:
    problem = make_problem(((1,), None), comparison={"kind": "predicate", "predicate": "sum(answer, []) == [1, 2, 3]"})
    many, right = "def f(n):\n    return [[1]] * 100_000\n", "def f(n):\n    return [[1], [2, 3]]\n"
    mixed = "def f(n):\n    return [[1], (2, 3)]\n"
    verdicts = grade(problem, many, right, mixed)
    assert [verdict.status for verdict in verdicts] == [Status.WRONG_ANSWER, Status.PASSED, Status.WRONG_ANSWER]


def test_an_answer_to_which_nothing_is_known_has_a_bound(make_problem: MakeProblem, grade: Grade) -> None:
    problem = make_problem(((1,), None), comparison={"kind": "predicate", "predicate": "len(answer) > 5"})
    long, longest = (f"def f(n):\n    return 'x' * {size}\n" for size in (MAX_ANSWER + 1, MAX_ANSWER - 2))
    verdicts = grade(problem, long, longest)
    assert [verdict.status for verdict in verdicts] == [Status.WRONG_ANSWER, Status.PASSED]
    assert verdicts[0].detail == f"case 0: answered {MAX_ANSWER + 3} characters, far more than expected"


@pytest.mark.parametrize("kind", ["equal", "tokens"])
def test_blanks_of_other_scripts_are_text(make_problem: MakeProblem, grade: Grade, kind: str) -> None:
    problem = make_problem(("1\n", "3\n"), kind=kind)
    odd = ["\x1c", "\x85", "\u2028", "\u00a0", "\u3000"]
    verdicts = grade(problem, *(f"print('3' + {blank!r})" for blank in odd), "print('3 \\t\\x0b\\x0c\\r\\n\\n')")
    assert [verdict.status for verdict in verdicts] == [Status.WRONG_ANSWER] * len(odd) + [Status.PASSED]


def test_a_flood_of_lines_is_looked_at_once(make_problem: MakeProblem) -> None:
    settings = GradingConfig.model_validate({"limits": {"output_kb": 64}})
    problem = make_problem(*((f"{n}\n", f"{n}\n") for n in range(40)))
    flood = "import os\nos.write(1, input().encode() + b'\\n' * 64_000)\n"
    inside = "x = input()\nprint(x + 10_000 * ' ' + '.')\n"
    with GradingSession(settings) as session:
        verdicts = verify(
            session, problem, [Program(0, flood), Program(1, inside), Program(2, "print(input())")], "python"
        )
    assert [verdict.status for verdict in verdicts] == [Status.OUTPUT_LIMIT, Status.WRONG_ANSWER, Status.PASSED]
    assert verdicts[1].detail.startswith(f"case 0: answered {10_002} characters, far more")
    assert longest_answer(2) < 10_002


def test_a_checker_that_a_program_keeps_busy_is_asked_once(
    make_problem: MakeProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    from factory.grading import checker
    from sandbox import Limits

    monkeypatch.setattr(checker, "LIMITS", Limits(cpu_s=0.3, wall_s=30))
    problem = make_problem(*(((n,), None) for n in range(50)), comparison={"kind": "checker", "checker": CHECKER})
    asked: list[int] = []
    with Sandbox() as examiner:

        def counted(case: Case, answer: Any) -> Rejection | None:
            asked.append(answer)
            return check(CHECKER, case, answer, examiner)

        judge = Judge(problem, lambda answer, expected: answer, counted)
        judgement = judge.judge(Run((3, 3, *[4] * 48)))
    assert (judgement.status, judgement.cases_passed, asked) == (Status.WRONG_ANSWER, 2, [3, 3, 4])
    assert judgement.detail == "case 2: the checker could not judge its answer: used more CPU time than allowed"


def test_deep_and_huge_answers_of_other_languages_are_unfit(make_problem: MakeProblem) -> None:
    from factory.languages.go.answers import GoAnswer
    from factory.languages.javascript.answers import JavaScriptAnswer

    problem = make_problem(((1,), {(1, 2)}), kind="exact")
    members = ",".join(f'{{"$":"int","v":"{k * (2**61 - 1):x}"}}' for k in range(1, 500))
    deep = "[" * 300 + "]" * 300
    for name, answer in [
        ("javascript", JavaScriptAnswer(f'{{"$":"set","v":[{members}]}}')),
        ("javascript", JavaScriptAnswer(f'{{"$":"set","v":[{deep}]}}')),
        ("go", GoAnswer('{"results":[[0,"' + "f" * 200_000 + '"]],"types":[["bigint","big.Int"]]}')),
    ]:
        judge = Judge(problem, language(name).fit, lambda case, answer: None)
        assert judge.judge(Run((answer,))).status is Status.WRONG_ANSWER


# ---- programs ----


def test_every_function_of_a_long_chain_is_reached() -> None:
    tree = parse("".join(f"def f{n}():\n    return f{n + 1}()\n" for n in range(3000)))
    assert not isinstance(tree, Rejection)
    assert len(reached(tree, "f0")) == 3000
    assert len(reached(tree, "f2990")) == 10


# ---- problem files ----


@pytest.mark.parametrize(("depth", "of"), [(8, list), (30, list), (60, list), (4, tuple)])
def test_inputs_like_deep_ones_are_made(make_problem: MakeProblem, depth: int, of: type) -> None:
    problem = make_problem(((nested(depth, of),), 1), ((nested(depth, of),), 2))
    assert len(inputs(problem, 32)) > 8


def test_the_signature_of_deep_tuples_is_told_once(make_problem: MakeProblem) -> None:
    problem = make_problem(((nested(60, tuple),), 1))
    assert signature(problem, "def f(a):\n    return 1\n") == f"func f(a {'[1]' * 60}int) int"


def test_a_row_of_values_nested_too_deep_is_refused(read_rows: Callable[..., list[Any]]) -> None:
    rows = [
        {"id": f"t/{depth}", "prompt": "p", "entry_point": "f", "cases": [{"args": [nested(depth)], "expected": 1}]}
        for depth in (MAX_NESTING, 2 * MAX_NESTING + 2, 400)
    ]
    good, *refused = read_rows(rows)
    assert not isinstance(good, Refusal)
    assert refused[0].reason == f"cases.0: holds values nested deeper than {MAX_NESTING}"
    assert all(isinstance(it, Refusal) for it in refused)


@pytest.mark.parametrize(
    ("field", "most"),
    [("id", MAX_NAME), ("entry_point", MAX_NAME), ("prompt", MAX_STATEMENT), ("starter_code", MAX_STATEMENT)],
)
def test_a_row_with_a_text_too_long_is_refused_alone(
    read_rows: Callable[..., list[Any]], field: str, most: int
) -> None:
    honest = {"id": "t", "prompt": "p", "entry_point": "f", "cases": [{"args": [1], "expected": 1}]}
    just, beyond, after = read_rows(
        [honest | {field: "x" * most}, honest | {field: "x" * (most + 1)}, honest | {"id": "u"}]
    )
    assert not isinstance(just, Refusal)
    assert not isinstance(after, Refusal)
    assert beyond.reason == (
        f"{field}: {'x' * 40!r}… holds {most + 1:,} characters, and may hold {most:,}: shorten it, or leave the row out"
    )
    assert beyond.place.endswith("rows.jsonl:2")


def test_what_a_card_says_of_a_problem_is_bounded(read_rows: Callable[..., list[Any]]) -> None:
    honest = {"id": "t", "prompt": "p", "entry_point": "f", "cases": [{"args": [1], "expected": 1}]}
    (refused,) = read_rows([honest | {"meta": {"license": "x" * (MAX_STATEMENT + 1)}}])
    assert refused.reason.startswith("meta.license: ")


ROWS = [{"problem_id": f"t/{n}", "index": 0, "mode": "chat", "text": "x" * size} for n, size in enumerate((5, 400, 6))]


def written(folder: Path, kind: str) -> Path:
    """`ROWS` in a file of a kind, or `{id: row}`."""
    path = folder / f"rows.{kind.removeprefix('keyed.')}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    elif kind == "csv":
        lines = [",".join(map(str, row.values())) for row in ROWS]
        path.write_text("\n".join(["problem_id,index,mode,text", *lines]))
    elif kind.endswith("jsonl.gz"):
        path.write_bytes(gzip.compress("".join(f"{json.dumps(row)}\n" for row in ROWS).encode()))
    elif kind == "jsonl":
        path.write_text("\n".join(map(json.dumps, ROWS)))
    else:
        keyed = {row["problem_id"]: {k: v for k, v in row.items() if k != "problem_id"} for row in ROWS}
        path.write_text(json.dumps(keyed if kind.startswith("keyed") else ROWS))
    return path


@pytest.mark.parametrize("kind", ["jsonl", "jsonl.gz", "json", "keyed.json", "csv", "parquet"])
def test_a_row_that_is_too_long_is_passed_over_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(bounds, "MAX_ROW", 300)
    found = list(read_rollouts(written(tmp_path, kind)))
    assert [getattr(one, "text", None) for one in found] == ["xxxxx", None, "xxxxxx"]
    (refused,) = (one for one in found if isinstance(one, Unread))
    assert re.fullmatch(
        r"holds 4\d\d (characters|bytes), and may hold 300: shorten its tests, or leave the row out", refused.reason
    )


def test_a_line_is_never_held_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A line of 200 MB in a small archive: memory grows by the bound, not by the line."""
    monkeypatch.setattr(bounds, "MAX_ROW", 1_000_000)
    path = tmp_path / "rows.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(200):
            file.write(b" " * 1_000_000)
        file.write(b"\n" + json.dumps(ROWS[0]).encode())
    tracemalloc.start()
    long, short = raw_rows.read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (long.fault.split(" bytes")[0], short.data) == ("holds 200,000,001", ROWS[0])
    assert peak < 20_000_000


def test_a_recorded_text_beyond_the_bound_is_no_rollout(tmp_path: Path) -> None:
    honest = {"problem_id": "t", "mode": "chat", "text": "x"}
    beyond = [honest | {name: "x" * (MAX_RECORDED + 1)} for name in ("text", "reasoning")]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in (*beyond, honest)))
    first, second, after = read_rollouts(path)
    assert (str(first), str(second)) == tuple(
        f'{path}:{n}: {name}: "{"x" * 40}"… holds {MAX_RECORDED + 1:,} characters, and may hold {MAX_RECORDED:,}: '
        "leave the row out"
        for n, name in ((1, "text"), (2, "reasoning"))
    )
    assert isinstance(after, Rollout)


def test_names_that_stand_for_names_are_not_multiplied() -> None:
    doubled = "".join(f"a{n + 1} = (a{n}, a{n})\n" for n in range(60))
    with pytest.raises(ValueError, match="its names together mean more than"):
        split(ast.parse(f"a0 = 1\n{doubled}assert f(a60) == 1\n").body, "f")


def test_constants_are_not_read_for_every_one_of_many_tests() -> None:
    tests = "".join(f"def test_{n}():\n    assert f({n}) == {n}\n" for n in range(3000))
    with pytest.raises(ValueError, match="too many for its number of tests"):
        of_file(f"big = [{'1, ' * 3000}]\n{tests}", "f")


@pytest.fixture
def read_rows(tmp_path: Any) -> Callable[..., list[Any]]:
    def read(rows: list[dict[str, Any]]) -> list[Any]:
        from factory import problems
        from factory.config import ProblemsConfig

        path = tmp_path / "rows.jsonl"
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        return list(problems.read(ProblemsConfig(path=path)))

    return read


def test_values_of_one_hash_are_told_apart_up_to_a_number() -> None:
    from itertools import product

    from factory.records.values import Unreadable, dumps, read

    honest = {*product((-1, -2), repeat=6), *range(-500, 500), -1.0, "a"}
    assert read(dumps(honest)) == honest
    assert len({hash(one) for one in product((-1, -2), repeat=10)}) == 1
    for value in (set(product((-1, -2), repeat=10)), dict.fromkeys(product((-1, -2), repeat=10), 1)):
        with pytest.raises(Unreadable, match="different members of one hash"):
            read(dumps(value))
    assert encode(honest)
