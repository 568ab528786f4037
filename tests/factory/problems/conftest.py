"""One oracle for all tests of problem formats, and a way to grade what it helped to read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from factory.config import GradingConfig
from factory.problems import Oracle


@pytest.fixture(scope="session")
def oracle() -> Iterator[Oracle]:
    with Oracle(GradingConfig.model_validate({"limits": {"cpu_s": 1}, "sandbox": {"backend": "bubblewrap"}})) as oracle:
        yield oracle
