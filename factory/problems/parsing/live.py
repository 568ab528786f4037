"""Which statements of a test file can make it fail, and which rows say nothing by them.

Promises: a statement that is called inert runs no assert and no test, however it is run: imports, plain values,
definitions that pytest does not collect. All others have to be run. Tests that never assert what they seem to are
refused by name.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence

_PREPARING = frozenset("sys.path.append sys.path.insert warnings.filterwarnings warnings.simplefilter".split())
"""Calls that check nothing, whatever they are given; of those the tests need none."""
_HARMLESS = frozenset("print random.seed sys.setrecursionlimit logging.basicConfig".split())
"""Calls that prepare or tell something, and check nothing if their arguments call nothing."""
_STARTERS = frozenset("unittest.main pytest.main doctest.testmod".split())
_EXITS = frozenset("sys.exit exit".split())
"""Calls that end, with what their arguments give."""
_PLAIN = frozenset([*dir(builtins), *"ABC Enum Flag IntEnum NamedTuple OrderedDict Protocol defaultdict".split()])
"""Bases whose classes hold no tests."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def is_inert(node: ast.stmt) -> bool:
    """Whether a statement at the top of a test file, or of a class in it, can neither fail nor be collected."""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Pass():
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=func) as call):
            name = ast.unparse(func)
            return name in _PREPARING or (name in _HARMLESS and not _calls_within(call))
        case ast.Assert(test=ast.Constant(value=value)):
            return bool(value)
        case ast.Assign(targets=targets, value=value):
            return all(map(_is_plain, targets)) and not _calls(value)
        case ast.AnnAssign(target=target, value=value):
            return _is_plain(target) and not (value and _calls(value))
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            defaults = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
            return not (node.name.startswith("test") or node.decorator_list or any(map(_calls, defaults)))
        case ast.ClassDef():
            plain = not (is_collected_class(node) or node.decorator_list or node.keywords)
            return plain and not any(map(_calls, node.bases)) and all(map(is_inert, node.body))
    return False


def is_collected_class(node: ast.ClassDef) -> bool:
    """Whether pytest may take a class for tests, as far as its name and bases tell."""
    return node.name.startswith("Test") or any(
        ast.unparse(base).rpartition(".")[2] not in _PLAIN for base in node.bases
    )


def _is_plain(target: ast.expr) -> bool:
    """A name, or several, that pytest does not take for tests."""
    if isinstance(target, ast.Tuple):
        return all(map(_is_plain, target.elts))
    return isinstance(target, ast.Name) and not target.id.lower().startswith("test")


def _calls(value: ast.expr) -> bool:
    return any(isinstance(node, ast.Call | ast.Await | ast.Lambda) for node in ast.walk(value))


def with_main(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """`body` with the statements under `if __name__ == …` for that `if`, but for the calls that only start tests."""
    found: list[ast.stmt] = []
    for node in body:
        match node:
            case ast.If(test=ast.Compare(left=ast.Name(id="__name__")), body=inner, orelse=other):
                found += [_without_exit(one) for one in [*inner, *other] if not _starts_tests(one)]
            case _:
                found.append(node)
    return found


def _without_exit(node: ast.stmt) -> ast.stmt:
    """`sys.exit(main())` as the assert that it is: whatever is not 0 or None is a failure."""
    match node:
        case ast.Expr(value=ast.Call(func=func, args=[status], keywords=[])) if ast.unparse(func) in _EXITS:
            return ast.copy_location(ast.Assert(ast.UnaryOp(ast.Not(), status)), node)
    return node


def _starts_tests(node: ast.stmt) -> bool:
    match node:
        case ast.Expr(value=ast.Call(func=func, args=[ast.Call() as inner], keywords=[])) if (
            ast.unparse(func) in _EXITS and ast.unparse(inner.func) in _STARTERS
        ):
            return True
        case ast.Expr(value=ast.Call(func=func) as call):
            name = ast.unparse(func)
            return name in _STARTERS or (name in _EXITS and not _calls_within(call)) or is_inert(node)
    return is_inert(node)


def _calls_within(call: ast.Call) -> bool:
    return any(map(_calls, [*call.args, *(word.value for word in call.keywords)]))


def may_end(node: ast.stmt) -> bool:
    """Whether a statement may keep those behind it in its function from running."""
    return any(isinstance(one, ast.Return | ast.Raise | ast.Break | ast.Continue) for one in _own(node))


def refuse_idle(body: Sequence[ast.stmt]) -> None:
    """Raise ValueError where a test never asserts what it seems to: a tuple, a coroutine, a generator, dead code."""
    for node in (node for statement in body for node in ast.walk(statement)):
        if (dead := _dead_assert(node)) is not None:
            raise ValueError(f"test: line {dead.lineno}: asserts behind what always leaves, so it never runs")
        match node:
            case ast.Assert(test=ast.Tuple(elts=[_, *_])):
                raise ValueError(f"test: line {node.lineno}: asserts a tuple, which holds whatever is answered")
            case ast.AsyncFunctionDef(name=name) if name.startswith("test") or name == "check":
                raise ValueError(f"test: {name} is async, and only a plugin of pytest runs it")
            case ast.FunctionDef(name=name) if name.startswith("test") or name == "check":
                if any(isinstance(inner, ast.Yield | ast.YieldFrom) for part in node.body for inner in _own(part)):
                    raise ValueError(f"test: {name} is a generator, which nothing runs")


def _dead_assert(node: ast.AST) -> ast.Assert | None:
    """The first assert that comes in one block of `node` behind a `return`, `raise`, `break` or `continue`."""
    for _, block in ast.iter_fields(node):
        if not isinstance(block, list):
            continue
        leaves = False
        for statement in block:
            if leaves and isinstance(statement, ast.stmt):
                found = (one for one in _own(statement) if isinstance(one, ast.Assert))
                if (dead := next(found, None)) is not None:
                    return dead
            leaves = leaves or isinstance(statement, ast.Return | ast.Raise | ast.Break | ast.Continue)
    return None


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """`node` and what is in it, but not inside functions and classes that it defines."""
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _own(child)
