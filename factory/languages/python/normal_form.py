"""A text that two programs share only if they cannot behave differently.

What does not count: comments, formatting, docstrings and the names of functions' local variables.
The renaming is one injective mapping over the whole program, onto names that no program can
contain, so scoping stays what it was. A name is renamed only where the compiler's own symbol
table says that every use of it, anywhere, is local to a function: never a name that is also
global, built-in, bound at module or class level, a class's, or that an argument may be passed by. Nothing
is renamed in a program that looks at its own names (`locals`, `eval`, …): there lines count too.

Does not promise to find every pair that behaves the same, nor to tell apart two programs that answer with
the words of an exception that names a local variable ("cannot access local variable 'x'").
"""

from __future__ import annotations

import ast
import hashlib
import re
import symtable
import warnings
from collections.abc import Iterator

_NAMES = frozenset("eval exec compile locals globals vars dir help getattr breakpoint __import__ __builtins__".split())
_MODULES = frozenset(
    "ast builtins cProfile code codeop ctypes dis doctest faulthandler gc importlib inspect linecache logging marshal "
    "multiprocessing pdb pickle pkgutil profile pydoc runpy symtable timeit tokenize trace traceback tracemalloc "
    "unittest warnings".split()
)
_ATTRIBUTES = frozenset(
    "_current_frames _getframe ag_code ag_frame attrgetter co_varnames cr_code cr_frame exc_info f_code f_globals "
    "f_lineno f_locals get_type_hints getsource gi_code gi_frame modules setprofile settrace tb_frame tb_lineno "
    "tb_next __annotations__ __builtins__ __closure__ __code__ __defaults__ __dict__ __doc__ __getattribute__ "
    "__globals__ __kwdefaults__ __name__ __qualname__ __signature__ __traceback__ __wrapped__".split()
)
INTROSPECTION = _NAMES | _MODULES | _ATTRIBUTES
"""Words by which a program sees names, source, lines or frames.

A program that uses one is compared as it stands, its line numbers included.
"""
_IN_TEXT = frozenset(word for word in _ATTRIBUTES if "_" in word)
"""Those that count in a string too, as in `"{0.__name__}".format(f)`."""
_CODING = re.compile(r"\A(?:[ \t\f]*(?:#[^\n]*)?\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*(?!utf-?8\b)[-\w.]+", re.IGNORECASE)


def key(source: str, tree: ast.Module, keywords: frozenset[str] | None) -> str:
    """sha256 of the normal form of `tree`, which is `source` parsed, and is changed on the way.

    `keywords` are names that callers pass arguments by; they keep their meaning. None: any may be.
    """
    try:
        text = _normal(source, tree, keywords)
    except (RecursionError, MemoryError, ValueError):  # too deep to walk, or an integer too long to write: itself alone
        text = source
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _normal(source: str, tree: ast.Module, keywords: frozenset[str] | None) -> str:
    if _CODING.match(source.lstrip("\ufeff")):
        return source  # a comment that says how bytes are read
    nodes = list(ast.walk(tree))
    if any(map(_is_introspection, nodes)):
        return ast.dump(tree, include_attributes=True)
    hidden = _hidden_names(source, nodes, keywords)
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            drop_docstring(node)
    _rename(nodes, hidden)
    return ast.dump(tree)


def _is_introspection(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return node.id in _NAMES or node.id == "__doc__"
    if isinstance(node, ast.Attribute):
        return node.attr in _ATTRIBUTES
    if isinstance(node, ast.Import):
        return any(alias.name.partition(".")[0] in _MODULES for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        module = (node.module or "").partition(".")[0]
        return module in _MODULES or any(alias.name in _ATTRIBUTES for alias in node.names)
    if isinstance(node, ast.MatchClass):
        return not _ATTRIBUTES.isdisjoint(node.kwd_attrs)
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and "_" in node.value:
        return not _IN_TEXT.isdisjoint(re.findall(r"\w+", node.value))
    return False


def drop_docstring(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module) -> None:
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        node.body[:1] = [] if len(node.body) > 1 or isinstance(node, ast.Module) else [ast.Pass()]


def _hidden_names(source: str, nodes: list[ast.AST], keywords: frozenset[str] | None) -> set[str]:
    """Names that are local to functions wherever they occur, and that nothing outside can name."""
    local: set[str] = set()
    seen, unpacks = set(keywords or ()), keywords is None
    for name, is_local in _uses(source):
        (local if is_local else seen).add(name)
    parameters = set()
    for node in nodes:
        if isinstance(node, ast.arg):
            parameters.add(node.arg)
        elif isinstance(node, ast.keyword):
            unpacks = unpacks or node.arg is None
            seen.add(node.arg or "")
        elif isinstance(node, ast.ClassDef):
            seen.add(node.name)  # it shows in what its instances look like
        elif isinstance(node, ast.MatchClass):
            seen.update(node.kwd_attrs)
        elif isinstance(node, ast.alias) and "." in node.name and not node.asname:
            seen.add(node.name.partition(".")[0])  # `import a.b` binds a
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            seen.add(node.value)  # Thread(kwargs={"x": 1})
    if unpacks:  # f(**anything)
        seen |= parameters
    return {name for name in local - seen if "__" not in name}


def _uses(source: str) -> Iterator[tuple[str, bool]]:
    """Every (name, whether it is a function's own or an enclosing function's) of every scope of the program."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tables = [symtable.symtable(source.lstrip("\ufeff"), "solution.py", "exec")]
        except SyntaxError:
            return  # it does not compile; there is nothing to tell apart
    while tables:
        table = tables.pop()
        tables += table.get_children()
        function = table.get_type() == "function"
        for symbol in table.get_symbols():
            yield symbol.get_name(), symbol.is_free() or (function and not symbol.is_global())


_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)


def _rename(nodes: list[ast.AST], names: set[str]) -> None:
    mapping: dict[str, str] = {}

    def new(name: str) -> str:
        return mapping.setdefault(name, f"<{len(mapping)}>") if name in names else name

    for node in nodes:
        if isinstance(node, ast.Name):
            node.id = new(node.id)
        elif isinstance(node, ast.arg):
            node.arg = new(node.arg)
        elif isinstance(node, _NAMED) and node.name:
            node.name = new(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            node.rest = new(node.rest)
        elif isinstance(node, ast.Nonlocal):
            node.names = [new(name) for name in node.names]
        elif isinstance(node, ast.alias) and (node.asname or node.name) in names:
            node.asname = new(node.asname or node.name)
