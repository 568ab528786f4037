"""Go: candidates are read, repaired, compiled and run inside the wall; their answers are fitted to Python's outside.

`language.py` is the way through: `workshop.py` has sources analysed and built by the Go program in `tool/`,
`wire.py` writes the calls, the Go package in `harness/` answers them from inside the candidate's process,
`answers.py` reads what came back, trusting none of it, and `fit.py` gives it the form of the expected value.
`toolchain.py` makes, once a machine, what all that needs.
"""

from factory.languages.go.language import Go
from factory.languages.go.names import go_name
from factory.languages.go.toolchain import Toolchain, describe, ensure_toolchain

__all__ = ["Go", "Toolchain", "describe", "ensure_toolchain", "go_name"]
