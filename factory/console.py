"""The terminal, or whatever stdout and stderr are: the only place that makes Rich's consoles.

Promises: a text is printed as it reads. Nothing in it is markup or the name of an emoji, no character of it steers the
terminal, and no line break in it begins a message.
"""

from __future__ import annotations

from typing import Any

import rich.console
from rich.text import Text

from factory import escape


class Console(rich.console.Console):
    def __init__(self, **settings: Any) -> None:
        super().__init__(markup=False, emoji=False, **settings)

    def render_str(self, text: str, **options: Any) -> Text:  # every text that is printed, also in a table
        return super().render_str(escape.terminal(text), **options)
