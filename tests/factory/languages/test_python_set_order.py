"""A program with the items of its sets in reverse: what changes its answer, and what does not."""

from __future__ import annotations

import pytest

from factory.languages.python.set_order import sets_in_reverse


def both(code: str) -> tuple[object, object]:
    """`f()` of `code`, a program of this file, and of the same with its sets in reverse."""
    found = []
    for text in (code, sets_in_reverse(code) or code):
        names: dict[str, object] = {}
        exec(compile(text, "program.py", "exec"), names)
        found.append(names["f"]())  # type: ignore[operator]
    return found[0], found[1]


@pytest.mark.parametrize(
    "answer",
    [
        "list({1, 2, 3})",
        "[*{1, 2, 3}]",
        "tuple(frozenset([1, 2]))",
        "[x for x in {1, 2, 3}]",
        "{x % 1: x for x in {1, 2, 3}}",
        "''.join({'a', 'b', 'c'})",
        "next(iter({1, 2}))",
        "max({'ab', 'cd', 'e'}, key=len)",
        "sorted({-1, 1, 2}, key=abs)",
        "{1, 2, 3}.pop()",
        "list(map(str, set([1, 2])))",
        "list(dict.fromkeys({1, 2}))",
        "list(enumerate({1, 2}))",
        "list({1: 0, 2: 0}.keys() - set([3]))",
        "(lambda a, b: a)(*{1, 2})",
    ],
)
def test_an_order_that_counts_is_seen(answer):
    as_is, in_reverse = both(f"def f():\n    return {answer}\n")
    assert as_is != in_reverse


@pytest.mark.parametrize(
    "body",
    [
        "a, b = {1, 2}\n    return a",
        "seen = {1, 2}\n    for x in seen:\n        return x",
        "def g():\n        yield from {1, 2}\n    return list(g())",
        "out = []\n    out.extend(set('ab'))\n    return out",
    ],
)
def test_an_order_that_counts_is_seen_in_statements(body):
    as_is, in_reverse = both(f"def f():\n    {body}\n")
    assert as_is != in_reverse


@pytest.mark.parametrize(
    "answer",
    [
        "sorted({3, 1, 2})",
        "len({1, 2}) + sum({1, 2})",
        "[x for x in [3, 1, 2] if x in {1, 2}]",
        "max({1, 2, 3}), min({1, 2, 3})",
        "{x + 1 for x in {1, 2}}",
        "any(x > 1 for x in {1, 2})",
        "{7}.pop(), [1, 2].pop(), {1: 2}.pop(1)",
        "list(dict.fromkeys([2, 1, 2])), [*'ab', *{5}]",
        "sorted(sorted({'b', 'a'}), key=len)",
    ],
)
def test_an_order_that_does_not_count_changes_nothing(answer):
    as_is, in_reverse = both(f"def f():\n    return {answer}\n")
    assert as_is == in_reverse


def test_a_docstring_and_the_future_stay_first():
    assert both('"""Doc."""\nfrom __future__ import annotations\n\ndef f():\n    return __doc__, *{1, 2}\n') == (
        ("Doc.", 1, 2),
        ("Doc.", 2, 1),
    )


def test_names_of_builtins_may_be_others():
    code = "def f():\n    set, list = {1, 2}, [3]\n    return [it for it in set], list\n"
    assert both(code) == (([1, 2], [3]), ([2, 1], [3]))


@pytest.mark.parametrize(
    "code",
    [
        "def f(v):\n    return sorted(v)\n",
        "def f(v):\n    return v in {1, 2}\n",
        "def f(:\n",
        "x = " + "-" * 5000 + "1",
    ],
)
def test_what_makes_or_meets_no_set_has_no_other_form(code):
    assert sets_in_reverse(code) is None
