"""Files for pytest, in many forms: beside right and wrong programs, the verdict is what pytest itself says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from factory.problems.formats import kodcode
from factory.records import Problem, Status, Verdict

Grade = Callable[..., list[Verdict]]
HEAD = "from solution import f\nimport pytest\n"
RIGHT = "def f(x):\n    if x < 0:\n        raise ValueError(f'negative: {x}')\n    return x + 1\n"
PROGRAMS = {
    "right": RIGHT,
    "two": "def f(x):\n    if x < 0:\n        raise ValueError(f'negative: {x}')\n    return 2\n",
    "small only": RIGHT.replace("return x + 1", "return x + 1 if x < 4 else x"),
    "never raises": "def f(x):\n    return x + 1\n",
    "other message": RIGHT.replace("negative", "below zero"),
    "other exception": RIGHT.replace("ValueError", "KeyError"),
    "text": RIGHT.replace("return x + 1", "return str(x + 1)"),
    "nearly": RIGHT.replace("return x + 1", "return x + 1.0001"),
    "very nearly": RIGHT.replace("return x + 1", "return x + 1 + 1e-8"),
}
RAISES = {
    "exits": RIGHT.replace("raise ValueError(", "raise SystemExit("),
    "stops": RIGHT.replace("raise ValueError(", "raise StopIteration("),
    "a base of its own": "class E(BaseException):\n    pass\n" + RIGHT.replace("raise ValueError(", "raise E("),
    "a kind of its own": "class E(ValueError):\n    pass\n" + RIGHT.replace("raise ValueError(", "raise E("),
    "wants more": RIGHT.replace("raise ValueError(f'negative: {x}')", "return b'\\xff'.decode()"),
    "a group": RIGHT.replace("raise ValueError(f'negative: {x}')", "raise ExceptionGroup('negative', [ValueError()])"),
    "a key": RIGHT.replace("raise ValueError(f'negative: {x}')", "raise KeyError('negative')"),
}
"""Programs that end a call in other ways; forms with "raises" in their names are tried on them, too."""
PRINTS = {
    "right": "import sys\ndef f(x):\n    print(x + 1)\n    print('told', file=sys.stderr)\n    return None\n",
    "prints another": "import sys\ndef f(x):\n    print(x)\n    print('told', file=sys.stderr)\n",
    "returns": "import sys\ndef f(x):\n    print('told', file=sys.stderr)\n    return x + 1\n",
    "prints nothing": "def f(x):\n    pass\n",
    "writes": "import sys\nprint('loaded')\ndef f(x):\n    sys.stdout.write(f'{x + 1}\\n')\n"
    "    sys.stderr.write('told\\n')\n",
}
FORMS = dict(
    part.split("\n", 1)
    for part in Path(__file__).with_name("pytest_forms.txt").read_text().removeprefix("#### ").split("\n#### ")
)
"""Test files by name; those that ask for `capsys` are tried on `PRINTS`."""
RECORDER = """
import json
failed = set()
def pytest_collectreport(report):
    if report.failed:
        failed.add(report.nodeid.partition("::")[0])
def pytest_runtest_logreport(report):
    if report.failed:
        failed.add(report.nodeid.partition("::")[0])
def pytest_sessionfinish():
    with open("failed.json", "w") as file:
        json.dump(sorted(failed), file)
"""
PLUGINS = ("cacheprovider", "randomly", "xdist", "cov")
OPTIONS = ["-q", "--continue-on-collection-errors", "--assert=plain", "-W", "ignore", *(f"-pno:{it}" for it in PLUGINS)]


def programs_of(form: str) -> dict[str, str]:
    return PRINTS if "capsys" in FORMS[form] else PROGRAMS | RAISES if "raises" in form else PROGRAMS


@pytest.fixture(scope="module")
def passes(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """The pairs of a form and a program of which pytest itself says that all is well."""
    root = tmp_path_factory.mktemp("forms")
    pairs = [(form, name) for form in FORMS for name in programs_of(form)]
    for number, (form, name) in enumerate(pairs):
        test = f"{HEAD}{FORMS[form]}\n".replace("solution", f"solution_{number}")
        (root / f"test_{number}.py").write_text(test)
        (root / f"solution_{number}.py").write_text(programs_of(form)[name])
    (root / "conftest.py").write_text(RECORDER)
    (root / "pytest.ini").write_text("[pytest]\n")
    subprocess.run([sys.executable, "-m", "pytest", *OPTIONS], cwd=root, capture_output=True, check=False)
    failed = set(json.loads((root / "failed.json").read_text()))
    return {pair for number, pair in enumerate(pairs) if f"test_{number}.py" not in failed}


def problem_of(text: str) -> Problem:
    return kodcode.read({"question": "Write `f`.", "solution": RIGHT, "test": f"{HEAD}{text}\n"})


@pytest.mark.parametrize("form", FORMS)
def test_the_verdict_is_what_pytest_says(passes: set[tuple[str, str]], grade: Grade, form: str) -> None:
    programs = programs_of(form)
    verdicts = grade(problem_of(FORMS[form]), *programs.values())
    passed = {name for name, it in zip(programs, verdicts, strict=True) if it.status is Status.PASSED}
    assert passed == {name for name in programs if (form, name) in passes}, [it.detail for it in verdicts]
    assert "right" in passed
    assert len(passed) < len(programs)


ONE = "    assert f(5) == 6\n"
REFUSED = {
    f"def test_a(monkeypatch):\n{ONE}": "fixture 'monkeypatch': what it patches is not in the program's process",
    f"def test_a(tmp_path):\n{ONE}": "fixture 'tmp_path': its files are not where the program runs",
    f"@pytest.fixture\ndef x(mocker):\n    return 5\ndef test_a(x):\n{ONE}": "x asks for the fixture 'mocker'",
    f"def test_a():\n    with pytest.warns(UserWarning):\n        f(5)\n{ONE}": "needs pytest.warns, which is not",
    f"from pytest import approx, importorskip\nnp = importorskip('numpy')\ndef test_a():\n{ONE}": "importorskip",
    f"@pytest.mark.timeout(1)\ndef test_a():\n{ONE}": "the mark 'timeout' means something to a plugin",
    f"@pytest.mark.asyncio\nasync def test_a():\n{ONE}": "test_a is async",
    f"class TestA:\n    def setup(self):\n        self.x = 5\n    def test_a(self):\n    {ONE}": "called by nose",
    f"class TestA:\n    def __init__(self):\n        pass\n    def test_a(self):\n    {ONE}": "has an __init__",
    f"@pytest.mark.skip\ndef test_a():\n{ONE}": r"all of its tests are skipped \(test_a: skip\)",
    "import unittest\nclass TestA(unittest.TestCase):\n    @unittest.expectedFailure\n    def test_a(self):\n"
    f"    {ONE}": "expectedFailure of unittest is not known",
    f"from solution import f as g\ng = abs\ndef test_a():\n{ONE}": "g is what is tested, and is given another",
}


@pytest.mark.parametrize("test", REFUSED)
def test_what_cannot_be_had_of_pytest_is_refused_by_name(test: str) -> None:
    with pytest.raises(ValueError, match=REFUSED[test]):
        problem_of(test)


UNSOUND = {
    "skips itself after it asked": "def test_a():\n    if f(5) != 6:\n        pytest.skip('no')",
    "all may fail": "@pytest.mark.xfail\ndef test_a():\n    assert f(5) == 6",
    "an unknown fixture": "def test_a(nobody):\n    assert f(5) == 6",
    "a nested approx": "def test_a():\n    assert [[f(5)]] == pytest.approx([[6]])",
    "a parameter that is not used": "@pytest.mark.parametrize('y', [5])\ndef test_a():\n    assert f(5) == 6",
}


@pytest.mark.parametrize("name", UNSOUND)
def test_a_file_that_decides_nothing_is_passed_by_no_program(grade: Grade, name: str) -> None:
    assert not any(it.status is Status.PASSED for it in grade(problem_of(UNSOUND[name]), PROGRAMS["two"]))


def test_what_is_skipped_is_in_the_row() -> None:
    test = "@pytest.mark.skip\ndef test_b():\n    assert f(1) == 7\n\ndef test_a():\n    assert f(5) == 6\n"
    problem = problem_of(test)
    assert problem.meta.model_dump()["skipped_tests"] == ["test_b: skip"]
    assert [case.args for case in problem.cases] == [[5]]
    assert problem.test_code == ""


def test_forms_that_say_no_more_than_cases_become_cases() -> None:
    for form in ("ids", "stacked", "param with id", "another name", "the module", "approx with both", "skip"):
        problem = problem_of(FORMS[form])
        assert problem.cases, form
        assert not problem.test_code, form


@pytest.mark.parametrize("head", ["", '"""Tests."""\n'])
def test_a_file_may_have_lazy_annotations(grade: Grade, head: str) -> None:
    text = "from __future__ import annotations\nfrom solution import f\ndef g() -> Unknown:\n    return 5\n"
    test = f"{head}{text}import pytest\n@pytest.fixture\ndef x() -> Unknown:\n    return g()\n"
    test += "def test_a(x: Unknown):\n    assert f(x) == 6\n"
    problem = kodcode.read({"question": "Write `f`.", "solution": RIGHT, "test": test})
    assert [it.status for it in grade(problem, RIGHT, PROGRAMS["two"])] == [Status.PASSED, Status.WRONG_ANSWER]


UNPREPARED = {
    "parameters of a test of unittest": "@pytest.mark.parametrize('y', [5])\n    def test_a(self):\n",
    "parameters of a fixture": "@pytest.fixture(autouse=True, params=[5])\n    def y(self):\n        return 5\n"
    "    def test_a(self):\n",
}


@pytest.mark.parametrize("name", UNPREPARED)
def test_a_class_of_unittest_whose_tests_have_parameters_is_passed_by_no_program(grade: Grade, name: str) -> None:
    text = f"import unittest\nclass TestA(unittest.TestCase):\n    {UNPREPARED[name]}        assert f(5) == 6"
    assert not any(it.status is Status.PASSED for it in grade(problem_of(text), RIGHT))
