"""Python: candidates are parsed here and run behind the wall.

`runner.py` is the way through: `parse.py` makes a tree, `imports.py` adds what was forgotten, `normal_form.py` tells
programs apart, `answers.py` reads what came back. `mutants.py`, `tables.py` and `watch.py` are for the review and for
translations.
"""

from factory.languages.python.runner import PythonRunner
from factory.languages.python.syntax import PythonSyntax
from factory.languages.python.values import PythonValues
from factory.languages.python.wording import PythonWording

__all__ = ["Python"]


class Python(PythonSyntax, PythonRunner, PythonValues, PythonWording):
    """Implements `factory.languages.base.Language`."""
