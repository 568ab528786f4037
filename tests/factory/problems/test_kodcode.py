"""Solution and test file: what of pytest and unittest is understood, and that it decides as it did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from factory.problems.formats import kodcode
from factory.records import Status, Verdict

Grade = Callable[..., list[Verdict]]
SOLUTION = "def half(x):\n    if x < 0:\n        raise ValueError('negative')\n    return x / 2\n"
WRONG = "def half(x):\n    return x / 2 if x == 4 else -1\n"
FILE = "from solution import half\nimport pytest\n\n"


def row(test: str, **changes: Any) -> dict[str, Any]:
    return {
        "style": "instruct",
        "subset": "Prefill",
        "question_id": "Prefill_1_I",
        "question": "Write `half`.",
        "solution": SOLUTION,
        "test": FILE + test,
        "test_info": [{"function_name": "half", "parameter_list": "(x)"}],
        "gpt_difficulty": "easy",
    } | changes


CASES = {
    "functions": "def test_a():\n    assert half(4) == 2\n\ndef test_b():\n    '''doc'''\n    result = half(6)\n"
    "    assert result == 3\n",
    "constants": "WANT = 3\n\ndef test_a():\n    x = 6\n    assert half(x) == WANT\n",
    "parametrize": "@pytest.mark.parametrize('x, want', [(4, 2), (6, 3)])\ndef test_a(x, want):\n"
    "    assert half(x) == want\n",
    "one parameter": "@pytest.mark.parametrize('x', [6, 8])\ndef test_a(x):\n    assert half(x) > 0\n",
    "approx": "def test_a():\n    assert half(6) == pytest.approx(3.0, abs=0.1)\n",
    "unittest": "import unittest\n\nclass TestHalf(unittest.TestCase):\n    def test_a(self):\n"
    "        self.assertEqual(half(6), 3)\n\n    def test_b(self):\n        self.assertTrue(half(6) > 1)\n"
    "        self.assertAlmostEqual(half(5), 2.5)\n        self.assertIn(half(6), [3])\n\n"
    "if __name__ == '__main__':\n    unittest.main()\n",
    "plain class": "class TestHalf:\n    def test_a(self):\n        assert half(6) == 3\n",
    "asserts": "assert half(4) == 2\nassert half(6) == 3\n",
}
CODE = {
    "loop": "def test_a():\n    for x in [4, 6]:\n        assert half(x) == x / 2\n",
    "raises": "def test_a():\n    with pytest.raises(ValueError):\n        half(-1)\n    assert half(6) == 3\n",
    "parametrize with code": "CASES = [(x, x / 2) for x in range(4, 8)]\n\n@pytest.mark.parametrize('x,want', CASES)\n"
    "def test_a(x, want):\n    assert half(x) == want\n",
    "setUp": "import unittest\n\nclass TestHalf(unittest.TestCase):\n    def setUp(self):\n        self.x = 6\n\n"
    "    def test_a(self):\n        self.assertEqual(half(self.x), 3)\n",
    "assertRaises": "import unittest\n\nclass TestHalf(unittest.TestCase):\n    def test_a(self):\n"
    "        with self.assertRaises(ValueError):\n            half(-1)\n",
    "helper": "def check_half(x):\n    assert half(x) * 2 == x\n\ndef test_a():\n    check_half(6)\n",
    "class with a loop": "class TestHalf:\n    def test_a(self):\n        for x in (4, 6):\n"
    "            assert half(x) == x / 2\n",
}


@pytest.mark.parametrize("name", [*CASES, *CODE])
def test_a_file_decides_as_it_did(grade: Grade, name: str) -> None:
    problem = kodcode.read(row((CASES | CODE)[name]))
    assert bool(problem.cases) == (name in CASES)
    assert bool(problem.test_code) == (name in CODE)
    assert not any(case.public for case in problem.cases)
    right, wrong = grade(problem, SOLUTION, WRONG)
    assert right.status is Status.PASSED, right.detail
    assert wrong.status is Status.WRONG_ANSWER


def test_cases_and_code_stand_side_by_side() -> None:
    problem = kodcode.read(row(CASES["functions"] + "\n" + CODE["loop"].replace("test_a", "test_c")))
    assert [case.args for case in problem.cases] == [[4], [6]]
    assert "half(4)" not in problem.test_code
    assert "pytest" not in problem.test_code


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ("x = 1\n", "decides nothing"),
        ("def (", "test: line 4"),
    ],
)
def test_a_file_that_decides_nothing_is_refused(test: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kodcode.read(row(test))


def test_the_function_is_told_by_the_import_where_nothing_else_tells() -> None:
    rest = row(CASES["functions"])
    del rest["test_info"]
    assert kodcode.read(rest).entry_point == "half"
    two = rest | {"test": rest["test"].replace("import half", "import half, third")}
    with pytest.raises(ValueError, match="test: calls half, third; exactly one function"):
        kodcode.read(two)


def test_where_it_comes_from_is_kept() -> None:
    problem = kodcode.read(row(CASES["asserts"]))
    assert problem.id == "kodcode/Prefill_1_I"
    assert (problem.meta.license, problem.meta.difficulty) == ("CC-BY-NC-4.0", "easy")
    assert problem.meta.model_dump()["subset"] == "Prefill"
