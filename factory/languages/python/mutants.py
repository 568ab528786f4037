"""Programs that differ from a given one in a single small place, as mutation testing makes them (`edits`).

Promises: a function of the code alone, the same in every process; every mutant compiles, none has the normal form
of the program or of another. Any beginning of the result is spread over the kinds of change and over the statements
of the program. Statements that the entry point cannot reach are left alone, and so are annotations, docstrings,
imports, assertions and the words of errors. Mutants that may well run for ever come last.

Does not promise that a mutant behaves differently: that only tests can tell, or none.
"""

from __future__ import annotations

import ast
import warnings
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from factory.languages.python import normal_form
from factory.languages.python.edits import edits, is_record
from factory.languages.python.nodes import Edit, callee, moved
from factory.languages.python.parse import parse
from factory.languages.python.reach import is_main, loaded, reached, stored
from factory.records import Rejection

LONGEST = 20_000
"""Characters of the longest program that is mutated: each mutant takes time in proportion."""
DEEPEST = 100
"""Levels of the deepest syntax tree that is mutated, well within what Python can walk from anywhere."""
OPERATORS = (
    *("bound", "arithmetic", "condition", "constant", "range", "index", "relation", "branch", "logic", "return"),
    *("call", "slice", "deletion", "jump", "assignment", "loop", "filter", "unary", "collection"),
)
"""Kinds of change, in the order in which they take turns."""
_SKIPPED = frozenset({"annotation", "returns", "decorator_list", "type_params", "format_spec", "bases"})
"""Fields in which a change would change nothing that a test sees."""
_LEFT_ALONE = (ast.Import, ast.ImportFrom, ast.Assert, ast.Global, ast.Nonlocal, ast.Pass)
_ENDS = (ast.Return, ast.Raise, ast.Break, ast.Continue)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_VERBATIM = frozenset("Decimal decode encode float getattr hasattr input open partition setattr split strftime".split())
"""Calls whose literal arguments only work as they are, or do not matter."""
_SETTINGS = frozenset({"setrecursionlimit", "set_int_max_str_digits"})


@dataclass(frozen=True, slots=True)
class _Change:
    operator: str
    place: int
    """Number of the statement it is in."""
    endless: bool
    where: tuple[Any, str, int | None]
    """The node changed, its field, and the place in that field where it is a list."""
    new: Any


def mutants(code: str, entry_point: str | None, count: int) -> tuple[str, ...]:
    """At most `count` programs, each `code` with one small change; none where it cannot be parsed or written anew.

    `entry_point` is the function or Class.method called, None for a program that reads standard input.
    """
    tree = parse(code) if len(code) <= LONGEST else None
    if not isinstance(tree, ast.Module) or _depth(tree) > DEEPEST:
        return ()
    try:
        known = {_key(code), _key(ast.unparse(tree)), None}
    except ValueError:  # an f-string that has no other spelling
        return ()
    made: list[str] = []
    for change in _spread(_Finder(tree, entry_point).changes):
        if len(made) == count:
            break
        text = _changed(tree, change)
        key = _key(text)
        if key not in known:
            known.add(key)
            made.append(text)
    return tuple(made)


def _depth(tree: ast.AST) -> int:
    depth, level = 0, [tree]
    while level:
        depth, level = depth + 1, [child for node in level for child in ast.iter_child_nodes(node)]
    return depth


def _key(code: str) -> str | None:
    """Key of the normal form of `code`; None where it does not compile."""
    tree = parse(code)
    if isinstance(tree, Rejection):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(tree, "mutant.py", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return None
    return normal_form.key(code, tree)


def _changed(tree: ast.Module, change: _Change) -> str:
    """The program with `change` made; `tree` is afterwards what it was."""
    owner, field, at = change.where
    old = getattr(owner, field) if at is None else getattr(owner, field)[at]
    try:
        _put(*change.where, change.new)
        return ast.unparse(tree)
    finally:
        _put(*change.where, old)


def _put(owner: Any, field: str, at: int | None, value: Any) -> None:
    if at is None:
        setattr(owner, field, value)
    else:
        getattr(owner, field)[at] = value


# ---- in which order ----


def _spread(changes: list[_Change]) -> Iterator[_Change]:
    """Kinds of change by turns, each where least was changed so far, and farthest from where something was."""
    used: Counter[int] = Counter()
    places: list[int] = []
    for endless in (False, True):
        queues = {
            operator: [it for it in changes if it.operator == operator and it.endless is endless]
            for operator in OPERATORS
        }
        while any(queues.values()):
            for queue in filter(None, queues.values()):
                at = min(range(len(queue)), key=lambda n: (used[queue[n].place], -_gap(queue[n].place, places)))
                change = queue.pop(at)
                if not used[change.place]:
                    insort(places, change.place)
                used[change.place] += 1
                yield change


def _gap(place: int, places: list[int]) -> int:
    """How far `place` is from the nearest of `places`, which are sorted."""
    at = bisect_left(places, place)
    return min((abs(place - near) for near in places[max(at - 1, 0) : at + 1]), default=0)


# ---- where ----


class _Finder:
    """Goes through the statements that the entry point can reach, and lists every change of each."""

    def __init__(self, tree: ast.Module, entry_point: str | None) -> None:
        self.changes: list[_Change] = []
        self._mute = _SETTINGS | (set() if entry_point is None else {"print"})
        self._numbers = _numbers(tree)
        self._reached = reached(tree, entry_point)
        self._place = 0
        self._endless = False
        self._tested: list[set[str]] = []
        """Names that the tests of the `while`s around read, outermost first."""
        self._bound: set[str] = set()
        """Names of this function that have a value by now."""
        self._block(tree, "body")

    def _block(self, owner: Any, field: str) -> None:
        for at, node in enumerate(getattr(owner, field)):
            if isinstance(owner, ast.Module | ast.ClassDef) and node not in self._reached:
                continue
            self._place += 1
            if is_main(node):
                self._block(node, "body")
            elif not (isinstance(node, _LEFT_ALONE) or self._says_nothing(node)):
                self._endless = self._moves_on(node)
                self._visit(node, owner, field, at)
            if isinstance(node, _ENDS):
                return  # what follows never runs

    def _says_nothing(self, node: ast.stmt) -> bool:
        if not isinstance(node, ast.Expr):
            return False
        value = node.value
        return isinstance(value, ast.Constant) or (isinstance(value, ast.Call) and callee(value) in self._mute)

    def _moves_on(self, node: ast.stmt) -> bool:
        """Whether, but for this statement, a `while` around it might never end."""
        if not self._tested or not isinstance(node, ast.Break | ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr):
            return False
        return isinstance(node, ast.Break) or not stored(node).isdisjoint(set().union(*self._tested))

    def _visit(self, node: ast.AST, owner: Any, field: str, at: int | None) -> None:
        leaves = isinstance(node, ast.If) and bool(self._tested) and any(isinstance(it, _ENDS) for it in ast.walk(node))
        for operator, inner, place, new in self._edits(node):
            if operator == "bound" and is_record(owner):
                continue
            endless = self._endless or (leaves and operator == "branch")
            where = (node, inner, place) if inner else (owner, field, at)
            self.changes.append(_Change(operator, self._place, endless, where, new))
        if isinstance(node, ast.Raise):
            return  # what an error says
        if isinstance(node, ast.Name):
            self._bound |= stored(node)
        if isinstance(node, ast.arg):
            self._bound.add(node.arg)
        if isinstance(node, ast.While):
            self._tested.append(loaded(node.test))
        outer, self._bound = self._bound, set() if isinstance(node, _FUNCTIONS) else self._bound
        for name in node._fields:
            if name not in _SKIPPED:
                self._inside(node, name)
        self._bound = outer
        if isinstance(node, ast.While):
            self._tested.pop()

    def _inside(self, node: ast.AST, field: str) -> None:
        value = getattr(node, field)
        if not isinstance(value, list):
            if isinstance(value, ast.AST):
                self._visit(value, node, field, None)
        elif value and isinstance(value[0], ast.stmt):
            self._block(node, field)
        else:
            verbatim = isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Call) and callee(node) in _VERBATIM)
            for at, item in enumerate(value):
                if isinstance(item, ast.AST) and not (verbatim and isinstance(item, ast.Constant)):
                    self._visit(item, node, field, at)

    def _edits(self, node: ast.AST) -> Iterator[Edit]:
        yield from edits(node)
        if isinstance(node, ast.Expr | ast.AugAssign | ast.Raise | ast.Delete) or self._assigns_again(node):
            yield "deletion", "", None, ast.Pass()
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name) and node.slice.id in self._numbers:
            yield "index", "slice", None, moved(node.slice, 1)
            yield "index", "slice", None, moved(node.slice, -1)

    def _assigns_again(self, node: ast.AST) -> bool:
        """Whether `node` assigns only what there is already: without a first assignment a program fails at once."""
        if not isinstance(node, ast.Assign):
            return False
        names = [part for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)]
        return all(isinstance(name.ctx, ast.Load) or name.id in self._bound for name in names)


def _numbers(tree: ast.Module) -> set[str]:
    """Names that stand for whole numbers: counters of loops, and what a number or a length is assigned to."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.comprehension) and isinstance(node.iter, ast.Call):
            if callee(node.iter) == "range":
                names |= stored(node.target)
            elif callee(node.iter) == "enumerate" and isinstance(node.target, ast.Tuple):
                names |= stored(node.target.elts[0])
        elif isinstance(node, ast.Assign | ast.AugAssign) and _is_number(node.value):
            names |= set().union(*map(stored, node.targets if isinstance(node, ast.Assign) else [node.target]))
    return names


def _is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return type(node.value) is int
    return isinstance(node, ast.Call) and callee(node) == "len"
