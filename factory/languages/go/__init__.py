"""Go: candidates are read, completed, compiled and run inside the wall; their answers are fitted to Python's outside.

`runner.py` is the way through: `builder.py` has sources analysed and built by the Go program in `tool/`, `encode.py`
writes the calls, the Go package in `harness/` answers them from inside the candidate's process, `answers.py` reads what
came back, trusting none of it, and `fit.py` gives it the form of the expected value. `toolchain.py` makes, once a
machine, what all that needs.
"""

from factory.languages.go.names import go_name
from factory.languages.go.runner import GoRunner
from factory.languages.go.syntax import GoSyntax
from factory.languages.go.toolchain import Toolchain, describe, ensure_toolchain
from factory.languages.go.values import GoValues
from factory.languages.go.wording import GoWording

__all__ = ["Go", "Toolchain", "describe", "ensure_toolchain", "go_name"]


class Go(GoSyntax, GoRunner, GoValues, GoWording):
    """Implements `factory.languages.base.Language`."""
