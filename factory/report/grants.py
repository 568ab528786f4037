"""What the comparisons of a problem grant an answer, in words: tolerance, order, case of letters."""

from __future__ import annotations

from factory.records import Comparison, Problem

_LEVELS = ("the outermost lists", "the lists inside", "the lists of level {}")


def of_problem(problem: Problem) -> str:
    """What is granted by each way in which its cases are compared; the first is that of most."""
    ways = dict.fromkeys(map(problem.comparison_of, problem.cases))
    if problem.test_code:
        ways[problem.comparison] = None
    granted = [of_comparison(way) for way in ways] + (["its test code decides"] if problem.test_code else [])
    return "; ".join(dict.fromkeys(granted))


def of_comparison(comparison: Comparison) -> str:
    """What one comparison grants; "to the letter" and "equal values" grant nothing."""
    match comparison.kind:
        case "checker" | "predicate":
            return f"its {comparison.kind} decides"
        case "unordered":
            granted = ["any order of " + " and ".join(map(_level, comparison.free_levels))]
        case "float":
            granted = [_tolerance(comparison)]
        case "tokens":
            granted = [_tolerance(comparison)] if comparison.rel or comparison.abs else ["to the letter"]
            granted += ["letters of either case"] if comparison.any_case else []
        case "exact":
            granted = ["equal values of the same types"]
        case "equal":
            granted = ["equal values"]
    return ", ".join([*granted, *(["tuples as lists"] if comparison.tuples_as_lists else [])])


def _tolerance(comparison: Comparison) -> str:
    kinds = (("relative", comparison.rel), ("absolute", comparison.abs))
    return " or ".join(f"{kind} error {most:g}" for kind, most in kinds if most) or "equal values"


def _level(number: int) -> str:
    return _LEVELS[min(number, 2)].format(number)
