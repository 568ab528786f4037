"""What starting the command line imports: a shell that completes, and `--help`, wait for nothing they do not need."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"altair", "datasets", "docker", "huggingface_hub", "httpx", "jinja2", "numpy", "pyarrow", "torch", "vllm"}
RUN = """\
import sys
from factory.cli import main
sys.argv = ["factory", {!r}]
try:
    main()
except SystemExit:
    pass
"""
SHOW = "import sys\nprint(*sorted(sys.modules), file=sys.stderr)\n"


def loaded(source: str) -> set[str]:
    """The modules that are loaded once `source` has run in a process of its own."""
    done = subprocess.run([sys.executable, "-c", source + SHOW], capture_output=True, text=True, timeout=60, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("argument", ["--help", "--version", "schema"])
def test_what_runs_nothing_imports_nothing_heavy(argument: str) -> None:
    modules = loaded(RUN.format(argument))
    assert "factory.cli" in modules
    assert modules & HEAVY == set()


def test_the_package_itself_imports_nothing_but_python_s_own() -> None:
    assert loaded("import factory\n") & (HEAVY | {"pydantic", "typer", "yaml"}) == set()
