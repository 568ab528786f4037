"""Which values are of a declared Go type, as the host tells; and which one case has types of its own."""

from __future__ import annotations

from typing import Any

import pytest

from factory.languages.go.declared import misfit
from factory.languages.go.signature import odd_case
from factory.records import Problem
from factory.records.values import encode

INT, STRING = ["int", "int"], ["string"]
POINT = ["struct", ["x", INT], ["y_axis", STRING]]


@pytest.mark.parametrize(
    ("kind", "value", "how"),
    [
        (INT, 1, ""), (INT, True, "type"), (INT, 1.0, "type"), (INT, "a", "type"), (INT, None, "type"),
        (INT, 2**63, "range"), (["int", "int32"], 2**40, ""), (["int", "uint"], -1, "type"),
        (["int", "uint64"], 2**63, ""), (["int", "uint64"], 2**64, "range"),
        (["int", "int32"], "é", ""), (["int", "int32"], "ab", "type"), (["int", "uint8"], "é", "type"),
        (["int", "int8"], "a", ""), (["int", "int8"], "", "type"),
        (["float"], 1, ""), (["float"], 2**53 + 1, "range"), (["float"], "1", "type"), (["complex"], 1j, ""),
        (["complex"], 1.5, ""), (["bool"], False, ""), (["bool"], 0, "type"), (STRING, b"a", "type"),
        (["bigint"], 2**99, ""), (["bigint"], 1.0, "type"), (["any"], {1: "a"}, ""),
        (["slice", INT], [1, 2], ""), (["slice", INT], None, ""), (["slice", INT], [1, "a"], "type"),
        (["slice", INT], [1, 2**63], "range"), (["slice", INT], "ab", "type"), (["slice", ["int", "uint8"]], "ab", ""),
        (["slice", ["int", "int32"]], "ab", ""), (["slice", ["int", "int32"]], b"ab", "type"),
        (["array", 2, INT], (1, 2), ""), (["array", 2, INT], [1], "type"), (["array", 2, INT], None, "type"),
        (["array", 2, ["int", "uint8"]], "é", ""), (["array", 2, INT], 3, "type"),
        (["map", STRING, INT], {"a": 1}, ""), (["map", STRING, INT], {1: 1}, "type"),
        (["map", STRING, INT], {"a": "b"}, "type"), (["map", STRING, INT], {"a"}, "type"),
        (["map", STRING, ["bool"]], {"a"}, ""), (["map", STRING, ["struct"]], {1}, "type"),
        (["map", STRING, INT], None, ""), (["pointer", INT], None, ""), (["pointer", INT], "a", "type"),
        (POINT, (1, "a"), ""), (POINT, (1,), "type"), (POINT, {"x": 1, "yAxis": "a"}, ""),
        (POINT, {"x": 1, "z": "a"}, "type"), (POINT, ("a", 1), "type"), (POINT, 1, "type"),
    ],
)  # fmt: skip
def test_what_is_of_a_declared_type(kind: list[Any], value: Any, how: str) -> None:
    assert misfit(([value], {}), {"names": ["a"], "types": [kind], "variadic": False}) == how
    assert misfit(([], {"A_": value}), {"names": ["a"], "types": [kind], "variadic": False}) == how


def test_the_rest_is_of_the_last_type_one_by_one_or_as_a_list() -> None:
    declared = {"names": ["a", "rest"], "types": [STRING, ["slice", INT]], "variadic": True}
    assert misfit((["a"], {}), declared) == ""
    assert misfit((["a", 1, 2], {}), declared) == ""
    assert misfit((["a", [1, 2]], {}), declared) == ""
    assert misfit((["a", 1, "b"], {}), declared) == "type"
    assert misfit((["a", ["b"]], {}), declared) == "type"
    assert misfit(([1, 1], {}), declared) == "type"


@pytest.mark.parametrize(
    ("cases", "odd"),
    [
        ([([1], 2), ([2], 3), ([3], 4)], None),
        ([([1], 2), ([2], 3), (["x"], 4)], 2),
        ([([1], 2), ([2], "x"), ([3], 4)], 1),
        ([([1], 2), ([2], None), ([3], 4)], None),  # an Optional
        ([([1], 2), ([1.5], 2), ([3], 4)], None),
        ([([[]], 2), ([[1]], 2), ([["a"]], 2), ([[2]], 2)], 2),
        ([([1], (1, 2)), ([1], (1.5, 2)), ([3], (1, 2))], None),
        ([([1], 2), (["a"], 2)], None),  # which of the two
        ([([1], 2), (["a"], 2), ([b"b"], 2), ([[1]], 2)], None),
        ([([1], 2), ([1, 2], 2), ([3], 4)], 1),
        ([(["AB"], 1), (["1077E"], 2), ([[]], 0), (["2020"], 0)], 2),  # as in HumanEval/78
    ],
)
def test_the_one_case_whose_types_no_other_has(cases: list[tuple[list[Any], Any]], odd: int | None) -> None:
    given = tuple({"args": args, "expected": encode(expected)} for args, expected in cases)
    assert odd_case(Problem(id="t/0", prompt="", entry_point="f", cases=given)) == odd
