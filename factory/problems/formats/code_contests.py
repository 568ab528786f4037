"""CodeContests: `description` with public, private and generated tests, all of programs that read stdin.

Public tests are those of the statement; the others are hidden. The columns of deepmind/code_contests are
read, and the form in which SandboxFusion passes them on (`content`, `labels`, `test`), whose tests are all hidden.
License of deepmind/code_contests: CC-BY-4.0, by its card on the hub.
"""

from __future__ import annotations

from factory.problems.oracle import Oracle
from factory.problems.parsing import contest, fields, statement
from factory.problems.parsing.fields import Row
from factory.records import Case, Comparison, Problem, ProblemMeta

PYTHON3 = 3
"""The set's number for Python 3 among the languages of solutions."""
_DIFFICULTIES = ("", "EASY", "MEDIUM", "HARD", "HARDER", "HARDEST", "EXTERNAL")


def sniff(row: Row) -> bool:
    return {"description", "public_tests", "private_tests"} <= row.keys() or _is_passed_on(row)


def _is_passed_on(row: Row) -> bool:
    """Whether its tests are those of streams; many sets have columns of these names."""
    if not {"id", "content", "labels", "test"} <= row.keys():
        return False
    try:
        tests = fields.parsed(row, "test")
        return bool(tests) and all({"stdin"} <= one["input"].keys() and "stdout" in one["output"] for one in tests)
    except (ValueError, TypeError, LookupError, AttributeError):
        return False


def read(row: Row, oracle: Oracle | None = None) -> Problem:
    """The problem in `row`. Raises KeyError or ValueError naming the field."""
    return _original(row, oracle) if "description" in row else _passed_on(row)


def id_of(row: Row) -> str:
    """The problem's id. Raises KeyError or ValueError naming the field."""
    return f"code_contests/{fields.text(row, 'name') if 'description' in row else row['id']}"


def _original(row: Row, oracle: Oracle | None) -> Problem:
    for field in ("input_file", "output_file"):
        if row.get(field):
            raise ValueError(f"{field}: {row[field]!r}: its programs use files, not stdin and stdout")
    cases: list[Case] = []
    for field in ("public_tests", "private_tests", "generated_tests"):
        tests = row.get(field) or {"input": [], "output": []}
        try:
            cases += contest.streams(tests["input"], tests["output"], public=field == "public_tests")
        except ValueError as error:
            raise ValueError(f"{field}: {error}") from None
    difficulty = row.get("difficulty")
    if isinstance(difficulty, int):  # above these stand letters of Codeforces
        difficulty = _DIFFICULTIES[difficulty] if difficulty < len(_DIFFICULTIES) else chr(ord("A") + difficulty - 7)
    known, text = solutions(row), fields.text(row, "description")
    doubtful = oracle is not None and len(known) >= contest.AGREEING
    comparison = statement.of_streams(text, cases, doubtful=doubtful)
    return _problem(id_of(row), text, tuple(cases), comparison, str(difficulty or ""), next(iter(known), None))


def solutions(row: Row) -> list[str]:
    """Programs that may be its reference."""
    given = row.get("solutions") or {"language": [], "solution": []}
    written = zip(given["language"], given["solution"], strict=True)
    return contest.pythons(text for language, text in written if language in (PYTHON3, "PYTHON3"))


def _passed_on(row: Row) -> Problem:
    tests, labels = fields.parsed(row, "test"), fields.parsed(row, "labels")
    inputs = [test["input"]["stdin"] for test in tests]
    cases = contest.streams(inputs, [test["output"]["stdout"] for test in tests])
    text = fields.text(row, "content")
    comparison = statement.of_streams(text, cases)
    return _problem(id_of(row), text, cases, comparison, fields.optional(labels, "difficulty"))


def _problem(
    name: str,
    text: str,
    cases: tuple[Case, ...],
    comparison: Comparison,
    difficulty: str,
    reference: str | None = None,
) -> Problem:
    return Problem(
        id=name,
        prompt=text,
        entry_point=None,
        reference=reference,
        cases=cases,
        comparison=comparison,
        meta=ProblemMeta(source="deepmind/code_contests", license="CC-BY-4.0", difficulty=difficulty),
    )
