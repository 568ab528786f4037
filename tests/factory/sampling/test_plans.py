"""How many rollouts a problem gets: estimates against closed forms and draws, and decisions that depend on verdicts."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.config import AdaptivePlan, FixedPlan, SamplingConfig
from factory.config.load import parse_section
from factory.config.plans import StopConfig
from factory.records import Status, Verdict
from factory.sampling.plans import Adaptive, Fixed, Seen, Why, decisions, plan_of
from factory.sampling.plans.estimates import CERTAINTY, beta_quantile, beta_share

FAILS, OURS = "-", "!"
Forms = st.lists(st.sampled_from([FAILS, FAILS, FAILS, "a", "b", "c", "d", "e"]), max_size=90)


def verdicts(forms: Sequence[str]) -> list[Verdict]:
    """A verdict a name: the normal form of a program that passed, or what became of one that did not."""
    status = {FAILS: Status.WRONG_ANSWER, OURS: Status.INFRASTRUCTURE_ERROR}
    return [
        Verdict("p", at, "python", status.get(form, Status.PASSED), normal_form=form) for at, form in enumerate(forms)
    ]


def plan(n_max: int = 64, first: int = 4, growth: float = 0.5, **stop: float) -> Adaptive:
    return Adaptive(AdaptivePlan(n_max=n_max, first=first, growth=growth, stop=StopConfig.model_validate(stop)))


def ends(forms: Sequence[str], chosen: Adaptive) -> tuple[int, Why]:
    """How many rollouts the plan takes of those that there are, and why no more."""
    *_, last = decisions(chosen, verdicts(forms))
    return last.until, last.why


# ---- estimates ----


@pytest.mark.parametrize("p", [0.01, 0.5, 0.95])
@pytest.mark.parametrize("size", [1.0, 2.5, 400.5])
def test_quantiles_are_those_of_the_distributions_that_have_a_formula(p: float, size: float) -> None:
    assert beta_quantile(p, 1.0, size) == pytest.approx(1 - (1 - p) ** (1 / size), abs=1e-9)
    assert beta_quantile(p, size, 1.0) == pytest.approx(p ** (1 / size), abs=1e-9)
    assert beta_share(0.5, size, size) == pytest.approx(0.5, abs=1e-9)


@given(st.floats(0.5, 3000), st.floats(0.5, 3000), st.floats(0.001, 0.999))
def test_a_share_and_its_quantile_belong_together(a: float, b: float, p: float) -> None:
    x = beta_quantile(p, a, b)
    assert 0 <= x <= 1
    if 1e-6 < x < 1 - 1e-6:
        assert beta_share(x, a, b) == pytest.approx(p, abs=1e-6)


def test_a_quantile_leaves_as_many_draws_below_it() -> None:
    draw = random.Random(0)
    for a, b in ((0.5, 30.5), (3.5, 97.5), (50.5, 1.5)):
        bound = beta_quantile(CERTAINTY, a, b)
        below = sum(draw.betavariate(a, b) < bound for _ in range(20_000))
        assert below / 20_000 == pytest.approx(CERTAINTY, abs=0.01)


def test_what_was_seen_counts_forms_and_leaves_our_failures_out() -> None:
    seen = Seen.of(verdicts(["a", FAILS, "b", "a", OURS, "c", FAILS, "d", "d"]))
    assert seen == Seen(graded=8, passed=6, distinct=4, once=2, twice=2)
    assert seen.pass_rate == pytest.approx(6.5 / 9, abs=1e-6)
    assert seen.new_rate == pytest.approx(2.5 / 9, abs=1e-6)


def test_the_bound_holds_for_what_then_comes() -> None:
    """Of problems with 40 known rollouts, the chance of a new program is below the bound for most."""
    draw, held = random.Random(1), 0
    shares = [0.3, 0.1, *[0.02] * 10]  # of the forms that pass; the rest fails
    names = [f"f{at}" for at in range(len(shares))]
    for _ in range(400):
        forms = draw.choices([*names, FAILS], [*shares, 1 - sum(shares)], k=40)
        unseen = sum(share for name, share in zip(names, shares, strict=True) if name not in forms)
        held += unseen <= Seen.of(verdicts(forms)).new_at_most
    assert held / 400 > 0.9


def test_new_programs_become_fewer_and_no_more_than_are_unseen() -> None:
    seen = Seen(graded=50, passed=30, distinct=12, once=6, twice=3)
    expected = [seen.new_in(count) for count in (0, 1, 10, 100, 100_000)]
    assert expected == sorted(expected)
    assert expected[0] == 0
    assert expected[1] == pytest.approx(seen.new_rate)
    assert expected[-1] == pytest.approx(seen.unseen)
    assert seen.unseen == pytest.approx(49 / 50 * 6 * 5 / (2 * 4))


# ---- decisions ----


def test_a_problem_ends_when_enough_distinct_programs_pass() -> None:
    assert ends(["a", FAILS, "b", "a", "c", "d", *"efgh"], plan(survivors=3)) == (6, Why.ENOUGH)


def test_equal_programs_do_not_count_twice_and_end_a_problem_that_gives_no_other() -> None:
    assert ends(["a"] * 64, plan(survivors=3, least_yield=0.1)) == (21, Why.LOW_YIELD)


def test_a_problem_of_which_nothing_passes_goes_on_to_the_end() -> None:
    assert ends([FAILS] * 64, plan(survivors=1, least_yield=0.5)) == (64, Why.N_MAX)
    assert ends([*[FAILS] * 60, "a", *[FAILS] * 3], plan(survivors=2, least_yield=0.01)) == (64, Why.N_MAX)


def test_zero_ends_no_problem_for_its_yield() -> None:
    assert ends(["a"] * 64, plan(survivors=2, least_yield=0)) == (64, Why.N_MAX)


def test_rounds_grow_and_the_last_one_ends_at_the_most() -> None:
    made = decisions(plan(n_max=30), verdicts([FAILS] * 30))
    assert [it.at for it in made] == [4, 6, 9, 14, 21, 30]


def test_what_is_not_there_yet_is_asked_for() -> None:
    *_, last = decisions(plan(), verdicts([FAILS] * 5))
    assert (last.at, last.until, last.why) == (6, 9, Why.GOES_ON)


@settings(max_examples=60)
@given(Forms, st.integers(0, 90))
def test_a_plan_decides_the_same_of_the_beginning_and_of_the_whole(forms: list[str], cut: int) -> None:
    whole = list(decisions(plan(survivors=4, least_yield=0.1), verdicts(forms)))
    begun = list(decisions(plan(survivors=4, least_yield=0.1), verdicts(forms[:cut])))
    known = [it for it in begun if it.at <= cut]
    assert known == whole[: len(known)]


@settings(max_examples=60)
@given(Forms, st.integers(1, 4), st.integers(0, 3), st.integers(4, 80), st.integers(0, 80), st.sampled_from([0.2, 0.1]))
def test_what_extends_a_plan_never_ends_a_problem_earlier(
    forms: list[str], survivors: int, more: int, n_max: int, farther: int, least: float
) -> None:
    small = plan(n_max=n_max, survivors=survivors, least_yield=least)
    large = plan(n_max=n_max + farther, survivors=survivors + more, least_yield=least / 2)
    assert ends(forms, small)[0] <= ends(forms, large)[0]
    rounds = [{it.at for it in decisions(one, verdicts(forms))} for one in (small, large)]
    assert rounds[0] - {n_max} <= rounds[1]


def test_a_fixed_plan_asks_for_all_at_once() -> None:
    made = list(decisions(Fixed(7), verdicts(["a"] * 7)))
    assert [(it.at, it.until) for it in made] == [(7, 7)]


def test_a_config_names_its_plan() -> None:
    assert plan_of(SamplingConfig(n=9)) == Fixed(9)
    sets = ("plan.kind=adaptive", "plan.n_max=2048", "plan.stop.survivors=4")
    chosen = plan_of(parse_section(SamplingConfig, sets))
    assert (chosen.most, chosen.first(), chosen.name) == (2048, 8, "2048-4-0.01")
    assert SamplingConfig().plan == FixedPlan()
