"""Programs that answer from a table of the test inputs instead of solving the problem.

Promises: a function of the source and the problem alone; nothing runs. A program is called hard-coded only where
inputs that no table of a language's or a subject's facts would have are listed beside their answers: lists of
numbers, sentences, several arguments. Tables of words and of small numbers are spared (roman numerals, weekdays,
base cases of a recursion), and so is a program that has what the problem's own reference has.

Not caught: inputs that are hashed, pieced together or recognised by their lengths; a table of single words (a finite
domain looks the same); a single input among many answered by a special case; another language than Python.
"""

from __future__ import annotations

import ast
import math
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from factory.languages.python.tables import pairs
from factory.records import Case, Problem, Rejection, Status
from factory.records.values import decode
from factory.review.candidates import HARD_CODED, Candidates

TELLING = 2.25
"""Weight from which an input is too large for a table of facts: three numbers or words, ten bits, a sentence."""
TRIVIAL = 1.0
"""Weight below which an input counts for nothing: 0, 1, one letter, nothing at all."""
LEAST = 2
"""Telling inputs beside their answers that make a program hard-coded; one will do where no other case is missing."""
LEAST_NUMBERS, SHARE, MOST_OTHERS = 3, 0.9, 3
"""Of inputs that are one number or two: as many, this share of all that are not trivial, and in a table that has at
most so many entries for each: one of facts has others than those that are tested."""
LONGEST_WORD = 16
"""Letters of what may be a word."""
Form = Any
"""A hashable stand-in of a value: equal for values that a program may hold in place of each other."""


@dataclass(frozen=True, slots=True)
class _Known:
    """One case: the forms in which a program may hold its input, its answer, and how much the input tells."""

    normal_forms: frozenset[Form]
    answer: Form
    weight: float
    numbers: bool
    """Whether the input is of numbers alone."""


def answered_from_table(code: str, problem: Problem) -> int:
    """Cases of `problem` whose input, not a trivial one, and answer stand together in Python `code` as literals."""
    return len(_Source(code, problem).found)


def hard_coded(code: str, problem: Problem) -> str | None:
    """Why `code` is hard-coded, in one line, or None."""
    source = _Source(code, problem)
    if not source.convicts() or (problem.reference and _Source(problem.reference, problem).convicts()):
        return None
    count = f"{len(source.found)} of its {len(problem.cases)} cases"
    return f"answers from a table: the inputs and answers of {count} stand in its source"


def reject_tables(problem: Problem, candidates: Candidates) -> None:
    """Reject programs that answer from a table of the cases."""
    for program in list(candidates.accepted):
        detail = hard_coded(program.code, problem)
        if detail is not None:
            candidates.reject(program, HARD_CODED, Rejection(Status.WRONG_ANSWER, detail))


class _Source:
    """What a program holds of a problem's cases."""

    def __init__(self, code: str, problem: Problem) -> None:
        stream = problem.entry_point is None
        self._table: dict[Form, set[Form]] = {}
        for question, answer in pairs(code, problem.entry_point):
            for form in _asked(question, stream):
                self._table.setdefault(form, set()).add(_text(answer) if stream else _form(answer))
        cases = [_stream(case) if stream else _call(case) for case in problem.cases] if self._table else []
        self._cases = [case for case in cases if case.weight >= TRIVIAL]
        self.found = [case for case in self._cases if self._answers(case)]

    def _answers(self, case: _Known) -> bool:
        return any(case.answer in self._table.get(form, ()) for form in case.normal_forms)

    def convicts(self) -> bool:
        telling = [case for case in self.found if case.weight >= TELLING]
        if len(telling) >= LEAST or (telling and len(self.found) == len(self._cases)):
            return True
        numbers = [case for case in self.found if case.numbers]
        most = len(numbers) >= max(LEAST_NUMBERS, SHARE * len(self._cases))
        return most and len(self._table) <= MOST_OTHERS * len(numbers) and not self._has_domain()

    def _has_domain(self) -> bool:
        """Whether the program has an answer to every whole number from 1 to its greatest: months, digits."""
        numbers = {form for form in self._table if type(form) is int}
        return bool(numbers) and numbers.issuperset(range(1, min(max(numbers), len(self._table) + 1) + 1))


# ---- values ----


def _form(value: Any) -> Form:
    """Equal for equal values; lists are as tuples, and floats count to nine digits."""
    if isinstance(value, float):
        return float(f"{value:.9g}") if math.isfinite(value) else str(value)
    if isinstance(value, list | tuple):
        return ("list", *map(_form, value))
    if isinstance(value, set | frozenset):
        return ("set", frozenset(map(_form, value)))
    if isinstance(value, dict):
        return ("dict", frozenset((_form(key), _form(item)) for key, item in value.items()))
    return value


def _together(values: Sequence[Any]) -> Form:
    """That of several values in any order."""
    return ("all", frozenset(Counter(map(_form, values)).items()))


def _text(value: Any) -> str:
    """What is printed, but for white space; of a number too long to write, what no text is."""
    try:
        return " ".join(str(value).split())
    except ValueError:
        return " "


def _asked(question: tuple[Any, ...], stream: bool) -> Iterator[Form]:
    """The forms of what a program compares its input with."""
    if len(question) > 1:
        yield _together(question)
        yield _form(question)
        return
    (value,) = question
    yield _form(value)
    if isinstance(value, str):
        if stream:
            yield _text(value)
        yield _form(_read(value))


def _read(text: str) -> Any:
    """The value that `text` spells, else `text`: programs look up `str(args)`, too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.literal_eval(text)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return text


def _call(case: Case) -> _Known:
    values = [decode(value) for value in [*(case.args or ()), *case.kwargs.values()]]
    forms = {_form(values), _together(values), *(_form(value) for value in values if _weight(value) >= TELLING)}
    if len(values) == 1:
        forms.add(_form(values[0]))
    return _Known(frozenset(forms), _form(decode(case.expected)), _weight(values), _are_numbers(values))


def _stream(case: Case) -> _Known:
    text = case.stdin or ""
    lines = [[_token(token) for token in line.split()] for line in text.split("\n") if line.strip()]
    tokens = [token for line in lines for token in line]
    whole = [_text(text), text.split(), tokens, lines, [line[0] if len(line) == 1 else line for line in lines]]
    whole += [text.strip().split("\n"), *(line for line in lines if _weight(line) >= TELLING)]
    forms = {*map(_form, whole), *map(_form, tokens if len(tokens) == 1 else ()), _together(tokens)}
    return _Known(frozenset(forms), _text(case.stdout or ""), _weight(tokens), _are_numbers(tokens))


def _are_numbers(values: Sequence[Any]) -> bool:
    return all(isinstance(value, int | float) for value in values)


def _token(text: str) -> Any:
    """A token of standard input as a program reads it: a number where it is one."""
    for kind in (int, float) if text[-1:].isdecimal() else ():
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def _weight(value: Any) -> float:
    """How little `value` is met with by chance: the sum over its numbers and words."""
    if isinstance(value, list | tuple | set | frozenset):
        return sum(max(_weight(item), 0.25) for item in value)
    if isinstance(value, dict):
        return sum(_weight([key, item]) for key, item in value.items())
    if isinstance(value, str | bytes):
        return _weight_of_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value in (-1, 0, 1):
        return 0.0
    return 1.0 if value in range(-10, 11) else 2.0


def _weight_of_text(text: str | bytes) -> float:
    """Letters are a word, up to a length; what has digits or signs is none, and a few make a text that is its own."""
    if len(text) < 2:
        return 0.0
    if text.isalpha() and len(text) <= LONGEST_WORD:
        return 1.0
    return 2.0 if len(text) < 5 else 3.0
