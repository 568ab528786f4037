"""A problem and its programs as they are shown on the page, with texts cut to a length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from factory.languages.python.literals import arguments, literal
from factory.records import Case, Problem, Verdict
from factory.records.values import decode
from factory.report.graded import Graded

LONGEST = 6_000
"""Characters of a prompt or program that are kept to be shown."""
SHORT = 400
"""Characters of a case's input, or of what was expected of it, that are kept to be shown."""
CASES = 5
"""Cases of a problem that are shown, those that models may see first."""


@dataclass(frozen=True, slots=True)
class ShownCase:
    """A case of a problem, as text: for calls, values as Python writes them."""

    input: str
    expected: str


@dataclass(frozen=True, slots=True)
class ShownFailure:
    """The first case that a program failed, as text."""

    input: str
    got: str
    expected: str


@dataclass(frozen=True, slots=True)
class ShownProgram:
    """One program of a sample; the fields are those of its verdict."""

    language: str
    status: str
    kept: bool
    code: str
    detail: str
    failure: ShownFailure | None
    cases_passed: int
    cases_total: int
    cpu_ms: float
    peak_mb: float
    import_fixes: tuple[str, ...]
    index: int
    sha256: str
    """The first 12 digits of the code's."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What is shown of one problem: its text, some cases, and a program a language."""

    prompt: str
    source: str
    comparison: str
    cases: tuple[ShownCase, ...]
    cases_total: int
    test_code: str
    programs: tuple[ShownProgram, ...]


def sample_of(problem: Problem, found: Mapping[str, Sequence[Graded]]) -> Sample:
    """What is shown of a problem whose verdicts are `found`, by language."""
    cases = sorted(problem.cases, key=lambda case: not case.public)
    return Sample(
        prompt=cut(problem.prompt),
        source=" · ".join(filter(None, (problem.meta.source, problem.meta.license))),
        comparison=problem.comparison.kind,
        cases=tuple(_case(case) for case in cases[:CASES]),
        cases_total=len(problem.cases),
        test_code=cut(problem.test_code),
        programs=tuple(_program(name, verdict, kept) for name, (verdict, kept) in _side_by_side(found).items()),
    )


def _side_by_side(found: Mapping[str, Sequence[Graded]]) -> dict[str, tuple[Verdict, bool]]:
    """The program that is shown of every language, and whether it is kept.

    The Python one is what the first kept translation was made from, where there is one.
    """
    shown = {name: _shown(several) for name, several in found.items()}
    parents = [one.parent for _, one in shown.values() if one.parent is not None and one.kept]
    programs = {name: (verdict, verdict in one.kept) for name, (verdict, one) in shown.items()}
    if parents:
        programs["python"] = (parents[0], True)
    return programs


def _shown(several: Sequence[Graded]) -> tuple[Verdict, Graded]:
    """The best kept program of the best parent that has one; else what came nearest to passing."""
    for one in several:
        if one.kept:
            return one.kept[0], one
    candidates = [(verdict, one) for one in several for verdict in one.verdicts]
    return max(candidates, key=lambda pair: (pair[0].cases_passed, bool(pair[0].code), -pair[0].index))


def _program(name: str, verdict: Verdict, kept: bool) -> ShownProgram:
    it = verdict.first_failure
    return ShownProgram(
        language=name,
        status=str(verdict.status),
        kept=kept,
        code=cut(verdict.code),
        detail=cut(verdict.detail, SHORT),
        failure=ShownFailure(cut(it.input, SHORT), cut(it.got, SHORT), cut(it.expected, SHORT)) if it else None,
        cases_passed=verdict.cases_passed,
        cases_total=verdict.cases_total,
        cpu_ms=verdict.cpu_ms,
        peak_mb=verdict.peak_mb,
        import_fixes=tuple(cut(fix, SHORT) for fix in verdict.import_fixes),
        index=verdict.index,
        sha256=verdict.code_sha256[:12],
    )


def _case(case: Case) -> ShownCase:
    if case.stdin is not None:
        return ShownCase(cut(case.stdin, SHORT), cut(case.stdout or "", SHORT))
    return ShownCase(cut(arguments(case, literal), SHORT), cut(literal(decode(case.expected)), SHORT))


def cut(text: str, longest: int = LONGEST) -> str:
    """At most `longest` characters of `text`, with an ellipsis where there were more."""
    return text if len(text) <= longest else f"{text[:longest]}…"
