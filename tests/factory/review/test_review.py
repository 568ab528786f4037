"""The review: what it rejects and accepts, and what it says of the tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from factory.config import RankConfig, ReviewConfig
from factory.grading.session import GradingSession
from factory.inputs.run_on_inputs import NO_ANSWER, plain
from factory.records import Rejection, Review, Run, Status, Verdict
from factory.records.values import decode
from factory.review.filter import ReviewFilter
from factory.review.review import fingerprint, needed_for_review, review_programs
from factory.selection.select import select
from sandbox.contract import Answer, AnswerKind

RANK = RankConfig()
ABSOLUTE = [
    "def f(n):\n    return abs(n)\n",
    "def f(n):\n    return n if n > 0 else -n\n",
    "def f(n):\n    return max(n, -n)\n",
]
SURROGATES = ("'\\ud800'", "chr(0xd800)", "'\\ud800'[:1]")
LUCKY = "def f(n):\n    return {-4: 4, 9: 9}.get(n, n * n)\n"


@pytest.fixture
def reviewed(session, grade):
    """`reviewed(problem, source, …, **settings)`: the verdicts on the sources, and their review."""

    def reviewed(problem, *sources: str, **settings) -> tuple[list[Verdict], Review]:
        verdicts = grade(problem, *sources)
        return verdicts, review_programs(session, problem, verdicts, ReviewConfig(**settings), RANK)

    return reviewed


def rejected(review: Review, verdict: Verdict) -> tuple[str, Status] | None:
    found = review.rejected.get(verdict.code_sha256)
    assert (found is None) == (verdict.code_sha256 in review.accepted)
    return (found.by, found.status) if found else None


def test_who_differs_from_a_clear_majority_falls(reviewed, make_problem):
    problem = make_problem(((3,), 3), ((-4,), 4), ((9,), 9))
    wrong = "def f(n):\n    return n if n >= 0 else 4\n"
    verdicts, found = reviewed(problem, *ABSOLUTE, "def f(n):\n    return (n * n) ** 0.5 // 1\n", wrong, mutants=0)
    assert all(verdict.status is Status.PASSED for verdict in verdicts)
    assert [rejected(found, verdict) for verdict in verdicts] == [None] * 4 + [("derived", "wrong_answer")]
    told = found.rejected[verdicts[4].code_sha256]
    assert "derived: for -" in told.detail
    assert "4 of 5 programs that passed answer" in told.detail
    assert told.first_failure is not None
    assert told.first_failure.got == "4"


def test_inputs_they_agree_on_become_derived_cases(reviewed, make_problem):
    problem = make_problem(((3,), 3), ((-4,), 4), ((9,), 9))
    _, found = reviewed(problem, *ABSOLUTE, mutants=0, inputs=12)
    cases = found.derived
    assert len(cases) == 12 < found.inputs
    assert all(decode(case.expected) == abs(decode(case.args)[0]) for case in cases)
    assert not any(case.public for case in cases)


def test_a_split_vote_flags_the_problem(reviewed, make_problem):
    problem = make_problem(((3,), 3), ((9,), 9), ((-4,), 4))
    other = ["def f(n):\n    return n if n > 0 else 4\n", "def f(n):\n    return n if n > 0 else 2 + 2 * (n < 0) \n"]
    verdicts, found = reviewed(problem, *ABSOLUTE[:2], *other, mutants=0)
    assert found.under_specified
    assert not found.rejected
    assert len(found.accepted) == 4
    profiles = [found.accepted[verdict.code_sha256] for verdict in verdicts]
    assert profiles[0] == profiles[1] != profiles[2]


def test_without_a_quorum_nothing_is_derived(reviewed, make_problem):
    problem = make_problem(((3,), 3), ((-4,), 4))
    _, found = reviewed(problem, ABSOLUTE[0], mutants=0)
    assert (found.derived, found.disputed, found.rejected) == ((), 0, {})


def test_who_differs_from_the_reference_falls_however_many_they_are(reviewed, make_problem):
    problem = make_problem(((3,), 3), ((9,), 9), ((-4,), 4), reference=ABSOLUTE[0])
    same = [
        f"def f(n):\n    return {text}\n"
        for text in ("n if n > 0 else 4", "4 if n < 0 else n", "n if n >= 1 else 4 * (n < 0)")
    ]
    verdicts, found = reviewed(problem, *same, ABSOLUTE[2], mutants=0)
    assert [rejected(found, verdict) for verdict in verdicts] == [("derived", "wrong_answer")] * 3 + [None]
    assert (
        ", where the reference and 3 of 4 programs that passed answer 0"
        in found.rejected[verdicts[0].code_sha256].detail
    )
    assert (found.disputed, found.rollouts_alive) == (0, 3)


ORDERED = """
def f(v):
    found = []
    for item in v:
        if item not in found:
            found.append(item)
    return found
"""
UNORDERED = "def f(v):\n    return list(set(v))\n"
ASCENDING = "def f(v):\n    return sorted(set(v))\n"
DISTINCT: tuple[tuple[Any, Any], ...] = (([1, 2, 1],), [1, 2]), (([],), []), (([3, 3, 3],), [3])


def test_two_programs_and_a_reference_are_enough(reviewed, make_problem):
    problem = make_problem(*DISTINCT, reference="def f(v):\n    return list(dict.fromkeys(v))\n")
    verdicts, found = reviewed(problem, ASCENDING, ORDERED, mutants=0)
    assert [rejected(found, verdict) for verdict in verdicts] == [("derived", "wrong_answer"), None]
    assert found.kill_rate == 0.0


@pytest.mark.parametrize(
    "unordered",
    [
        UNORDERED,
        "def f(v):\n    return [*{*v}]\n",
        "def f(v):\n    return [item for item in set(v)]\n",
        "def f(v):\n    found = []\n    for item in set(v):\n        found.append(item)\n    return found\n",
        "def f(v):\n    kept = set(v)\n    return [kept.pop() for _ in range(len(kept))]\n",
        "def f(v):\n    return list(dict.fromkeys(set(v)))\n",
    ],
)
def test_who_relies_on_the_order_of_a_set_falls_without_a_vote(reviewed, make_problem, unordered):
    verdicts, found = reviewed(make_problem(*DISTINCT), unordered, ORDERED)
    assert all(verdict.status is Status.PASSED for verdict in verdicts)
    assert [rejected(found, verdict) for verdict in verdicts] == [("set order", "flaky"), None]
    told = found.rejected[verdicts[0].code_sha256]
    assert told.detail.startswith("depends on the order of a set: for [")
    assert (found.disputed, found.rollouts_alive) == (0, 1)
    assert (found.kill_rate or 0) < 1
    _, trusting = reviewed(make_problem(*DISTINCT), unordered, ORDERED, mutants=0, rerun=False)
    assert not trusting.rejected


def test_who_uses_sets_without_their_order_stays(reviewed, make_problem):
    problem = make_problem((([2, 1, 2],), [1, 2]), (([],), []), (([3, 3, 3],), [3]))
    ways = ("sorted(set(v))", "sorted([*{*v}])", "[at for at in range(-99, 1000) if at in set(v)]")
    _, found = reviewed(problem, *(f"def f(v):\n    return {it}\n" for it in ways), mutants=0)
    assert not found.rejected
    loose = {"kind": "predicate", "predicate": "set(answer) == {1, 2}"}
    case = {"args": [[2, 1, 2]], "expected": None, "comparison": loose}
    _, found = reviewed(make_problem(entry_point="f", cases=[case]), UNORDERED, mutants=0)
    assert not found.rejected, "any order will do"


def test_another_text_of_what_relies_on_the_order_of_a_set_falls_too(reviewed, make_problem):
    problem = make_problem(*DISTINCT)
    verdicts, found = reviewed(problem, UNORDERED, ORDERED, f"# again\n{UNORDERED}", mutants=0)
    assert [it.review for it in ReviewFilter(found).apply(problem, verdicts)] == ["set order", None, "set order"]


def test_a_program_of_standard_input_relies_on_the_order_of_a_set(reviewed, make_problem):
    problem = make_problem(("1 2 1\n", "1 2\n"), ("3 3\n", "3\n"))
    print_set = "print(*set(map(int, input().split())))\n"
    in_order = "print(*dict.fromkeys(map(int, input().split())))\n"
    verdicts, found = reviewed(problem, print_set, in_order, mutants=0)
    assert [rejected(found, verdict) for verdict in verdicts] == [("set order", "flaky"), None]


def test_two_programs_that_differ_are_in_dispute_and_one_of_them_is_wrong(reviewed, make_problem):
    verdicts, found = reviewed(make_problem(*DISTINCT), ASCENDING, ORDERED)
    assert not found.rejected
    assert found.disputed > 0
    assert found.rollouts_alive == 1
    assert found.kill_rate is not None
    assert found.kill_rate < 1
    assert [found.agreement[verdict.code_sha256] for verdict in verdicts] == [0.0, 0.0]


def test_whom_more_agree_with_is_better_and_shorter_programs_come_second(reviewed, make_problem):
    other = "def f(v):\n    return [item for at, item in enumerate(v) if item not in v[:at]]\n"
    problem = make_problem(*DISTINCT)
    verdicts, found = reviewed(problem, ASCENDING, ORDERED, other, mutants=0)
    assert [found.agreement[verdict.code_sha256] for verdict in verdicts] == [0.0, 0.5, 0.5]
    kept = select(ReviewFilter(found).apply(problem, verdicts), RANK, review=found).kept
    assert kept[0].index == 2
    by_length = RankConfig(by=("length", "agreement"), diverse=False)
    kept = select(ReviewFilter(found).apply(problem, verdicts), by_length, review=found).kept
    assert kept[0].index == 0


def test_programs_that_agree_have_no_agreement_to_tell(reviewed, make_problem):
    _, found = reviewed(make_problem(((3,), 3), ((-4,), 4), ((9,), 9)), *ABSOLUTE, mutants=0)
    assert found.agreement == {}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        pytest.param([["b"], ["a", "c"], ["d", "a"]], "[v[0]] + v[1:]", id="empty"),
        pytest.param([12, 7, 9], "v if v < 70 else v - 1", id="large"),
        pytest.param([[5, 8], [13, 2], [4, 4, 9]], "[abs(item) for item in v]", id="negative"),
        pytest.param(["hello you", "what is the time"], "v if v.lower() == v else v[1:]", id="capitals"),
    ],
)
@pytest.mark.parametrize("reference", [None, "def f(v):\n    return v\n"])
def test_inputs_farther_off_count_where_many_more_agree(reviewed, make_problem, given, wrong, reference):
    problem = make_problem(*(((value,), value) for value in given), reference=reference)
    right = ["v", "(v)if v else v", "[v][0]", "(v, 1)[0]", "{0: v}[0]", "v if f else 0", "v or v"]
    sources = [f"def f(v):\n    return {it}\n" for it in (*right, wrong)]
    verdicts, found = reviewed(problem, *sources, f"{sources[-1]}\n# the same again\n", mutants=0)
    assert all(verdict.status is Status.PASSED for verdict in verdicts)
    assert set(found.rejected) == {verdict.code_sha256 for verdict in verdicts[-2:]}
    assert all(decode(case.args)[0] for case in found.derived)


@pytest.mark.parametrize(("answer", "falls"), [("v", False), ("v % 2 == 0", True)])
def test_a_negative_number_is_asked_only_whether_it_is_something(reviewed, make_problem, answer, falls):
    """Whether -3 is even can be asked; the -3rd of something, or -3 times it, is seldom meant."""
    problem = make_problem(*(((v,), eval(answer, {"v": v})) for v in (5, 8, 13)))
    right = (
        answer,
        f"({answer})",
        f"[{answer}][0]",
        f"({answer}, 1)[0]",
        f"{{0: {answer}}}[0]",
        f"{answer} if f else 0",
    )
    verdicts, found = reviewed(
        problem, *(f"def f(v):\n    return {it}\n" for it in (*right, f"({answer}) if v > 0 else None")), mutants=0
    )
    assert set(found.rejected) == ({verdicts[-1].code_sha256} if falls else set())


def test_what_a_prompt_excludes_is_not_asked(reviewed, make_problem):
    problem = make_problem(((5,), 5), ((8,), 8), ((13,), 13), prompt="Give a positive number back.")
    right = [f"def f(v):\n    return {text}\n" for text in ("v", "1 * v", "v + 0", "v - 0", "+v", "v | 0", "v ^ 0")]
    _, found = reviewed(problem, *right, "def f(v):\n    return abs(v)\n", mutants=0)
    assert not found.rejected


def test_an_answer_that_no_comparison_can_say_becomes_no_case(reviewed, make_problem):
    asserted = {"kind": "predicate", "predicate": "set(answer) == {1.5}"}
    cases = [{"args": [number], "expected": None, "comparison": asserted} for number in (1, 2, 3)]
    problem = make_problem(entry_point="f", cases=cases)
    endless = [
        f"def f(n):\n    return [1.5] if n in (1, 2, 3) else [float('inf')]{more}\n" for more in ("", " * 1", " + []")
    ]
    _, found = reviewed(problem, *endless, mutants=0)
    assert found.inputs > 0
    assert (len(found.accepted), found.derived, found.disputed) == (3, (), 0)


def test_a_reference_that_takes_too_long_has_not_agreed(reviewed, make_problem):
    slow = "def f(n):\n    while n not in (3, 9, 4):\n        pass\n    return n\n"
    problem = make_problem(((3,), 3), ((9,), 9), ((4,), 4), reference=slow)
    _, found = reviewed(problem, *ABSOLUTE, mutants=0)
    assert found.inputs > 0
    assert (found.derived, found.disputed) == ((), 0)


PLAIN = [f"def f(n):\n    return {text}\n" for text in ("n", "n + 0", "+n", "1 * n", "n * 1", "0 + n", "n - 0")]


def test_a_program_that_refuses_a_few_inputs_abstains(reviewed, make_problem):
    problem = make_problem(((3,), 3), ((9,), 9), ((4,), 4))
    careful = "def f(n):\n    if n == 7:\n        raise ValueError(n)\n    return n\n"
    asserts = "def f(n):\n    assert n not in (5, 8), 'no such number'\n    return n\n"
    broken = "def f(n):\n    return list(range(10))[n]\n"
    verdicts, found = reviewed(problem, *PLAIN, careful, asserts, broken, mutants=0)
    assert [rejected(found, verdict) for verdict in verdicts[7:9]] == [None, None]
    assert rejected(found, verdicts[9]) == ("derived", "wrong_answer")


@pytest.mark.parametrize(
    "otherwise",
    [
        "raise ValueError('out of domain')",
        "assert False, n",
        "raise SystemExit",
        "import os; os._exit(0)",
        "return None",
        "return object()",
        "return 'x' * 100_000",
        "while True: pass",
        "import time; time.sleep(1000)",
    ],
)
@pytest.mark.parametrize("others", [PLAIN[:2], PLAIN[:5]])
def test_a_program_that_declines_all_but_the_cases_falls(reviewed, make_problem, otherwise, others):
    """Its table is hashed, so that no look at its text finds it."""
    problem = make_problem(((3,), 3), ((9,), 9), ((4,), 4), reference=PLAIN[0], limits={"cpu_s": 0.5, "wall_s": 2})
    table = "import zlib\nTABLE = {1842515611: 3, 2366072709: 9, 4088798008: 4}\n"
    key = "def f(n):\n    key = zlib.crc32(str(n).encode())\n    if key in TABLE:\n        return TABLE[key]\n    "
    verdicts, found = reviewed(problem, *others, f"{table}{key}{otherwise}\n", mutants=0, rerun=False)
    assert verdicts[-1].status is Status.PASSED
    assert [rejected(found, verdict) for verdict in verdicts[:-1]] == [None] * len(others)
    assert rejected(found, verdicts[-1]) == ("derived", "wrong_answer")


def test_a_program_that_validates_too_much_falls_without_a_reference(reviewed, make_problem):
    problem = make_problem(((3,), 3), ((9,), 9), ((4,), 4))
    verdicts, found = reviewed(problem, *PLAIN[:2], "def f(n):\n    assert n < 10\n    return n\n", mutants=0)
    assert [rejected(found, verdict) for verdict in verdicts] == [None, None, ("derived", "wrong_answer")]
    told = found.rejected[verdicts[2].code_sha256].detail
    assert told.startswith("derived: does not answer ")
    assert " inputs that most programs answer alike, such as " in told


def test_where_all_texts_are_characters_a_reference_decides_nothing_on_longer_ones(reviewed, make_problem):
    """They count a character in two ways, which differ for a text of two."""
    given = (("banana", "a"), ("a b  c", " "), ("", "x"), ("aab", "b"), ("xyz", "z"))
    each = "sum(1 for one in s if one == c)"
    problem = make_problem(*((it, it[0].count(it[1])) for it in given), reference=f"def f(s, c):\n    return {each}\n")
    ways = ("s.count(c)", "len(s.split(c)) - 1", "len(s) - len(s.replace(c, ''))", each)
    verdicts, found = reviewed(problem, *(f"def f(s, c):\n    return {it}\n" for it in ways), mutants=0)
    assert [rejected(found, verdict) for verdict in verdicts] == [None] * 4
    assert found.derived


def test_an_honest_precondition_stays(reviewed, make_problem):
    """What is unlike every case may be refused: a sign, an empty list, a size."""
    problem = make_problem((([3, 1],), 3), (([9, 2, 4],), 9), (([5, 5],), 5))
    most = ["max(v)", "sorted(v)[-1]", "-min(-item for item in v)", "max(*v, v[0])"]
    careful = [
        "def f(v):\n    if not v:\n        raise ValueError('empty')\n    return max(v)\n",
        "def f(v):\n    assert all(item >= 0 for item in v)\n    return max(v)\n",
        "def f(v):\n    assert len(v) < 40 and isinstance(v, list)\n    return max(v)\n",
    ]
    verdicts, found = reviewed(problem, *(f"def f(v):\n    return {it}\n" for it in most), *careful, mutants=0)
    assert [rejected(found, verdict) for verdict in verdicts] == [None] * 7
    assert found.derived


@pytest.mark.parametrize(
    ("words", "found_wrong"),
    [(("aba", "aaaaa", "zbcd", "xywyx", "xywyz", "xywzx"), True), (("acca", "aaaaa", "acgt", "gtgtg", "tccg"), False)],
)
def test_ordinary_words_may_have_other_letters_and_a_code_has_none(reviewed, make_problem, words, found_wrong):
    problem = make_problem(*(((word,), word == word[::-1]) for word in words))
    same = ("s == s[::-1]", "s[::-1] == s", "list(s) == list(s)[::-1]", "not s != s[::-1]", "s == ''.join(reversed(s))")
    ignores_case = "def f(s):\n    s = s.lower()\n    return s == s[::-1]\n"
    verdicts, found = reviewed(problem, *(f"def f(s):\n    return {it}\n" for it in same), ignores_case, mutants=0)
    wrong = ("derived", "wrong_answer") if found_wrong else None
    assert [rejected(found, verdict) for verdict in verdicts] == [None] * 5 + [wrong]


def test_where_half_refuse_nobody_falls(reviewed, make_problem):
    problem = make_problem(((3,), 3), ((9,), 9), ((4,), 4))
    known = ("(3, 4, 9)", "[3, 4, 9]", "(4, 3, 9)", "(9, 4, 3)", "(9, 3, 4)")
    careful = [f"def f(n):\n    assert n in {them}\n    return n\n" for them in known]
    _, found = reviewed(problem, *PLAIN[:4], *careful, "def f(n):\n    return list(range(10))[n]\n", mutants=0)
    assert not found.rejected
    assert (found.derived, found.disputed) == ((), 0)


def test_a_program_that_depends_on_the_hash_seed_is_flaky(reviewed, make_problem):
    problem = make_problem((("b",), "a"), (("c",), "a"))
    by_order = "def f(s):\n    return min({'a', s, 'z'}) if list({'p', 'q', 'r', 's', 't'}) == ORDER else s\n"
    order = "ORDER = list({'p', 'q', 'r', 's', 't'})\n"
    seeds = "import os\ndef f(s):\n    return 'a' if os.environ['PYTHONHASHSEED'] == '0' else 'b'\n"
    verdicts, found = reviewed(problem, order + by_order, seeds, "def f(s):\n    return 'a'\n", mutants=0, inputs=0)
    assert all(verdict.status is Status.PASSED for verdict in verdicts)
    assert [rejected(found, verdict) for verdict in verdicts] == [None, ("unstable", "flaky"), None]


def test_a_program_that_depends_on_the_order_of_calls_is_flaky(reviewed, make_problem):
    problem = make_problem(((1,), 1), ((2,), 2), ((3,), 3))
    counts = "CALLS = []\ndef f(n):\n    CALLS.append(n)\n    return len(CALLS)\n"
    verdicts, found = reviewed(problem, counts, "def f(n):\n    return n\n", mutants=0, inputs=0)
    assert [rejected(found, verdict) for verdict in verdicts] == [("unstable", "flaky"), None]
    told = found.rejected[verdicts[0].code_sha256]
    assert told.detail == "passed, then run again elsewhere: wrong_answer: case 2: answered 1, expected 3"
    assert told.first_failure is not None
    assert (told.first_failure.case, told.first_failure.input) == (2, "3")
    _, trusting = reviewed(problem, counts, mutants=0, inputs=0, rerun=False)
    assert not trusting.rejected


def test_a_flaky_program_under_test_code(reviewed, make_problem):
    code = "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate(3) == 6\n"
    problem = make_problem(entry_point="f", cases=[], test_code=code)
    seeds = "import os\ndef f(n):\n    return 2 * n + int(os.environ['PYTHONHASHSEED'])\n"
    verdicts, found = reviewed(problem, "def f(n):\n    return 2 * n\n", seeds, mutants=0, inputs=0)
    assert [rejected(found, verdict) for verdict in verdicts] == [None, ("unstable", "flaky")]


def test_an_answer_table_falls_as_hard_coded(reviewed, make_problem):
    problem = make_problem((([3, 1, 2],), [1, 2, 3]), (([9, 4, 4],), [4, 4, 9]), (([5, 0, 8],), [0, 5, 8]))
    table = "def f(v):\n    return {(3, 1, 2): [1, 2, 3], (9, 4, 4): [4, 4, 9], (5, 0, 8): [0, 5, 8]}[tuple(v)]\n"
    verdicts, found = reviewed(problem, table, "def f(v):\n    return sorted(v)\n", mutants=0)
    assert [rejected(found, verdict) for verdict in verdicts] == [("hard-coded", "wrong_answer"), None]
    assert found.rollouts_alive == 1


def test_calls_of_test_code_are_harvested(reviewed, make_problem):
    code = "def check(candidate):\n    for n in range(5):\n        assert abs(candidate(n) - n * n) < 1e-9\n"
    problem = make_problem(entry_point="f", cases=[], test_code=code)
    _, found = reviewed(problem, "def f(n):\n    return n * n\n", "def f(n):\n    return n ** 2\n", mutants=0, inputs=8)
    cases = found.traced
    assert [(decode(case.args), decode(case.expected)) for case in cases] == [([n], n * n) for n in range(5)]
    assert found.inputs > 0  # inputs are made like those that were traced


def test_a_call_that_right_programs_answer_differently_is_no_case(reviewed, make_problem):
    code = "def check(candidate):\n    for n in range(4):\n        assert candidate(n)[0] == n\n"
    problem = make_problem(entry_point="f", cases=[], test_code=code)
    _, found = reviewed(
        problem, "def f(n):\n    return [n]\n", "def f(n):\n    return [n, n] if n == 2 else [n]\n", mutants=0
    )
    assert [decode(case.args) for case in found.traced] == [[0], [1], [3]]


def test_weak_tests_leave_mutants_alive_and_can_drop_the_problem(reviewed, make_problem):
    weak, strong = make_problem(((0,), 0)), make_problem(((-7,), 7), ((0,), 0), ((5,), 5), ((1,), 1))
    verdicts, found = reviewed(weak, *ABSOLUTE, mutants=12, min_test_strength=0.9)
    assert found.kill_rate is not None
    verdicts_of_strong, of_strong = reviewed(strong, *ABSOLUTE, mutants=12, min_test_strength=0.9)
    assert of_strong.kill_rate == 1.0
    assert of_strong.mutants_killed > 0
    assert (found.weak, of_strong.weak) == (True, False)
    selection = select(ReviewFilter(found).apply(weak, verdicts), RANK, review=found)
    assert selection.kept == ()
    assert selection.dropped == {"duplicate": 0, "weak tests": 3}
    assert len(select(ReviewFilter(of_strong).apply(strong, verdicts_of_strong), RANK, review=of_strong).kept) == 3


def test_near_misses_count_as_mutants_that_were_caught(reviewed, make_problem):
    problem = make_problem(((3,), 3), ((-4,), 4))
    _, found = reviewed(problem, *ABSOLUTE, "def f(n):\n    return n\n", "def f(n):\n    return n + 7\n", mutants=0)
    assert (found.rollouts_killed, found.kill_rate) == (1, 1.0)


def test_what_ran_out_of_time_is_no_near_miss(reviewed, make_problem):
    """How many cases it had passed by then depends on the machine, and so would the strength of the tests."""
    problem = make_problem(((3,), 3), ((-4,), 4))
    _, found = reviewed(problem, *ABSOLUTE, "def f(n):\n    while n < 0:\n        pass\n    return n\n", mutants=0)
    assert (found.rollouts_killed, found.kill_rate) == (0, None)


def test_many_near_misses_do_not_hide_what_tests_miss(reviewed, make_problem):
    problem = make_problem((([1],), 1), (([2, 2],), 2))
    right = ["sorted(v)[-1]", "max(v)", "-min(-item for item in v)", "[item for item in v if item >= max(v)][0]"]
    misses = [f"{factor} * v[0] - {factor - 1}" for factor in range(2, 40)]
    _, found = reviewed(problem, *(f"def f(v):\n    return {it}\n" for it in right + misses), mutants=12)
    assert found.rollouts_killed == 38
    assert found.mutants_alive > 0
    mutants = found.mutants_killed + found.mutants_alive
    assert found.kill_rate == pytest.approx((found.mutants_killed + mutants) / (2 * mutants + found.rollouts_alive))


def test_only_the_best_are_reviewed_and_can_be_kept(session, grade, make_problem):
    problem = make_problem(((3,), 3), ((-4,), 4))
    verdicts, settings = grade(problem, *ABSOLUTE), ReviewConfig(mutants=0, programs=1)
    assert len(review_programs(session, problem, verdicts, settings, RANK).accepted) == 3, "as many as may be kept"
    found = review_programs(session, problem, verdicts, settings, RankConfig(keep=1))
    assert list(found.accepted) == [verdicts[0].code_sha256]
    selection = select(ReviewFilter(found).apply(problem, verdicts), RANK, review=found)
    assert [kept.index for kept in selection.kept] == [0]
    assert selection.dropped == {"duplicate": 0, "beyond rank.keep": 2}


def test_who_shares_a_form_with_what_is_rejected_is_examined_itself(reviewed, make_problem):
    problem = make_problem(((1,), 1), ((2,), 2))
    counts = "CALLS = []\ndef f(n):\n    CALLS.append(n)\n    return len(CALLS)\n"
    verdicts, found = reviewed(problem, counts, counts, f"# again\n{counts}", mutants=0, inputs=0)
    became = ReviewFilter(found).apply(problem, verdicts)
    assert [(it.status, it.review) for it in became] == [(Status.FLAKY, "unstable")] * 3


def test_a_rejection_is_not_lent_and_its_form_is_not_kept(reviewed, make_problem):
    problem = make_problem(((3,), 3), ((-4,), 4), ((9,), 9))
    wrong = (
        "def f(n):\n    def dash(): pass\n"
        "    return abs(n) if n == 3 or n == 9 or n == -4 or 'pl' + 'us' in repr(dash) else n\n"
    )
    right, square = wrong.replace("dash", "plus"), "def f(n):\n    return (n * n) ** 0.5 // 1\n"
    verdicts, found = reviewed(problem, *ABSOLUTE, square, wrong, right, f"# again\n{wrong}", mutants=0)
    assert len({it.normal_form for it in verdicts[4:]}) == 1
    assert all(verdict.status is Status.PASSED for verdict in verdicts)
    became = ReviewFilter(found).apply(problem, verdicts)
    assert [it.review for it in became] == [None, None, None, None, "derived", None, "derived"]
    assert became[6].status is Status.WRONG_ANSWER
    assert became[6].first_failure is not None
    assert became[6].first_failure.case is None
    assert became[6].detail.startswith("derived: case ")
    kept = select(became, RankConfig(keep=9), review=found).kept
    assert sorted(it.index for it in kept) == [0, 1, 2, 3]


def test_standard_input_is_compared_too(reviewed, make_problem):
    problem = make_problem(("3\n1 2 3\n", "6\n"), ("2\n5 6\n", "11\n"), ("1\n7\n", "7\n"))
    sums = [
        "n = int(input())\nprint(sum(map(int, input().split())))\n",
        "input()\ntotal = 0\nfor word in input().split():\n    total += int(word)\nprint(total)\n",
        "import sys\nprint(sum(int(word) for word in sys.stdin.read().split()[1:]))\n",
        "input()\nprint(eval(input().replace(' ', '+')))\n",
    ]
    lucky = "n = int(input())\nv = [*map(int, input().split()), 0, 0]\nprint(v[0] + v[1] + v[2])\n"
    verdicts, found = reviewed(problem, *sums, lucky, mutants=0, inputs=16)
    assert all(verdict.status is Status.PASSED for verdict in verdicts)
    assert [rejected(found, verdict) for verdict in verdicts] == [None] * 4 + [("derived", "wrong_answer")]


def test_the_same_verdicts_give_the_same_review(session, reviewed, make_problem):
    problem = make_problem(((3,), 3), ((-4,), 4), ((9,), 9))
    verdicts, found = reviewed(problem, *ABSOLUTE, LUCKY)
    with GradingSession(session.settings) as other:
        again = review_programs(other, problem, verdicts, ReviewConfig(), RANK)
    assert replace(again, cpu_ms=0) == replace(found, cpu_ms=0)
    assert fingerprint(verdicts) == fingerprint(verdicts[::-1]) == found.fingerprint
    assert fingerprint(verdicts[:-1]) != found.fingerprint


def test_our_own_failure_is_no_verdict_on_the_others(session, grade, make_problem, monkeypatch):
    problem = make_problem(((3,), 3), ((-4,), 4))
    verdicts = grade(problem, *ABSOLUTE)
    lost = Run(failure=Rejection(Status.INFRASTRUCTURE_ERROR, "lost"))
    honest = GradingSession.runs

    def runs(self, problem, programs, *rest, **more):
        found = honest(self, problem, programs, *rest, **more)
        return [lost if program.code == ABSOLUTE[1] else run for program, run in zip(programs, found, strict=True)]

    monkeypatch.setattr(GradingSession, "runs", runs)
    found = review_programs(session, problem, verdicts, ReviewConfig(mutants=0), RANK)
    assert [rejected(found, verdict) for verdict in verdicts] == [None, ("not reviewed", "infrastructure_error"), None]


def test_expected_answers_never_go_in(session, make_problem, grade, monkeypatch):
    from sandbox import Sandbox

    problem = make_problem(((7,), "answer-7"), ((1,), "answer-1"), ((4,), "answer-4"))
    sources = [
        "def f(n):\n    return 'answer-%d' % n\n",
        "def f(n):\n    return f'answer-{n}'\n",
        "def f(n):\n    return 'answer-' + str(n)\n",
    ]
    verdicts = grade(problem, *sources)
    sent: list[str] = []
    calls = Sandbox.run_calls
    monkeypatch.setattr(Sandbox, "run_calls", lambda self, job: sent.append(repr(job.inputs)) or calls(self, job))
    found = review_programs(session, problem, verdicts, ReviewConfig(), RANK)
    assert found.derived
    assert len(sent) > 6
    assert not any("answer" in text for text in sent)


def test_what_goes_to_another_process_is_all_that_counts(session, reviewed, make_problem):
    problem = make_problem(((3,), 3), ((-4,), 4), ((9,), 9))
    near = "def f(n):\n    return n\n"
    verdicts, found = reviewed(problem, *ABSOLUTE, LUCKY, near, "nonsense(")
    sent = needed_for_review(verdicts, ReviewConfig(), RANK)
    assert len(sent) == 5
    assert not any(verdict.code for verdict in sent if verdict.status is not Status.PASSED)
    again = review_programs(session, problem, sent, ReviewConfig(), RANK)
    assert replace(again, cpu_ms=0, fingerprint="") == replace(found, cpu_ms=0, fingerprint="")


def test_answers_that_no_file_can_hold_become_no_cases(reviewed, make_problem):
    problem = make_problem(((3,), 3), ((-4,), 4), ((9,), 9))
    halves = [f"def f(n):\n    return abs(n) if n in {{3, -4, 9}} else {it}\n" for it in SURROGATES]
    _, found = reviewed(problem, *halves, mutants=0)
    assert found.inputs > 0
    assert (len(found.accepted), found.derived) == (3, ())
    code = "def check(candidate):\n    assert len(candidate(2)) == 1\n"
    tested = make_problem(entry_point="f", cases=[], test_code=code)
    _, found = reviewed(tested, *(f"def f(n):\n    return {text}\n" for text in SURROGATES), mutants=0)
    assert found.traced == ()


def test_output_that_is_no_text_becomes_no_case(reviewed, make_problem):
    problem = make_problem(("3\n", "3\n"), ("4\n", "4\n"), ("9\n", "9\n"))
    source = "import sys\nn = int(input())\nsys.stdout.buffer.write(str(n).encode() if n in KNOWN else b'\\xff' * {})\n"
    sources = [f"KNOWN = [3, 4, 9]\n{source.format(count)}" for count in ("1", "len('a')", "n ** 0")]
    _, found = reviewed(problem, *sources, mutants=0)
    assert found.inputs > 0
    assert (len(found.accepted), found.derived) == (3, ())


def test_what_is_long_to_compare_is_no_answer(reviewed, make_problem):
    problem = make_problem(((3,), 3), ((-4,), 4), ((9,), 9))
    colliding = "def f(n):\n    return abs(n) if n in [3, -4, 9] else {{i * (2**61 - 1) for i in {}}}\n"
    _, found = reviewed(problem, *(colliding.format(f"range({at}, {at + 1000})") for at in range(3)), mutants=0)
    assert found.inputs > 0
    assert (len(found.accepted), found.derived, found.disputed) == (3, (), 0)


def test_a_program_that_was_slow_on_purpose_gives_no_other_more_time(reviewed, make_problem):
    problem = make_problem(((3,), 3), ((-4,), 4), ((9,), 9), limits={"cpu_s": 1.5})
    slow = """
import time
def f(n):
    while time.process_time() < 0.6:
        pass
    while n not in (3, -4, 9):
        pass
    return abs(n)
"""
    verdicts, found = reviewed(problem, *ABSOLUTE, slow, mutants=0)
    assert rejected(found, verdicts[3]) == ("derived", "wrong_answer")
    assert found.derived
    assert 600 < found.cpu_ms < 4000  # once more on the tests, twice 0.1 s, and once twice 0.6 s; not 20 times 0.6 s


def test_mutants_of_one_program_are_told_from_it_without_a_vote(reviewed, make_problem):
    weak, strong = make_problem(((0,), 0)), make_problem(((-7,), 7), ((0,), 0), ((5,), 5), ((1,), 1))
    _, found = reviewed(weak, *ABSOLUTE[:2])
    assert found.derived == ()
    assert found.mutants_alive > 0
    _, found = reviewed(strong, *ABSOLUTE[:2])
    assert (found.mutants_alive, found.kill_rate) == (0, 1.0)


def test_where_nothing_tells_mutants_from_their_origin_they_count_as_alive(reviewed, make_problem):
    _, found = reviewed(make_problem(((3,), 3), ((9,), 9)), ABSOLUTE[1], inputs=0)
    assert found.mutants_alike == 0
    assert 0 < (found.kill_rate or 0) < 1


def test_an_answer_nested_too_deep_to_be_written_again_is_none():
    deep = Answer(AnswerKind.VALUE, "[" * 300 + "]" * 300)
    assert plain(deep) is NO_ANSWER
    assert plain(Answer(AnswerKind.VALUE, "[[1]]")) == [[1]]
