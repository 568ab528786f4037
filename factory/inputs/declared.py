"""What the signature of a problem declares of its arguments, beyond what the cases show.

It may say less (`Literal["asc", "desc"]`, `tuple[int, int]`) and more: fractions where all cases have whole numbers
under `float`, None under `Optional`. Promises: the text is read, and none of it runs; a hint that a case contradicts,
or that is not known here, says nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from factory.languages.python.parse import parse
from factory.records import Case, Problem
from factory.records.values import decode, encode

EXAMPLES = 4
"""Cases of which examples of other declared kinds are made."""
MOST_NODES = 64
"""Syntax nodes of a hint that is read."""
_MANY: dict[str, Any] = {
    "list": list,
    "set": set,
    "frozenset": frozenset,
    "sequence": (list, tuple, str, bytes),
    "iterable": (list, tuple, str, bytes, set, frozenset, dict),
    "collection": (list, tuple, str, bytes, set, frozenset, dict),
}
_PLAIN: dict[str, Any] = _MANY | {
    "int": int,
    "float": (int, float),
    "complex": (int, float, complex),
    "str": str,
    "bool": bool,
    "bytes": bytes,
    "tuple": tuple,
    "dict": dict,
    "mapping": dict,
}


class Declared:
    """The hints of a problem's parameters, by position and by name."""

    def __init__(self, problem: Problem) -> None:
        self._cases = problem.cases
        self._hints = _hints(problem)
        for key, hint in list(self._hints.items()):
            if not all(admits(hint, value) for case in self._cases for at, value in _arguments(case) if at == key):
                del self._hints[key]
        self._narrow = {key: hint for key, hint in self._hints.items() if _is_narrow(hint)}

    def admit(self, case: Case) -> bool:
        """Whether every argument, of a kind that cases have there, is what its parameter is declared to be."""
        if not self._narrow:
            return True
        return all(admits(self._narrow[key], value) for key, value in _arguments(case) if key in self._narrow)

    def examples(self) -> tuple[Case, ...]:
        """Inputs of some cases with an argument of a declared kind, or value, that no case need have."""
        return tuple(
            _with(case, key, other)
            for case in self._cases[:EXAMPLES]
            for key, value in _arguments(case)
            if key in self._hints
            for other in _others(self._hints[key], value)
        )


def parameters(problem: Problem) -> tuple[str, ...]:
    """The names of the parameters of the problem's function, without `self`; none where no text of it has them."""
    return next((tuple(arg.arg for arg in args) for args in _signatures(problem) if args), ())


def _hints(problem: Problem) -> dict[int | str, ast.expr]:
    """The hints of the parameters of the problem's function, from the first text of it that has one with such."""
    for args in _signatures(problem):
        found: dict[int | str, ast.expr] = {}
        for at, arg in enumerate(args):
            hint = _written_out(arg.annotation)
            if hint is not None:
                found |= {at: hint, arg.arg: hint}
        if found:
            return found
    return {}


def _signatures(problem: Problem) -> Iterator[list[ast.arg]]:
    """The parameters of every function that has the problem's name, in the order of the problem's texts."""
    name = (problem.entry_point or "").rpartition(".")[2]
    for text in (problem.starter_code, problem.prompt, problem.reference or ""):
        for tree in (parse(text), parse(f"{text}\n    pass\n"), parse(f"{text}\n        pass\n")):
            for node in ast.walk(tree) if name and isinstance(tree, ast.Module) else ():
                if isinstance(node, ast.FunctionDef) and node.name == name:
                    args = [*node.args.posonlyargs, *node.args.args]
                    args = args[1:] if args and args[0].arg == "self" else args
                    yield [*args, *node.args.kwonlyargs]


def _written_out(hint: ast.expr | None) -> ast.expr | None:
    """`hint`, that of a text as what the text says; None for one of more than `MOST_NODES`."""
    if isinstance(hint, ast.Constant) and isinstance(hint.value, str):
        tree = parse(hint.value)
        statement = tree.body[0] if isinstance(tree, ast.Module) and len(tree.body) == 1 else None
        hint = statement.value if isinstance(statement, ast.Expr) else None
    return hint if hint is not None and sum(1 for _ in ast.walk(hint)) <= MOST_NODES else None


def _is_narrow(hint: ast.expr) -> bool:
    """Whether `hint` can exclude what has the kinds of the cases, which generated inputs keep."""
    return any(isinstance(it, ast.expr) and _parts(it)[0] in ("literal", "tuple") for it in ast.walk(hint))


def _arguments(case: Case) -> Iterator[tuple[int | str, Any]]:
    yield from enumerate(decode(case.args or []))
    yield from decode(case.kwargs).items()


def _with(case: Case, key: int | str, value: Any) -> Case:
    args, kwargs = list(case.args or []), dict(case.kwargs)
    if isinstance(key, str):
        kwargs[key] = encode(value)
    else:
        args[key] = encode(value)
    return Case(args=args, kwargs=kwargs, expected=None, public=True)


def _parts(hint: ast.expr) -> tuple[str, list[ast.expr]]:
    """The name of a hint in lower case, and what it is a hint of: `Dict[str, int]` is a dict of the two."""
    match hint:
        case ast.Constant(value=None):
            return "none", []
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return "union", [left, right]
        case ast.Subscript(value=value, slice=inside):
            return _parts(value)[0], inside.elts if isinstance(inside, ast.Tuple) else [inside]
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.lower(), []
    return "", []


def admits(hint: ast.expr, value: Any) -> bool:
    """Whether `value` is what `hint` says, as far as it is known here."""
    name, parts = _parts(hint)
    match name:
        case "none":
            return value is None
        case "optional":
            return value is None or all(admits(part, value) for part in parts)
        case "union":
            return not parts or any(admits(part, value) for part in parts)
        case "literal":
            known = [part.value for part in parts if isinstance(part, ast.Constant)]
            return len(known) < len(parts) or any(type(value) is type(it) and value == it for it in known)
        case "annotated" | "final":
            return not parts or admits(parts[0], value)
    if name not in _PLAIN:
        return True
    if not isinstance(value, _PLAIN[name]):
        return False
    if name in ("dict", "mapping") and len(parts) == 2:
        return all(admits(parts[0], key) and admits(parts[1], item) for key, item in value.items())
    if name == "tuple" and parts and not _is_open(parts):
        return len(value) == len(parts) and all(map(admits, parts, value))
    return not parts or isinstance(value, str | bytes) or all(admits(parts[0], item) for item in value)


def _is_open(parts: list[ast.expr]) -> bool:
    """Whether a tuple may be of any length: `tuple[int, ...]`."""
    return any(isinstance(part, ast.Constant) and part.value is ... for part in parts)


def _others(hint: ast.expr, value: Any) -> Iterator[Any]:
    """Values that `hint` declares in place of `value`: None, fractions for whole numbers, all those of a `Literal`."""
    name, parts = _parts(hint)
    match name:
        case "optional" | "union":
            if value is not None and admits(hint, None):
                yield None
            for part in parts:
                yield from _others(part, value)
        case "literal":
            yield from (part.value for part in parts if isinstance(part, ast.Constant) and part.value != value)
        case "float" if type(value) is int and abs(value) < 2**50:
            yield value + 0.5
        case "list" | "sequence" | "iterable" if parts and type(value) is list:
            changed = [next(_others(parts[0], item), item) for item in value]
            if changed != value:
                yield changed
