"""Add a problem format: one file with `sniff` and `read`.

Here a row has a number, a question, and pairs of what a program reads and what it has to print. Try the file as it is:

    python examples/add_a_format/io_pairs.py problems examples/add_a_format/rows.jsonl

It is the command `factory` with this format among the others, for as long as the process runs. Then copy the file to
`factory/problems/formats/` and name it in `factory/problems/__init__.py`; docs/adding.md has the rest.
"""

import sys
from typing import Any

from factory.cli import main
from factory.problems import FORMATS
from factory.problems.oracle import Oracle
from factory.problems.parsing.fields import text
from factory.records import Case, Problem


def sniff(row: dict[str, Any]) -> bool:
    """Whether `row`, the first of a file, is of this format."""
    return {"question", "io_pairs"} <= row.keys()


def read(row: dict[str, Any], oracle: Oracle | None = None) -> Problem:
    """The problem in `row`. Raises KeyError, or ValueError naming the field; the row is then refused, with no other."""
    return Problem(
        id=f"io_pairs/{row['number']}",
        prompt=text(row, "question"),
        entry_point=None,  # a program that reads standard input
        cases=tuple(Case(stdin=given, stdout=wanted) for given, wanted in row["io_pairs"]),
        meta={"source": "where the rows are from", "license": "CC0-1.0"},
    )


if __name__ == "__main__":
    FORMATS["io_pairs"] = sys.modules["__main__"]
    main()
