"""Adds the imports a program forgot, where a name can only mean one thing.

Promises: nothing is guessed for a name the program binds anywhere itself, and every addition is
recorded. Does not promise to find every forgotten import: a name with two plausible homes (`sqrt`,
`log`, `datetime`) is left alone, and the program fails as it would have.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from factory.languages.python import given
from factory.languages.python.parse import nodes_of
from factory.records.verdict import FROM_PRELUDE

HOMES: dict[str, str] = {
    name: module
    for module, names in {
        "typing": (
            "Any AnyStr AsyncIterator Callable ClassVar Collection Coroutine DefaultDict Deque Dict Final FrozenSet "
            "Generator Generic Hashable Iterable Iterator List Literal Mapping MutableMapping MutableSequence "
            "MutableSet NamedTuple NoReturn Optional Protocol Sequence Set Sized SupportsFloat SupportsInt Text "
            "Tuple Type TypedDict TypeVar Union"
        ),
        "collections": "ChainMap Counter OrderedDict defaultdict deque namedtuple",
        "functools": "cmp_to_key lru_cache partial reduce singledispatch total_ordering wraps",
        "itertools": (
            "accumulate chain combinations combinations_with_replacement dropwhile filterfalse groupby islice "
            "pairwise permutations starmap takewhile zip_longest"
        ),
        "heapq": "heapify heappop heappush heappushpop heapreplace nlargest nsmallest",
        "bisect": "bisect_left bisect_right insort insort_left insort_right",
        "math": "ceil comb factorial floor gcd hypot isqrt lcm",
        "fractions": "Fraction",
        "decimal": "Decimal",
        "dataclasses": "dataclass",
        "enum": "Enum IntEnum",
        "abc": "ABC abstractmethod",
        "copy": "deepcopy",
        "string": "ascii_letters ascii_lowercase ascii_uppercase punctuation",
        "io": "BytesIO StringIO",
    }.items()
    for name in names.split()
}
"""name -> the one standard module it can come from."""

MODULES = frozenset(
    "array base64 bisect calendar collections copy dataclasses decimal enum fractions functools hashlib heapq io "
    "itertools json math operator os queue random re statistics string struct sys textwrap threading time "
    "unicodedata zlib".split()
)
"""Standard modules added when the name is used as one: as the base of an attribute."""

_FUTURE = "from __future__ import annotations"
_KNOWN = frozenset(dir(builtins)) | {"__file__", "__name__", "__doc__"}


def missing(tree: ast.Module) -> dict[str, bool]:
    """Names that are read but bound nowhere in the program -> whether every use is as `name.attribute`."""
    nodes = nodes_of(tree)
    return _missing(nodes, set(_bound(nodes)))


def _missing(nodes: Sequence[ast.AST], bound: Container[str]) -> dict[str, bool]:
    if "*" in bound:
        return {}
    bases = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    found: dict[str, bool] = {}
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            name = node.id
            if name not in bound and name not in _KNOWN:
                found[name] = found.get(name, True) and id(node) in bases
    return found


def bound_names(tree: ast.AST) -> Iterator[str]:
    """Every name bound in any scope of `tree`; "*" for a star import of a module whose names are not known."""
    return _bound(nodes_of(tree))


_BINDING: tuple[type[ast.AST], ...] = (
    *(ast.Name, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.arg, ast.ImportFrom, ast.Import),
    *(ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping, ast.Global, ast.Nonlocal),
)
"""Nodes that may bind a name."""


def _bound(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if not isinstance(node, _BINDING):
            continue
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            yield from given.exports(node.module or "") or ("*",)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from map(given.bound_by, node.names)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
            yield from [node.name] if node.name else ()
        elif isinstance(node, ast.MatchMapping):
            yield from [node.rest] if node.rest else ()
        elif isinstance(node, ast.Global | ast.Nonlocal):
            yield from node.names


@lru_cache(maxsize=256)
def _of_line(text: str) -> tuple[frozenset[str], Mapping[str, bool]]:
    """The names that a line of what is given binds, and those that it misses."""
    nodes = nodes_of(ast.parse(text))
    bound = frozenset(_bound(nodes))
    return bound, MappingProxyType(_missing(nodes, bound))


def _is_no_module(name: str, line: given.Line) -> bool:
    """Whether `line` gives another thing of the name of a module: `bisect.insort` means no function `bisect`."""
    return name in MODULES and (line.is_star or line.text == f"from {name} import {name}")


def fix(code: str, tree: ast.Module, starter_code: str, prelude: str = "") -> tuple[str, tuple[str, ...]]:
    """`code` with what it forgot put before it, and one line per addition ("import added: typing.List").

    Besides imports these are what `starter_code` and the set's `prelude` give and the answer relies on, with
    what those rely on in turn (`given`). A built-in name keeps its meaning, whatever a prelude would make of it: a
    program that is self-contained stays as it is.
    """
    own = given.given(starter_code, prelude)
    nodes = nodes_of(tree)
    bound, have = set(_bound(nodes)), set[str]()
    wanting = _missing(nodes, bound)
    if prelude:
        unbound = given.unbound(code) - given.starred(tree) - _KNOWN
        wanting = {name: False for name in unbound if name in own.names} | wanting
    settings = given.settings_for(own, tree)
    added = {f"{FROM_PRELUDE}: {text}" for text in settings}
    future: list[str] = []
    if own.lazy_annotations and any(map(_is_annotated, nodes)) and not _is_lazy(tree):
        future.append(_FUTURE)
        added.add(f"{own.lazy_annotations}: {_FUTURE}")
    imports: set[str] = set()
    definitions: set[str] = set()
    for text in settings:
        wanting |= _of_line(text)[1]
    while wanting:
        name, as_module = wanting.popitem()
        have.add(name)
        line = own.names.get(name)
        if line is not None and not (as_module and _is_no_module(name, line)):
            (imports if line.is_import else definitions).add(line.text)
            added.add(f"{line.source}: {name}")
            binds, misses = _of_line(line.text)
            have.update(binds)
            more = {name: use for name, use in misses.items() if name in own.names or name not in bound}
            wanting.update((name, use) for name, use in more.items() if name not in have)
        elif name in HOMES:
            imports.add(f"from {HOMES[name]} import {name}")
            added.add(f"import added: {HOMES[name]}.{name}")
        elif name in MODULES and as_module:
            imports.add(f"import {name}")
            added.add(f"import added: {name}")
        elif own.stars:
            imports.update(own.stars)
            added.update(f"{FROM_PRELUDE}: {text}" for text in own.stars)
    if not added:
        return code, ()
    # Imports first, then definitions, in their order: one may use the others when it is made. Settings come last.
    lines = [*future, *sorted(imports), *(text for text in own.order() if text in definitions), *settings]
    return put_before(code.lstrip("\ufeff"), tree, lines), tuple(sorted(added))


def _is_annotated(node: ast.AST) -> bool:
    match node:
        case ast.AnnAssign() | ast.arg(annotation=ast.expr()):
            return True
        case ast.FunctionDef(returns=ast.expr()) | ast.AsyncFunctionDef(returns=ast.expr()):
            return True
    return False


def _is_lazy(tree: ast.Module) -> bool:
    return any(alias.name == "annotations" for node in _futures(tree) for alias in node.names)


def _futures(tree: ast.Module) -> list[ast.ImportFrom]:
    return [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]


def put_before(code: str, tree: ast.Module, lines: Iterable[str]) -> str:
    """`lines` and `code`, whose tree is `tree`. A `__future__` import has to stay first: they go behind the last."""
    at = max((node.end_lineno or 0 for node in _futures(tree)), default=0)
    before, after = code.split("\n")[:at], code.split("\n")[at:]
    return "\n".join([*before, *lines, *after])
