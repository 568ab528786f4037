"""LeetCode-style rows: methods of a class, arguments by name, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from factory.problems.formats import leetcode
from factory.records import Status, Verdict

Grade = Callable[..., list[Verdict]]
ROW: dict[str, Any] = {
    "task_id": "two-sum",
    "question_id": 1,
    "difficulty": "Easy",
    "problem_description": "Give the indices of two numbers with the given sum.",
    "starter_code": "class Solution:\n    def twoSum(self, nums: List[int], target: int) -> List[int]:\n        ",
    "prompt": "import collections\nfrom typing import *\nfrom collections import *\n\ninf = float('inf')\n",
    "completion": "class Solution:\n    def twoSum(self, nums: List[int], target: int) -> List[int]:\n"
    "        seen = defaultdict(int)\n        for i, x in enumerate(nums):\n            if target - x in seen:\n"
    "                return [seen[target - x], i]\n            seen[x] = i\n",
    "entry_point": "Solution().twoSum",
    "test": "def check(candidate):\n    assert candidate(nums = [3, 3],target = 6) == [0, 1]\n"
    "    assert candidate(nums = [2, 7],target = 9) == [0, 1]\n",
}


def test_a_method_is_called_on_a_fresh_object(grade: Grade) -> None:
    assert leetcode.sniff(ROW)
    problem = leetcode.read(ROW)
    assert (problem.id, problem.entry_point, problem.test_code) == ("leetcode/two-sum", "Solution.twoSum", "")
    assert [(case.args, case.kwargs) for case in problem.cases] == [([[3, 3], 6], {}), ([[2, 7], 9], {})]
    remembering = (
        "class Solution:\n    def __init__(self):\n        self.seen = []\n\n"
        "    def twoSum(self, nums, target):\n        self.seen += nums\n"
        "        return [0, 1] if len(self.seen) == 2 else []\n"
    )
    function = "def twoSum(nums, target):\n    return [0, 1]"
    right, fresh, none = grade(problem, problem.reference, remembering, function)
    assert (right.status, fresh.status) == (Status.PASSED, Status.PASSED)
    assert none.status is Status.MISSING_ENTRY_POINT


def test_any_order_is_the_problems_comparison(grade: Grade) -> None:
    problem = leetcode.read(ROW | {"problem_description": "You can return the answer in any order."})
    assert problem.comparison.kind == "unordered"
    turned = str(problem.reference).replace("[seen[target - x], i]", "[i, seen[target - x]]")
    assert [verdict.status for verdict in grade(problem, problem.reference, turned)] == [Status.PASSED] * 2


def test_what_is_no_case_runs_as_test_code(grade: Grade) -> None:
    test = (
        "def check(candidate):\n    for n in range(3):\n        assert len(candidate(nums=[n, n], target=2 * n)) == 2\n"
    )
    problem = leetcode.read(ROW | {"test": test})
    assert problem.cases == ()
    right, wrong = grade(
        problem, problem.reference, "class Solution:\n    def twoSum(self, nums, target):\n        return []"
    )
    assert (right.status, wrong.status) == (Status.PASSED, Status.WRONG_ANSWER)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"starter_code": "class Solution:\n    def f(self, root: Optional['Node']) -> int:"}, "Node objects"),
        ({"entry_point": "twoSum"}, "entry_point: 'twoSum': is not of the form"),
        ({"problem_description": "If there are multiple solutions, return any of them."}, "any of several answers"),
        ({"test": "x = 1"}, "test: defines no check"),
        ({"prompt": "def ("}, "prompt: line 1"),
    ],
)
def test_a_row_that_cannot_be_decided_is_refused(change: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        leetcode.read(ROW | change)
