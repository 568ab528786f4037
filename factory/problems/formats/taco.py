"""TACO: APPS's form with `source`, `tags` and limits beside it, and no id.

License of BAAI/TACO: Apache-2.0, by its card on the hub.
"""

from __future__ import annotations

from factory.problems.formats import apps
from factory.problems.oracle import Oracle
from factory.problems.parsing import contest, fields
from factory.problems.parsing.fields import Row
from factory.records import Problem, ProblemMeta


def sniff(row: Row) -> bool:
    return apps.sniff(row) and {"raw_tags", "skill_types"} <= row.keys()


def read(row: Row, oracle: Oracle | None = None) -> Problem:
    """The problem in `row`. Raises KeyError or ValueError naming the field."""
    return apps.problem(row, id_of(row), ProblemMeta(source="BAAI/TACO", license="Apache-2.0"), oracle)


def id_of(row: Row) -> str:
    """The problem's id. Raises KeyError or ValueError naming the field."""
    return contest.name_of("taco", fields.text(row, "question"))


solutions = apps.solutions
