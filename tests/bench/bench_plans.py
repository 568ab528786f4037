"""What an adaptive plan saves: recorded rollouts and their verdicts, taken as far as the plan asks for them.

    python -m factory verify --problems HumanEval.jsonl.gz --rollouts FILE --out GRADED
    python tests/bench/bench_plans.py FILE GRADED/verdicts.parquet [--keep 4] [--n 100] [--set growth=0.25]
    python tests/bench/bench_plans.py FILE GRADED/verdicts.parquet --n 1000 --resample

Nothing is run: the plan (`factory.sampling.plans`) decides from the verdicts. A survivor is a distinct program that
passes, and at most `--keep` of a problem count. `--n` is the fixed number that the plan is compared with, and its most.
Tokens are those of the answers; where none are recorded, a fourth of an answer's bytes. Compared is with the same fixed
number, with the one that spends as many tokens, and with the smallest that gives as many survivors. The last table is
of the plan with a budget: the tokens of several fixed numbers, given to the problems that are worth most.

With `--resample` each problem has `--n` rollouts that are drawn from its recorded ones with replacement, and `--seeds`
such draws are compared. It is an estimate for a number that nobody recorded: pass rates and lengths are those that were
recorded, but a program that did not come among the recorded ones never comes, and what never passed never passes.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from factory.config import SamplingConfig
from factory.config.load import parse_section
from factory.records import Status, Verdict
from factory.sampling.plans import Adaptive, Ask, Plan, ask, decisions, next_wave, plan_of, tokens_of
from factory.sampling.rollout_files import Unread, read_rollouts
from factory.storage import parts

BUDGETS = (8, 12, 16, 24, 32, 48)
"""Fixed numbers whose tokens are given as a budget."""


@dataclass(frozen=True)
class Recorded:
    """One problem: verdicts in the order of indices, and what each rollout cost, in tokens."""

    verdicts: Sequence[Verdict]
    tokens: Sequence[int]

    def came(self, below: int) -> int:
        """How many of its rollouts have an index below this."""
        return sum(verdict.index < below for verdict in self.verdicts)


@dataclass(frozen=True)
class Spent:
    """What rollouts come to over all problems."""

    tokens: int
    survivors: int
    solved: int
    rollouts: int
    rounds: float = 1.0
    """Of a problem, on average."""

    @property
    def per_million(self) -> float:
        return self.survivors / self.tokens * 1e6


def recorded(rollouts: Path, verdicts: Path) -> dict[str, Recorded]:
    cost: dict[tuple[str, int], int] = {}
    for one in read_rollouts(rollouts):
        if not isinstance(one, Unread):
            cost[one.problem_id, one.index] = tokens_of(one)
    found: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in parts.read(verdicts, Verdict):
        found[verdict.problem_id].append(verdict)
    ordered = {name: sorted(several, key=lambda it: it.index) for name, several in found.items()}
    return {name: Recorded(it, [cost[name, one.index] for one in it]) for name, it in ordered.items()}


def resampled(name: str, problem: Recorded, n: int, seed: int) -> Recorded:
    """`n` rollouts drawn from those of `problem` with replacement; the same for the same seed."""
    drawn = random.Random(f"{seed} {name}").choices(range(len(problem.verdicts)), k=n)
    verdicts = [replace(problem.verdicts[at], index=index) for index, at in enumerate(drawn)]
    return Recorded(verdicts, [problem.tokens[at] for at in drawn])


def survivors(verdicts: Sequence[Verdict], keep: int) -> int:
    return min(len({it.normal_form for it in verdicts if it.status is Status.PASSED}), keep)


def spent(problems: Sequence[Recorded], take: Callable[[Recorded], int], keep: int, rounds: float = 1.0) -> Spent:
    """What it comes to where the first `take(problem)` rollouts of each are sampled."""
    tokens = kept = solved = rollouts = 0
    for problem in problems:
        count = take(problem)
        found = survivors(problem.verdicts[:count], keep)
        tokens, kept, solved = tokens + sum(problem.tokens[:count]), kept + found, solved + (found > 0)
        rollouts += count
    return Spent(tokens, kept, solved, rollouts, rounds)


def fixed_numbers(problems: Sequence[Recorded], n: int, keep: int) -> list[Spent]:
    """What it comes to with every fixed number from 0 to `n`."""
    passed: list[set[str]] = [set() for _ in problems]
    at = [0] * len(problems)
    found, tokens, rollouts = [Spent(0, 0, 0, 0)], 0, 0
    for number in range(1, n + 1):
        for place, problem in enumerate(problems):
            while at[place] < len(problem.verdicts) and problem.verdicts[at[place]].index < number:
                verdict = problem.verdicts[at[place]]
                if verdict.status is Status.PASSED:
                    passed[place].add(verdict.normal_form)
                tokens, rollouts = tokens + problem.tokens[at[place]], rollouts + 1
                at[place] += 1
        kept = [min(len(forms), keep) for forms in passed]
        found.append(Spent(tokens, sum(kept), sum(map(bool, kept)), rollouts))
    return found


def stopping(problem: Recorded, n: int, keep: int) -> int:
    """Rollouts until `keep` distinct programs pass, looked at after every one."""
    total, forms = problem.came(n), set[str]()
    for count, verdict in enumerate(problem.verdicts[:total], 1):
        forms |= {verdict.normal_form} if verdict.status is Status.PASSED else set()
        if len(forms) >= keep:
            return count
    return total


def planned(problems: Sequence[Recorded], plan: Plan, keep: int) -> Spent:
    made = [list(decisions(plan, problem.verdicts)) for problem in problems]
    until = {id(problem): several[-1].until for problem, several in zip(problems, made, strict=True)}
    rounds = sum(map(len, made)) / len(made)
    return spent(problems, lambda problem: problem.came(until[id(problem)]), keep, rounds)


def within(problems: Sequence[Recorded], plan: Adaptive, tokens: int, keep: int) -> Spent:
    """The plan with a budget of `tokens`."""
    until = dict.fromkeys(range(len(problems)), plan.first())
    cost = {at: sum(problem.tokens[: problem.came(until[at])]) for at, problem in enumerate(problems)}
    ended, spent_all, rounds = set[int](), False, len(problems)
    while not spent_all and len(ended) < len(problems):
        asks: dict[int, tuple[Ask, int]] = {}
        for at, problem in enumerate(problems):
            if at not in ended:
                came = problem.came(until[at])
                decision = plan.decide(until[at], problem.verdicts[:came])
                if decision.until == until[at] or came == len(problem.verdicts):
                    ended.add(at)
                else:
                    asks[at] = ask(at, decision, cost[at], plan.config.stop.survivors), decision.until
        wave, spent_all = next_wave((it for it, _ in asks.values()), tokens - sum(cost.values()))
        for one in wave:
            until[one.order] = asks[one.order][1]
            cost[one.order] = sum(problems[one.order].tokens[: problems[one.order].came(until[one.order])])
        rounds += len(wave)
    order = {id(problem): at for at, problem in enumerate(problems)}
    return spent(problems, lambda it: it.came(until[order[id(it)]]), keep, rounds / len(problems))


def at_equal_tokens(fixed: Sequence[Spent], tokens: int) -> float:
    """Survivors of a fixed number that spends as many tokens; between two numbers, in proportion."""
    for less, more in pairwise(fixed):
        if less.tokens <= tokens <= more.tokens:
            share = (tokens - less.tokens) / max(more.tokens - less.tokens, 1)
            return less.survivors + share * (more.survivors - less.survivors)
    return float(fixed[-1].survivors)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("rollouts", type=Path)
    parser.add_argument("verdicts", type=Path)
    parser.add_argument("--keep", type=int, default=4)
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--set", action="append", default=[], metavar="A=B", help="a key of sampling.plan")
    parser.add_argument("--resample", action="store_true", help="draw --n rollouts a problem with replacement")
    parser.add_argument("--seeds", type=int, default=3, help="draws of --resample")
    given = parser.parse_args()
    sets = [f"plan.n_max={given.n}", f"plan.stop.survivors={given.keep}", *(f"plan.{it}" for it in given.set)]
    plan = plan_of(parse_section(SamplingConfig, ("plan.kind=adaptive", *sets)))
    found = recorded(given.rollouts, given.verdicts)
    if not given.resample:
        compare(list(found.values()), plan, given.n, given.keep)
    for seed in range(given.seeds if given.resample else 0):
        print(f"{chr(10) if seed else ''}drawn with replacement, seed {seed}:")
        compare([resampled(name, it, given.n, seed) for name, it in found.items()], plan, given.n, given.keep)


def compare(problems: Sequence[Recorded], plan: Plan, n: int, keep: int) -> None:
    """Print what fixed numbers up to `n` and the plan come to; at most `keep` survivors of a problem count."""
    fixed = fixed_numbers(problems, n, keep)
    whole, adaptive = fixed[-1], planned(problems, plan, keep)
    ways = {
        f"fixed, n = {n}": whole,
        f"stop at {keep}, rollout by rollout": spent(problems, lambda it: stopping(it, n, keep), keep),
        f"adaptive, {plan.name}": adaptive,
    }
    print(f"{len(problems)} problems, {whole.rollouts:,} rollouts")
    print(f"{'':34} {'rollouts':>9} {'tokens':>10} {'survivors':>9} {'solved':>7} {'a million':>9} {'rounds':>6}")
    for name, it in ways.items():
        print(
            f"{name:34} {it.rollouts:9,} {it.tokens:10,} {it.survivors:9,} {it.solved:7,} {it.per_million:9,.0f} "
            f"{it.rounds:6.1f}"
        )
    equal = at_equal_tokens(fixed, adaptive.tokens)
    same = next(it for it in fixed if it.survivors >= adaptive.survivors)
    print(
        f"against n = {n}: {whole.tokens / adaptive.tokens:.2f}x fewer tokens, "
        f"{adaptive.survivors / whole.survivors:.1%} of the survivors, {adaptive.solved} of {whole.solved} solved"
    )
    print(
        f"at equal tokens: {adaptive.survivors / equal:.2f}x the survivors ({adaptive.survivors} against {equal:.0f})"
    )
    print(f"at equal survivors: {same.tokens / adaptive.tokens:.2f}x fewer tokens ({same.tokens:,} of a fixed number)")
    if isinstance(plan, Adaptive):
        print(f"\n{'budget: tokens of n =':34} {'tokens':>10} {'spent':>10} {'fixed':>9} {'adaptive':>9} {'ratio':>7}")
        for small in (it for it in BUDGETS if it < len(fixed)):
            less, more = fixed[small], within(problems, plan, fixed[small].tokens, keep)
            same_tokens = at_equal_tokens(fixed, more.tokens)
            print(
                f"{small:34} {less.tokens:10,} {more.tokens:10,} {same_tokens:9,.0f} {more.survivors:9,} "
                f"{more.survivors / same_tokens:6.2f}x  solved {less.solved} and {more.solved}"
            )


if __name__ == "__main__":
    main()
