"""What a test file asks of pytest, read from its syntax: its parameters, what it skips, and what is not to be had.

Promises: a file that passes `refuse_unknown` uses nothing by name that the stand-in behind the wall
(`sandbox.worker.testing`) does not have, nor what would have to reach into the program's own process.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Sequence

from factory.problems.parsing.asserts import literal
from factory.problems.parsing.live import CALLED_BY_PYTEST, is_collected_class
from factory.records.bounds import MAX_NODES

_KNOWN = frozenset("approx fail fixture main mark param raises skip xfail".split())
_FIXTURES = frozenset({"capsys", "request"})
_OUT_OF_REACH = {
    "monkeypatch": "what it patches is not in the program's process",
    "mocker": "what it patches is not in the program's process",
    "tmp_path": "its files are not where the program runs",
    "tmpdir": "its files are not where the program runs",
    "recwarn": "warnings of the program stay in its process",
    "caplog": "what the program logs stays in its process",
    "capfd": "only what is printed by sys.stdout and sys.stderr is captured",
}
_PLUGINS = frozenset(
    "anyio asyncio benchmark dependency django_db flaky order repeat run timeout tornado trio xdist_group".split()
)
"""Marks that say nothing to pytest, and something to a plugin of it."""
_NOSE = frozenset({"setup", "teardown"})
_LEAVING = frozenset("skip xfail skipTest SkipTest".split())
_Function = ast.FunctionDef | ast.AsyncFunctionDef


# ---- what is tested ----


def without_solution(body: Sequence[ast.stmt], function: str) -> list[ast.stmt]:
    """`body` without imports from `solution`: `function` is there by its name, whatever the file calls it.

    Raises ValueError where the file gives that name another meaning.
    """
    kept: list[ast.stmt] = []
    names, modules = {function}, set[str]()
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module == "solution":
            names |= {alias.asname for alias in node.names if alias.name == function and alias.asname}
        elif isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name for alias in node.names if alias.name == "solution"}
            others = [
                one for one in node.names if one.name != "solution" and (one.name, one.asname) != ("pytest", None)
            ]
            kept += [ast.copy_location(ast.Import(others), node)] if others else []
        else:
            kept.append(node)
    return [ast.fix_missing_locations(_Renamed(names, modules, function).visit(node)) for node in kept]


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: set[str], modules: set[str], function: str) -> None:
        self._names, self._modules, self._function = names - {function}, modules, function

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._names:
            if not isinstance(node.ctx, ast.Load):
                raise ValueError(f"test: {node.id} is what is tested, and is given another meaning")
            return ast.copy_location(ast.Name(self._function, node.ctx), node)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if (
                module in self._modules and name == self._function
            ):
                return ast.copy_location(ast.Name(name, node.ctx), node)
        return node


# ---- what it asks of pytest ----


def needs_pytest(body: Sequence[ast.stmt]) -> bool:
    """Whether tests are more than functions without arguments that are called `test_…`, or use pytest in them.

    A `check` of the file's own is a helper, which without pytest would be run as a test.
    """
    plain = all(
        not isinstance(node, ast.FunctionDef | ast.ClassDef)
        or (
            isinstance(node, ast.FunctionDef)
            and node.name.startswith("test_")
            and not (node.decorator_list or _asks(node))
        )
        for node in body
    )
    return not plain or any(_pytest_name(node) for statement in body for node in ast.walk(statement))


def prepares(body: Sequence[ast.stmt]) -> bool:
    """Whether something of the file has a part in each of its tests, or in whether one has to hold."""
    for node in body:
        if isinstance(node, ast.FunctionDef) and (node.name in CALLED_BY_PYTEST or _is_fixture(node)):
            return True
    every = [inner for node in body for inner in ast.walk(node)]
    if any(_pytest_name(one) in _LEAVING or getattr(one, "attr", "") in _LEAVING for one in every):
        return True
    if any(isinstance(one, ast.Name) and one.id in ("pytestmark", "__test__") for one in every):
        return True
    return bool({_mark(one) for one in every} - {"", "parametrize"})


def refuse_unknown(body: Sequence[ast.stmt]) -> None:
    """Raise ValueError where a file needs of pytest what the stand-in does not have."""
    for node in (node for statement in body for node in ast.walk(statement)):
        name = _pytest_name(node)
        if name and name not in _KNOWN:
            raise ValueError(f"test: needs pytest.{name}, which is not known here")
        if isinstance(node, ast.Name | ast.Attribute | ast.alias) and _last_name(node) == "expectedFailure":
            raise ValueError("test: expectedFailure of unittest is not known here, and what is marked so has to fail")
        if _mark(node) in _PLUGINS:
            raise ValueError(f"test: the mark {_mark(node)!r} means something to a plugin of pytest alone")
        if isinstance(node, ast.ClassDef) and is_collected_class(node):
            members = {one.name for one in node.body if isinstance(one, _Function)}
            if odd := members & _NOSE:
                raise ValueError(f"test: {node.name}.{min(odd)} is called by nose, and not by pytest")
            if "__init__" in members and node.name.startswith("Test"):
                raise ValueError(f"test: {node.name} has an __init__, so that pytest collects none of its tests")
    _refuse_fixtures(body)


def _refuse_fixtures(body: Sequence[ast.stmt]) -> None:
    functions = [node for statement in body for node in ast.walk(statement) if isinstance(node, ast.FunctionDef)]
    known = _FIXTURES | {name for node in functions if _is_fixture(node) for name in _fixture_names(node)}
    for node in functions:
        if not (_is_fixture(node) or node.name.startswith("test")):
            continue
        for name in _asks(node):
            if name in _OUT_OF_REACH and name not in known:
                raise ValueError(f"test: {node.name} asks for the fixture {name!r}: {_OUT_OF_REACH[name]}")


def _asks(node: ast.FunctionDef) -> list[str]:
    """The parameters of a function without a default."""
    positional = [*node.args.posonlyargs, *node.args.args]
    plain = positional[: len(positional) - len(node.args.defaults)]
    named = [arg for arg, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if default is None]
    return [arg.arg for arg in (*plain, *named)]


def _is_fixture(node: ast.FunctionDef) -> bool:
    return any(_called(one) in ("pytest.fixture", "fixture") for one in node.decorator_list)


def _fixture_names(node: ast.FunctionDef) -> Iterator[str]:
    yield node.name
    for one in node.decorator_list:
        for word in one.keywords if isinstance(one, ast.Call) else ():
            if word.arg == "name" and isinstance(word.value, ast.Constant):
                yield str(word.value.value)


def _called(node: ast.expr) -> str:
    """The name that a decorator says, without what it is called with."""
    return ast.unparse(node.func if isinstance(node, ast.Call) else node)


def _last_name(node: ast.Name | ast.Attribute | ast.alias) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else node.name


def _pytest_name(node: ast.AST) -> str:
    """The name of pytest that a node uses, or ""; of an import, the first that is not known."""
    match node:
        case ast.Attribute(value=ast.Name(id="pytest"), attr=name):
            return name
        case ast.ImportFrom(module="pytest", names=aliases):
            return next((alias.name for alias in aliases if alias.name not in _KNOWN), aliases[0].name)
        case ast.Import(names=aliases) if any(alias.name == "pytest" for alias in aliases):
            return "mark"
    return ""


def _mark(node: ast.AST) -> str:
    """The name of the mark that a node uses, or ""."""
    match node:
        case ast.Attribute(
            value=ast.Attribute(value=ast.Name(id="pytest"), attr="mark") | ast.Name(id="mark"), attr=name
        ):
            return name
    return ""


# ---- what it skips ----


def without_skipped(body: Sequence[ast.stmt]) -> tuple[list[ast.stmt], tuple[str, ...]]:
    """`body` without the tests that it always skips, and a line for each that may be left out, such as "test_b: skip".

    Raises ValueError where none is left.
    """
    kept: list[ast.stmt] = []
    left_out: list[str] = []
    tests = [node for node in body if _is_test(node)]
    for node in body:
        marks = {_mark(one.func if isinstance(one, ast.Call) else one) for one in getattr(node, "decorator_list", ())}
        left_out += [f"{name}: {mark}" for name, mark in _left_out(node)]
        if not (_is_test(node) and "skip" in marks):
            kept.append(node)
    if tests and not any(map(_is_test, kept)):
        raise ValueError(f"test: all of its tests are skipped ({', '.join(left_out)})")
    return kept, tuple(left_out)


def _is_test(node: ast.stmt) -> bool:
    return (isinstance(node, ast.FunctionDef) and node.name.startswith("test")) or (
        isinstance(node, ast.ClassDef) and is_collected_class(node)
    )


def _left_out(node: ast.stmt) -> Iterator[tuple[str, str]]:
    """The functions and classes in `node` with a mark by which they may be left out, and that mark."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef | ast.ClassDef):
            marks = {_mark(each) for one in inner.decorator_list for each in ast.walk(one)}
            for mark in sorted(marks & {"skip", "skipif", "xfail"}):
                yield inner.name, mark


# ---- parameters ----


def sets_of_parameters(node: ast.FunctionDef) -> list[list[ast.stmt]]:
    """The assignments that each set of a test's parameters comes to; no set where these are not written out."""
    sets: list[list[list[ast.stmt]]] = []
    names: list[str] = []
    for one in node.decorator_list:
        match one:
            case ast.Call(func=func, args=[given, values]) if _mark(func) == "parametrize":
                if any(word.arg not in ("ids", "scope") for word in one.keywords):
                    return []
                own, alone = _names(given)
                sets.append(_expanded(own, values, alone))
                names += own
            case _:
                return []
    if sorted(names) != sorted(_asks(node)) or node.args.defaults:
        return []
    if any(isinstance(inner, ast.Name) and inner.id in names for one in node.decorator_list for inner in ast.walk(one)):
        return []  # a name of the file's, which the parameter of that name is not
    size = sum(1 for _ in ast.walk(node))
    for some in sets:
        size *= max(1, len(some))
    if size > MAX_NODES:
        return []
    return [[each for some in chosen for each in some] for chosen in itertools.product(*sets)]


def _names(given: ast.expr) -> tuple[list[str], bool]:
    """The names of parameters, and whether a value is alone, as it is for one name that is not in a list."""
    try:
        names = literal(given)
    except ValueError:
        return [], False
    if isinstance(names, str):
        names = [name.strip() for name in names.split(",") if name.strip()]
        return names, len(names) == 1
    return [str(name) for name in names], False


def _expanded(names: Sequence[str], values: ast.expr, alone: bool) -> list[list[ast.stmt]]:
    """Assignments of each set of values to `names`; empty where the sets are not written out."""
    if not names or not isinstance(values, ast.List | ast.Tuple):
        return []
    found: list[list[ast.stmt]] = []
    for value in values.elts:
        match value:
            case ast.Call(func=func, args=parts, keywords=words) if ast.unparse(func) in ("pytest.param", "param"):
                if any(word.arg != "id" for word in words):
                    return []
            case _ if alone:
                parts = [value]
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                pass
            case _:
                return []
        if len(parts) != len(names) or any(isinstance(part, ast.Starred) for part in parts):
            return []
        found.append([ast.Assign([ast.Name(n, ast.Store())], part) for n, part in zip(names, parts, strict=True)])
    return found
