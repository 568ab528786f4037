"""Turns assert statements into cases where that is certain.

Promises: an assert that becomes a case decides exactly as before, for every possible answer; every other one is left
to be run as test code. What counts as certain: one call on literals, alone on a side of `==` (an equal
case), or inside an expression that `factory.records.predicate` knows (`is`, `not`, `in`, `abs(f(x) - y) < e`,
`math.isclose`, `set(f(x)) == …`: a case with a comparison of its own); `and` and `all([…])` of such; and names
assigned before, where these mean literals or one such call, unless a list that a call has had is looked at
again. Loops are not: a reference can tell what they
ask (`settle`).
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from factory.problems.parsing.live import may_end
from factory.records import Case, Comparison
from factory.records.bounds import MAX_NODES
from factory.records.predicate import ANSWER, FUNCTIONS, predicate
from factory.records.values import Unencodable, encode


@dataclass(frozen=True, slots=True)
class Split:
    """`cases` from the asserts that are certain; `rest`, the statements still to be run, in order."""

    cases: tuple[Case, ...]
    rest: tuple[ast.stmt, ...]


def split(statements: Sequence[ast.stmt], function: str, around: Sequence[ast.stmt] = ()) -> Split:
    """Split test statements that call `function`; `around` comes before them and may give names another meaning.

    What prepares something that an assert relies on is in `rest`; then some of `rest` may rely on an assert
    that became a case, and a caller that runs it runs all of the statements.
    """
    if _bound([*around, *statements]) & {*FUNCTIONS, "math", function, "*"}:
        return Split((), tuple(statement for statement in statements if not _says_nothing(statement)))
    followed = _followed(statements, function)
    if followed is not None:
        return Split(followed, ())
    cases: list[Case] = []
    rest: list[ast.stmt] = []
    runs = True
    for statement in statements:
        runs = runs and not may_end(statement)
        found = _cases(statement, _Names(function)) if runs else []
        if found:
            cases += found
        elif isinstance(statement, ast.Import | ast.ImportFrom) or not _says_nothing(statement):
            rest.append(statement)
    return Split(tuple(cases), tuple(rest))


def literal(node: ast.expr) -> Any:
    """The value of a literal expression. Raises ValueError for any other."""
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise ValueError(f"no literal: {ast.unparse(node)[:60]}") from None


class _Names(ast.NodeTransformer):
    """Puts the literals that names stand for in their place; `calls` are names that stand for a call's answer."""

    def __init__(self, function: str) -> None:
        self.function = function
        self.literals: dict[str, ast.expr] = {}
        self.calls: dict[str, ast.Call] = {}
        self._sizes: dict[str, int] = {}
        """Nodes of each literal, those of the names in it among them."""
        self._left = MAX_NODES
        self._mutable: set[str] = set()
        """Names of lists and the like."""
        self._given: set[str] = set()
        """Those that a call has had, and may have changed."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """What the name means. Raises ValueError where all of that together has become too much."""
        self._left -= self._sizes.get(node.id, 0)
        if self._left < 0:
            raise ValueError(f"test: its names together mean more than {MAX_NODES} syntax nodes")
        return self.literals.get(node.id, node)

    def looks_again(self, statement: ast.stmt) -> bool:
        """Whether a statement looks at a list, dict or set that a call has had, itself or under another name."""
        if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.Name):
            return statement.value.id in self._mutable
        loaded = Counter(name for name in _loaded(statement) if name in self._mutable)
        calls = [node for node in ast.walk(statement) if self.is_call(node)]
        given = {name for call in calls for name in _loaded(call) if name in self._mutable}
        if loaded.keys() & self._given or any(loaded[name] > 1 for name in given):
            return True
        self._given |= given
        return False

    def is_call(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == self.function

    def assign(self, statement: ast.stmt) -> bool:
        """Take in `name = literal` or `name = call`; False for anything else."""
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pass
            case _:
                return False
        left, own = self._left, sum(1 for _ in ast.walk(value))
        value = self.visit(copy.deepcopy(value))
        self._sizes[name] = own + left - self._left
        self.literals.pop(name, None)
        self._given.discard(name)
        self._mutable.discard(name)
        self.calls.pop(name, None)
        if isinstance(value, ast.Call) and self.is_call(value):
            self.calls[name] = value
            return _arguments(value) is not None
        try:
            encode(literal(value))
        except (ValueError, Unencodable):
            return False
        self.literals[name] = value
        if _is_mutable(value):
            self._mutable.add(name)
        return True


def _loaded(node: ast.AST) -> Iterator[str]:
    """The names that are read in `node`, each as often as it is."""
    return (one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load))


def may_change(constants: Sequence[ast.stmt], body: Sequence[ast.stmt], blocks: Sequence[Sequence[ast.stmt]]) -> bool:
    """Whether one of `constants`, assigned in `body`, may be another in some of the tests, whose `blocks` those are: a
    list that more than one of them reads, and a call may change; a name that a function gives anew.
    """
    anew = {name for node in body for one in ast.walk(node) if isinstance(one, ast.Global) for name in one.names}
    read = Counter(name for node in body for name in _loaded(node))
    read |= Counter(name for block in blocks for node in block for name in _loaded(node))
    for node in constants:
        names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
        if names & anew or (any(read[name] > 1 for name in names) and _is_mutable(node)):
            return True
    return False


def _is_mutable(node: ast.AST) -> bool:
    return any(isinstance(one, ast.List | ast.Dict | ast.Set) for one in ast.walk(node))


def _followed(statements: Sequence[ast.stmt], function: str) -> tuple[Case, ...] | None:
    """The cases of statements that are nothing but asserts and assignments; None if any of them is something else."""
    names, cases = _Names(function), []
    for statement in statements:
        if names.looks_again(statement):
            return None
        if names.assign(statement) or _says_nothing(statement):
            continue
        found = _cases(statement, names)
        if not found:
            return None
        cases += found
    return tuple(cases)


def _cases(statement: ast.stmt, names: _Names) -> list[Case]:
    """The cases that an assert comes to; none where one of its parts is not certain."""
    if not isinstance(statement, ast.Assert):
        return []
    found = []
    for part in _parts(names.visit(copy.deepcopy(statement.test))):
        case = _equal(part, names) or _asserted(part, names)
        if case is None:
            return []
        found.append(case)
    return found


def _parts(test: ast.expr) -> Iterator[ast.expr]:
    """What must hold each by itself: the sides of `and`, the items of `all([…])`."""
    match test:
        case ast.BoolOp(op=ast.And(), values=parts):
            pass
        case ast.Call(func=ast.Name(id="all"), args=[ast.List(elts=parts) | ast.Tuple(elts=parts)], keywords=[]):
            pass
        case _:
            yield test
            return
    for part in parts:
        yield from _parts(part)


def _equal(test: ast.expr, names: _Names) -> Case | None:
    """The case of `call == literal`, either way round."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq):
        return None
    call, expected = (_answered(side, names) for side in (test.left, test.comparators[0]))
    other = test.comparators[0]
    if call is None:
        call, other = expected, test.left
    given = _arguments(call) if call is not None else None
    if given is None:
        return None
    try:
        return Case(args=given[0], kwargs=given[1], expected=encode(literal(other)))
    except (ValueError, Unencodable):
        return None


def _answered(node: ast.expr, names: _Names) -> ast.Call | None:
    """The call that `node` is, or that its name means."""
    if isinstance(node, ast.Call) and names.is_call(node):
        return node
    return names.calls.get(node.id) if isinstance(node, ast.Name) else None


def _asserted(test: ast.expr, names: _Names) -> Case | None:
    """The case of an expression about one call's answer."""
    calls = [node for node in ast.walk(test) if isinstance(node, ast.expr) and _answered(node, names) is not None]
    if not calls or len({ast.dump(call) for call in calls}) != 1 or (len(calls) > 1 and names.is_call(calls[0])):
        return None
    call = _answered(calls[0], names)
    given = _arguments(call) if call is not None else None
    if given is None:
        return None
    if any(isinstance(node, ast.Name) and node.id == ANSWER and node not in calls for node in ast.walk(test)):
        return None  # a name of the test's own
    text = ast.unparse(ast.fix_missing_locations(_Replaced(calls).visit(test)))
    try:
        predicate(text)
    except ValueError:
        return None
    comparison = Comparison(kind="predicate", predicate=text)
    return Case(args=given[0], kwargs=given[1], expected=None, comparison=comparison)


class _Replaced(ast.NodeTransformer):
    def __init__(self, calls: Sequence[ast.expr]) -> None:
        self._calls = calls

    def visit(self, node: ast.AST) -> Any:
        if any(node is call for call in self._calls):
            return ast.Name(ANSWER, ast.Load())
        return self.generic_visit(node)


def _arguments(call: ast.Call) -> tuple[list[Any], dict[str, Any]] | None:
    """A call's arguments in the tagged encoding; None where one is no literal."""
    if any(isinstance(arg, ast.Starred) for arg in call.args) or any(word.arg is None for word in call.keywords):
        return None
    try:
        args = [encode(literal(arg)) for arg in call.args]
        return args, {str(word.arg): encode(literal(word.value)) for word in call.keywords}
    except (ValueError, Unencodable):
        return None


_PLAIN = frozenset("bisect collections functools heapq itertools math operator random re string typing".split())
"""Modules whose names give none of `FUNCTIONS` another meaning."""


def _bound(statements: Sequence[ast.stmt]) -> set[str]:
    """The names that the statements give a meaning to, among them "*" for any; plain imports give none another."""
    found: set[str] = set()
    for node in (node for statement in statements for node in ast.walk(statement)):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
            found.add(str(node.name))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            if node.module not in _PLAIN:
                found.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            found.update(alias.asname for alias in node.names if alias.asname)
    return found


def _says_nothing(statement: ast.stmt) -> bool:
    """`assert True, "…"`, `pass`, a docstring; an import, whose names make whatever uses them no literal."""
    if isinstance(statement, ast.Assert):
        return isinstance(statement.test, ast.Constant) and bool(statement.test.value)
    return isinstance(statement, ast.Pass | ast.Import | ast.ImportFrom) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )
