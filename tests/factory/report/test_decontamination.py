"""What benchmarks hit, counted from the ledger and the verdicts."""

from __future__ import annotations

import json
from collections import Counter

from factory.decontamination.matcher import Hit
from factory.records import BenchmarkMatch
from factory.records.base import plain
from factory.records.summary import DecontaminationSummary
from factory.report.cost import Account
from factory.report.decontamination import Compared, decontamination, lines


def test_counts_are_by_benchmark_and_hits_by_its_problem() -> None:
    hits = {"set/1": Hit("a", "a/1", "…"), "set/2": Hit("a", "a/1", "…"), "set/3": Hit("b", "b/7", "…")}
    found = Compared.of({"a": 10, "b": 20, "c": 30}, hits)
    assert Compared.from_facts(json.loads(json.dumps(found.as_facts()))) == found, "the ledger has it"
    told = decontamination(found, Counter({BenchmarkMatch("b", "b/7"): 3, BenchmarkMatch("a", "a/2"): 1}))
    assert plain(told.benchmarks) == {
        "a": {"problems": 10, "set_aside": 2, "programs": 1},
        "b": {"problems": 20, "set_aside": 1, "programs": 3},
        "c": {"problems": 30, "set_aside": 0, "programs": 0},
    }
    assert plain(told.hits) == {
        "a/1": {"benchmark": "a", "set_aside": ["set/1", "set/2"], "programs": 0},
        "b/7": {"benchmark": "b", "set_aside": ["set/3"], "programs": 3},
        "a/2": {"benchmark": "a", "set_aside": [], "programs": 1},
    }
    assert lines(told) == [
        "a: 10 problems, 2 of ours set aside, 1 programs dropped",
        "b: 20 problems, 1 of ours set aside, 3 programs dropped",
        "c: 30 problems, 0 of ours set aside, 0 programs dropped",
        "repeated: a/1, b/7, a/2",
    ]


def test_the_last_start_counts_and_none_is_nothing() -> None:
    ledger = [{"event": "started"}, {"event": "compared", **Compared.of({"a": 1}, {}).as_facts()}]
    ledger += [{"event": "compared", **Compared.of({"a": 2}, {}).as_facts()}]
    assert Account(ledger).compared.benchmarks == {"a": 2}
    assert decontamination(Account(ledger[:1]).compared, Counter()) == DecontaminationSummary()
    assert lines(DecontaminationSummary()) == []


def test_only_some_of_many_hits_are_named_in_a_line() -> None:
    hits = {f"set/{n}": Hit("a", f"a/{n}", "…") for n in range(25)}
    assert lines(decontamination(Compared.of({"a": 50}, hits), Counter()))[-1].endswith(
        "a/19, and 5 more, in summary.json"
    )
