"""Fixtures of the sampling tests: a tiny model made on the spot."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MAKE_MODEL = Path(__file__).with_name("tiny_model.py")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A two-layer Llama with random weights and a byte-level tokenizer, 512 positions; nothing is downloaded."""
    directory = tmp_path_factory.mktemp("models") / "tiny"
    subprocess.run([sys.executable, str(MAKE_MODEL), str(directory)], check=True, capture_output=True)
    return directory


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder with a short name: vLLM's sockets lie in it, and the path of one has at most 107 characters."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="rf-") as folder:
        yield Path(folder)
