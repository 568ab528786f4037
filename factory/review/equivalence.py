"""When two answers to a new input are equivalent, judged by how the problem compares the answers it knows.

Promises: where a problem's comparisons allow several right answers and do not say which are equivalent, the result is
None and not a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from factory.grading.comparison import close, equal, exact, matcher, rounded
from factory.records import Comparison, Problem

_NUMBER = r"([0-9.]+(?:e-?[0-9]+)?)"
TRUTH = re.compile(r"(?:not )?answer|answer is (?:True|False)|bool\(answer\)")
_VIEW = re.compile(r"(set|sorted|tuple|list)\(answer\) == (?!.* (?:and|or) ).*", re.DOTALL)
_WITHIN = re.compile(
    rf"abs\(answer - .*\) <=? {_NUMBER}|math\.isclose\(answer, .*, (?:rel|abs)_tol={_NUMBER}\)", re.DOTALL
)
_VIEWS: dict[str, Callable[[Any], Any]] = {"set": set, "sorted": sorted, "tuple": tuple, "list": list}


@dataclass(frozen=True, slots=True)
class Equivalence:
    """`same(a, b)` of two plain values, and how a case that expects one of them is compared.

    `comparison` raises ValueError for a value for which that cannot be written (an infinity in a predicate).
    """

    same: Callable[[Any, Any], bool]
    comparison: Callable[[Any], Comparison | None]
    """The case's own comparison; None is the problem's."""


def equivalence(problem: Problem) -> Equivalence | None:
    """When two answers to an input of the problem are equivalent; None where its comparisons do not say."""
    comparisons = {problem.comparison_of(case) for case in problem.cases} or {problem.comparison}
    if any(comparison.kind == "checker" for comparison in comparisons):
        return None
    predicates = {comparison.predicate for comparison in comparisons if comparison.kind == "predicate"}
    others = [comparison for comparison in comparisons if comparison.kind != "predicate"]
    if not predicates:
        return _of_values(others, problem.entry_point is None)
    loose = _of_predicates(predicates)
    if loose is None or not others:
        return loose
    plain = _of_values(others, stream=False)
    # Answers that either kind of case takes for one are one: no case shows which kind a new input would have.
    return Equivalence(lambda a, b: plain.same(a, b) or loose.same(a, b), loose.comparison)


def _of_values(comparisons: Sequence[Comparison], stream: bool) -> Equivalence:
    matchers = [matcher(comparison, stream) for comparison in comparisons]
    return Equivalence(
        lambda a, b: exact(a, b) or rounded(a, b) or all(decide(a, b) for decide in matchers),
        lambda answer: Comparison(kind="float") if not stream and _has_float(answer) else None,
    )


def _of_predicates(texts: set[str]) -> Equivalence | None:
    if all(TRUTH.fullmatch(text) for text in texts):
        return Equivalence(
            lambda a, b: bool(a) == bool(b),
            lambda answer: Comparison(kind="predicate", predicate="answer" if answer else "not answer"),
        )
    views = {found and found[1] for found in map(_VIEW.fullmatch, texts)}
    if len(views) == 1 and (name := views.pop()):
        view = _VIEWS[name]
        return Equivalence(
            lambda a, b: equal(_seen(view, a), _seen(view, b)),
            lambda answer: Comparison(kind="predicate", predicate=f"{name}(answer) == {name}({answer!r})"),
        )
    within = [found and (found[1] or found[2]) for found in map(_WITHIN.fullmatch, texts)]
    if all(within):
        widest = max(float(width or 0) for width in within)
        return Equivalence(
            lambda a, b: close(a, b, widest, widest), lambda _: Comparison(kind="float", rel=widest, abs=widest)
        )
    return None


def _seen(view: Callable[[Any], Any], answer: Any) -> Any:
    try:
        return view(answer)
    except (TypeError, ArithmeticError):  # no collection, or one whose items have no order or hash
        return answer


def _has_float(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_float(item) for pair in value.items() for item in pair)
    if isinstance(value, list | tuple | set | frozenset):
        return any(map(_has_float, value))
    return type(value) is float
