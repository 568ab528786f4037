"""limits.cpu_s: auto — what right programs needed decides how long others may run."""

from __future__ import annotations

import pytest

from factory.config import UNKNOWN_S, GradingConfig, LimitsConfig, SandboxConfig, parse_section
from factory.errors import ConfigError
from factory.grading import time_limits
from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.records import LimitOverrides, Problem, Program, Status

SPIN = "import time\ndef f(n):\n    until = time.process_time() + {}\n    while time.process_time() < until:\n        pass\n    return n\n"  # noqa: E501
ENDLESS = "def f(n):\n    while True:\n        pass\n"


@pytest.fixture(scope="module")
def session():
    with GradingSession(
        GradingConfig(limits=LimitsConfig(cpu_s="auto"), sandbox=SandboxConfig(backend="bubblewrap"))
    ) as session:
        yield session


def problem(**fields) -> Problem:
    return Problem.model_validate(
        {"id": f"p/{fields}", "prompt": "", "entry_point": "f", "cases": [{"args": [1], "expected": 1}]} | fields
    )


def statuses(session, problem, *sources):
    return [
        (v.status, v.cpu_ms / 1000)
        for v in verify(session, problem, [Program(*s) for s in enumerate(sources)], "python")
    ]


def test_the_limit_is_ten_times_the_median_within_bounds():
    assert time_limits.limit_from_times([0.2, 0.3, 5]) == 3
    assert time_limits.limit_from_times([0.001]) == time_limits.FIRST_LIMIT_S
    assert time_limits.limit_from_times([30]) == time_limits.MAX_S
    assert time_limits.limit_from_times([]) == UNKNOWN_S


def test_endless_loop_costs_little_where_others_are_quick(session):
    (quick, _), (endless, used_s) = statuses(session, problem(), "def f(n):\n    return n\n", ENDLESS)
    assert (quick, endless) == (Status.PASSED, Status.TIMEOUT)
    assert used_s < 1.5


def test_slow_but_right_is_run_again_with_what_the_others_needed(session):
    found = statuses(session, problem(), SPIN.format(0.3), SPIN.format(1.4), ENDLESS)
    assert [status for status, _ in found] == [Status.PASSED, Status.PASSED, Status.TIMEOUT]
    assert 2.9 < found[2][1] < 4  # ten times 0.3


def test_where_nobody_passes_at_first_all_get_more(session):
    assert statuses(session, problem(), SPIN.format(1.3))[0][0] is Status.PASSED


def test_a_reference_decides_before_anything_runs(session):
    slow = problem(reference=SPIN.format(0.2))
    (right, _), (endless, used_s) = statuses(session, slow, SPIN.format(1.5), ENDLESS)
    assert (right, endless) == (Status.PASSED, Status.TIMEOUT)
    assert 1.9 < used_s < 2.8


def test_a_reference_that_fails_decides_nothing(session):
    broken = problem(reference="def f(n):\n    raise ValueError\n")
    assert statuses(session, broken, SPIN.format(1.3))[0][0] is Status.PASSED


def test_a_problem_may_say_itself(session):
    (endless, used_s) = statuses(session, problem(limits=LimitOverrides(cpu_s=0.2)), ENDLESS)[0]
    assert endless is Status.TIMEOUT
    assert used_s < 0.6


def test_a_sleeper_is_not_run_twice(session):
    sleeper = "import time\ndef f(n):\n    time.sleep(60)\n"
    (verdict,) = verify(session, problem(limits=LimitOverrides(wall_s=0.5)), [Program(0, sleeper)], "python")
    assert verdict.status is Status.TIMEOUT
    assert verdict.wall_ms < 1500


def test_stdin_programs_are_measured_by_their_slowest_input(session):
    cases = [{"stdin": f"{seconds}\n", "stdout": "1\n"} for seconds in (0.0, 0.0, 0.3)]
    streams = Problem.model_validate({"id": "s", "prompt": "", "cases": cases})
    spin = "import time\nuntil = time.process_time() + float(input()) * {}\nwhile time.process_time() < until:\n    pass\nprint(1)\n"  # noqa: E501
    found = statuses(session, streams, spin.format(1), spin.format(5))
    assert [status for status, _ in found] == [Status.PASSED, Status.PASSED]


def test_anything_else_is_refused_in_words():
    with pytest.raises(ConfigError) as refused:
        parse_section(GradingConfig, ("limits.cpu_s=soon",))
    assert str(refused.value).startswith('--set limits.cpu_s=soon: limits.cpu_s: "soon" is not allowed:')
    assert "'auto'" in str(refused.value)
