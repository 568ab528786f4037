"""What all tests share: names of parameters that are the same in every process."""

from __future__ import annotations

from typing import Any


def pytest_make_parametrize_id(val: Any) -> str | None:
    """Plain values are named by their source, sets in one order: xdist's processes have to collect the same tests."""
    return _source(val)[:80] if isinstance(val, list | tuple | dict | set | frozenset | complex) else None


def _source(value: Any) -> str:
    if isinstance(value, set | frozenset):
        return f"{type(value).__name__}({', '.join(sorted(map(_source, value)))})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_source(key)}: {_source(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({', '.join(map(_source, value))})"
    return repr(value)
