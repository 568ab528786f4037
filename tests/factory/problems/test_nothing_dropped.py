"""Every statement of a test that might assert becomes a case, stays code, or is the reason why the row is refused.

Each file asserts `f(1) == 2` in a way that becomes a case, and `f(5) == 6` in another: `return 2` must not pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from factory.problems.formats import evalplus, humaneval, kodcode, mbpp
from factory.records import Status, Verdict

Grade = Callable[..., list[Verdict]]
RIGHT, WRONG = "def f(x):\n    return x + 1\n", "def f(x):\n    return 2\n"
FILES = {
    "loop": "for i in range(4):\n    assert f(i) == i + 1",
    "while": "i = 0\nwhile i < 9:\n    i += 1\n    assert f(i) == i + 1",
    "with": "import contextlib\nwith contextlib.suppress(KeyError):\n    assert f(5) == 6",
    "try": "try:\n    assert f(5) == 6\nfinally:\n    pass",
    "match": "match f(5):\n    case 6:\n        pass\n    case _:\n        raise AssertionError",
    "walrus": "print(y := f(5))\nassert y == 6",
    "raise": "if f(5) != 6:\n    raise ValueError('no')",
    "comprehension": "def one(x):\n    assert f(x) == x + 1\n[one(x) for x in (5, 6)]",
    "called lambda": "(lambda x: [][f(x) - 6])(5) if f(5) != 6 else None",
    "called later": "def outer():\n    def inner():\n        assert f(5) == 6\n    return inner\nouter()()",
    "decorator": "def now(g):\n    g()\n@now\ndef one():\n    assert f(5) == 6",
    "decorator of a test": "def now(g):\n    g()\n    return g\n@now\nclass One:\n    y = 6\n    assert f(5) == y",
    "default": "def one(y=f(5) == 6 or 1 / 0):\n    pass",
    "class body": "class Data:\n    assert f(5) == 6",
    "class body, deeper": "class Data:\n    class Inner:\n        for x in (5,):\n            assert f(x) == 6",
    "main": "if __name__ == '__main__':\n    assert f(5) == 6",
    "main, the other way round": "if '__main__' == __name__:\n    assert f(5) == 6",
    "main, in a function": "def run():\n    if __name__ == '__main__':\n        assert f(5) == 6\nrun()",
    "main, and more": "if __name__ == '__main__' and True:\n    assert f(5) == 6",
    "main, as an operand": "def run():\n    assert f(5) == 6\n__name__ == '__main__' and run()",
    "thread": "import threading\ndef run():\n    assert f(5) == 6\ndef test_b():\n"
    "    one = threading.Thread(target=run)\n    one.start()\n    one.join()",
    "thread that nothing waits for": "import threading, time\ndef run():\n    time.sleep(0.2)\n    assert f(5) == 6\n"
    "def test_b():\n    threading.Thread(target=run).start()",
    "method of its own named submit": "class Queue:\n    def submit(self, x):\n        assert f(x) == x + 1\n"
    "def test_b():\n    Queue().submit(5)",
    "comparison that raises": "import pytest\ndef test_b():\n    with pytest.raises(TypeError):\n        f(1) < 'a'\n"
    "    assert f(5) == 6",
    "runTest": "import unittest\nclass T(unittest.TestCase):\n    def runTest(self):\n"
    "        self.assertEqual(f(5), 6)",
    "helper named check": "def check(x, y):\n    assert f(x) == y\ndef test_b():\n    check(5, 6)",
    "main calls": "def run():\n    assert f(5) == 6\nif __name__ == '__main__':\n    run()\n    print('ok')",
    "main exits with": "import sys\ndef main():\n    assert f(5) == 6\n"
    "if __name__ == '__main__':\n    sys.exit(main())",
    "main exits with a number": "import sys\ndef main():\n    return int(f(5) != 6)\n"
    "if __name__ == '__main__':\n    sys.exit(main())",
    "printed": "def run_all():\n    assert f(5) == 6\nprint(run_all())",
    "constant given anew by a test": "Y = 4\ndef test_b():\n    global Y\n    Y = 5\n"
    "def test_c():\n    assert f(Y) == 6",
    "places": "import unittest\nclass T(unittest.TestCase):\n    def test_b(self):\n"
    "        self.assertAlmostEqual(f(5) / 1e9, 6e-9, 10)",
    "call": "def run_all():\n    assert f(5) == 6\nrun_all()",
    "test without underscore": "def tests():\n    assert f(5) == 6",
    "if": "import sys\nif sys.version_info >= (3, 8):\n    def test_b():\n        assert f(5) == 6",
    "if, other name": "if True:\n    def testMore():\n        assert f(5) == 6",
    "lambda": "test_b = lambda: 1 / (f(5) == 6)",
    "assigned": "def check_b():\n    assert f(5) == 6\ntest_b = check_b",
    "nested class": "class TestOuter:\n    class TestInner:\n        def test_b(self):\n            assert f(5) == 6",
    "inherited": "class Base:\n    def check_b(self):\n        assert f(5) == 6\n\n"
    "class TestB(Base):\n    test_b = Base.check_b",
    "inherited tests": "class Base:\n    def test_b(self):\n        assert f(5) == self.y\n\n"
    "class TestB(Base):\n    y = 6",
    "inherited unittest": "import unittest\nclass Base(unittest.TestCase):\n    y = 6\n"
    "class More(Base):\n    def test_b(self):\n        self.assertEqual(f(5), self.y)",
    "setUpClass": "import unittest\nclass T(unittest.TestCase):\n    @classmethod\n    def setUpClass(cls):\n"
    "        cls.y = 6\n    def test_b(self):\n        self.assertEqual(f(5), self.y)",
    "subTest": "import unittest\nclass T(unittest.TestCase):\n    def test_b(self):\n        for x in (5,):\n"
    "            with self.subTest(x=x):\n                self.assertEqual(f(x), 6)",
    "one skipped": "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.skipTest('no')\n"
    "    def test_b(self):\n        self.assertEqual(f(5), 6)",
    "behind a changed constant": "X = [1]\nX[0] = 5\ndef test_b():\n    assert f(X[0]) == 6",
    "constant given anew": "Y = 4\nassert f(3) == Y\nY = 6\nassert f(5) == Y",
}


@pytest.mark.parametrize("name", FILES)
def test_no_statement_of_a_file_is_dropped(grade: Grade, name: str) -> None:
    test = f"from solution import f\n\ndef test_a():\n    assert f(1) == 2\n\n{FILES[name]}\n"
    problem = kodcode.read({"question": "f", "solution": RIGHT, "test": test})
    right, wrong = grade(problem, RIGHT, WRONG)
    assert (right.status, wrong.status) == (Status.PASSED, Status.WRONG_ANSWER), (right.detail, problem.test_code)


CHECKS = {
    "loose": "assert f(5) == 6\n{}",
    "loose, other name": "{}\nassert isinstance(f(7), int) and f(7) == 8",
    "called test": "def test_more():\n    assert f(5) == 6\n{}\ncheck(f)\ntest_more()",
    "called helper": "def more():\n    assert f(5) == 6\n{}\nmore()",
    "helper of check": "def more(candidate):\n    assert candidate(5) == 6\n{}\n    more(candidate)",
    "class body": "{}\nclass T:\n    assert f(5) == 6",
    "loop": "{}\nfor i in range(4):\n    assert f(i) == i + 1",
    "main": "{}\nif __name__ == '__main__':\n    check(f)\n    assert f(5) == 6",
    "main, the other way round": "{}\nif '__main__' == __name__:\n    check(f)\n    assert f(5) == 6",
    "raise": "{}\n    if candidate(5) != 6:\n        raise ValueError('no')",
}


@pytest.mark.parametrize("name", CHECKS)
def test_no_statement_beside_check_is_dropped(grade: Grade, name: str) -> None:
    test = CHECKS[name].format("def check(candidate):\n    assert candidate(1) == 2")
    row = {"task_id": "X/1", "prompt": "def f(x):\n", "entry_point": "f", "canonical_solution": "    return x + 1\n"}
    problem = humaneval.read(row | {"test": test})
    right, wrong = grade(problem, RIGHT, WRONG)
    assert (right.status, wrong.status) == (Status.PASSED, Status.WRONG_ANSWER), (right.detail, problem.test_code)


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ("    return candidate(1) == 2 and candidate(5) == 6\n", "check returns what it should assert"),
        ("    try:\n        assert candidate(5) == 6\n    except:\n        pass\n", "line 2: catches what it asserts"),
        ("    try:\n        candidate('a')\n        assert False\n    except Exception:\n        pass\n", "2: catches"),
        ("    try:\n        candidate('a')\n        raise AssertionError\n    except:\n        pass\n", "2: catches"),
        ("    import pytest\n    try:\n        candidate('a')\n        pytest.fail('x')\n    except BaseException:\n"
         "        pass\n", "line 3: catches what it asserts"),
        ("    import logging\n    try:\n        assert candidate(5) == 6\n    except AssertionError as e:\n"
         "        logging.error(e)\n", "line 3: catches what it asserts"),
        ("    import contextlib\n    with contextlib.suppress(Exception):\n        assert candidate(5) == 6\n",
         "line 3: suppresses what it asserts"),
        ("    if candidate(5) != 6:\n        print('FAIL')\n", "line 2: compares, and only tells"),
        ("    all(candidate(i) == i + 1 for i in (5, 6))\n", "line 2: all: compares, and asserts nothing"),
        ("    import math\n    math.isclose(candidate(5), 6)\n", "line 3: isclose: compares, and asserts nothing"),
        ("    assert 'candidate(5) == 6'\n", "line 2: asserts a text"),
        ("    if False:\n        assert candidate(5) == 6\n", "line 2: asserts under a condition that never holds"),
        ("    while 0:\n        assert candidate(5) == 6\n", "line 2: asserts under a condition that never holds"),
        ("    for i in range(0):\n        assert candidate(i) == 6\n", "line 2: asserts under a condition that never"),
        ("    def more():\n        yield\n        assert candidate(5) == 6\n    more()\n", "more asserts, and"),
        ("    async def more():\n        assert candidate(5) == 6\n    more()\n", "more asserts, and"),
        ("    def more():\n        assert candidate(5) == 6\n", "line 2: more asserts, and nothing calls it"),
        ("    assert candidate(1) == 2\ndef same(a, b):\n    return a == b\nsame(f(5), 6)", "same compares, and"),
        ("    assert candidate(1) == 2\ndef same(a, b):\n    print('ok' if a == b else 'no')\nsame(f(5), 6)",
         "same compares, and asserts nothing"),
        ("    assert candidate(1) == 2\nf = lambda x: x + 1\nassert f(5) == 6", "defines f itself"),
        ("    def f(x):\n        return x + 1\n    assert f(5) == 6\n", "defines f itself"),
        ("    assert candidate(1) == 2\ndef more():\n    assert f(5) == 6\n", "more asserts, and nothing calls it"),
        ("    assert candidate(1) == 2\ndef test_b(candidate):\n    assert candidate(5) == 6\n", "test_b asserts, and"),
        ("    assert candidate(1) == 2\nclass T:\n    def test_b(self):\n        assert f(5) == 6\n", "T asserts, and"),
        ("    assert candidate(1) == 2\nimport unittest\nclass T(unittest.TestCase):\n    def test_b(self):\n"
         "        self.assertEqual(f(5), 6)\nunittest.TextTestRunner().run(T('test_b'))", "TextTestRunner tells"),
    ],
)  # fmt: skip
def test_a_check_that_only_seems_to_assert_is_a_reason(test: str, message: str) -> None:
    row = {"task_id": "X/1", "prompt": "def f(x):\n", "entry_point": "f", "canonical_solution": "    return x + 1\n"}
    with pytest.raises(ValueError, match=message):
        humaneval.read(row | {"test": f"def check(candidate):\n{test}"})


@pytest.mark.parametrize(
    "test",
    [
        "def check(candidate, /):\n    assert candidate(1) == 2\n    assert candidate(5) == 6\n    return True\n",
        "def check(candidate):\n    assert run(candidate) == 8\ndef run(candidate):\n"
        "    return candidate(1) + candidate(5)\n",
        "def check(candidate):\n    assert test_one(candidate, 5)\ndef test_one(candidate, x):\n"
        "    return candidate(x) == x + 1\n",
        "def check(candidate):\n    assert candidate(1) == 2\ndef test_more():\n    assert f(5) == 6\n",
        "def check(candidate):\n    wrong = []\n    try:\n        assert candidate(5) == 6\n"
        "    except AssertionError:\n        wrong.append(5)\n    assert not wrong\n",
        "def check(candidate):\n    try:\n        assert candidate(5) == 6\n    except AssertionError:\n        raise\n"
        "    except Exception:\n        pass\n",
        "def check(candidate):\n    def same(a, b):\n        return a == b\n    assert same(candidate(5), 6)\n",
        "def check(candidate):\n    for i in range(5, 6):\n        if candidate(i) != i + 1:\n"
        "            print('no')\n            raise ValueError\n",
    ],
)
def test_a_check_that_looks_as_if_it_asserts_nothing_is_taken(grade: Grade, test: str) -> None:
    row = {"task_id": "X/1", "prompt": "def f(x):\n", "entry_point": "f", "canonical_solution": "    return x + 1\n"}
    right, wrong = grade(humaneval.read(row | {"test": test}), RIGHT, WRONG)
    assert (right.status, wrong.status) == (Status.PASSED, Status.WRONG_ANSWER), right.detail


def test_what_asserts_nothing_stays_out(grade: Grade) -> None:
    test = (
        "import sys, random\nsys.path.append('.')\nrandom.seed(1)\nMETADATA = {'author': 'x'}\nA, B = 1, 2\n\n"
        "class Odd(Exception):\n    '''One of its own.'''\n\ndef helper(x):\n    return x\n\n"
        "def check(candidate):\n    assert candidate(1) == 2\n"
    )
    row = {"task_id": "X/1", "prompt": "def f(x):\n", "entry_point": "f", "canonical_solution": "    return x + 1\n"}
    problem = humaneval.read(row | {"test": test})
    assert (len(problem.cases), problem.test_code) == (1, "")


def test_an_assert_that_only_some_calls_come_to_stays_code(grade: Grade) -> None:
    body = "    for x in (1, 5):\n        if x == 1:\n            continue\n        assert f(x) == 6\n"
    problem = kodcode.read(
        {"question": "f", "solution": RIGHT, "test": f"from solution import f\n\ndef test_a():\n{body}"}
    )
    assert [it.status for it in grade(problem, RIGHT, WRONG)] == [Status.PASSED, Status.WRONG_ANSWER]


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ("async def test_b():\n    assert f(5) == 6", "test_b is async"),
        ("class TestB:\n    async def test_b(self):\n        assert f(5) == 6", "test_b is async"),
        ("def test_b():\n    assert f(5) == 6\n    yield 1", "test_b is a generator"),
        ("def test_b():\n    assert (f(5) == 6, 'six')", "line 7: asserts a tuple"),
        ("def test_b():\n    assert f(2) == 3\n    return\n    assert f(5) == 6", "line 9: asserts behind what"),
        ("def test_b():\n    for x in (5,):\n        continue\n        if x:\n            assert f(x) == 6",
         "line 10: asserts behind what"),
        ("def test_b():\n    f(5) == 6", "line 7: compares, and asserts nothing"),
        ("def test_b():\n    return f(5) == 6", "test_b returns what it should assert"),
        ("class TestB:\n    def test_b(self):\n        return f(5) == 6", "test_b returns what it should assert"),
        ("def test_b():\n    try:\n        assert f(5) == 6\n    except AssertionError:\n        print('no')",
         "line 7: catches what it asserts"),
        ("import unittest\nclass T(unittest.TestCase):\n    def test_b(self):\n        try:\n"
         "            self.assertEqual(f(5), 6)\n        except (ValueError, Exception) as error:\n            pass",
         "line 9: catches what it asserts"),
        ("def more():\n    assert f(5) == 6", "line 6: more asserts, and nothing calls it"),
        ("class testmore:\n    def test_b(self):\n        assert f(5) == 6", "line 6: testmore asserts, and nothing"),
        ("import unittest\nclass T(unittest.TestCase):\n    def check_b(self):\n        self.assertEqual(f(5), 6)\n"
         "unittest.TextTestRunner().run(T('check_b'))", "check_b is run as a test by its name"),
        ("import unittest\nclass T(unittest.TestCase):\n    def test_b(self):\n        self.assertEqual(f(5), 6)\n"
         "def load_tests(*_):\n    return T('test_b')", "load_tests: pytest does not ask for it"),
        ("import doctest\ndef more():\n    '>>> f(5)\\n6'\ndoctest.testmod()", "doctest tells"),
        ("import multiprocessing\ndef more():\n    assert f(5) == 6\ndef test_b():\n"
         "    one = multiprocessing.Process(target=more)\n    one.start()", "multiprocessing: what fails"),
        ("def more(x):\n    assert f(x) == x + 1\ndef test_b():\n    map(more, [5])", "line 9: map: makes an iterator"),
        ("def more(x):\n    assert f(x) == x + 1\ndef test_b():\n    (more(x) for x in [5])",
         "line 9: makes a generator"),
        ("from concurrent.futures import ThreadPoolExecutor\ndef more(x):\n    assert f(x) == x + 1\ndef test_b():\n"
         "    with ThreadPoolExecutor() as pool:\n        pool.map(more, [5])", "line 11: map: what fails"),
        ("from concurrent.futures import ThreadPoolExecutor\ndef more(x):\n    assert f(x) == x + 1\ndef test_b():\n"
         "    with ThreadPoolExecutor() as pool:\n        one = pool.submit(more, 5)", "submit: what fails"),
    ],
)  # fmt: skip
def test_a_test_that_only_seems_to_assert_is_a_reason(test: str, message: str) -> None:
    test = f"from solution import f\n\ndef test_a():\n    assert f(1) == 2\n\n{test}\n"
    with pytest.raises(ValueError, match=message):
        kodcode.read({"question": "f", "solution": RIGHT, "test": test})


MBPP: dict[str, Any] = {"task_id": 1, "text": "t", "code": RIGHT, "test_list": ["assert f(1) == 2"]}


@pytest.mark.parametrize("field", ["challenge_test_list", "test_case_list"])
def test_the_other_lists_of_tests_are_tests(grade: Grade, field: str) -> None:
    problem = mbpp.read(MBPP | {field: ["assert f(5) == 6", "assert f(1) == 2"]})
    assert [(case.args, case.public) for case in problem.cases] == [([1], True), ([5], False)]
    assert [it.status for it in grade(problem, RIGHT, WRONG)] == [Status.PASSED, Status.WRONG_ANSWER]


@pytest.mark.parametrize(
    ("setup", "tests"),
    [
        ("for i in (5,):\n    assert f(i) == i + 1", ["assert f(1) == 2"]),
        ("def more():\n    assert f(5) == 6\nmore()", ["assert f(1) == 2"]),
        ("x = 5", ["assert f(1) == 2; assert f(x) == 6", ""]),
        ("", ["assert f(1) == 2\nassert f(5) == 6\n"]),
    ],
)
def test_what_the_setup_asserts_and_several_asserts_in_one_text_are_tests(
    grade: Grade, setup: str, tests: list[str]
) -> None:
    problem = mbpp.read(MBPP | {"test_setup_code": setup, "test_list": tests})
    assert [it.status for it in grade(problem, RIGHT, WRONG)] == [Status.PASSED, Status.WRONG_ANSWER]


@pytest.mark.parametrize(
    ("test", "message"), [("f(5) == 6", "compares, and asserts nothing"), ("print(f(5) == 6)", "prints, and asserts")]
)
def test_a_test_without_an_assert_is_a_reason(test: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mbpp.read(MBPP | {"test_list": ["assert f(1) == 2", test]})


def test_humaneval_et_has_its_cases_in_a_list(grade: Grade) -> None:
    row = {"task_id": "X/1", "prompt": "def f(x):\n", "entry_point": "f", "canonical_solution": "    return x + 1\n"}
    row |= {"test": "def check(candidate):\n    assert candidate(1) == 2\n"}
    problem = humaneval.read(row | {"test_case_list": ["assert f(5) == 6", "assert f(7) in [8, f(8) - 1]"]})
    assert [case.args for case in problem.cases] == [[1], [5]]
    assert "f(7)" in problem.test_code
    assert [it.status for it in grade(problem, RIGHT, WRONG)] == [Status.PASSED, Status.WRONG_ANSWER]


@pytest.mark.parametrize("tests", [["assert (f(1) == 2, 'two')"], ["assert f(1) == 2", "assert (f(5), 6)"]])
def test_an_assert_of_a_tuple_is_a_reason(tests: list[str]) -> None:
    with pytest.raises(ValueError, match="asserts a tuple, which holds whatever is answered"):
        mbpp.read(MBPP | {"test_list": tests})
    row = {"task_id": "Mbpp/1", "prompt": "p", "canonical_solution": RIGHT, "entry_point": "f"}
    loop = "for i, (inp, exp) in enumerate(zip(inputs, results)):\n    assertion(f(*inp), exp, 0)"
    with pytest.raises(ValueError, match="asserts a tuple"):
        evalplus.read(row | {"test": f"inputs = [[1]]\nresults = [2]\n{loop}", "test_list": tests})
