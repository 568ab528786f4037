"""Which passed programs are kept, in which order, and why the others are not."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from factory.config import RankConfig
from factory.records import Review, Rollout, Status, Verdict
from factory.selection.diversity import distance
from factory.selection.select import CONSIDERED, select, survivors


def verdict(index: int, code: str = "", **fields: Any) -> Verdict:
    code = code or f"def f(): return {index}"
    given: dict[str, Any] = {"status": Status.PASSED, "code": code, "normal_form": code, "code_sha256": f"sha{index}"}
    return Verdict("t/0", index, "python", **(given | {"cases_passed": 3, "cases_total": 3} | fields))


def kept(verdicts: list[Verdict], *by: str, keep: int = 99) -> list[int]:
    rank = RankConfig.model_validate({"keep": keep, "diverse": False} | ({"by": by} if by else {}))
    return [found.index for found in select(verdicts, rank).kept]


def test_only_what_passed_is_kept() -> None:
    others = [status for status in Status if status is not Status.PASSED]
    verdicts = [verdict(index, status=status) for index, status in enumerate(others)]
    selection = select([*verdicts, verdict(99)], RankConfig())
    assert [found.index for found in selection.kept] == [99]
    assert selection.dropped == {"duplicate": 0, "beyond rank.keep": 0}


def test_one_that_was_not_run_itself_is_not_kept_however_good() -> None:
    run, shorter = (
        verdict(0, "def f():\n    return 0", normal_form="same"),
        verdict(1, "def f(): return 0", normal_form="same"),
    )
    taken_over = Verdict(**{name: getattr(shorter, name) for name in shorter.__slots__} | {"duplicate_of": 0})
    selection = select([taken_over, run], RankConfig(by=("length",)))
    assert [found.index for found in selection.kept] == [0]
    assert selection.dropped == {"duplicate": 1, "beyond rank.keep": 0}


@pytest.mark.parametrize(
    ("by", "order"),
    [
        (("index",), [0, 1, 2, 3]),
        (("length", "index"), [2, 1, 3, 0]),
        (("import_fixes", "index"), [0, 1, 3, 2]),
        (("simplicity", "index"), [1, 2, 3, 0]),
        (("cpu",), [3, 2, 1, 0]),
        (("import_fixes", "length"), [1, 3, 0, 2]),
        (("lint", "length"), [2, 3, 0, 1]),
        ((), [3, 0, 1, 2]),
        (("length",), [2, 1, 3, 0]),
    ],
)
def test_the_first_key_decides_and_the_index_at_last(by: tuple[str, ...], order: list[int]) -> None:
    verdicts = [
        verdict(0, "def f(a): return 1 if a else 2 or 3", cpu_ms=4.0),
        verdict(1, "def f(a): return a * 2", cpu_ms=3.0, lint=("line 1: unreachable code",)),
        verdict(2, "def f(a): return a", cpu_ms=2.0, import_fixes=("import added: math",)),
        verdict(3, "def f(a): return 2 * a", cpu_ms=1.0),
    ]
    assert kept(verdicts, *by) == kept(verdicts[::-1], *by) == order


def test_any_order_of_verdicts_gives_the_same_survivors() -> None:
    verdicts = [verdict(n, f"def f(): return {n % 7}" + " " * (n % 3), normal_form=str(n % 7)) for n in range(50)]
    expected = kept(verdicts)
    for seed in range(5):
        random.Random(seed).shuffle(verdicts)
        assert kept(verdicts) == expected


LOOP = "def f(xs):\n    best = xs[0]\n    for x in xs:\n        if x > best:\n            best = x\n    return best\n"
WHILE = (
    "def f(xs):\n    i, top = 1, xs[0]\n    while i < len(xs):\n        top = max(top, xs[i])\n        i += 1\n"
    "    return top\n"
)
RECURSION = (
    "def f(xs):\n    if len(xs) == 1:\n        return xs[0]\n    rest = f(xs[1:])\n"
    "    return rest if rest > xs[0] else xs[0]\n"
)
COMPREHENSION = "def f(xs):\n    return [x for x in xs if all(x >= y for y in xs)][0]\n"
SORT = "def f(xs):\n    return sorted(xs)[-1]\n"
ALGORITHMS = (SORT, COMPREHENSION, LOOP, WHILE, RECURSION)


def crowd() -> list[Verdict]:
    """Six loops that are alike, which are the best by rank, and one program of each other algorithm."""
    loops = [LOOP.replace("best", name) for name in ("m", "n", "top", "high", "most", "best")]
    others = [code for code in ALGORITHMS if code != LOOP]
    return [verdict(index, code) for index, code in enumerate([*loops, *others])]


def test_each_next_one_is_of_another_algorithm() -> None:
    by_index = RankConfig(by=("index",), keep=5)
    assert [found.index for found in select(crowd(), by_index.model_copy(update={"diverse": False})).kept] == [
        0,
        1,
        2,
        3,
        4,
    ]
    selection = select(crowd(), by_index)
    assert selection.kept[0].code == LOOP.replace("best", "m")
    assert {found.code for found in selection.kept[1:]} == set(ALGORITHMS) - {LOOP}
    assert selection.dropped == {"duplicate": 0, "beyond rank.keep": 5}


def test_fewer_kept_are_the_beginning_of_more_and_the_alike_fill_up_by_rank() -> None:
    rank = RankConfig(by=("index",))
    every = [found.index for found in select(crowd(), rank, keep=99).kept]
    assert sorted(every) == list(range(10))
    assert every[5:] == [1, 2, 3, 4, 5]
    for keep in range(1, 10):
        assert [found.index for found in select(crowd(), rank, keep=keep).kept] == every[:keep]


def test_the_alike_are_dropped_where_a_distance_is_asked_for() -> None:
    selection = select(crowd(), RankConfig(by=("index",), keep=8, min_distance=0.2))
    assert len(selection.kept) == 5
    assert selection.dropped == {"duplicate": 0, "beyond rank.keep": 0, "below rank.min_distance": 5}
    few = select(crowd(), RankConfig(by=("index",), keep=2, min_distance=0.2))
    assert few.dropped == {"duplicate": 0, "beyond rank.keep": 8}


def test_of_programs_alike_the_one_that_behaves_differently_is_taken_first() -> None:
    loops = crowd()[:6]
    profiles = {loops[at].code_sha256: "[1]" if at == 4 else "[0]" for at in range(5)}
    review = Review("t/0", "", {}, profiles)
    kept_of = [found.index for found in select(loops, RankConfig(by=("index",)), review=review).kept]

    assert kept_of == [0, 4, 1, 2]


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_program_in_dispute_is_kept_beside_another_text_of_its_form(share: float) -> None:
    """The other text was not reviewed, so that nothing is known of how it agrees."""
    reviewed = replace(verdict(0, LOOP), code_sha256="reviewed", normal_form="one")
    other = replace(reviewed, index=1, code=f"{LOOP} ", code_sha256="other")
    review = Review("t/0", "", {}, {"reviewed": "p"}, disputed=1, agreement={"reviewed": share})
    assert select([reviewed, other], RankConfig(), review=review).kept == (reviewed,)


def test_speed_counts_only_where_the_config_ranks_by_it() -> None:
    loops = [verdict(at, LOOP.replace("best", f"b{at}"), cpu_ms=ms) for at, ms in enumerate((2.1, 2.0, 0.001, 40.0))]
    assert [found.index for found in select(loops, RankConfig(by=("index",))).kept] == [0, 1, 2, 3]
    assert [found.index for found in select(loops, RankConfig(by=("cpu", "index"))).kept] == [2, 3, 0, 1]


def test_only_the_best_by_rank_are_looked_at() -> None:
    alike = [verdict(n, LOOP.replace("best", f"b{n}")) for n in range(CONSIDERED)]
    late = verdict(CONSIDERED, RECURSION)
    assert late not in select([*alike, late], RankConfig(by=("index",))).kept
    assert select([*alike, late], RankConfig(by=("index",), keep=99)).kept[-1] == late
    near = select([*alike, late], RankConfig(by=("index",), keep=99, min_distance=0.5))
    assert near.dropped == {"duplicate": 0, "beyond rank.keep": 1, "below rank.min_distance": CONSIDERED - 1}


def test_the_same_are_chosen_in_every_process() -> None:
    script = (
        "import sys, json; from factory.selection.select import select; from factory.config import RankConfig\n"
        "from factory.records import Status, Verdict\n"
        "codes = enumerate(json.loads(sys.argv[1]))\n"
        "found = [Verdict('t', n, 'python', Status.PASSED, code=code, normal_form=code) for n, code in codes]\n"
        "print([it.index for it in select(found, RankConfig(keep=9)).kept])"
    )
    codes = json.dumps([found.code for found in crowd()])
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script, codes],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_of_many_the_best_are_compared_with_each_that_is_kept_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = [code.replace("xs", f"xs{n}") + f"# {n}\n" * n for n in range(32) for code in ALGORITHMS]
    assert len(codes) > CONSIDERED
    compared: list[Any] = []
    monkeypatch.setattr(
        "factory.selection.select.distance", lambda one, other: compared.append(one) or distance(one, other)
    )
    assert len(select([verdict(n, code) for n, code in enumerate(codes)], RankConfig(keep=8)).kept) == 8
    assert len(compared) == sum(CONSIDERED - kept for kept in range(1, 9))


def test_of_one_form_the_best_is_kept_and_the_rest_are_duplicates() -> None:
    verdicts = [
        verdict(0, "long one", normal_form="a"),
        verdict(1, "short", normal_form="a"),
        verdict(2, "other", normal_form="b"),
    ]
    selection = select(verdicts, RankConfig())
    assert [found.index for found in selection.kept] == [1, 2]
    assert selection.dropped == {"duplicate": 1, "beyond rank.keep": 0}


def test_what_is_beyond_the_number_kept_says_so() -> None:
    verdicts = [verdict(n) for n in range(5)]
    selection = select([*verdicts, verdict(9, normal_form=verdicts[0].normal_form)], RankConfig(keep=2))
    assert len(selection.kept) == 2
    assert selection.dropped == {"duplicate": 1, "beyond rank.keep": 3}
    assert len(select(verdicts, RankConfig(keep=2), keep=4).kept) == 4


def test_nothing_passed_keeps_nothing() -> None:
    selection = select([], RankConfig())
    assert (selection.kept, selection.dropped) == ((), {"duplicate": 0, "beyond rank.keep": 0})


def test_survivors_carry_verdict_and_origin() -> None:
    verdicts = [
        verdict(3, "short", import_fixes=("import added: math",), cpu_ms=1.5, peak_mb=9.0),
        verdict(1, "longer"),
    ]
    verdicts[0] = replace(verdicts[0], lint=("line 1: unreachable code",))
    rollouts = [
        Rollout(problem_id="t/0", index=3, text="", mode="chat", model="m", template="t", parent="p", repair_of="q"),
        Rollout(problem_id="t/0", index=1, text="", mode="chat", sampling={"top_p": 1, "n": 2}),
    ]
    first, second = survivors(select(verdicts, RankConfig()), rollouts)
    assert (first.index, first.rank, first.model, first.sampling) == (1, 0, None, {"n": 2, "top_p": 1})
    assert (second.index, second.rank, second.model, second.template, second.parent) == (3, 1, "m", "t", "p")
    assert (second.import_fixes, second.cpu_ms, second.peak_mb, second.cases_total) == (
        ("import added: math",),
        1.5,
        9.0,
        3,
    )
    assert (second.lint, second.repair_of) == (("line 1: unreachable code",), "q")
    assert (first.lint, first.repair_of) == ((), None)
    assert (second.code, second.code_sha256, second.normal_form) == ("short", "sha3", "short")
