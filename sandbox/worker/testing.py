"""A stand-in for pytest, for test code that imports it: pytest itself is not behind the wall.

Promises: what it has of pytest (`mark`, `param`, `fixture`, `raises`, `approx`, `fail`, `skip`, `xfail`, and the
fixtures `capsys` and `request`) decides as pytest 9 does, with two exceptions on the strict side: a test that skips
itself after it asked the program fails, since the program could have made it skip, and so does a file of which no test
has to hold. Tests are found as pytest finds them, in the order of the file. What it lacks is an AttributeError.
"""

import itertools
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sandbox.worker import fixtures, marks
from sandbox.worker.approx import approx
from sandbox.worker.fixtures import Asker, Scope
from sandbox.worker.marks import Mark, Outcome, Set, Skipped, XFailed
from sandbox.worker.raises import raises

Function = Callable[..., object]


def module(namespace: dict[str, Any], asked: Callable[[], int]) -> types.ModuleType:
    """What test code, whose names are `namespace`, gets by `import pytest`; `asked` counts its calls of the program.

    Its `main()` runs all tests, takes their names away, and raises what the first failure is.
    """

    def main(*_: object) -> int:
        _Run(namespace, asked).all()
        for name in [name for name in namespace if name == "check" or name.startswith("test")]:
            del namespace[name]
        return 0

    made = types.ModuleType("pytest")
    functions = marks.param, fixtures.fixture, raises, approx, marks.fail, marks.skip, marks.xfail
    vars(made).update({function.__name__: function for function in functions}, mark=marks.Marks(), main=main)
    return made


class _Run:
    def __init__(self, namespace: dict[str, Any], asked: Callable[[], int]) -> None:
        self._namespace, self._asked = namespace, asked
        self._met = self._decided = 0
        """Tests that were found, and those that had to hold and did."""

    def all(self) -> None:
        scope = Scope(self._namespace)
        for name, found in list(self._namespace.items()):
            self._found(name, found, scope, marks.of(self._namespace.get("pytestmark")), None)
        scope.ends.close()
        if self._met and not self._decided:
            raise AssertionError("no test of the file has to hold")

    def _found(self, name: str, found: Any, scope: Scope, above: list[Mark], kind: type | None) -> None:
        """Run what a module, or the class `kind`, calls `name`, if that is a test or a class of tests."""
        function = found.__func__ if isinstance(found, staticmethod | classmethod) else found
        if not getattr(function, "__test__", True):
            return
        if _is_case(found):
            self._case(found, scope, [*marks.of_class(found), *above])
        elif isinstance(found, type) and name.startswith("Test"):
            inner = scope.within(found)
            for each, member in fixtures.members_of(found).items():
                self._found(each, member, inner, [*marks.of_class(found), *above], found)
            inner.ends.close()
        elif isinstance(function, types.FunctionType) and name.startswith("test"):
            of_class = kind is not None and not isinstance(found, staticmethod)
            self._function(name, function, of_class, scope, [*marks.of(function), *above], kind)

    def _case(self, kind: Any, scope: Scope, above: list[Mark]) -> None:
        """Run a class of unittest, whose tests have no parameters, among the fixtures that prepare all tests."""
        import unittest

        if getattr(kind, "__unittest_skip__", False):
            self._met += 1
            return
        inner = scope.within(kind)
        inner.known["setUpClass"] = fixtures.fixture(_around_case, scope="class", autouse=True, name="setUpClass")
        found = unittest.defaultTestLoader.getTestCaseNames(kind)
        for name in found or ["runTest"] * hasattr(kind, "runTest"):
            self._met += 1
            one = kind(name)
            test = Asker(getattr(one, name), one, one.debug)
            own = [*marks.of(getattr(kind, name)), *above]
            names = [each for mark in own if mark.name == "usefixtures" for each in mark.args]
            if any(mark.name == "parametrize" for mark in own) or inner.parameters([*inner.automatic(), *names]):
                raise LookupError(f"{kind.__name__}.{name}: a test of unittest has no parameters")
            self._once(test, [], names, [], inner, own)
        inner.ends.close()

    def _function(
        self, name: str, function: Function, of_class: bool, scope: Scope, own: list[Mark], kind: type | None
    ) -> None:
        """Run a test with each set of its parameters."""
        self._met += 1
        asks = fixtures.names_of(function, of_class)
        names = [*(each for mark in own if mark.name == "usefixtures" for each in mark.args), *asks]
        sets = [marks.sets_of(mark) for mark in own if mark.name == "parametrize"]
        chosen = {each for some in sets for one in some for each in (*one.values, *one.through)}
        every = scope.needed([*scope.automatic(), *names])
        if strangers := chosen - {*asks, *every}:
            raise LookupError(f"{name} uses no argument {min(strangers)!r}")
        sets += scope.parameters([each for each in [*scope.automatic(), *names] if each not in chosen])
        for parameters in itertools.product(*sets):
            owner = kind() if kind else None
            test = Asker(getattr(owner, name) if kind else function, owner)
            self._once(test, asks, names, parameters, scope, own)

    def _once(
        self,
        test: Asker,
        asks: Sequence[str],
        names: Sequence[str],
        parameters: Sequence[Set],
        scope: Scope,
        own: Sequence[Mark],
    ) -> None:
        own = [*(mark for one in parameters for mark in one.marks), *own]
        expected = marks.expects_failure(own, self._namespace)
        if marks.skips(own, self._namespace) or (expected and not expected.kwargs.get("run", True)):
            return
        values = {name: value for one in parameters for name, value in one.values.items()}
        through = {name: value for one in parameters for name, value in one.through.items()}
        before = self._asked()
        try:
            with scope.prepared(names, values, through, test) as given:
                test.run(**{name: given[name] for name in asks})
        except _skips(XFailed):
            self._refuse_late(before)
        except BaseException as error:
            if expected is None or not isinstance(error, expected.kwargs.get("raises") or BaseException):
                raise AssertionError(str(error)) if isinstance(error, Outcome) else error from None
        else:
            if expected is not None and expected.kwargs.get("strict"):
                raise AssertionError("a test that is marked to fail did not")
            self._decided += expected is None

    def _refuse_late(self, before: int) -> None:
        if self._asked() > before:
            raise AssertionError("a test skipped itself after it had asked the program")


def _around_case(self: Any) -> Iterator[None]:
    kind = type(self)
    kind.setUpClass()
    yield
    kind.tearDownClass()
    kind.doClassCleanups()


def _is_case(found: object) -> bool:
    """Whether it is a class of unittest, which only a file that imports that can have."""
    unittest = sys.modules.get("unittest")
    return unittest is not None and isinstance(found, type) and issubclass(found, unittest.TestCase)


def _skips(*more: type[BaseException]) -> tuple[type[BaseException], ...]:
    unittest = sys.modules.get("unittest")
    return (Skipped, *more, *([unittest.SkipTest] if unittest is not None else []))
