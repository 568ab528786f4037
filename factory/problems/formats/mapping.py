"""Any table whose columns the config names: `problems.mapping: {id: …, prompt: …, tests: …}`.

Tests are either `tests` (asserts, a `check(candidate)`, or a file for pytest: a text or a list of texts), with
`entry_point`; or `tests` as a list of {input, output}; or `inputs` and `outputs`: lists, one entry a case, of texts for
a stdin program, of argument lists and results where there is an `entry_point`. `public_inputs` and `public_outputs` may
be shown, the others never are. A `checker` is Python that defines `check(input, output) -> bool`, for rows where
several answers are right; a row where it is empty is compared as its statement says. A column may hold JSON text, and a
prompt may be messages. An entry point that is named without a class is a method where `starter_code` opens one; then,
and where inputs are given, a function of that name or a method of `class Solution` will do. `prelude` is what the set's
harness runs before every program.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from factory.errors import ProblemError
from factory.problems.oracle import Oracle
from factory.problems.parsing import contest, fields, objects, statement, suite
from factory.problems.parsing.fields import Row
from factory.records import Calling, Case, Comparison, Problem, ProblemMeta

FIELDS = (
    "id prompt entry_point starter_code prelude reference tests inputs outputs public_inputs public_outputs checker "
    "difficulty source license"
).split()


class Mapping:
    """The format that `columns` (field: column, `a.b` for a column inside one) describes. Raises ProblemError."""

    def __init__(self, columns: dict[str, str]) -> None:
        unknown = sorted(set(columns) - set(FIELDS))
        if unknown:
            raise ProblemError(f"problems.mapping.{unknown[0]}: no such field; there are: {', '.join(FIELDS)}")
        for wanted in ("prompt", "tests" if "inputs" not in columns else "outputs"):
            if wanted not in columns:
                raise ProblemError(f"problems.mapping.{wanted}: is missing; name the column that holds it")
        if "tests" in columns and "inputs" in columns:
            raise ProblemError("problems.mapping.tests: goes without inputs and outputs")
        if "checker" in columns and "inputs" not in columns:
            raise ProblemError("problems.mapping.checker: goes with inputs and outputs")
        self._columns = columns

    def sniff(self, row: Row) -> bool:
        return all(column.partition(".")[0] in row for column in self._columns.values())

    def read(self, row: Row, oracle: Oracle | None = None) -> Problem:
        """The problem in `row`. Raises KeyError or ValueError naming the field."""
        prompt, entry_point = self._prompt(row), self._text(row, "entry_point") or None
        tests = self._tests(row, entry_point)
        plain = "inputs" in self._columns or bool(self._pairs(row))
        starter, calling, cases = self._text(row, "starter_code"), Calling(), tests.cases
        if entry_point and "." not in entry_point and not tests.test_code:
            owned = contest.method(starter, entry_point)
            calling = objects.of_cases(starter, entry_point, cases, either=plain or owned != entry_point)
            entry_point, cases = owned, tuple(objects.canonical(cases, calling))
        prelude = self._text(row, "prelude")
        fields.statements("prelude", prelude)
        comparison, checker = Comparison(), self._text(row, "checker")
        if checker:
            comparison = Comparison(kind="checker", checker=checker)
        elif plain:
            comparison = (
                statement.of_streams(prompt, cases) if entry_point is None else statement.of_calls(prompt, cases)
            )
            objects.refuse_free_answers(prompt, comparison, calling)
        return Problem(
            id=self.id_of(row),
            prompt=prompt,
            entry_point=entry_point,
            starter_code=starter,
            reference=self._text(row, "reference") or None,
            cases=cases,
            test_code=tests.test_code,
            comparison=comparison,
            **{"prelude": prelude} if prelude else {},
            **{"calling": calling} if calling != Calling() else {},
            meta=ProblemMeta(**{field: self._text(row, field) for field in ("source", "license", "difficulty")}),
        )

    def id_of(self, row: Row) -> str:
        """The problem's id. Raises ValueError naming the field."""
        return self._text(row, "id") or contest.name_of("mapping", self._prompt(row))

    def _tests(self, row: Row, entry_point: str | None) -> suite.Suite:
        if "inputs" in self._columns:
            cases = [*self._cases(row, "public_", entry_point), *self._cases(row, "", entry_point)]
            return suite.Suite(tuple(cases), "")
        if pairs := self._pairs(row):
            given = [fields.json_of("tests", one["input"]) if entry_point else one["input"] for one in pairs]
            wanted = [one["output"] for one in pairs]
            return suite.Suite(tuple(self._cases_of("tests", given, wanted, entry_point)), "")
        given = self._value(row, "tests")
        text = "\n".join(map(str, given)) if isinstance(given, list) else str(given)
        if entry_point is None:
            raise ValueError("tests: call a function, which problems.mapping.entry_point has to name")
        return suite.of_any(text, entry_point)

    def _cases(self, row: Row, kind: str, entry_point: str | None) -> Sequence[Case]:
        if f"{kind}inputs" not in self._columns:
            return ()
        inputs, outputs = (
            fields.json_of(f"{kind}{name}", self._value(row, f"{kind}{name}")) for name in ("inputs", "outputs")
        )
        if not isinstance(inputs, list) or not isinstance(outputs, list):
            raise ValueError(f"{kind}inputs: inputs and outputs are lists, of which one entry is one case")
        return self._cases_of(f"{kind}inputs", inputs, outputs, entry_point, public=bool(kind))

    def _cases_of(
        self, name: str, inputs: list[Any], outputs: list[Any], entry_point: str | None, public: bool = False
    ) -> Sequence[Case]:
        if entry_point is None:
            return contest.streams(inputs, outputs, public=public)
        if len(inputs) != len(outputs) or not all(isinstance(args, list) for args in inputs):
            raise ValueError(f"{name}: as many argument lists as outputs are due")
        return [contest.call(args, output, public=public) for args, output in zip(inputs, outputs, strict=True)]

    def _pairs(self, row: Row) -> list[dict[str, Any]]:
        """The tests that are written as a list of {input, output}; none where they are written otherwise."""
        given: Any = self._value(row, "tests") if "tests" in self._columns else None
        if isinstance(given, str) and given.lstrip().startswith("["):
            try:
                given = json.loads(given)
            except (ValueError, RecursionError):
                return []  # asserts may begin like that
        if not isinstance(given, list):
            return []
        pairs = [one for one in given if isinstance(one, dict) and {"input", "output"} <= one.keys()]
        return pairs if len(pairs) == len(given) else []

    def _prompt(self, row: Row) -> str:
        """The prompt; of messages, what the system and the user say, of which there is no answer yet."""
        given = self._value(row, "prompt")
        if isinstance(given, str) and given.lstrip().startswith('[{"'):
            given = fields.json_of(self._columns["prompt"], given)
        if not isinstance(given, list):
            return self._text(row, "prompt")
        roles = [one.get("role") if isinstance(one, dict) else None for one in given]
        texts = [one.get("content") if isinstance(one, dict) else None for one in given]
        if not set(roles) <= {"system", "user"} or not all(isinstance(text, str) for text in texts):
            raise ValueError(f"{self._columns['prompt']}: is no list of messages of a system and a user, with texts")
        return "\n\n".join(map(str, texts))

    def _value(self, row: Row, field: str) -> Any:
        value: Any = row
        for part in self._columns[field].split("."):
            value = fields.json_of(self._columns[field], value)
            if not isinstance(value, dict) or part not in value:
                raise ValueError(f"{self._columns[field]}: no such column (problems.mapping.{field})")
            value = value[part]
        return value

    def _text(self, row: Row, field: str) -> str:
        """A text, "" where the field has no column; numbers, as ids are in some sets, are written out."""
        if field not in self._columns:
            return ""
        value = self._value(row, field)
        if value is not None and not isinstance(value, str | int):
            raise ValueError(f"{self._columns[field]}: is a {type(value).__name__}, not a text")
        return "" if value is None else str(value)
