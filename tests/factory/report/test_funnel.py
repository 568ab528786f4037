"""The funnel: counts that add up, and pass@k against counting every draw."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from factory.config import CostConfig, RankConfig
from factory.records import BenchmarkMatch, Differential, Status, Verdict
from factory.records.base import plain
from factory.records.summary import Cost, Speedup
from factory.report.cost import Account, priced, speed
from factory.report.counts import LanguageCounts, language_summary
from factory.report.funnel import Tally, pass_at_k, tally
from factory.selection.select import select


def verdict(index: int, status: Status = Status.PASSED, normal_form: str = "", **fields: Any) -> Verdict:
    compiled = status not in (Status.NO_CODE, Status.SYNTAX_ERROR, Status.COMPILE_ERROR)
    return Verdict(
        "t/0", index, "python", status, normal_form=(normal_form or f"form{index}") if compiled else "", **fields
    )


@pytest.mark.parametrize("n", range(1, 9))
def test_pass_at_k_is_the_share_of_draws_with_a_pass(n: int) -> None:
    for c, k in itertools.product(range(n + 1), range(1, n + 1)):
        draws = list(itertools.combinations([True] * c + [False] * (n - c), k))
        assert math.isclose(pass_at_k(n, c, k), sum(map(any, draws)) / len(draws)), (n, c, k)


def test_pass_at_k_does_not_overflow() -> None:
    assert math.isclose(pass_at_k(100_000, 1, 100), 100 / 100_000, rel_tol=1e-9)
    assert pass_at_k(100_000, 50_000, 100) == 1.0
    assert pass_at_k(10, 0, 10) == 0.0


VERDICTS = [
    verdict(0, Status.NO_CODE),
    verdict(1, Status.SYNTAX_ERROR),
    verdict(2, Status.WRONG_ANSWER, cpu_ms=500.0),
    verdict(3, Status.WRONG_ANSWER, normal_form="form2", cpu_ms=500.0, duplicate_of=2),
    verdict(4, normal_form="a", code="long code", cpu_ms=1000.0),
    verdict(
        5,
        normal_form="a",
        code="code",
        duplicate_of=4,
        cpu_ms=1000.0,
        import_fixes=("import added: a", "import added: b"),
    ),
    verdict(6, normal_form="a", code="code", cpu_ms=250.0, lint=("line 1: unreachable code", "line 2: x")),
    verdict(7, normal_form="b", code="code of b", import_fixes=("import removed: c", "import added: d")),
    verdict(8, normal_form="c", code="code of c, too"),
    verdict(9, Status.INFRASTRUCTURE_ERROR),
    verdict(10, Status.TIMEOUT),
]


def counted() -> Tally:
    selection = select(VERDICTS, RankConfig(keep=2))
    return tally(VERDICTS, len(selection.kept), selection.dropped)


def test_every_tier_is_counted() -> None:
    counts = counted()
    assert plain(counts.funnel()) == {
        "rollouts": 11,
        "extracted": 10,
        "compiled": 9,
        "executed": 7,
        "passed": 5,
        "passed_without_repair": 3,
        "distinct": 3,
        "kept": 2,
        "drops": {
            "beyond rank.keep": 1, "duplicate": 2, "infrastructure_error": 1, "no_code": 1, "syntax_error": 1,
            "timeout": 1, "wrong_answer": 2,
        },
        "import_fixes": {"import added": 2, "import removed": 1},
        "with_lint": 1,
    }  # fmt: skip
    assert counts.graded == 10
    assert counts.cpu_s == pytest.approx(1.75), "a duplicate was not run"


def test_what_was_dropped_and_what_was_kept_add_up() -> None:
    counts = counted()
    assert counts.kept + sum(counts.drops.values()) == counts.rollouts
    total = Tally()
    for _ in range(3):
        total.add(counted())
    assert total.kept + sum(total.drops.values()) == total.rollouts == 33
    assert total.funnel().drops["wrong_answer"] == 6
    assert total.cpu_s == pytest.approx(5.25)
    assert total.with_lint == 3


def test_tiers_only_narrow() -> None:
    counts = counted()
    tiers = [counts.rollouts, counts.extracted, counts.compiled, counts.passed, counts.distinct, counts.kept]
    assert tiers == sorted(tiers, reverse=True)


def test_adding_changes_only_the_sum() -> None:
    one, other = counted(), counted()
    one.add(other)
    assert other == counted()


def test_an_empty_tally_counts_nothing() -> None:
    counts = tally([], 0, {"duplicate": 0, "beyond rank.keep": 0})
    assert counts.funnel().drops == {}
    assert (counts.rollouts, counts.graded) == (0, 0)


def some(passed: int, failed: int, lost: int = 0, repaired: int = 0) -> Tally:
    verdicts = [verdict(n, import_fixes=("import added: x",) if n < repaired else ()) for n in range(passed)]
    verdicts += [verdict(100 + n, Status.WRONG_ANSWER) for n in range(failed)]
    verdicts += [verdict(200 + n, Status.INFRASTRUCTURE_ERROR) for n in range(lost)]
    return tally(verdicts, 0, {})


def pass_rates(tallies: Iterable[Tally], repaired: bool = True) -> dict[str, float]:
    """Of problems in two slices, added up."""
    halves = [LanguageCounts(), LanguageCounts()]
    for number, counts in enumerate(tallies):
        halves[number % 2].add(f"t/{number}", counts)
    total = LanguageCounts()
    for half in halves:
        total.merge(LanguageCounts.from_json(json.loads(json.dumps(half.as_json()))))
    return total.pass_rates(repaired)


def test_rates_are_means_over_problems() -> None:
    rates = pass_rates([some(10, 0), some(0, 10), some(5, 5)])
    assert rates == {"pass@1": 0.5, "pass@10": round(2 / 3, 6)}


def test_a_rate_is_given_only_where_every_problem_has_the_rollouts_for_it() -> None:
    assert set(pass_rates([some(10, 0), some(4, 5)])) == {"pass@1"}
    assert set(pass_rates([some(50, 50)])) == {"pass@1", "pass@10", "pass@100"}
    assert pass_rates([]) == {}


def test_our_own_failures_count_in_no_rate() -> None:
    assert pass_rates([some(1, 1, lost=8)]) == {"pass@1": 0.5}
    assert pass_rates([some(0, 0, lost=8)]) == {}
    assert pass_rates([some(1, 1), some(0, 0, lost=8)]) == {"pass@1": 0.5}


def test_rates_are_given_with_and_without_repair() -> None:
    tallies = [some(2, 2, repaired=1)]
    assert pass_rates(tallies) == {"pass@1": 0.5}
    assert pass_rates(tallies, repaired=False) == {"pass@1": 0.25}


def test_the_summary_of_a_language() -> None:
    summary = language_summary({"t/0": counted(), "t/1": tally([verdict(0, Status.NO_CODE)], 0, {})})
    assert summary.funnel.rollouts == 12
    assert (summary.problems, summary.problems_with_survivors) == (2, 1)
    assert summary.by_problem["t/0"] == counted().funnel()
    assert summary.pass_rates == {"pass@1": 0.25}
    assert language_summary({}).pass_rates == {}


SAMPLED = {"event": "sampled", "part": "rollouts/x.parquet", "rollouts": 1, "completion_tokens": 1}
VERIFIED = {"event": "verified", "part": "verdicts/x.parquet"}


def test_the_cost_of_a_run_is_summed_over_its_sessions() -> None:
    sampled: dict[str, Any] = SAMPLED | {"rollouts": 4, "completion_tokens": 100}
    ledger: list[dict[str, Any]] = [
        sampled | {"engine": "one", "engine_s": 5.0, "load_s": 2.0, "gpus": 2},
        sampled | {"engine": "one", "engine_s": 9.0, "load_s": 2.0, "gpus": 2},
        sampled | {"engine": "two", "engine_s": 1.0, "load_s": 3.0, "gpus": 1},
        sampled | {"engine": "one", "engine_s": 7.0, "load_s": 2.0, "gpus": 2},
        VERIFIED | {"cpu_s": 0.5},
        VERIFIED | {"cpu_s": 0.25},
        {"event": "skipped", "problem": "x", "reason": "too long"},
    ]
    assert Account(ledger).cost() == Cost(
        rollouts=16, completion_tokens=400, program_cpu_s=0.75, engine_s=10.0, load_s=5.0, gpu_s=19.0,
        gpu_held_s=26.0, tokens_per_s=40.0,
    )  # fmt: skip
    assert Account().cost() == Cost()


def test_a_drop_after_all_cases_passed_has_its_own_reason() -> None:
    compared = [
        verdict(0, differential=Differential(4, left_out=3)),
        verdict(1, Status.WRONG_ANSWER, differential=Differential(4)),
        verdict(2, Status.WRONG_ANSWER),
    ]
    counts = tally(compared, 1, {})
    assert (counts.passed, counts.kept) == (1, 1)
    assert counts.drops == {"differential": 1, "wrong_answer": 1}
    assert counts.funnel().inputs_left_out == 3
    assert counts.kept + sum(counts.drops.values()) == counts.rollouts


def test_what_repeats_a_benchmark_is_a_drop_of_its_own_whatever_it_was_compared_with() -> None:
    match = BenchmarkMatch("mine", "Mine/0")
    one = Verdict("p", 0, "go", Status.CONTAMINATED, differential=Differential(4), contaminated_by=match)
    counts = tally([one, one], 0, {})
    counts.add(tally([one], 0, {}))
    assert counts.funnel().drops == {"contaminated": 3}
    assert counts.contaminated_by == {match: 3}


def test_what_is_left_out_of_shards_is_told_beside_what_is_kept() -> None:
    part = language_summary({"p": tally([], 5, {})}, Counter({"near_duplicate": 2}))
    assert (part.funnel.kept, part.shipped, part.left_out) == (5, 3, {"near_duplicate": 2})
    assert language_summary({"p": tally([], 5, {})}).shipped == 5


def test_speed_names_what_is_slower_than_its_source() -> None:
    ratios = [("a", 0.5), ("b", 2.0), ("c", 3.0)]
    assert speed(ratios) == Speedup(3, 2.0, ("a",))


def test_an_engine_on_cpus_is_paid_for_by_the_cpu_hour() -> None:
    line = SAMPLED | {"engine": "one", "gpus": 0, "cpus": 4}
    totals = Account([line | {"engine_s": 80.0, "load_s": 10.0}, VERIFIED | {"cpu_s": 40.0}]).cost()
    assert (totals.engine_cpu_s, totals.gpu_held_s) == (360.0, 0.0)
    told = priced(totals, CostConfig(cpu_hour=9.0), 10)
    assert (told.dollars, told.dollars_per_record) == (1.0, 0.1)
    assert priced(totals, CostConfig(cpu_hour=9.0), 0).dollars_per_record is None
    assert priced(totals, CostConfig(gpu_hour=9.0), 10) == totals, "CPUs were used and have no price"


def test_gpus_without_a_price_leave_dollars_untold() -> None:
    line = SAMPLED | {"engine": "one", "gpus": 2, "cpus": 0}
    totals = Account([line | {"engine_s": 1700.0, "load_s": 100.0}]).cost()
    assert priced(totals, CostConfig(cpu_hour=1.0), 1) == totals
    assert priced(totals, CostConfig(cpu_hour=1.0, gpu_hour=3.0), 2).dollars_per_record == 1.5
