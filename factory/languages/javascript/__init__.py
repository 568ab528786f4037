"""JavaScript on Node: candidates are parsed and run inside the wall, a process each; answers are fitted outside.

`runner.py` is the way through: `checker.py` has sources parsed, `encode.py` writes the calls, the scripts in `harness/`
answer them from inside the candidate's process, `answers.py` reads what came back, trusting none of it, and `fit.py`
gives it the form of the expected value. `node.py` finds what all that runs on.
"""

from factory.languages.javascript.runner import JavaScriptRunner
from factory.languages.javascript.syntax import JavaScriptSyntax
from factory.languages.javascript.values import JavaScriptValues
from factory.languages.javascript.wording import JavaScriptWording

__all__ = ["JavaScript"]


class JavaScript(JavaScriptSyntax, JavaScriptRunner, JavaScriptValues, JavaScriptWording):
    """Implements `factory.languages.base.Language`."""
