"""Packages that a translation may need, by what its Python source uses."""

from __future__ import annotations

from factory.languages.go.packages import packages


def test_packages_are_those_whose_like_python_uses() -> None:
    assert packages("def f(s):\n    return s.upper().isdigit()") == ("strings", "unicode")
    assert packages("from heapq import heappush\nimport re, math") == ("container/heap", "math", "regexp")
    assert packages("def f(xs):\n    return xs.index(1) + xs.count(2)") == (), "lists have these, too"
    assert packages("print(f'{1}', int('2'))") == ("fmt", "strconv")
    assert packages("def f(:") == ()
