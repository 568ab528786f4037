"""Which passed programs are kept, in which order, and why the others are not."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from factory.config import RankConfig
from factory.filters.select import select, survivors
from factory.records import Rollout, Status, Verdict


def verdict(index: int, code: str = "", **fields: Any) -> Verdict:
    code = code or f"def f(): return {index}"
    defaults = {"form": code, "code_sha256": f"sha{index}", "cases_passed": 3, "cases_total": 3}
    return Verdict("t/0", index, "python", **({"status": Status.PASSED, "code": code} | defaults | fields))


def kept(verdicts: list[Verdict], *by: str, keep: int = 99) -> list[int]:
    rank = RankConfig.model_validate({"keep": keep} | ({"by": by} if by else {}))
    return [found.index for found in select(verdicts, rank).kept]


def test_only_what_passed_is_kept() -> None:
    others = [status for status in Status if status is not Status.PASSED]
    verdicts = [verdict(index, status=status) for index, status in enumerate(others)]
    selection = select([*verdicts, verdict(99)], RankConfig())
    assert [found.index for found in selection.kept] == [99]
    assert selection.dropped == {"duplicate": 0, "beyond rank.keep": 0}


def test_one_that_was_not_run_itself_is_not_kept_however_good() -> None:
    run, shorter = verdict(0, "def f():\n    return 0", form="same"), verdict(1, "def f(): return 0", form="same")
    taken_over = Verdict(**{name: getattr(shorter, name) for name in shorter.__slots__} | {"duplicate_of": 0})
    selection = select([taken_over, run], RankConfig(by=("length",)))
    assert [found.index for found in selection.kept] == [0]
    assert selection.dropped == {"duplicate": 1, "beyond rank.keep": 0}


@pytest.mark.parametrize(
    ("by", "order"),
    [
        (("index",), [0, 1, 2, 3]),
        (("length", "index"), [2, 1, 3, 0]),
        (("repairs", "index"), [0, 1, 3, 2]),
        (("simplicity", "index"), [1, 2, 3, 0]),
        (("cpu",), [3, 2, 1, 0]),
        (("repairs", "length"), [1, 3, 0, 2]),
        (("findings", "length"), [2, 3, 0, 1]),
        ((), [3, 0, 1, 2]),
        (("length",), [2, 1, 3, 0]),
    ],
)
def test_the_first_key_decides_and_the_index_at_last(by: tuple[str, ...], order: list[int]) -> None:
    verdicts = [
        verdict(0, "def f(a): return 1 if a else 2 or 3", cpu_ms=4.0),
        verdict(1, "def f(a): return a * 2", cpu_ms=3.0, findings=("line 1: unreachable code",)),
        verdict(2, "def f(a): return a", cpu_ms=2.0, repairs=("import added: math",)),
        verdict(3, "def f(a): return 2 * a", cpu_ms=1.0),
    ]
    assert kept(verdicts, *by) == kept(verdicts[::-1], *by) == order


def test_any_order_of_verdicts_gives_the_same_survivors() -> None:
    verdicts = [verdict(n, f"def f(): return {n % 7}" + " " * (n % 3), form=str(n % 7)) for n in range(50)]
    expected = kept(verdicts)
    for seed in range(5):
        random.Random(seed).shuffle(verdicts)
        assert kept(verdicts) == expected


def test_of_one_form_the_best_is_kept_and_the_rest_are_duplicates() -> None:
    verdicts = [verdict(0, "long one", form="a"), verdict(1, "short", form="a"), verdict(2, "other", form="b")]
    selection = select(verdicts, RankConfig())
    assert [found.index for found in selection.kept] == [1, 2]
    assert selection.dropped == {"duplicate": 1, "beyond rank.keep": 0}


def test_what_is_beyond_the_number_kept_says_so() -> None:
    verdicts = [verdict(n) for n in range(5)]
    selection = select([*verdicts, verdict(9, form=verdicts[0].form)], RankConfig(keep=2))
    assert len(selection.kept) == 2
    assert selection.dropped == {"duplicate": 1, "beyond rank.keep": 3}
    assert len(select(verdicts, RankConfig(keep=2), keep=4).kept) == 4


def test_nothing_passed_keeps_nothing() -> None:
    selection = select([], RankConfig())
    assert (selection.kept, selection.dropped) == ((), {"duplicate": 0, "beyond rank.keep": 0})


def test_survivors_carry_verdict_and_origin() -> None:
    verdicts = [verdict(3, "short", repairs=("import added: math",), cpu_ms=1.5, peak_mb=9.0), verdict(1, "longer")]
    verdicts[0] = replace(verdicts[0], findings=("line 1: unreachable code",))
    rollouts = [
        Rollout(problem_id="t/0", index=3, text="", mode="chat", model="m", template="t", parent="p", mends="q"),
        Rollout(problem_id="t/0", index=1, text="", mode="chat", sampling={"top_p": 1, "n": 2}),
    ]
    first, second = survivors(select(verdicts, RankConfig()), rollouts)
    assert (first.index, first.rank, first.model, first.sampling) == (1, 0, None, '{"n": 2, "top_p": 1}')
    assert (second.index, second.rank, second.model, second.template, second.parent) == (3, 1, "m", "t", "p")
    assert (second.repairs, second.cpu_ms, second.peak_mb, second.cases_total) == (("import added: math",), 1.5, 9.0, 3)
    assert (second.findings, second.mends) == (("line 1: unreachable code",), "q")
    assert (first.findings, first.mends) == ((), None)
    assert (second.code, second.code_sha256, second.form) == ("short", "sha3", "short")
