"""What a kept program costs, by how hard its problem is."""

from __future__ import annotations

import pytest

from factory.report.bands import bands
from factory.report.cost import Account, Stage
from factory.report.page.tables import by_band
from factory.report.statistics import Counts, ProblemRow

SAMPLING = Stage("sample", "python", dollars=6.0)


def row(name: str, rollouts: int, passed: int, kept: int) -> ProblemRow:
    return ProblemRow(name, "", {"python": Counts(rollouts, passed, kept), "go": Counts(9, 9, 9)}, ())


ROWS = [
    row("never", 100, 0, 0),
    row("once", 100, 1, 1),
    row("tenth", 100, 10, 4),
    row("half", 100, 50, 8),
    row("most", 10, 9, 2),
    row("all", 10, 10, 2),
    row("none graded", 0, 0, 0),
]
TOKENS = {"never": 3000, "once": 1500, "tenth": 600, "half": 600, "most": 150, "all": 150}


def test_each_problem_is_in_the_band_of_its_share() -> None:
    found = bands(ROWS, TOKENS, [SAMPLING])
    assert [(it.name, it.problems, it.rollouts, it.passed, it.kept, it.tokens) for it in found] == [
        ("none passes", 1, 100, 0, 0, 3000),
        ("under 10 % pass", 1, 100, 1, 1, 1500),
        ("10 to 50 %", 1, 100, 10, 4, 600),
        ("50 to 90 %", 1, 100, 50, 8, 600),
        ("90 % and more", 2, 20, 19, 4, 300),
    ]
    assert [it.dollars for it in found] == pytest.approx([3.0, 1.5, 0.6, 0.6, 0.3])
    assert [it.per_record(it.tokens) for it in found] == [None, 1500, 150, 75, 75]


def test_the_table_leaves_out_what_nobody_counted() -> None:
    columns, rows = by_band(bands(ROWS, TOKENS, [SAMPLING]))
    assert columns[-3:] == ("tokens", "tokens a kept program", "dollars a kept program")
    assert rows[0] == ("none passes", "1", "100", "0", "0", "", "3,000", "", "")
    assert rows[2] == ("10 to 50 %", "1", "100", "10", "4", "25.0", "600", "150", "$0.15")
    columns, rows = by_band(bands(ROWS, {}, [Stage("sample", "python")]))
    assert columns == ("of the rollouts", "problems", "rollouts", "pass", "kept", "rollouts a kept program")
    assert rows[2] == ("10 to 50 %", "1", "100", "10", "4", "25.0")
    assert by_band(bands([], {}, []))[1] == []


def test_tokens_of_a_problem_are_added_up_and_kept_with_a_slice() -> None:
    line = {"event": "sampled", "problem": "set/0", "completion_tokens": 7}
    lines = [
        line | {"part": "rollouts/a.parquet"},
        line | {"part": "rollouts/b.parquet"},
        line | {"part": "translations/go/rollouts/c.parquet"},
        line | {"part": "rollouts/d.parquet", "problem": "set/1", "completion_tokens": 0},
    ]
    account = Account(lines)
    assert account.tokens == {"set/0": 14, "set/1": 0}
    again = Account.from_json(account.as_json())
    assert again.tokens == {"set/0": 14}
    again.merge(account)
    assert again.tokens["set/0"] == 28
