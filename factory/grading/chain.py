"""Programs in, verdicts out: compile → find equal texts → run → judge; cheap before dear.

Promises: one verdict per program, in order, earned by a run of exactly its text; a pure function of problem, programs
and limits but for the measured fields; expected values never reach the sandbox. Raises `InfrastructureError` when the
machinery failed, so that this is never taken for an answer. What drops a program after it has passed comes later:
`factory.filters` has the whole order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from factory.grading import time_limits
from factory.grading.judge import Judge, Judgement
from factory.grading.session import GradingSession, sandbox_errors_as_ours
from factory.languages import Language, language
from factory.records import Prepared, Problem, Program, Rejection, Run, Status, Verdict, sha256


def verify(session: GradingSession, problem: Problem, programs: Sequence[Program], language_name: str) -> list[Verdict]:
    """One verdict a program, in their order. Raises InfrastructureError, ConfigError."""
    target = language(language_name)
    with sandbox_errors_as_ours(problem):
        compiled = compile_programs(session, problem, programs, target)
        first_of = find_duplicates(compiled) if session.settings.verify.dedup else {}
        distinct = {at: it for at, it in enumerate(compiled) if isinstance(it, Prepared) and at not in first_of}
        judged = run_and_judge(session, problem, list(distinct.values()), target)
        linted = lint_passed(session, problem, judged, list(distinct.values()), target)
    verdicts = {at: replace(it, index=programs[at].index) for at, it in zip(distinct, linted, strict=True)}
    for at, result in enumerate(compiled):
        if isinstance(result, Rejection):
            verdicts[at] = _rejected(problem, programs[at], result, target)
        elif at in first_of:
            verdicts[at] = _as_duplicate(programs[at], result, verdicts[first_of[at]])
    return [verdicts[at] for at in range(len(programs))]


def compile_programs(
    session: GradingSession, problem: Problem, programs: Sequence[Program], target: Language
) -> list[Prepared | Rejection]:
    """Each program ready to run, or why there is none or it does not compile; in their order. Raises SandboxError."""
    sources = [program.code for program in programs if program.code is not None]
    prepared = iter(target.prepare(sources, problem, session.sandbox(target.name)))
    return [
        Rejection(Status.NO_CODE, program.detail) if program.code is None else next(prepared) for program in programs
    ]


def find_duplicates(compiled: Sequence[Prepared | Rejection]) -> dict[int, int]:
    """Positions of programs whose text an earlier one has too, with the position of the first.

    The text is the one that runs, imports fixed. All else that decides (problem, language, limits) is one for all.
    """
    first: dict[str, int] = {}
    return {
        at: first[it.code]
        for at, it in enumerate(compiled)
        if isinstance(it, Prepared) and first.setdefault(it.code, at) != at
    }


def run_and_judge(
    session: GradingSession, problem: Problem, programs: Sequence[Prepared], target: Language
) -> list[Verdict]:
    """A verdict on each program, in order, its index left at 0. Raises SandboxError, InfrastructureError.

    With `limits.cpu_s: auto` and no reference, those that the first limit was too short for run a second time.
    """
    adaptive = session.settings.limits.cpu_s == "auto" and problem.limits.cpu_s is None and bool(problem.cases)
    reference_s = session.reference_s(problem) if adaptive else None
    first_s = time_limits.FIRST_LIMIT_S if reference_s is None else time_limits.limit_from_times([reference_s])
    limits = session.limits(problem, first_s)
    judge = session.judge(problem, target.name)
    verdicts: list[Verdict] = []
    slow: list[int] = []
    needed_s: list[float] = []
    for at, run in enumerate(session.each_run(problem, programs, target.name, limits)):
        verdicts.append(_judged(session, programs[at], run, judge, target))
        if verdicts[at].status is Status.PASSED:
            needed_s.append(run.slowest_ms / 1000)
        elif time_limits.ended_by_first_limit(run):
            slow.append(at)
    if adaptive and reference_s is None and slow:
        longer = session.limits(problem, time_limits.limit_from_times(needed_s))
        if longer.cpu_s > limits.cpu_s:
            runs = session.each_run(problem, [programs[at] for at in slow], target.name, longer)
            for at, run in zip(slow, runs, strict=True):
                verdicts[at] = _judged(session, programs[at], run, judge, target)
    return verdicts


def lint_passed(
    session: GradingSession,
    problem: Problem,
    verdicts: Sequence[Verdict],
    programs: Sequence[Prepared],
    target: Language,
) -> list[Verdict]:
    """`verdicts` with what the language's own tool finds suspicious in programs that passed; it drops nothing."""
    passed = [at for at, verdict in enumerate(verdicts) if verdict.status is Status.PASSED]
    found = target.lint([programs[at] for at in passed], problem, session.sandbox(target.name))
    lint = dict(zip(passed, found, strict=True))
    return [replace(verdict, lint=lint.get(at, ())) for at, verdict in enumerate(verdicts)]


def _judged(session: GradingSession, program: Prepared, run: Run, judge: Judge, target: Language) -> Verdict:
    problem = judge.problem
    judgement = judge.judge(run)
    if judgement.status is Status.PASSED and problem.test_code:
        rejection = session.examine(problem, program, target.name)
        if rejection is None:
            judgement = replace(judgement, cases_passed=judgement.cases_passed + 1)
        else:
            judgement = replace(judgement, status=rejection.status, detail=rejection.detail)
    if judgement.status is Status.PASSED and judgement.cases_passed == 0:
        judgement = Judgement(Status.RUNTIME_ERROR, "no case was run", 0, None)
    return Verdict(
        problem.id,
        0,
        target.name,
        judgement.status,
        judgement.detail,
        import_fixes=program.import_fixes,
        cases_passed=judgement.cases_passed,
        cases_total=_tests(problem),
        first_failure=judgement.first_failure,
        cpu_ms=round(run.cpu_ms, 3),
        wall_ms=round(run.wall_ms, 3),
        peak_mb=round(run.peak_mb, 2),
        code=program.code,
        code_sha256=sha256(program.code),
        normal_form=program.normal_form,
    )


def _rejected(problem: Problem, program: Program, rejection: Rejection, target: Language) -> Verdict:
    """The verdict on a program that never ran."""
    return Verdict(
        problem.id,
        program.index,
        target.name,
        rejection.status,
        rejection.detail,
        cases_total=_tests(problem),
        code=program.code or "",
        code_sha256=sha256(program.code) if program.code is not None else "",
    )


def _as_duplicate(program: Program, prepared: Prepared, first: Verdict) -> Verdict:
    """The verdict on the first program of this text; which imports were added may differ."""
    return replace(first, index=program.index, import_fixes=prepared.import_fixes, duplicate_of=first.index)


def _tests(problem: Problem) -> int:
    """The cases of a problem, its test code counted as one."""
    return len(problem.cases) + bool(problem.test_code)
