"""Which statements of a test file can make it fail.

Promises: a statement that is called inert runs no assert and no test, however it is run: imports, plain values,
definitions that pytest does not collect. All others have to be run.
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
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


CALLED_BY_PYTEST = frozenset(
    f"{when}_{what}" for when in ("setup", "teardown") for what in ("module", "function", "class", "method")
) | {"setUpModule", "tearDownModule"}


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
    """`body` with the statements under `if __name__ == …` for that `if`, but for the calls that only start tests.

    Wherever else it asks for `__name__`, that is "__main__".
    """
    found: list[ast.stmt] = []
    for node in body:
        if isinstance(node, ast.If) and any(map(_is_own_name, ast.walk(node.test))):
            found += [_without_exit(one) for one in [*node.body, *node.orelse] if not _starts_tests(one)]
        else:
            found.append(node)
    return [_Main().visit(node) for node in found]


def _is_own_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "__name__"


class _Main(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.expr:
        is_read = _is_own_name(node) and isinstance(node.ctx, ast.Load)
        return ast.copy_location(ast.Constant("__main__"), node) if is_read else node


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
    return any(isinstance(one, ast.Return | ast.Raise | ast.Break | ast.Continue) for one in own(node))


def own(node: ast.AST) -> Iterator[ast.AST]:
    """`node` and what is in it, but not inside functions and classes that it defines."""
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from own(child)
