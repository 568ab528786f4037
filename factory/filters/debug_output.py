"""Drops functions that print: debugging output, or example calls, left in a program that was asked for a value.

Promises: looks at tokens, so that a comment or a string that mentions `print` is no output; a program that is to
print (one that reads standard input) is kept. Does not promise to find output by a name of the program's own
(`p = print`) or behind the first `MAX_LEXED` characters, nor to tell an error message on purpose from a forgotten one.
Python under `if __name__ == "__main__"` counts too: it is no part of the answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, String, Text

from factory.records import Problem, Verdict
from factory.records.bounds import MAX_LEXED

_OUTPUT = {
    "python": re.compile(r"(?<![.\w])(?<!def )((?:pprint\.)?pp?rint|(?:sys\.)?std(?:out|err)\.write) *\("),
    "go": re.compile(r"(?<![.\w])(?<!func )((?:fmt|log)\.Print(?:f|ln)?|print(?:ln)?) *\("),
    "javascript": re.compile(r"(?<![.\w])(console\.\w+|process\.std(?:out|err)\.write) *\("),
}


class DebugOutput:
    """See the module."""

    name = "debug_output"

    def reasons(self, problem: Problem, passed: Sequence[Verdict]) -> list[str | None]:
        if problem.entry_point is None:
            return [None] * len(passed)
        return [_reason(verdict.code, verdict.language) for verdict in passed]


def _reason(code: str, language: str) -> str | None:
    found = _OUTPUT[language].search(_bare(code, language)) if language in _OUTPUT else None
    return f"calls {found[1]}, though it is to return a value" if found else None


def _bare(code: str, language: str) -> str:
    """`code` without comments, strings and white space."""
    tokens = get_lexer_by_name(language).get_tokens(code[:MAX_LEXED])
    return "".join(" " if kind in Comment or kind in String or kind in Text else text for kind, text in tokens)
