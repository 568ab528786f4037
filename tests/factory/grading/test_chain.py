"""The filter chain behind a real wall: each way a program can end, and that none of them is taken for a pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from textwrap import dedent
from typing import Any

import pytest

from factory.config import GradingConfig, SandboxConfig
from factory.errors import ConfigError, InfrastructureError, WallError
from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.records import Failure, Problem, Program, Status, Verdict, sha256
from sandbox import ExecutionResult, Sandbox, WallUnavailable, WorkerLost

MakeProblem = Callable[..., Problem]
Grade = Callable[..., list[Verdict]]
WALLED = GradingConfig(sandbox=SandboxConfig(backend="bubblewrap"))
TWICE = "def f(x):\n    return 2 * x\n"


@pytest.fixture
def double(make_problem: MakeProblem) -> Problem:
    return make_problem(((1,), 2), ((0,), 0), ((-4,), -8))


def one(grade: Grade, problem: Problem, source: str) -> Verdict:
    (verdict,) = grade(problem, dedent(source))
    return verdict


def test_a_right_program_passes_with_its_evidence(grade: Grade, double: Problem) -> None:
    verdict = one(grade, double, TWICE)
    assert (verdict.status, verdict.detail, verdict.cases_passed, verdict.cases_total) == (Status.PASSED, "", 3, 3)
    assert (verdict.code, verdict.code_sha256, verdict.first_failure) == (TWICE, sha256(TWICE), None)
    assert verdict.cpu_ms > 0
    assert verdict.wall_ms > 0
    assert verdict.peak_mb > 0
    assert len(verdict.normal_form) == 64


@pytest.mark.parametrize(
    ("source", "status", "detail"),
    [
        ("def f(x):\n    return 3 * x", "wrong_answer", "case 0: answered 3, expected 2"),
        ("def f(x):\n    return str(2 * x)", "wrong_answer", "case 0: answered '2', expected 2"),
        ("def f(x):\n    print(2 * x)", "wrong_answer", "case 0: answered None, expected 2"),
        ("def f(x):\n    return 2 * x if x else None", "wrong_answer", "case 1: answered None, expected 0"),
        ("def f(x):\n    return object()", "wrong_answer", "case 0: returned object, which is no plain value"),
        (
            "def f(x):\n    return (2 * x for _ in 'a')",
            "wrong_answer",
            "case 0: returned generator, which is no plain value",
        ),
        (
            "class I(int):\n    __eq__ = lambda *_: True\ndef f(x):\n    return I(2 * x)",
            "wrong_answer",
            "case 0: returned I, which is no plain value",
        ),
        ("def f(x)\n    return 2", "syntax_error", "line 1: expected ':'"),
        (
            "def f(x, x):\n    return 2",
            "syntax_error",
            "line 1: SyntaxError: duplicate argument 'x' in function definition (solution.py, line 1)",
        ),
        ("return 1", "syntax_error", "line 1: SyntaxError: 'return' outside function (solution.py, line 1)"),
        ("def g(x):\n    return 2 * x", "missing_entry_point", "defines no function f"),
        ("f = 2", "missing_entry_point", "defines no function f"),
        (
            "def f():\n    return 2",
            "runtime_error",
            "case 0: TypeError: f() takes 0 positional arguments but 1 was given",
        ),
        ("def f(x):\n    return y", "runtime_error", "case 0: line 2: NameError: name 'y' is not defined"),
        (
            "import no_such\ndef f(x):\n    return 2 * x",
            "runtime_error",
            "line 1: ModuleNotFoundError: No module named 'no_such'",
        ),
        ("1 / 0\ndef f(x):\n    return 2 * x", "runtime_error", "line 1: ZeroDivisionError: division by zero"),
        ("def f(x):\n    while True: pass", "timeout", "used more CPU time than allowed"),
        ("def f(x):\n    return 'x' * 10**10", "memory_limit", None),
        ("def f(x):\n    return 'x' * 10**7", "output_limit", "wrote more output than allowed"),
        ("import sys\ndef f(x): sys.exit(0)", "runtime_error", "case 0: line 2: SystemExit: 0"),
        ("import sys\nsys.exit(0)", "runtime_error", "line 2: SystemExit: 0"),
        ("import os\nos._exit(0)", "runtime_error", "ended with exit code 0 before it had answered"),
        ("import os\ndef f(x):\n    os._exit(0)", "runtime_error", "ended with exit code 0 before it had answered"),
        (
            "import os\ndef f(x):\n    os.kill(os.getpid(), 11)",
            "runtime_error",
            "ended with signal 11 before it had answered",
        ),
        ("def f(x):\n    return f(x)", "runtime_error", None),
        ("def f(x):\n    return '\\ud800'", "wrong_answer", None),
    ],
)
def test_a_program_that_is_not_right_gets_its_reason(
    grade: Grade, double: Problem, source: str, status: str, detail: str | None
) -> None:
    verdict = one(grade, double, source)
    assert verdict.status == status, verdict.detail
    assert verdict.detail == (detail or verdict.detail)
    assert verdict.detail
    assert "\n" not in verdict.detail
    assert verdict.cases_passed < verdict.cases_total == 3
    assert verdict.code_sha256 == sha256(source)


FRAME = """
import os
def frame(kind, payload=b""):
    return kind + len(payload).to_bytes(4, "big") + payload
"""


@pytest.mark.parametrize(
    ("source", "detail"),
    [
        ("os.write(3, frame(b'R') + 3 * frame(b'V', b'2') + frame(b'Z')); os._exit(0)", "case 1"),
        ("os.write(3, frame(b'R') + frame(b'Z')); os._exit(0)", "wrote out of turn: 0 answers to 3 inputs"),
        (
            "os.write(3, frame(b'R') + 4 * frame(b'V', b'2') + frame(b'Z')); os._exit(0)",
            "wrote out of turn: more answers than the 3 inputs",
        ),
        ("os.write(3, frame(b'P')); os._exit(0)", "wrote out of turn: a frame 'P' before it was loaded"),
        ("os.write(3, b'passed'); os._exit(0)", "wrote out of turn: bytes that are no frame"),
        ("os.write(3, frame(b'R'))\ndef f(x): return 2 * x", "wrote out of turn: more answers than the 3 inputs"),
        (
            "def f(x):\n    os.write(3, frame(b'V', b'2'))\n    return 2 * x",
            "wrote out of turn: more answers than the 3 inputs",
        ),
        ("os.write(3, frame(b'R') + frame(b'V', b'2') + frame(b'V', b'0')); os._exit(0)", "before it had answered"),
        (
            "os.write(3, frame(b'R') + 3 * frame(b'V', b'[' * 99999) + frame(b'Z')); os._exit(0)",
            "far more than expected",
        ),
        (
            "os.write(3, frame(b'R') + 3 * frame(b'V', b'[' * 4000) + frame(b'Z')); os._exit(0)",
            "cannot be read: nested too deep",
        ),
        (
            "os.write(3, frame(b'R') + 3 * frame(b'V', b'junk') + frame(b'Z')); os._exit(0)",
            "cannot be read: Expecting value",
        ),
        (
            "os.write(3, frame(b'R') + 3 * frame(b'X', b'junk') + frame(b'Z')); os._exit(0)",
            "raised something it could not describe",
        ),
        (
            'n = b\'{"$": "int", "v": "1\' + b\'0\' * 400 + b\'"}\'\n'
            'os.write(3, frame(b\'R\') + 3 * frame(b\'V\', b\'{"$": "complex", "v": ['
            "' + n + b', 0]}') + frame(b'Z'))\nos._exit(0)",
            "cannot be read",
        ),
    ],
)
def test_a_forged_frame_is_no_pass(grade: Grade, double: Problem, source: str, detail: str) -> None:
    verdict = one(grade, double, FRAME + source)
    assert verdict.status in (Status.RUNTIME_ERROR, Status.WRONG_ANSWER)
    assert detail in verdict.detail


def test_answers_that_are_claimed_are_still_compared(grade: Grade, make_problem: MakeProblem) -> None:
    # A program may write the frames itself: it gains nothing, since it has to know what is right.
    problem = make_problem(((1,), 2))
    forged = FRAME + "os.write(3, frame(b'R') + frame(b'V', b'%d') + frame(b'Z')); os._exit(0)"
    assert one(grade, problem, forged % 3).detail == "case 0: answered 3, expected 2"


def test_answers_in_the_order_of_programs_with_their_own_indices(session: GradingSession, double: Problem) -> None:
    programs = [
        Program(9, TWICE),
        Program(4, None, "the answer is empty"),
        Program(7, "def f(x): return 0"),
        Program(2, "("),
    ]
    verdicts = verify(session, double, programs, "python")
    assert [(verdict.index, verdict.status.value) for verdict in verdicts] == [
        (9, "passed"), (4, "no_code"), (7, "wrong_answer"), (2, "syntax_error"),
    ]  # fmt: skip
    assert verdicts[1].detail == "the answer is empty"
    assert (verdicts[1].code, verdicts[1].code_sha256, verdicts[1].normal_form) == ("", "", "")
    assert all(verdict.cases_total == 3 for verdict in verdicts)
    assert all(verdict.problem_id == "t/0" and verdict.language == "python" for verdict in verdicts)


def test_nothing_to_verify_is_nothing(session: GradingSession, double: Problem) -> None:
    assert verify(session, double, [], "python") == []


def test_an_unknown_language_names_those_there_are(session: GradingSession, double: Problem) -> None:
    with pytest.raises(ConfigError, match="'cobol' is unknown; there are: python, go"):
        verify(session, double, [], "cobol")


# ---- duplicates ----


def test_a_duplicate_carries_the_verdict_of_its_text_and_import_fixes_of_its_own(
    grade: Grade, make_problem: MakeProblem
) -> None:
    problem = make_problem((([3, 1],), 2))
    first = "from typing import List\ndef f(x: List) -> int:\n    return len(x)\n"
    cut = "def f(x: List) -> int:\n    return len(x)\n"
    verdicts = grade(problem, first, cut, cut)
    assert [verdict.duplicate_of for verdict in verdicts] == [None, 0, 0], "with the import added, the text is the same"
    fixes = ("import added: typing.List",)
    assert [verdict.import_fixes for verdict in verdicts] == [(), fixes, fixes]
    assert {(verdict.code, verdict.code_sha256) for verdict in verdicts} == {(first, sha256(first))}
    assert replace(verdicts[0], index=1, duplicate_of=0, import_fixes=fixes) == verdicts[1]


def test_texts_of_one_normal_form_are_each_run(grade: Grade, double: Problem) -> None:
    verdicts = grade(double, TWICE, f"# twice\n{TWICE}", "def f(y):\n    return 2 * y\n")
    assert len({verdict.normal_form for verdict in verdicts}) == 1
    assert [verdict.duplicate_of for verdict in verdicts] == [None] * 3


@pytest.mark.parametrize("body", ["return 0", "return y", "while True: pass", "return ["])
def test_duplicates_of_a_failure_fail_alike(grade: Grade, double: Problem, body: str) -> None:
    first, second = grade(double, f"def f(x): {body}", f"def f(x): {body}")
    assert first.status is not Status.PASSED
    assert (first.status, first.detail) == (second.status, second.detail)


def test_duplicate_of_is_an_index_and_no_position(session: GradingSession, double: Problem) -> None:
    verdicts = verify(session, double, [Program(40, TWICE), Program(41, TWICE)], "python")
    assert verdicts[1].duplicate_of == 40


def test_without_dedup_every_program_runs(double: Problem) -> None:
    settings = GradingConfig.model_validate({"verify": {"dedup": False}, "sandbox": {"backend": "bubblewrap"}})
    with GradingSession(settings) as session:
        verdicts = verify(session, double, [Program(0, TWICE), Program(1, TWICE)], "python")
    assert [(verdict.status, verdict.duplicate_of) for verdict in verdicts] == [(Status.PASSED, None)] * 2
    assert verdicts[0].normal_form == verdicts[1].normal_form


def test_programs_that_look_alike_and_are_not_get_verdicts_of_their_own(
    grade: Grade, make_problem: MakeProblem
) -> None:
    problem = make_problem((([3, 1, 2],), 3))
    right = "def g(xs):\n    max = 0\n    return max\ndef f(xs): return max(xs)\n"
    wrong = "def g(xs):\n    min = 0\n    return min\ndef f(xs): return min(xs)\n"
    assert [verdict.status for verdict in grade(problem, right, wrong)] == [Status.PASSED, Status.WRONG_ANSWER]


# ---- import_fixes ----


def test_what_was_forgotten_is_added_to_what_is_shipped(grade: Grade, make_problem: MakeProblem) -> None:
    verdict = one(grade, make_problem((([3, 3],), 2)), "def f(x: List[int]):\n    return Counter(x)[3]\n")
    assert (verdict.status, verdict.import_fixes) == (
        Status.PASSED, ("import added: collections.Counter", "import added: typing.List"),
    )  # fmt: skip
    assert verdict.code.startswith("from collections import Counter\nfrom typing import List\ndef f")


def test_a_repair_that_would_break_a_program_is_not_made(grade: Grade, make_problem: MakeProblem) -> None:
    source = "from __future__ import annotations; X = [\n1]\ndef f(x: List):\n    return X\n"
    verdict = one(grade, make_problem(((0,), [1])), source)
    assert (verdict.status, verdict.import_fixes, verdict.code) == (Status.PASSED, (), source)


def test_a_program_too_deep_for_its_normal_form_still_runs(grade: Grade, make_problem: MakeProblem) -> None:
    source = "def f(x):\n    if x == 0: return 0\n" + "".join(f"    elif x == {n}: return {n}\n" for n in range(1, 500))
    assert one(grade, make_problem(((499,), 499)), source).status is Status.PASSED


def test_an_integer_too_long_to_write_is_no_fault_of_ours(grade: Grade, double: Problem) -> None:
    source = f"def f(x):\n    0x{'f' * 100_000}\n    return 2 * x\n"
    assert one(grade, double, source).status is Status.PASSED


# ---- programs that read stdin ----


@pytest.mark.parametrize(
    ("source", "status", "detail"),
    [
        ("print(2 * int(input()))", "passed", ""),
        ("print(2 * int(input()), end='   \\n\\n')", "passed", ""),
        ("import sys\nprint(2 * int(sys.stdin.read()))\nsys.exit(0)", "passed", ""),
        ("print(2 * int(input()))\nprint('done')", "wrong_answer", "case 0: answered '2\\ndone\\n', expected '2\\n'"),
        ("print(2 * int(input()))\nraise SystemExit(1)", "runtime_error", "case 0: ended with exit code 1"),
        ("print(2 * int(input()))\n1 / 0", "runtime_error", "case 0: ZeroDivisionError: division by zero"),
        ("", "wrong_answer", "case 0: answered '', expected '2\\n'"),
        ("input(", "syntax_error", "line 1: '(' was never closed"),
        ("while True: pass", "timeout", "used more CPU time than allowed"),
        ("while True: print('x' * 99999)", "output_limit", "wrote more output than allowed"),
        ("print(2)", "wrong_answer", "case 1: answered '2\\n', expected '-6\\n'"),
    ],
)
def test_scripts(grade: Grade, make_problem: MakeProblem, source: str, status: str, detail: str) -> None:
    verdict = one(grade, make_problem(("1\n", "2\n"), ("-3\n", "-6\n")), source)
    assert (verdict.status, verdict.detail) == (status, detail)


# ---- checkers ----

FACTORS = "def check(input, output):\n    a, b = output\n    return a * b == input[0] and 1 < a <= b\n"


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ("return (2, 6)", "passed", ""),
        ("return [3, 4]", "passed", ""),
        ("return (1, 12)", "wrong_answer", "case 0: the checker refused its answer"),
        (
            "return 12",
            "wrong_answer",
            "case 0: the checker could not judge its answer: line 2: TypeError: cannot unpack non-iterable int object",
        ),
        ("return None", "wrong_answer", "case 0: the checker could not judge its answer: line 2: TypeError: "),
        ("return object()", "wrong_answer", "case 0: returned object, which is no plain value"),
        ("raise ValueError", "runtime_error", "case 0: line 2: ValueError"),
        ("return ([[]] * 999, 1)", "wrong_answer", "case 0: the checker refused its answer"),
    ],
)
def test_a_checker_judges_answers(grade: Grade, make_problem: MakeProblem, body: str, status: str, detail: str) -> None:
    problem = make_problem(((12,), None), comparison={"kind": "checker", "checker": FACTORS})
    verdict = one(grade, problem, f"def f(n):\n    {body}\n")
    assert verdict.status == status
    assert verdict.detail.startswith(detail)


@pytest.mark.parametrize("answer", ["1", "'yes'", "[True]", "None"])
def test_a_checker_that_does_not_say_true_has_not_said_yes(
    grade: Grade, make_problem: MakeProblem, answer: str
) -> None:
    checker = f"def check(input, output):\n    return {answer}\n"
    problem = make_problem(((1,), None), comparison={"kind": "checker", "checker": checker})
    assert one(grade, problem, TWICE).detail == "case 0: the checker refused its answer"


@pytest.mark.parametrize(
    ("checker", "why"),
    [
        ("import nowhere\n" + FACTORS, "line 1: ModuleNotFoundError: No module named 'nowhere'"),
        ("def check(input, output) return True", "line 1: SyntaxError: expected ':' (solution.py, line 1)"),
        ("def judge(input, output):\n    return True\n", "defines no function check"),
        ("import os\nos._exit(0)\n" + FACTORS, "ended with exit code 0 before it had answered"),
    ],
)
def test_a_checker_that_does_not_load_is_no_candidates_fault(
    grade: Grade, make_problem: MakeProblem, checker: str, why: str
) -> None:
    problem = make_problem(((12,), None), comparison={"kind": "checker", "checker": checker})
    right, wrong = grade(problem, "def f(n): return 3, 4", "def f(n): return 12")
    assert right.status is wrong.status is Status.INFRASTRUCTURE_ERROR
    assert right.detail == wrong.detail == f"case 0: the problem's checker does not load: {why}"


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("1 / 0", "line 3: ZeroDivisionError: division by zero"),
        ("bytes(2**40)", "line 3: MemoryError"),
        ("__import__('os')._exit(0)", "ended with exit code 0 before it had answered"),
        ("return object()", "returned object, which is no plain value"),
    ],
)
def test_an_answer_on_which_the_checker_fails_is_wrong_and_no_failure_of_ours(
    grade: Grade, make_problem: MakeProblem, fault: str, why: str
) -> None:
    checker = f"def check(input, output):\n    if output != 1:\n        {fault}\n    return True\n"
    problem = make_problem(((0,), None), comparison={"kind": "checker", "checker": checker})
    right, wrong = grade(problem, "def f(n): return 1", "def f(n): return 2")
    assert right.status is Status.PASSED
    assert (wrong.status, wrong.detail) == (
        Status.WRONG_ANSWER,
        f"case 0: the checker could not judge its answer: {why}",
    )


def test_a_checker_of_a_script_sees_texts(grade: Grade, make_problem: MakeProblem) -> None:
    checker = "def check(input, output):\n    return sorted(output.split()) == sorted(input.split())\n"
    problem = make_problem(("b a\n", ""), comparison={"kind": "checker", "checker": checker})
    assert one(grade, problem, "print(*sorted(input().split()))").status is Status.PASSED
    assert one(grade, problem, "print('a')").status is Status.WRONG_ANSWER


def test_a_forged_answer_too_deep_for_a_checker_is_a_wrong_answer(grade: Grade, make_problem: MakeProblem) -> None:
    problem = make_problem(((12,), None), comparison={"kind": "checker", "checker": FACTORS})
    deep = FRAME + "os.write(3, frame(b'R') + frame(b'V', b'[' * 250 + b']' * 250) + frame(b'Z')); os._exit(0)"
    verdict = one(grade, problem, deep)
    assert verdict.status is Status.WRONG_ANSWER
    assert "cannot be checked: value nested deeper than 200" in verdict.detail


# ---- test code ----

CHECK = "def check(candidate):\n    for n in range(5):\n        assert abs(candidate(n) - 2 * n) < 0.01, n\n"


@pytest.mark.parametrize(
    ("source", "status", "detail"),
    [
        (TWICE, "passed", ""),
        ("def f(x):\n    return 2 * x + 0.001", "passed", ""),
        ("def f(x):\n    return x", "wrong_answer", "test code: AssertionError: 1"),
        ("def f(x):\n    return str(x)", "wrong_answer", "test code: "),
        ("def f(x):\n    return [][0]", "runtime_error", "line 2: IndexError: list index out of range"),
        ("def f(x):\n    raise AssertionError", "wrong_answer", "test code: "),
        ("def g(x):\n    return x", "missing_entry_point", "defines no function f"),
        ("1 / 0", "runtime_error", "line 1: ZeroDivisionError: division by zero"),
        ("def f(x):\n    while True: pass", "timeout", "used more CPU time than allowed"),
        ("import os\ndef f(x):\n    os._exit(0)", "runtime_error", "ended before it had answered"),
        ("import os\nos._exit(0)", "runtime_error", "ended before it had answered"),
        (
            "class Any:\n    def __sub__(s, o): return s\n    def __abs__(s): return 0\ndef f(x):\n    return Any()",
            "wrong_answer",
            "returned Any, which is no plain value",
        ),
    ],
)
def test_test_code(grade: Grade, make_problem: MakeProblem, source: str, status: str, detail: str) -> None:
    verdict = one(grade, make_problem(cases=[], test_code=CHECK), source)
    assert verdict.status == status, verdict.detail
    assert verdict.detail.startswith(detail)
    assert (verdict.cases_passed, verdict.cases_total) == (int(status == "passed"), 1)


def test_test_code_that_asks_nothing_passes_nobody(grade: Grade, make_problem: MakeProblem) -> None:
    problem = make_problem(cases=[], test_code="def check(candidate):\n    assert True\n")
    verdict = one(grade, problem, TWICE)
    assert verdict.status is Status.RUNTIME_ERROR
    assert verdict.cases_passed == 0


def test_cases_and_test_code_have_both_to_be_satisfied(grade: Grade, make_problem: MakeProblem) -> None:
    problem = make_problem(((7,), 14), test_code=CHECK)
    right, half, other = grade(
        problem, TWICE, "def f(x):\n    return 14", "def f(x):\n    return 2 * x if x < 5 else 0"
    )
    assert (right.status, right.cases_passed, right.cases_total) == (Status.PASSED, 2, 2)
    assert (half.status, half.cases_passed) == (Status.WRONG_ANSWER, 1)
    assert half.detail.startswith("test code: ")
    assert (other.status, other.cases_passed) == (Status.WRONG_ANSWER, 0)
    assert other.detail == "case 0: answered 0, expected 14"


def test_names_that_test_code_passes_arguments_by_are_no_matter_of_taste(
    grade: Grade, make_problem: MakeProblem
) -> None:
    named = make_problem(cases=[], test_code="def check(candidate):\n    assert candidate(x=2) == 4\n")
    anyhow = make_problem(cases=[], test_code="def check(candidate):\n    assert candidate(**{'x': 2}) == 4\n")
    for problem in (named, anyhow):
        verdicts = grade(problem, TWICE, "def f(y):\n    return 2 * y\n")
        assert [verdict.status for verdict in verdicts] == [Status.PASSED, Status.RUNTIME_ERROR]


def test_names_that_cases_pass_arguments_by_are_no_matter_of_taste(grade: Grade, make_problem: MakeProblem) -> None:
    problem = make_problem(cases=[{"args": [], "kwargs": {"x": 2}, "expected": 4}])
    verdicts = grade(problem, TWICE, "def f(y):\n    return 2 * y\n")
    assert [verdict.status for verdict in verdicts] == [Status.PASSED, Status.RUNTIME_ERROR]


# ---- our own failures ----


class Losing(Sandbox):
    """A sandbox whose workers are lost on programs that say so."""

    def run_calls(self, job: Any) -> ExecutionResult:
        if "LOSE" in job.source:
            raise WorkerLost("3 sandbox workers were lost on the same job: test")
        return super().run_calls(job)

    def conversation(self, job: Any) -> Any:
        if "LOSE" in job.source:
            raise WorkerLost("the sandbox worker was lost: test")
        return super().conversation(job)


@pytest.fixture
def losing(monkeypatch: pytest.MonkeyPatch) -> Iterator[GradingSession]:
    monkeypatch.setattr("factory.grading.session.Sandbox", Losing)
    with GradingSession(WALLED) as session:
        yield session


def test_a_lost_worker_is_never_a_wrong_answer_and_costs_nobody_else_a_verdict(
    losing: GradingSession, double: Problem
) -> None:
    sources = [TWICE, "LOSE = 1\n" + TWICE, "LOSE = 1\n" + TWICE, "def f(x): return 0"]
    verdicts = verify(losing, double, [Program(n, source) for n, source in enumerate(sources)], "python")
    assert [verdict.status.value for verdict in verdicts] == [
        "passed", "infrastructure_error", "infrastructure_error", "wrong_answer",
    ]  # fmt: skip
    assert verdicts[1].detail == "3 sandbox workers were lost on the same job: test"
    assert verdicts[2].duplicate_of == 1


def test_a_worker_lost_in_test_code_is_an_infrastructure_error(
    losing: GradingSession, make_problem: MakeProblem
) -> None:
    (verdict,) = verify(losing, make_problem(cases=[], test_code=CHECK), [Program(0, "LOSE = 1\n" + TWICE)], "python")
    assert (verdict.status, verdict.cases_passed) == (Status.INFRASTRUCTURE_ERROR, 0)
    (verdict,) = verify(losing, make_problem(cases=[], test_code="LOSE = 1\n" + CHECK), [Program(0, TWICE)], "python")
    assert verdict.status is Status.INFRASTRUCTURE_ERROR


def test_a_worker_lost_with_a_checker_raises(losing: GradingSession, make_problem: MakeProblem) -> None:
    problem = make_problem(((12,), None), comparison={"kind": "checker", "checker": "LOSE = 1\n" + FACTORS})
    with pytest.raises(InfrastructureError, match="problem 't/0': 3 sandbox workers were lost"):
        verify(losing, problem, [Program(0, TWICE)], "python")


def test_a_wall_that_cannot_be_built_raises(monkeypatch: pytest.MonkeyPatch, double: Problem) -> None:
    def no_wall(*_: Any) -> Sandbox:
        raise WallUnavailable("no bubblewrap here; install it")

    monkeypatch.setattr("factory.grading.session.Sandbox", no_wall)
    with (
        GradingSession(GradingConfig()) as session,
        pytest.raises(WallError, match=r"^no bubblewrap here; install it; what is written is kept"),
    ):
        verify(session, double, [Program(0, TWICE)], "python")


# ---- promises ----


def test_verdicts_are_the_same_every_time_but_for_what_is_measured(grade: Grade, double: Problem) -> None:
    sources = (
        TWICE,
        "def f(x): return object()",
        "def f(x): raise ValueError(object())",
        "def f(x): return {1, 'a', x}",
    )

    def unmeasured() -> list[Verdict]:
        return [replace(verdict, cpu_ms=0, wall_ms=0, peak_mb=0) for verdict in grade(double, *sources)]

    assert unmeasured() == unmeasured()


def test_what_is_expected_never_enters_a_wall(monkeypatch: pytest.MonkeyPatch, make_problem: MakeProblem) -> None:
    jobs: list[Any] = []

    class Watched(Sandbox):
        def run_calls(self, job: Any) -> ExecutionResult:
            jobs.append(job)
            return super().run_calls(job)

        def run_streams(self, job: Any) -> tuple[ExecutionResult, ...]:
            jobs.append(job)
            return super().run_streams(job)

    monkeypatch.setattr("factory.grading.session.Sandbox", Watched)
    with GradingSession(WALLED) as session:
        verify(session, make_problem(((1,), "secret-4711")), [Program(0, TWICE)], "python")
        verify(session, make_problem(("1\n", "secret-4711\n")), [Program(0, "print(1)")], "python")
    assert len(jobs) == 2
    assert not any("4711" in repr(job) for job in jobs)


def test_limits_of_a_problem_go_before_the_configs(grade: Grade, make_problem: MakeProblem) -> None:
    source = "def f(x):\n    return len('a' * (100 << 20))\n"
    assert one(grade, make_problem(((1,), 100 << 20)), source).status is Status.PASSED
    tight = make_problem(((1,), 100 << 20), limits={"memory_mb": 64})
    assert one(grade, tight, source).status is Status.MEMORY_LIMIT


def test_a_failed_public_case_tells_so(grade: Grade, make_problem: MakeProblem) -> None:
    rows = [{"args": [1], "expected": 2, "public": True}, {"args": [2], "expected": 4}]
    first, second = grade(make_problem(cases=rows), "def f(x): return 4", "def f(x): return 2")
    assert first.first_failure == Failure(0, True, "1", "4", "2")
    assert second.first_failure is not None
    assert second.first_failure.public is False
