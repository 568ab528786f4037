"""What a problem gives to every program: definitions in its starter code, and its set's prelude.

A prelude is what the set's own harness runs before every program, such as `from math import *`, `inf = float('inf')`
or `sys.setrecursionlimit(50000)`. A program gets those of its names that it uses, each as a line that gives that name
alone, so that what is shipped is self-contained and reads as if its author had imported them. Settings, which are
statements that give no name, go before every program; a recursion limit before those that call themselves, and
`from __future__ import annotations` before those that have any.

Promises: nothing of a prelude runs here. A star import is spelled out for modules of the standard library whose
import does nothing else; of any other module it stays as it is.
"""

from __future__ import annotations

import ast
import importlib
import symtable
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from graphlib import CycleError, TopologicalSorter

from factory.languages.python.reach import loaded
from factory.records.verdict import FROM_PRELUDE

STARS = frozenset(
    "abc array base64 bisect builtins calendar cmath collections collections.abc contextlib copy dataclasses datetime "
    "decimal enum fractions functools hashlib heapq io itertools json math numbers operator os queue random re "
    "statistics string struct sys textwrap threading time types typing unicodedata zlib".split()
)
"""Modules whose star imports are spelled out; importing them here changes nothing."""
FROM_STARTER = "taken from the starter code"
_LIMIT = "sys.setrecursionlimit"
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Line:
    """A statement as source text that gives a name, and the words that tell where it is from."""

    text: str
    source: str
    is_import: bool = False
    is_star: bool = False
    """It is one name of a star import."""


@dataclass(slots=True)
class Given:
    """Names with the lines that give them, in the order of the text; the last one counts, as where it runs."""

    names: dict[str, Line] = field(default_factory=dict)
    settings: list[str] = field(default_factory=list)
    stars: list[str] = field(default_factory=list)
    """Star imports of modules whose names are not known here."""
    lazy_annotations: str = ""
    """Which of the two texts has `from __future__ import annotations`, in the words of a fix; "" where none has.
    Python has all other features of `__future__` always on."""

    def put(self, name: str, line: Line) -> None:
        self.names.pop(name, None)
        self.names[name] = line

    def order(self) -> Iterator[str]:
        """The lines, each once."""
        return iter(dict.fromkeys(line.text for line in self.names.values()))


@lru_cache(maxsize=64)
def given(starter_code: str, prelude: str) -> Given:
    """All that the two texts give; of what does not parse, nothing."""
    found = Given()
    if (tree := _tree(prelude)) is not None:
        lines = prelude.splitlines()
        for node in tree.body:
            _take(found, node, lines)
    for name, text in definitions(starter_code).items():
        if text.lstrip().startswith("from __future__"):
            found.lazy_annotations = found.lazy_annotations or (FROM_STARTER if name == "annotations" else "")
            continue
        found.put(name, Line(text, FROM_STARTER, text.lstrip().startswith(("import ", "from "))))
    return found


def _tree(text: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _take(found: Given, node: ast.stmt, lines: list[str]) -> None:
    """What one statement of a prelude gives."""
    text = _source(lines, node)
    match node:
        case ast.ImportFrom(module="__future__"):
            if any(alias.name == "annotations" for alias in node.names):
                found.lazy_annotations = FROM_PRELUDE
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return
        case ast.ImportFrom(module=str(module), names=[ast.alias(name="*")], level=0):
            if not (names := exports(module)):
                found.stars.append(text)
            for name in sorted(names):
                found.put(name, Line(f"from {module} import {name}", FROM_PRELUDE, True, True))
        case ast.Import() | ast.ImportFrom():
            for name, line in _imports(node):
                found.put(name, Line(line, FROM_PRELUDE, True))
        case _:
            stored = {node.name} if isinstance(node, _DEFINITIONS) else _stored(node)
            for name in sorted(stored):
                found.put(name, Line(text, FROM_PRELUDE))
            if not stored:
                found.settings.append(text)


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """Each name that an import gives, with the import of that name alone."""
    for alias in node.names:
        yield (
            bound_by(alias),
            ast.unparse(
                ast.Import([alias])
                if isinstance(node, ast.Import)
                else ast.ImportFrom(node.module, [alias], node.level)
            ),
        )


def bound_by(alias: ast.alias) -> str:
    """The name that one part of an import gives."""
    return (alias.asname or alias.name).partition(".")[0]


def _stored(node: ast.stmt) -> set[str]:
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)}
    names |= {bound_by(part) for part in ast.walk(node) if isinstance(part, ast.alias)}
    return names | {part.name for part in ast.walk(node) if isinstance(part, _DEFINITIONS)}


def definitions(code: str) -> dict[str, str]:
    """Helpers, constants and imports at the margin of a program, complete ones only: name -> source text.

    The program may end in a function that is still to be written, as a starter code does.
    """
    tree = _tree(code) or _tree(f"{code}\n    pass\n")
    found: dict[str, str] = {}
    lines = code.splitlines()
    for node in tree.body if tree is not None else ():
        text = _source(lines, node)
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.update({bound_by(alias): text for alias in node.names})
        elif isinstance(node, _DEFINITIONS):
            if not _is_signature_only(node):
                found[node.name] = text
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found.update({target.id: text for target in targets if isinstance(target, ast.Name)})
    return found


def _source(lines: list[str], node: ast.stmt) -> str:
    """The whole lines of `node`, its decorators among them."""
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
    return "\n".join(lines[first - 1 : node.end_lineno])


def _is_signature_only(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Whether the body is nothing but a docstring, `pass` or `...`: something still to be written."""
    return all(
        isinstance(part, ast.Pass) or (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
        for part in node.body
    )


@cache
def exports(module: str) -> frozenset[str]:
    """The names that `from module import *` gives; none where the module is not one of `STARS`."""
    if module not in STARS:
        return frozenset()
    found = importlib.import_module(module)
    return frozenset(getattr(found, "__all__", None) or (name for name in vars(found) if not name.startswith("_")))


def starred(tree: ast.Module) -> set[str]:
    """The names that star imports of a program give it, as far as they are known."""
    stars = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.names[0].name == "*")
    return {name for node in stars for name in exports(node.module or "")}


def unbound(code: str) -> frozenset[str]:
    """Names that some scope of `code` looks up among the module's and that the module itself does not bind.

    Exact, where `imports.missing` errs on the side of a name that is bound anywhere; none where `code` is too deep.
    """
    tables = [*_symbols(code)]
    if not tables:
        return frozenset()
    bound, asked = _of_module(tables[0]), set[str]()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            if symbol.is_global() or table.get_type() == "module":
                (bound if symbol.is_assigned() else asked).add(symbol.get_name())
    return frozenset(asked - bound)


def defined(code: str) -> frozenset[str]:
    """Names that the module itself binds; none where `code` is too deep."""
    return frozenset(name for table in _symbols(code) for name in _of_module(table))


def _symbols(code: str) -> Iterator[symtable.SymbolTable]:
    """The module's symbol table, if the compiler makes one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield symtable.symtable(code.lstrip("\ufeff"), "solution.py", "exec")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return


def _of_module(table: symtable.SymbolTable) -> set[str]:
    return {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}


def settings_for(found: Given, tree: ast.Module) -> list[str]:
    """The settings that belong before the program `tree`, in order."""
    deep = None
    kept = []
    for text in found.settings:
        if text.startswith(_LIMIT):
            deep = recurses(tree) and not _sets_limit(tree) if deep is None else deep
            kept += [text] if deep else []
        else:
            kept.append(text)
    return kept


def recurses(tree: ast.Module) -> bool:
    """Whether some function of the program may, as far as names tell, call itself, perhaps by way of others."""
    calls: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                calls.setdefault(name, set()).update(loaded(node))
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _holds_lambda(value):
                calls.setdefault(name, set()).update(loaded(value))
    try:
        TopologicalSorter({name: names & calls.keys() for name, names in calls.items()}).prepare()
    except CycleError:
        return True
    return False


def _holds_lambda(value: ast.expr) -> bool:
    return any(isinstance(part, ast.Lambda) for part in ast.walk(value))


def _sets_limit(tree: ast.Module) -> bool:
    """Whether the program sets a recursion limit of its own as it is loaded, which then is the one that holds."""
    return any(
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func).endswith("setrecursionlimit")
        for node in tree.body
    )
