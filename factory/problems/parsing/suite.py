"""Test texts as cases and what is left of them to run: `check(candidate)` functions, and files for pytest or unittest.

Promises: what becomes a case decides as the test did (see `asserts`); whatever else might assert (see `live`) is test
code; nothing else is left out. A file that needs pytest ends with `pytest.main()`, by which the sandbox's stand-in runs
it; one that needs more of pytest than that has is refused by name (`pytest_files`).
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from factory.problems.parsing import pytest_files
from factory.problems.parsing.asserts import literal, may_change, split
from factory.problems.parsing.idle import refuse_idle
from factory.problems.parsing.live import is_collected_class, is_inert, with_main
from factory.problems.parsing.unreached import refuse_unreached
from factory.records import Case
from factory.records.bounds import MAX_NODES


@dataclass(frozen=True, slots=True)
class Suite:
    """`test_code` is what no case says; `skipped` names the tests that the file itself leaves out, and how."""

    cases: tuple[Case, ...]
    test_code: str
    skipped: tuple[str, ...] = ()


def of_any(test: str, function: str) -> Suite:
    """A text that defines `check(candidate)`, or else a file of tests. Raises ValueError."""
    checks = [node for node in _parsed(test) if isinstance(node, ast.FunctionDef) and node.name == "check"]
    alone = [check for check in checks if len(check.args.posonlyargs + check.args.args) - len(check.args.defaults) < 2]
    return of_check(test, function) if alone else of_file(test, function)


def of_check(test: str, function: str, around: Sequence[ast.stmt] = ()) -> Suite:
    """A text that defines `check(candidate)`, behind the statements `around`, which are no tests. Raises ValueError."""
    body = with_main(_parsed(test))
    refuse_idle(body)
    refuse_unreached(body, function, collected=False)
    checks = [node for node in body if isinstance(node, ast.FunctionDef) and node.name == "check"]
    given = [arg for check in checks[:1] for arg in (*check.args.posonlyargs, *check.args.args)]
    if len(checks) != 1 or not given or checks[0].decorator_list:
        raise ValueError("test: defines no check(candidate)")
    loose = [node for node in body if isinstance(node, ast.Assert)]
    beside = [node for node in body if node is not checks[0] and not isinstance(node, ast.Assert)]
    name = given[0].arg
    parts = split(checks[0].body, name, [*around, *beside])
    shown = split(loose, function, [*around, *beside])
    cases = (*parts.cases, *shown.cases)
    running = [node for node in beside if not is_inert(node)]
    live = [*parts.rest, *shown.rest, *running]
    if not (live and _mention([*live, *beside], {function, name, "check"})):
        return Suite(cases, "")
    # Where something is prepared on the way, or may call it, the whole check stays code, beside the cases.
    prepared = any(not isinstance(statement, ast.Assert) for statement in [*parts.rest, *running])
    check = copy.copy(checks[0])
    check.body = checks[0].body if prepared else list(parts.rest) or [ast.Pass()]
    gone = set(map(id, loose)) - set(map(id, shown.rest))
    kept = [check if node is checks[0] else node for node in body if id(node) not in gone]
    return Suite(cases, _text([*around, *kept]))


def _mention(statements: Sequence[ast.stmt], names: set[str]) -> bool:
    """Whether statements have to do with what is tested: what does not cannot fail by it, however it is run."""
    return any(name in ast.unparse(statement) for statement in statements for name in names)


def of_file(test: str, function: str) -> Suite:
    """A file of tests that call `function`: test functions and classes, or just asserts. Raises ValueError."""
    body = pytest_files.without_solution(with_main(_parsed(test)), function)
    refuse_idle(body)
    refuse_unreached(body, function, collected=True)
    pytest_files.refuse_unknown(body)
    body, skipped = pytest_files.without_skipped(body)
    tests = [test for node in body for test in _tests(node)]
    taken = {id(test.node): test for test in tests}
    rest: list[ast.stmt] = [node for node in body if id(node) not in taken and not isinstance(node, ast.Assert)]
    constants = [node for node in rest if _is_constant(node)]
    whole = pytest_files.prepares(body)
    is_live = (
        not all(map(is_inert, rest))
        or whole
        or may_change(constants, body, [block for one in tests for block in one.blocks])
    )
    constants = [] if is_live else constants
    if loose := [node for node in body if isinstance(node, ast.Assert)]:
        wanted = (ast.Assert,) if is_live else (ast.Assert, ast.Assign, ast.AnnAssign)
        shown: list[ast.stmt] = [node for node in body if isinstance(node, wanted)]
        tests.append(_Test(loose[0], [shown], [*loose]))
    size = sum(1 for node in constants for _ in ast.walk(node))
    if size * sum(len(one.blocks) for one in tests) > 4 * MAX_NODES:  # each block is read with all of them
        raise ValueError(f"test: {size} syntax nodes of constants are too many for its number of tests")
    cases: list[Case] = []
    left: list[ast.stmt] = []
    for one in tests:
        blocks = [] if whole else [split([*constants, *block], function, rest) for block in one.blocks]
        if blocks and not any(block.rest for block in blocks):
            cases += [case for block in blocks for case in block.cases]
        else:
            left += one.code
    if not ((left or is_live) and _mention([*left, *rest], {function})):
        return Suite(tuple(cases), "", skipped)
    code = body if is_live else [*rest, *left]  # what is live may call any of the tests, and finds each in its own line
    helper = any(isinstance(node, ast.FunctionDef) and node.name == "check" for node in rest)  # else run as a test
    if is_live or helper or pytest_files.needs_pytest(left):
        future = [node for node in code if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
        others = [node for node in code if node not in future]
        code = [*future, *ast.parse("import pytest").body, *others, *ast.parse("pytest.main()").body]
    return Suite(tuple(cases), _text(code), skipped)


def _parsed(test: str) -> list[ast.stmt]:
    try:
        return ast.parse(test).body
    except (SyntaxError, ValueError) as error:
        place = f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else str(error)
        raise ValueError(f"test: {place}") from None


def _text(body: Sequence[ast.stmt]) -> str:
    return ast.unparse(ast.fix_missing_locations(ast.Module(body=list(body), type_ignores=[]))) + "\n"


def _is_constant(node: ast.stmt) -> bool:
    match node:
        case ast.Assign(targets=[ast.Name()], value=value):
            try:
                literal(value)
            except ValueError:
                return False
            return True
    return False


# ---- tests ----


@dataclass(frozen=True, slots=True)
class _Test:
    """`blocks` are the statements that it runs, one block a set of parameters; none where that is not certain."""

    node: ast.stmt
    blocks: list[list[ast.stmt]]
    code: list[ast.stmt]


def _tests(node: ast.stmt) -> Iterator[_Test]:
    if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
        sets = pytest_files.sets_of_parameters(node)
        yield _Test(node, [[*given, *map(_plain, node.body)] for given in sets], [node])
    elif isinstance(node, ast.ClassDef) and is_collected_class(node):
        yield _Test(node, _blocks_of_class(node), [node])


def _plain(statement: ast.stmt) -> ast.stmt:
    """`statement` where asserts are said by `assert` alone."""
    said: ast.stmt = _Approx().visit(_Unittest().visit(copy.deepcopy(statement)))
    return ast.fix_missing_locations(said)


def _blocks_of_class(node: ast.ClassDef) -> list[list[ast.stmt]]:
    """The bodies of its tests; none where something besides these plays a part."""
    methods = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test")]
    inherits = any(not ast.unparse(base).endswith(("TestCase", "object")) for base in node.bases)
    if inherits or node.decorator_list or len(methods) != len([one for one in node.body if not _is_docstring(one)]):
        return []
    if any(method.decorator_list or len(method.args.args) != 1 for method in methods):
        return []
    return [[*map(_plain, method.body)] for method in methods]


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


# ---- other ways to say assert ----

_SAYS = {
    "assertEqual": "{0} == {1}",
    "assertNotEqual": "{0} != {1}",
    "assertTrue": "{0}",
    "assertFalse": "not {0}",
    "assertIs": "{0} is {1}",
    "assertIsNone": "{0} is None",
    "assertIsNotNone": "{0} is not None",
    "assertIn": "{0} in {1}",
    "assertNotIn": "{0} not in {1}",
    "assertGreater": "{0} > {1}",
    "assertGreaterEqual": "{0} >= {1}",
    "assertLess": "{0} < {1}",
    "assertLessEqual": "{0} <= {1}",
    "assertAlmostEqual": "round(abs({0} - {1}), 7) == 0",
}


class _Unittest(ast.NodeTransformer):
    """`self.assertEqual(a, b)` as `assert a == b`, for those that say no more than that."""

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        match node.value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=name), args=args, keywords=[]) if (
                name in _SAYS
                and len(args) >= 1 + ("{1}" in _SAYS[name])
                and (name != "assertAlmostEqual" or (len(args) == 2 and any(map(_is_number, args))))
            ):
                sides = [f"({ast.unparse(arg)})" for arg in args[:2]]
                return ast.parse(f"assert {_SAYS[name].format(*sides)}").body[0]
        return node


def _is_number(node: ast.expr) -> bool:
    try:
        return isinstance(literal(node), int | float)
    except ValueError:
        return False


class _Approx(ast.NodeTransformer):
    """`x == pytest.approx(1.5)` as a bound on the difference."""

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Compare(
                ops=[ast.Eq()], left=left, comparators=[ast.Call(func=func, args=[value], keywords=words)]
            ):
                if ast.unparse(func) in ("pytest.approx", "approx"):
                    try:
                        return _near(left, literal(value), {str(word.arg): literal(word.value) for word in words})
                    except ValueError:
                        return node
        return node


def _near(left: ast.expr, value: object, given: dict[str, float]) -> ast.expr:
    """`left == approx(value, …)` of a finite number, with pytest's tolerances. Raises ValueError for other values."""
    if not isinstance(value, int | float) or not set(given) <= {"rel", "abs"}:
        raise ValueError("no number, or an option that is not known")
    if any(type(one) not in (int, float) for one in (value, *given.values())):
        raise ValueError("a truth value, which is compared in another way")
    if any(one < 0 for one in given.values()):
        raise ValueError("no tolerance")
    relative = given.get("rel", 0.0 if "abs" in given else 1e-6)
    within = max(relative * abs(value), given.get("abs", 1e-12))
    return ast.parse(f"abs(({ast.unparse(left)}) - ({value!r})) <= {within!r}", mode="eval").body
