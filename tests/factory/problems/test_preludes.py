"""What a set's harness gives to every program, and how it calls one: imports, settings, either name, objects."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from factory.grading.extract import extract
from factory.languages import language
from factory.problems.formats import apps, leetcode, livecodebench, native
from factory.problems.formats.mapping import Mapping
from factory.records import Problem, Rollout, Status, Verdict

Grade = Callable[..., list[Verdict]]
CLASS = "class Solution:\n"
PRELUDE = """\
from typing import *
from collections import *
from math import *
inf = float('inf')
class ListNode:
    def __init__(self, val=0, next=None):
        self.val = val
        self.next = next
def list_node(values: list):
    if not values:
        return None
    head = ListNode(values[0])
    head.next = list_node(values[1:])
    return head
def is_same_list(p1, p2):
    if p1 is None and p2 is None:
        return True
    return bool(p1 and p2) and p1.val == p2.val and is_same_list(p1.next, p2.next)
"""


def leetcode_row(starter: str, test: str, **changes: Any) -> Problem:
    name = starter.partition("(")[0].rpartition(" ")[2]
    asserts = "".join(f"    assert {line}\n" for line in test.splitlines())
    row = {
        "task_id": "t", "question_id": 1, "difficulty": "Easy", "problem_description": "Do it.", "prompt": PRELUDE,
        "starter_code": f"{CLASS}    {starter}\n        ", "completion": "", "entry_point": f"Solution().{name}",
        "test": f"def check(candidate):\n{asserts}",
    }  # fmt: skip
    return leetcode.read(row | changes)


def livecodebench_row(starter: str, *tests: tuple[str, str]) -> Problem:
    name = starter.partition("(")[0].rpartition(" ")[2]
    kind = "functional" if starter else "stdin"
    stored = [{"input": given, "output": output, "testtype": kind} for given, output in tests]
    row = {
        "question_content": "Do it.", "question_id": "q", "public_test_cases": json.dumps(stored),
        "private_test_cases": "[]", "metadata": json.dumps({"func_name": name}), "difficulty": "easy",
        "starter_code": f"{CLASS}    {starter}\n        " if starter else "",
    }  # fmt: skip
    return livecodebench.read(row)


def statuses(verdicts: list[Verdict]) -> list[Status]:
    return [verdict.status for verdict in verdicts]


# ---- preludes ----


def test_leetcode_rows_bring_a_prelude_that_no_prompt_shows(grade: Grade) -> None:
    problem = leetcode_row("def low(self, nums: List[int]) -> float:", "candidate(nums = [4, 1]) == 1")
    assert (problem.prelude, problem.starter_code.splitlines()[0]) == (PRELUDE, "class Solution:")
    body = f"{CLASS}    def low(self, nums: List[int]) -> float:\n        return "
    uses, plain, other = grade(problem, f"{body}min(nums, default=inf)\n", f"{body}min(nums)\n", f"{body}reduce(min)\n")
    assert (uses.status, uses.repaired) == (Status.PASSED, False)
    assert uses.code == f"from typing import List\ninf = float('inf')\n{body}min(nums, default=inf)\n"
    assert uses.import_fixes == ("taken from the prelude: List", "taken from the prelude: inf")
    assert plain.import_fixes == ("taken from the prelude: List",)
    assert (other.status, other.repaired) == (Status.RUNTIME_ERROR, True), "functools is not in this prelude"


@pytest.mark.parametrize("program", ["{0}1 + self.deep(n - 1) if n else 0", "{0}next(islice(count(n), 1))"])
def test_livecodebench_gives_its_imports_and_a_deep_recursion_limit(grade: Grade, program: str) -> None:
    problem = livecodebench_row("def deep(self, n: int) -> int:", ("30000", "30000"))
    (verdict,) = grade(problem, program.format(f"{CLASS}    def deep(self, n):\n        return ") + "\n")
    assert (verdict.status, verdict.repaired) == (Status.PASSED, False)


def test_stdin_programs_have_the_prelude_too(grade: Grade) -> None:
    row = {"question": "Count.", "input_output": json.dumps({"inputs": ["3\n"], "outputs": ["1 2 3\n"]})}
    for problem in (apps.read(row | {"solutions": "[]", "problem_id": 1}), livecodebench_row("", ("3\n", "1 2 3\n"))):
        program = "n = int(stdin.readline())\nprint(*accumulate([1] * n))\n"
        (verdict,) = grade(problem, program)
        assert (verdict.status, verdict.code.endswith(program)) == (Status.PASSED, True)


def test_a_prelude_that_is_no_python_is_refused() -> None:
    with pytest.raises(ValueError, match="prelude: line 1"):
        native.read({"id": "a", "prompt": "", "cases": [{"stdin": "", "stdout": ""}], "prelude": "def ("})
    columns = {"prompt": "p", "inputs": "i", "outputs": "o", "prelude": "before"}
    with pytest.raises(ValueError, match="prelude: line 1"):
        Mapping(columns).read({"p": "x", "i": ["1"], "o": ["1"], "before": "def ("})


def test_a_mapping_names_the_column_of_a_prelude(grade: Grade) -> None:
    columns = {"prompt": "p", "inputs": "i", "outputs": "o", "prelude": "before"}
    problem = Mapping(columns).read({"p": "x", "i": ["1"], "o": ["inf"], "before": "from math import *"})
    assert statuses(grade(problem, "print(inf)")) == [Status.PASSED]


# ---- either name ----

FUNCTION = "def rep(a, b):\n    return a + b\n"
METHOD = f"{CLASS}    def rep(self, a, b):\n        return a + b\n"


def mapped(**more: str) -> Problem:
    columns = {"prompt": "p", "entry_point": "f", "inputs": "i", "outputs": "o", **{name: name for name in more}}
    row = {"p": "Add.", "f": "rep", "i": "[[1, 2], [5, 6]]", "o": "[3, 11]", **more}
    return Mapping(columns).read(row)


@pytest.mark.parametrize(
    ("problem", "name"),
    [
        (mapped(), "rep"),
        (mapped(starter_code=f"{CLASS}    def rep(self, a, b):"), "Solution.rep"),
        (livecodebench_row("def rep(self, a: int, b: int) -> int:", ("1\n2", "3")), "Solution.rep"),
        (
            apps.read(
                {
                    "question": "Add.", "solutions": "[]", "problem_id": 1, "starter_code": "def rep(a, b):\n\t",
                    "input_output": json.dumps({"fn_name": "rep", "inputs": [[1, 2]], "outputs": [3]}),
                }
            ),
            "rep",
        ),
    ],
)  # fmt: skip
def test_a_function_or_a_method_will_do(grade: Grade, problem: Problem, name: str) -> None:
    assert problem.entry_point == name
    assert statuses(grade(problem, FUNCTION, METHOD)) == [Status.PASSED] * 2
    wrong = [text.replace("a + b", "a - b") for text in (FUNCTION, METHOD)]
    assert statuses(grade(problem, *wrong)) == [Status.WRONG_ANSWER] * 2
    other = "class Other:\n    def rep(self, a, b):\n        return a + b\n"
    inner = "def make():\n    def rep(a, b):\n        return a + b\n    return rep\n"
    empty = f"{CLASS}    def other(self):\n        rep = 1\n"
    assert statuses(grade(problem, other, inner, empty)) == [Status.MISSING_ENTRY_POINT] * 3


@pytest.mark.parametrize("name", ["rep", "Solution.rep"])
@pytest.mark.parametrize("code", [FUNCTION, METHOD])
def test_the_block_under_either_name_is_the_answer(name: str, code: str) -> None:
    problem = mapped(**{} if name == "rep" else {"starter_code": f"{CLASS}    def rep(self, a, b):"})
    assert problem.entry_point == name
    blocks = ["print(rep(1, 2))\n", code.replace("a + b", "a - b"), code, "print(3)\n"]
    text = "\n".join(f"So:\n```python\n{block}```" for block in blocks)
    rollout = Rollout(problem_id=problem.id, index=0, text=text, mode="chat")
    assert extract(rollout, problem, language("python")).code == code


def test_what_is_shipped_is_called_by_the_name_of_its_row(grade: Grade) -> None:
    (verdict,) = grade(mapped(), METHOD)
    names: dict[str, Any] = {}
    exec(verdict.code, names)
    assert (names["rep"](2, b=3), verdict.import_fixes) == (5, ("taken out of its class: Solution.rep",))
    (verdict,) = grade(mapped(starter_code=f"{CLASS}    def rep(self, a, b):"), FUNCTION)
    exec(verdict.code, names := {})
    assert (names["Solution"]().rep(2, b=3), verdict.repaired) == (5, True)


def test_leetcode_tests_call_the_method_alone(grade: Grade) -> None:
    problem = leetcode_row("def rep(self, a, b):", "candidate(a = 1, b = 2) == 3")
    assert statuses(grade(problem, METHOD, FUNCTION)) == [Status.PASSED, Status.MISSING_ENTRY_POINT]


# ---- answers in place ----

ROTATE = "def rotate(self, nums: List[int], k: int) -> None:"
TURNED = "k %= len(nums)\n        nums[:] = nums[-k:] + nums[:-k]\n"


@pytest.mark.parametrize(
    "problem",
    [
        livecodebench_row(ROTATE, ("[1, 2, 3]\n1", "[3, 1, 2]"), ("[1]\n5", "[1]")),
        leetcode_row(ROTATE, "candidate(nums = [1, 2, 3], k = 1) == [3, 1, 2]\ncandidate(nums = [1], k = 5) == [1]"),
    ],
)
def test_a_method_that_returns_nothing_answers_by_its_argument(grade: Grade, problem: Problem) -> None:
    assert problem.calling.in_place == 0
    body = f"{CLASS}    {ROTATE}\n        "
    right = [body + TURNED, f"{body}{TURNED}        return 'whatever'\n"]
    wrong = [f"{body}pass\n", f"{body}nums = nums[-k:] + nums[:-k]\n        return nums\n", f"{body}nums.append(0)\n"]
    assert statuses(grade(problem, *right)) == [Status.PASSED] * 2
    assert statuses(grade(problem, *wrong)) == [Status.WRONG_ANSWER] * 3


@pytest.mark.parametrize("starter", [ROTATE, "def rotate(self) -> None:"])
def test_tests_that_pass_whatever_the_argument_becomes_are_refused(starter: str) -> None:
    with pytest.raises(ValueError, match="do not say what its argument is to become"):
        livecodebench_row(starter, ("[1, 2]\n1", "null"))


# ---- objects ----

REVERSE = "def rev(self, head: Optional[ListNode]) -> Optional[ListNode]:"
REVERSED = "p = None\n        while head:\n            head.next, p, head = p, head, head.next\n        return p\n"
INVERT = "def inv(self, root: Optional[TreeNode]) -> Optional[TreeNode]:"


def test_linked_lists_are_lists_in_cases(grade: Grade) -> None:
    test = (
        "is_same_list(candidate(head = list_node([1, 2, 3])), list_node([3, 2, 1]))\n"
        "is_same_list(candidate(head = list_node([])), list_node([]))"
    )
    problem = leetcode_row(REVERSE, test)
    assert [(case.args, case.expected) for case in problem.cases] == [([[1, 2, 3]], [3, 2, 1]), ([[]], [])]
    body = f"{CLASS}    {REVERSE}\n        "
    own = f"class ListNode:\n    def __init__(self, x):\n        self.val = x\n        self.next = None\n{CLASS}"
    right = [body + REVERSED, f"{own}    def rev(self, head):\n        {REVERSED}"]
    assert statuses(grade(problem, *right)) == [Status.PASSED] * 2
    (same,) = grade(problem, f"{body}return head\n")
    assert (same.status, same.detail) == (Status.WRONG_ANSWER, "case 0: answered [1, 2, 3], expected [3, 2, 1]")
    values = "out = []\n        while head: out, head = [head.val, *out], head.next\n        return out\n"
    endless = "if head: head.next = head\n        return head\n"
    plain, loop, missing = grade(problem, body + values, body + endless, f"{CLASS}    pass\n")
    assert "list is no ListNode" in plain.detail
    assert "without end" in loop.detail
    assert missing.status is Status.MISSING_ENTRY_POINT


def test_trees_are_lists_level_by_level(grade: Grade) -> None:
    test = (
        "is_same_tree(candidate(root = tree_node([4, 2, 7, 1, None, 6])), tree_node([4, 7, 2, None, 6, None, 1]))\n"
        "is_same_tree(candidate(root = None), tree_node([]))"
    )
    problem = leetcode_row(INVERT, test)
    assert problem.cases[0].expected == [4, 7, 2, None, 6, None, 1]
    body = f"{CLASS}    def inv(self, root):\n        "
    swap = "if root: root.left, root.right = self.inv(root.right), self.inv(root.left)\n        return root\n"
    assert statuses(grade(problem, body + swap, f"{body}return root\n")) == [Status.PASSED, Status.WRONG_ANSWER]


def test_annotations_tell_objects_where_tests_are_plain(grade: Grade) -> None:
    starter = "def merge(self, lists: List[Optional[ListNode]]) -> Optional[ListNode]:"
    problem = livecodebench_row(starter, ("[[1, 4], [], [2]]", "[1, 2, 4]"))
    assert (problem.calling.args, problem.calling.result) == (("lists",), "list")
    body = "vals = []\n        for l in lists:\n            while l: vals, l = [*vals, l.val], l.next\n"
    build = "        head = None\n        for v in {}:\n            head = ListNode(v, head)\n        return head\n"
    program = f"{CLASS}    def merge(self, lists):\n        {body}{build}"
    right, wrong = (program.format(order) for order in ("sorted(vals)[::-1]", "vals"))
    assert statuses(grade(problem, right, wrong)) == [Status.RUNTIME_ERROR] * 2, "its harness gives no ListNode"
    node = "class ListNode:\n    def __init__(self, val, next=None): self.val, self.next = val, next\n"
    assert statuses(grade(problem, node + right, node + wrong)) == [Status.PASSED, Status.WRONG_ANSWER]


def test_objects_changed_in_place(grade: Grade) -> None:
    starter = "def flatten(self, root: Optional[TreeNode]) -> None:"
    problem = livecodebench_row(starter, ("[1, 2]", "[1, null, 2]"))
    body = f"{CLASS}    def flatten(self, root):\n        "
    move = "root.left, root.right = None, root.left\n"
    assert statuses(grade(problem, body + move, f"{body}pass\n")) == [Status.PASSED, Status.WRONG_ANSWER]


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ("candidate(head = list_node([1])) == 1\ncandidate(head = [1]) == 1", "objects in one assert"),
        ("is_same_list(candidate(head = list_node([1])), [1])", "objects in one assert"),
        ("len(candidate(head = list_node([1]))) == 1", "in another way"),
        ("is_same_list(candidate(head = list_node([1])), list_node([1])) and True", "in another way"),
        ("is_same_list(candidate(head = list_node([1])), list_node(3))", "expects what is no list"),
    ],
)
def test_tests_of_objects_that_are_not_certain_are_refused(test: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        leetcode_row(REVERSE, test)


# ---- doubles ----


@pytest.mark.parametrize(
    "problem",
    [
        livecodebench_row("def f(self) -> List[float]:", ("", "[0.1, [2.5, 3.0]]")),
        leetcode_row("def f(self) -> List[float]:", "candidate() == [0.1, [2.5, 3.0]]"),
    ],
)
def test_a_double_may_be_off_as_on_leetcode_wherever_it_is(grade: Grade, problem: Problem) -> None:
    body = f"{CLASS}    def f(self):\n        return "
    off = [f"{body}[0.1, [2.5, {value!r}]]\n" for value in (3.000009, 3, 3.00002, "3.0", None)]
    right, wrong = [Status.PASSED] * 2, [Status.WRONG_ANSWER] * 3
    assert statuses(grade(problem, *off)) == right + wrong


def test_whole_numbers_and_texts_are_given_no_tolerance() -> None:
    assert livecodebench_row("def f(self) -> int:", ("", "3")).comparison.kind == "equal"
    assert livecodebench_row("def f(self) -> str:", ("", '"0.5"')).comparison.kind == "equal"
