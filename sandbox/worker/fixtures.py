"""Fixtures of pytest for test code, which runs where pytest is not: made when asked for, ended in reverse.

What pytest calls before and after tests by its name (`setup_method` and the like) is a fixture too, as in pytest.
"""

import inspect
import io
import types
from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from typing import Any

from sandbox.worker.marks import Param, Set

Values = dict[str, Any]
_SCOPES = ("session", "package", "module", "class", "function")
CaptureResult = namedtuple("CaptureResult", "out err")


class Fixture:
    """A function that makes what tests ask for by its name."""

    def __init__(self, function: Callable[..., Any], name: str, scope: str, params: Any, auto: bool) -> None:
        self.function, self.name, self.auto = function, name, auto
        self.scope = _SCOPES.index(scope)
        self.params = None if params is None else list(params)


def fixture(
    function: Any = None,
    *,
    scope: str = "function",
    params: Any = None,
    autouse: bool = False,
    ids: object = None,
    name: str | None = None,
) -> Any:
    """`@fixture`, or `@fixture(…)`."""
    if function is None:
        return lambda made: fixture(made, scope=scope, params=params, autouse=autouse, name=name)
    return Fixture(function, name or function.__name__, scope, params, autouse)


def names_of(function: Callable[..., object], of_class: bool) -> list[str]:
    """What a test or fixture asks for: its parameters without a default, but for the first of a method."""
    found = [*inspect.signature(function).parameters.values()][of_class:]
    return [one.name for one in found if one.default is one.empty and one.kind.name.endswith(("KEYWORD", "ONLY"))]


class Captured:
    """`capsys`: what was printed since it was last read."""

    def __init__(self) -> None:
        self.streams = io.StringIO(), io.StringIO()

    def readouterr(self) -> tuple[str, str]:
        texts = [stream.getvalue() for stream in self.streams]
        for stream in self.streams:
            stream.seek(0)
            stream.truncate()
        return CaptureResult(*texts)


class Request:
    """`request`: the parameter of a fixture, and what else is asked of it."""

    def __init__(self, test: "Asker", values: Values, through: Values, name: str, ends: ExitStack) -> None:
        self.function, self.instance, self.cls = test.function, test.owner, type(test.owner) if test.owner else None
        self._values, self._ends = values, ends
        if name in through:
            self.param = through[name]

    def getfixturevalue(self, name: str) -> Any:
        return self._values[name]

    def addfinalizer(self, function: Callable[[], object]) -> None:
        self._ends.callback(function)


class Module:
    """The test file as an object: its names are attributes."""

    def __init__(self, names: Values) -> None:
        vars(self)["names"] = names

    def __getattr__(self, name: str) -> Any:
        try:
            return vars(self)["names"][name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        vars(self)["names"][name] = value


class Asker:
    """A test that asks for fixtures: its function, the object that it is a method of, if any, and how it is run."""

    def __init__(
        self, function: Callable[..., object], owner: object, run: Callable[..., object] | None = None
    ) -> None:
        self.function, self.owner, self.run = function, owner, run or function


class Scope:
    """The fixtures of a module, or of a class in it, and those of them that outlive a test."""

    def __init__(self, members: Values, outer: "Scope | None" = None) -> None:
        self.outer = outer
        self.known = {one.name: one for one in _surrounding(members, outer is not None)}
        self.known |= {one.name: one for one in members.values() if isinstance(one, Fixture)}
        self._kept: dict[Any, Any] = {}
        self.ends = ExitStack()

    def within(self, kind: type) -> "Scope":
        """The scope of a class in this one."""
        return Scope(members_of(kind), self)

    def find(self, name: str) -> "tuple[Fixture, Scope] | None":
        if name in self.known:
            return self.known[name], self
        return self.outer.find(name) if self.outer else None

    def automatic(self) -> list[str]:
        above = self.outer.automatic() if self.outer else []
        return [*above, *(name for name, one in self.known.items() if one.auto)]

    def _overridden(self, one: Fixture, home: "Scope") -> "tuple[Fixture, Scope] | None":
        """The fixture whose name `one` has, and which it asks for by that name."""
        asks = one.name in names_of(one.function, home.outer is not None)
        return home.outer.find(one.name) if asks and home.outer else None

    def needed(self, names: Sequence[str]) -> dict[str, list[Fixture]]:
        """The fixtures that `names` come to, with those that these ask for; behind each those that it overrides."""
        found: dict[str, list[Fixture]] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop(0)
            known = self.find(name) if name not in found else None
            while known is not None:
                found.setdefault(name, []).append(known[0])
                waiting += names_of(known[0].function, known[1].outer is not None)
                known = self._overridden(*known)
        return found

    def parameters(self, names: Sequence[str]) -> list[list[Set]]:
        """The sets of those of the fixtures `names` that have parameters."""
        found: list[list[Set]] = []
        for name, several in self.needed(names).items():
            params = next((one.params for one in several if one.params is not None), None)
            found += [[_set(name, each) for each in params]] if params is not None else []
        return found

    @contextmanager
    def prepared(self, names: Sequence[str], values: Values, through: Values, test: Asker) -> Iterator[Values]:
        """What a test asks for, by name. Raises LookupError for a fixture that is not known."""
        given = dict(values)
        asked = [name for name in [*self.automatic(), *names] if name not in given]
        with ExitStack() as ends:
            for name in sorted(asked, key=self._rank):
                self._make(name, given, through, test, ends)
            yield given

    def _rank(self, name: str) -> int:
        known = self.find(name)
        return known[0].scope if known else len(_SCOPES)

    def _make(self, name: str, given: Values, through: Values, test: Asker, ends: ExitStack) -> None:
        known = self.find(name)
        if name in given or name == "request":
            return
        given[name] = self._made(*known, given, through, test, ends) if known else _built_in(name, ends)

    def _made(self, one: Fixture, home: "Scope", given: Values, through: Values, test: Asker, ends: ExitStack) -> Any:
        """What the fixture `one` of the scope `home` makes."""
        keeper = self._keeper(one)
        used = sorted(self.needed([one.name]).keys() & through.keys())
        key = (one, *((each, id(through[each])) for each in used))
        if keeper is not None and key in keeper._kept:
            return keeper._kept[key]
        own = keeper.ends if keeper is not None else ends
        arguments: Values = {}
        for needed in names_of(one.function, home.outer is not None):
            if needed == "request":
                arguments[needed] = Request(test, given, through, one.name, own)
            elif needed == one.name:
                inner = self._overridden(one, home)
                arguments[needed] = self._made(*inner, given, through, test, ends) if inner else _built_in(needed, ends)
            else:
                self._make(needed, given, through, test, ends)
                arguments[needed] = given[needed]
        made = one.function(*([test.owner] if home.outer is not None else []), **arguments)
        if isinstance(made, types.GeneratorType):
            own.callback(_finish, made)
            made = next(made)
        if keeper is not None:
            keeper._kept[key] = made
        return made

    def _keeper(self, one: Fixture) -> "Scope | None":
        """Where it is kept; None if it ends with the test."""
        if _SCOPES[one.scope] == "function":
            return None
        if _SCOPES[one.scope] == "class":
            return self if self.outer else None
        return self.outer._keeper(one) if self.outer else self


def members_of(kind: type) -> Values:
    """What a class has, its bases' first."""
    return {name: value for base in reversed(kind.__mro__) for name, value in vars(base).items()}


def _set(name: str, given: Any) -> Set:
    return Set({}, {name: given.values[0]}, given.marks) if isinstance(given, Param) else Set({}, {name: given}, [])


def _built_in(name: str, ends: ExitStack) -> Any:
    if name != "capsys":
        raise LookupError(f"fixture {name!r} is not known")
    made = Captured()
    ends.enter_context(redirect_stdout(made.streams[0]))
    ends.enter_context(redirect_stderr(made.streams[1]))
    return made


def _finish(made: "types.GeneratorType[Any, Any, Any]") -> None:
    if next(made, made) is not made:
        raise RuntimeError("a fixture yields twice")


# ---- what is called by its name ----


_SURROUNDING = {
    "module": (("setup_module", "setUpModule"), ("teardown_module", "tearDownModule")),
    "function": (("setup_function",), ("teardown_function",)),
    "class": (("setup_class",), ("teardown_class",)),
    "method": (("setup_method",), ("teardown_method",)),
}


def _surrounding(members: Values, of_class: bool) -> Iterator[Fixture]:
    """`setup_module` and the like of a module, or `setup_class` and the like of a class, as fixtures."""
    for kind in ("class", "method") if of_class else ("module", "function"):
        first, last = (next((name for name in names if name in members), "") for names in _SURROUNDING[kind])
        if first or last:
            scope = "function" if kind == "method" else kind
            yield Fixture(_around(kind, members, first, last), f"around each {kind}", scope, None, True)


def _around(kind: str, members: Values, before: str, after: str) -> Callable[..., Any]:
    def call(name: str, owner: object, *given: object) -> None:
        if name in members:
            function = getattr(owner, name) if owner is not None else members[name]
            function(*given[: len(inspect.signature(function).parameters)])

    def of_module(request: Request) -> Iterator[None]:
        applies = kind == "module" or request.instance is None
        given = Module(members) if kind == "module" else request.function
        if applies:
            call(before, None, given)
        yield
        if applies:
            call(after, None, given)

    def of_class(self: object, request: Request) -> Iterator[None]:
        owner = type(self) if kind == "class" else self
        given = [] if kind == "class" else [request.function]
        call(before, owner, *given)
        yield
        call(after, owner, *given)

    return of_class if kind in ("class", "method") else of_module
