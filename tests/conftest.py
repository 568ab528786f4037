"""What all tests share: which of them are slow, and names of parameters that are the same in every process."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parent
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
SLOW = (
    *("bench", "conformance", "hostile", "factory/commands", "factory/executors", "factory/languages", "factory/run"),
    *("factory/decontamination/test_decontaminated_runs.py", "factory/sampling/test_vllm.py", "factory/test_docs.py"),
    *("factory/review", "factory/shards/test_consumers.py", "factory/shards/test_hub.py", "factory/test_examples.py"),
    *("factory/translation/test_differential.py", "factory/problems/test_starter.py", "factory/grading/test_chain.py"),
    "factory/grading/test_time_limits.py",
)
"""Whole runs, engines, containers, compilers, attacks: what `make test-fast` leaves out."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        place = item.path.relative_to(TESTS)
        if any(place.is_relative_to(slow) for slow in SLOW):
            item.add_marker(pytest.mark.slow)


def pytest_make_parametrize_id(val: Any) -> str | None:
    """Plain values are named by their source, sets in one order, without addresses: xdist's processes have to collect
    the same tests.
    """
    return _source(val)[:80] if isinstance(val, list | tuple | dict | set | frozenset | complex) else None


def _source(value: Any) -> str:
    if isinstance(value, set | frozenset):
        return f"{type(value).__name__}({', '.join(sorted(map(_source, value)))})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_source(key)}: {_source(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({', '.join(map(_source, value))})"
    return _ADDRESS.sub("", repr(value))
