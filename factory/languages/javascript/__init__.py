"""JavaScript on Node: candidates are parsed and run inside the wall, a process each; answers are fitted outside.

`language.py` is the way through: `checker.py` has sources parsed, `wire.py` writes the calls, the scripts in
`harness/` answer them from inside the candidate's process, `answers.py` reads what came back, trusting none of
it, and `fit.py` gives it the form of the expected value. `node.py` finds what all that runs on.
"""

from factory.languages.javascript.language import JavaScript

__all__ = ["JavaScript"]
