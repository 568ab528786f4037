"""The summary as a file: what is written is read again, and what is not known is left out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from factory.errors import PartError
from factory.records.summary import (
    BenchmarkCounts,
    BenchmarkHit,
    Cost,
    DecontaminationSummary,
    Funnel,
    LanguageSummary,
    ReviewCounts,
    ReviewSummary,
    Speedup,
    Summary,
)

ONE = Funnel(4, 4, 3, 3, 2, 1, 2, 1, {"timeout": 1}, {"import added": 1}, 0)
REVIEWED = replace(ONE, review=ReviewCounts(None, False, 3, 0, 1, 0, 0, 8, 1, 7, 0))
WHOLE = Summary(
    name="a-run",
    problems=2,
    languages={
        "python": LanguageSummary(ONE, 1, {}, 1, 1, {"pass@1": 0.5}, {"pass@1": 0.25}, {"set/ä": REVIEWED, "b": ONE})
    },
    decontamination=DecontaminationSummary(
        {"mine": BenchmarkCounts(3, 1, 2)}, {"mine/0": BenchmarkHit("mine", ("set/1",), 2)}
    ),
    skipped={"set/2": "too long"},
    untranslatable={"go": ("b",)},
    review=ReviewSummary(problems=1, kill_rate=None, under_specified=("set/ä",)),
    cost=Cost(completion_tokens=7, program_cpu_s=1.5, dollars=0.25, speedup={"go": Speedup(2, 3.5, ("b/go/1",))}),
)


@pytest.mark.parametrize("summary", [WHOLE, Summary("empty", 0, {})])
def test_what_is_written_is_read_again(tmp_path: Path, summary: Summary) -> None:
    (tmp_path / "summary.json").write_bytes(summary.as_json())
    found = Summary.read(tmp_path / "summary.json")
    assert found == summary
    assert found.as_json() == summary.as_json()


def test_what_may_be_unknown_is_left_out_and_what_has_no_value_is_null() -> None:
    data = json.loads(WHOLE.as_json())
    assert "dollars_per_record" not in data["cost"]
    assert data["cost"]["dollars"] == 0.25
    by_problem = data["languages"]["python"]["by_problem"]
    assert by_problem["set/ä"]["review"]["kill_rate"] is None
    assert "review" not in by_problem["b"]
    assert data["review"]["kill_rate"] is None


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"name": 1, "problems": 2, "languages": {}}'])
def test_a_file_that_is_no_summary_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "summary.json"
    path.write_text(text)
    with pytest.raises(PartError, match=r"summary\.json: cannot be read"):
        Summary.read(path)
