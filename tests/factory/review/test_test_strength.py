"""Mutants of right programs, and what tests make of them."""

from __future__ import annotations

from dataclasses import replace

from factory.grading.chain import verify
from factory.records import Status
from factory.review.test_strength import try_mutants

CODE = """
def f(v):
    best = v[0]
    for item in v:
        if item > best:
            best = item
    return best
"""


def test_strong_tests_kill_what_weak_ones_leave_alive(session, grade, make_problem):
    weak = make_problem((([1],), 1))
    strong = make_problem((([1],), 1), (([1, 3, 2],), 3), (([-5, -7],), -5), (([2, 2, 9],), 9))
    of_weak = try_mutants(session, weak, grade(weak, CODE), strong, 20)
    of_strong = try_mutants(session, strong, grade(strong, CODE), strong, 20)
    assert of_weak.alive > 0
    assert of_weak.killed < of_strong.killed
    assert of_weak.killed + of_weak.alive + of_weak.alike == of_strong.killed + of_strong.alike <= 20


def test_what_differs_nowhere_is_taken_for_equivalent(session, grade, make_problem):
    problem = make_problem((([1],), 1))
    found = try_mutants(session, problem, grade(problem, CODE), problem, 20)
    assert found.alive == 0
    assert found.alike > 0


def test_an_endless_mutant_is_killed_and_costs_little(session, grade, make_problem):
    counts = "def f(n):\n    total = 0\n    while n > 0:\n        total += n\n        n -= 1\n    return total\n"
    problem = make_problem(((3,), 6), ((0,), 0), ((5,), 15))
    right = grade(problem, counts)
    before_ms = session.ran_ms
    found = try_mutants(session, problem, right, None, 16)
    assert found.killed > 8
    assert session.ran_ms - before_ms < 16 * 400


def test_mutants_come_of_two_programs(session, grade, make_problem):
    problem = make_problem((([1, 3],), 3), (([4],), 4))
    verdicts = grade(problem, CODE, "def f(v):\n    return sorted(v)[-1]\n")
    assert (
        try_mutants(session, problem, verdicts, None, 1000).killed
        > try_mutants(session, problem, verdicts[:1], None, 1000).killed
    )


def test_without_programs_nothing_is_known(session, make_problem):
    found = try_mutants(session, make_problem(((1,), 1)), [], None, 16)
    assert (found.killed, found.alive, found.alike) == (0, 0, 0)


def test_our_own_failures_count_for_nothing(session, grade, make_problem, monkeypatch):
    problem = make_problem((([1, 3],), 3))
    verdicts = grade(problem, CODE)
    monkeypatch.setattr(
        "factory.review.test_strength.verify",
        lambda *given: [replace(it, status=Status.INFRASTRUCTURE_ERROR) for it in verify(*given)],
    )
    found = try_mutants(session, problem, verdicts, None, 16)
    assert (found.killed, found.alive, found.alike) == (0, 0, 0)
