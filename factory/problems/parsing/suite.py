"""Test texts as cases and what is left of them to run: `check(candidate)` functions, and files for pytest or unittest.

Promises: what becomes a case decides as the test did (see `asserts`); whatever else might assert (see `live`) is test
code that runs without pytest, which is not behind the wall; nothing else is left out. A file that needs more of pytest
than `parametrize`, `raises` and `approx` of a number is refused by name.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from factory.problems.parsing.asserts import literal, may_change, split
from factory.problems.parsing.live import is_collected_class, is_inert, refuse_idle, runner, with_main
from factory.records import Case
from factory.records.bounds import MAX_NODES


@dataclass(frozen=True, slots=True)
class Suite:
    cases: tuple[Case, ...]
    test_code: str


def of_check(test: str, function: str, around: Sequence[ast.stmt] = ()) -> Suite:
    """A text that defines `check(candidate)`, behind the statements `around`, which are no tests. Raises ValueError."""
    body = with_main(_parsed(test))
    refuse_idle(body)
    checks = [node for node in body if isinstance(node, ast.FunctionDef) and node.name == "check"]
    if len(checks) != 1 or not checks[0].args.args or checks[0].decorator_list:
        raise ValueError("test: defines no check(candidate)")
    loose = [node for node in body if isinstance(node, ast.Assert)]
    beside = [node for node in body if node is not checks[0] and not isinstance(node, ast.Assert)]
    name = checks[0].args.args[0].arg
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
    body = [_without_pytest(node) for node in with_main(_parsed(test)) if not _is_frame(node)]
    refuse_idle(body)
    tests = [test for node in body for test in _tests(node)]
    taken = {id(test.node): test for test in tests}
    rest: list[ast.stmt] = [node for node in body if id(node) not in taken and not isinstance(node, ast.Assert)]
    constants = [node for node in rest if _is_constant(node)]
    is_live = not all(map(is_inert, rest)) or may_change(
        constants, body, [block for one in tests for block in one.blocks]
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
        blocks = [split([*constants, *block], function, rest) for block in one.blocks]
        if blocks and not any(block.rest for block in blocks):
            cases += [case for block in blocks for case in block.cases]
        else:
            left += one.code
    if not ((left or is_live) and _mention([*left, *rest], {function})):
        return Suite(tuple(cases), "")
    if is_live:  # it may call any of the tests, and finds each in its own line
        code = [part for node in body for part in (taken[id(node)].code if id(node) in taken else [node])]
    else:
        code = [*rest, *left]
    code += runner() if is_live or any(isinstance(node, ast.ClassDef) for node in left) else []
    for node in (node for statement in code for node in ast.walk(statement)):
        if isinstance(node, ast.Name) and node.id == "pytest":
            raise ValueError("test: needs more of pytest than parametrize, raises and approx of a number")
    return Suite(tuple(cases), _text(code))


def _parsed(test: str) -> list[ast.stmt]:
    try:
        return ast.parse(test).body
    except (SyntaxError, ValueError) as error:
        place = f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else str(error)
        raise ValueError(f"test: {place}") from None


def _text(body: Sequence[ast.stmt]) -> str:
    return ast.unparse(ast.fix_missing_locations(ast.Module(body=list(body), type_ignores=[]))) + "\n"


def _is_frame(node: ast.stmt) -> bool:
    """What only fetches what is tested, or pytest: `from solution import f`, `import pytest`."""
    match node:
        case ast.ImportFrom(module="solution"):
            return True
        case ast.Import(names=[ast.alias(name="pytest" | "solution", asname=None)]):
            return True
    return False


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
    """`blocks` are the statements that it runs, one block a set of parameters; `code` does the same when it is run."""

    node: ast.stmt
    blocks: list[list[ast.stmt]]
    code: list[ast.stmt]


def _tests(node: ast.stmt) -> Iterator[_Test]:
    if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
        yield _function(node)
    elif isinstance(node, ast.ClassDef) and is_collected_class(node):
        methods = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test")]
        yield _class(node, methods)


def _function(node: ast.FunctionDef) -> _Test:
    parameters = [arg.arg for arg in node.args.args]
    if not node.decorator_list and not parameters:
        run = [] if node.name.startswith("test_") else [ast.Expr(ast.Call(ast.Name(node.name, ast.Load()), [], []))]
        return _Test(node, [node.body], [node, *run])
    match node.decorator_list:
        case [ast.Call(func=ast.Attribute(attr="parametrize"), args=[names, values], keywords=[])]:
            pass
        case _:
            raise ValueError(f"test: {node.name} takes arguments or is decorated in a way that only pytest knows")
    try:
        given = literal(names)
    except ValueError:
        raise ValueError(f"test: {node.name}: names of parameters that are no literal") from None
    wanted = [name.strip() for name in given.split(",")] if isinstance(given, str) else list(given)
    if sorted(wanted) != sorted(parameters):
        raise ValueError(f"test: {node.name} takes arguments that a fixture gives")
    plain = copy.copy(node)
    plain.name, plain.decorator_list = f"_{node.name}", []
    target = ast.Name(wanted[0], ast.Store()) if len(wanted) == 1 else _tuple(wanted, ast.Store())
    call = ast.Call(ast.Name(plain.name, ast.Load()), [], [ast.keyword(n, ast.Name(n, ast.Load())) for n in wanted])
    loop = ast.For(target, values, [ast.Expr(call)], [])
    return _Test(node, _expanded(node.body, wanted, values), [plain, loop])


def _tuple(names: Sequence[str], context: ast.expr_context) -> ast.Tuple:
    return ast.Tuple([ast.Name(name, context) for name in names], context)


def _expanded(body: list[ast.stmt], names: Sequence[str], values: ast.expr) -> list[list[ast.stmt]]:
    """The body behind each set of parameters; empty where these are not written out."""
    if not isinstance(values, ast.List | ast.Tuple):
        return []
    blocks = []
    for value in values.elts:
        if len(names) == 1:
            parts = [value]
        elif isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(names):
            parts = value.elts
        else:
            return []
        given = [ast.Assign([ast.Name(n, ast.Store())], part) for n, part in zip(names, parts, strict=True)]
        blocks.append([*given, *body])
    return blocks


def _class(node: ast.ClassDef, methods: list[ast.FunctionDef]) -> _Test:
    inherits = any(not ast.unparse(base).endswith(("TestCase", "object")) for base in node.bases)
    simple = not inherits and len(methods) == len([one for one in node.body if not _is_docstring(one)])
    blocks = []
    for method in methods:
        if method.decorator_list or len(method.args.args) != 1:
            raise ValueError(f"test: {node.name}.{method.name} takes arguments or is decorated, as only pytest knows")
        blocks.append([_Unittest().visit(copy.deepcopy(statement)) for statement in method.body])
    names = {one.name for one in ast.walk(node) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    if any(name.lower().startswith(("setup_", "teardown_", "setupmodule")) or name == "setup" for name in names):
        raise ValueError(f"test: {node.name} prepares its tests in a way that only pytest knows")
    return _Test(node, blocks if simple else [], [node])


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


def _without_pytest(node: ast.stmt) -> ast.stmt:
    done: ast.stmt = _Pytest().visit(node)
    return ast.fix_missing_locations(done)


class _Pytest(ast.NodeTransformer):
    """`with pytest.raises(E)` as a try statement, and `x == pytest.approx(1.5)` as a bound on the difference."""

    def visit_With(self, node: ast.With) -> ast.stmt:
        self.generic_visit(node)
        match node.items:
            case [ast.withitem(context_expr=ast.Call(func=func, args=[kind], keywords=[]), optional_vars=None)] if (
                ast.unparse(func) == "pytest.raises"
            ):
                missing = ast.parse("raise AssertionError('did not raise')").body
                return ast.Try(node.body, [ast.ExceptHandler(kind, None, [ast.Pass()])], missing, [])
        return node

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
    relative = given.get("rel", 0.0 if "abs" in given else 1e-6)
    within = max(relative * abs(value), given.get("abs", 1e-12))
    return ast.parse(f"abs(({ast.unparse(left)}) - ({value!r})) <= {within!r}", mode="eval").body
