"""Go packages that a translation may need, by what its Python source uses.

Promises: the same source gives the same packages. It is a hint for a model: one that is listed may turn out unneeded,
and one that is needed may be missing. Imports that are missing or unused are mended afterwards in any case.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

_MODULES = {
    "re": "regexp",
    "math": "math",
    "cmath": "math/cmplx",
    "heapq": "container/heap",
    "bisect": "sort",
    "random": "math/rand",
    "json": "encoding/json",
    "datetime": "time",
    "time": "time",
    "string": "strings",
    "hashlib": "crypto/md5",
    "fractions": "math/big",
    "sys": "os",
    "itertools": "slices",
}
_METHODS = dict.fromkeys(
    "split rsplit strip lstrip rstrip join replace lower upper title startswith endswith find rfind "
    "splitlines partition swapcase".split(),
    "strings",
) | dict.fromkeys("isdigit isalpha isalnum isupper islower isspace".split(), "unicode")
_METHODS |= {"sort": "sort"}
_CALLS = {
    "sorted": "sort",
    "int": "strconv",
    "str": "strconv",
    "bin": "strconv",
    "hex": "strconv",
    "print": "fmt",
    "input": "bufio",
}


def packages(code: str) -> tuple[str, ...]:
    """Import paths for a translation of Python `code`, sorted; none for what does not parse."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return ()
    return tuple(sorted(set(_found(tree))))


def _found(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (_MODULES[it.name] for it in names if it.name in _MODULES)
            case ast.ImportFrom(module=str(module)) if module in _MODULES:
                yield _MODULES[module]
            case ast.Call(func=ast.Name(id=name)) if name in _CALLS:
                yield _CALLS[name]
            case ast.Call(func=ast.Attribute(attr=name)) if name in _METHODS:
                yield _METHODS[name]
            case ast.JoinedStr():
                yield "fmt"
            case _:
                pass
