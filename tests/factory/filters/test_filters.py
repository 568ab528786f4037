"""The order of all filters, and optional ones: what they drop is a verdict with a reason, and is written out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from factory import filters
from factory.commands import verify
from factory.config import ChainConfig, ProblemsConfig
from factory.console import Console
from factory.errors import ConfigError
from factory.filters.base import Chosen
from factory.grading.session import GradingSession
from factory.records import Problem, Program, Status, Verdict
from factory.records.summary import VerifySummary
from factory.storage import parts

MakeProblem = Callable[..., Problem]
PLAIN = "def f(x):\n    return 2 * x\n"
LOUD = "def f(x):\n    print('x is', x)\n    return x + x\n"
WRONG = "def f(x):\n    print(x)\n    return x\n"


class Shortest:
    """Drops programs of more than two lines."""

    name = "shortest"

    def __init__(self) -> None:
        self.seen: list[int] = []

    def reasons(self, problem: Problem, passed: Sequence[Verdict]) -> list[str | None]:
        self.seen += [verdict.index for verdict in passed]
        return [f"{lines} lines" if (lines := it.code.count("\n")) > 2 else None for it in passed]


@pytest.fixture
def double(make_problem: MakeProblem) -> Problem:
    return make_problem(((1,), 2), ((-4,), -8))


def graded(session: GradingSession, problem: Problem, chosen: Sequence[filters.Filter], *sources: str) -> list[Verdict]:
    programs = [Program(index, source) for index, source in enumerate(sources)]
    return filters.grade(session, problem, programs, "python", chosen)


# ---- the order ----


def test_steps_stand_once_each_from_cheap_to_dear() -> None:
    assert [step.name for step in filters.ORDER] == [
        *("compile", "duplicates", "run", "optional", "differential", "decontamination", "review", "near_duplicates")
    ]


def test_every_status_but_passed_is_the_reason_of_a_step() -> None:
    given = {reason for step in filters.ORDER for reason in step.reasons}
    assert given >= set(Status) - {Status.PASSED, Status.DUPLICATE}


# ---- optional filters ----


def test_what_a_filter_rejects_has_a_status_and_a_reason(session: GradingSession, double: Problem) -> None:
    mine = Shortest()
    kept, dropped, wrong = graded(session, double, [Chosen(mine)], PLAIN, LOUD, WRONG)
    assert kept.status is Status.PASSED
    assert (dropped.status, dropped.detail, dropped.filtered_by) == ("filtered", "filter shortest: 3 lines", "shortest")
    assert (dropped.cases_passed, dropped.cases_total, dropped.code) == (2, 2, LOUD), "its evidence stays"
    assert (wrong.status, wrong.filtered_by) == (Status.WRONG_ANSWER, None)
    assert mine.seen == [0, 1], "a filter sees programs that passed, and no others"


def test_a_later_filter_does_not_see_what_an_earlier_one_dropped(session: GradingSession, double: Problem) -> None:
    first, second = Shortest(), Shortest()
    graded(session, double, [Chosen(first), Chosen(second)], PLAIN, LOUD)
    assert (first.seen, second.seen) == ([0, 1], [0])


def test_texts_of_one_normal_form_are_judged_each(session: GradingSession, double: Problem) -> None:
    longer = "# twice\n# as much\n" + PLAIN
    verdicts = graded(session, double, [Chosen(Shortest())], PLAIN, longer)
    assert [(it.status, it.duplicate_of) for it in verdicts] == [(Status.PASSED, None), (Status.FILTERED, None)]


def test_filters_are_named_in_the_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(filters.OPTIONAL, "shortest", Shortest())
    assert [it.name for it in filters.named(("shortest", "debug_output"))] == ["shortest", "debug_output"]
    with pytest.raises(ConfigError, match=r"^verify.filters: 'longest' is unknown; there are: debug_output, shortest$"):
        filters.named(("longest",))


def test_a_filter_that_fails_ends_the_run_and_is_named(session: GradingSession, double: Problem) -> None:
    class Broken(Shortest):
        def reasons(self, problem: Problem, passed: Sequence[Verdict]) -> list[str | None]:
            raise KeyError("code")

    class Short(Shortest):
        def reasons(self, problem: Problem, passed: Sequence[Verdict]) -> list[str | None]:
            return []

    with pytest.raises(ConfigError, match=r"verify.filters: shortest: failed on problem 't/0': KeyError: 'code'"):
        graded(session, double, [Chosen(Broken())], PLAIN)
    with pytest.raises(ConfigError, match=r"verify.filters: shortest: gave 0 reasons for 1 programs of problem 't/0'"):
        graded(session, double, [Chosen(Short())], PLAIN)


# ---- debugging output ----


@pytest.mark.parametrize(
    ("language", "code", "called"),
    [
        ("python", LOUD, "print"),
        ("python", "import sys\ndef f(x):\n    sys.stderr.write(f'{x}')\n    return x\n", "sys.stderr.write"),
        ("python", "def f(x):\n    return x\nprint (f(3))\n", "print"),
        ("python", "def f(x):\n    '''print(x)'''\n    return x  # print(x)\n", None),
        ("python", "def f(x):\n    x.print(1)\n    blueprint(x)\n    return 'print(x)'\n", None),
        ("go", 'func f(x int) int { fmt.Println("x", x); return x }', "fmt.Println"),
        ("go", 'func f(x int) string { return fmt.Sprint(x) /* fmt.Print(x) */ + "println(x)" }', None),
        ("javascript", "function f(x) { console.log(`x ${x}`); return x; }", "console.log"),
        ("javascript", "function f(x) { return 'console.log(x)'; }  // console.log(x)", None),
    ],
)
def test_a_function_that_prints_is_dropped(double: Problem, language: str, code: str, called: str | None) -> None:
    verdict = Verdict("t/0", 0, language, Status.PASSED, code=code)
    expected = called and f"calls {called}, though it is to return a value"
    assert filters.OPTIONAL["debug_output"].reasons(double, [verdict]) == [expected]


def test_a_program_that_is_to_print_is_kept(make_problem: MakeProblem) -> None:
    verdict = Verdict("t/0", 0, "python", Status.PASSED, code="print(input())\n")
    assert filters.OPTIONAL["debug_output"].reasons(make_problem(("1\n", "1\n")), [verdict]) == [None]


# ---- written out ----


def test_rejects_are_written_out_and_counted(tmp_path: Path, double: Problem) -> None:
    (tmp_path / "problems.jsonl").write_text(double.model_dump_json(exclude_unset=True) + "\n")
    rows = [
        {"problem_id": "t/0", "index": at, "mode": "code", "text": text} for at, text in enumerate((PLAIN, LOUD, WRONG))
    ]
    (tmp_path / "rollouts.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    settings = ChainConfig.model_validate(
        {"verify": {"filters": ["debug_output"]}, "executor": {"workers": 1}, "sandbox": {"backend": "bubblewrap"}}
    )
    source = ProblemsConfig(path=tmp_path / "problems.jsonl")
    summary = commands_verify(source, tmp_path, settings)
    verdicts = parts.read(tmp_path / "out" / "verdicts.parquet", Verdict)
    assert [(it.status.value, it.detail) for it in verdicts] == [
        ("passed", ""),
        ("filtered", "filter debug_output: calls print, though it is to return a value"),
        ("wrong_answer", "case 0: answered 1, expected 2"),
    ]
    funnel = summary.languages["python"].funnel
    assert funnel.drops == {"filtered (debug_output)": 1, "wrong_answer": 1}
    assert funnel.passed == 1


def commands_verify(source: ProblemsConfig, folder: Path, settings: ChainConfig) -> VerifySummary:
    import asyncio

    console = Console(stderr=True, quiet=True)
    run = verify.verify(source, folder / "rollouts.jsonl", "python", folder / "out", settings, console)
    return asyncio.run(run)
