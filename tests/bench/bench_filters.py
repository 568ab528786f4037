"""What each filter costs and drops: the whole chain on recorded rollouts, beside running and judging alone.

    python tests/bench/bench_filters.py [--problems FILE] [--rollouts FILE] [--benchmark FILE ...] [--cpu-s auto]

CPU milliseconds a rollout (of all rollouts, so that the rows add up), every process counted: this one, the walls'
workers and the programs they run, the second wall's start too. `in` are the programs that a filter is given and
`dropped` those it ends, each rollout once: of equal texts the first goes on. "Bare" compiles, runs and judges every
program once, with the limits of the chain, and knows no duplicates; what its normal forms cost is taken off, since
nobody reads them there. Both take turns problem by problem, so that a busy machine is busy for both. Last it says how
many programs share the normal form of an earlier one but not its text, and what these used.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from bench_sandbox import tree_cpu_s

from factory.config import Benchmark, DecontaminationConfig, GradingConfig, ProblemsConfig, RankConfig, ReviewConfig
from factory.decontamination import benchmarks
from factory.decontamination.matcher import Contamination
from factory.grading.chain import verify
from factory.grading.extract import extract
from factory.grading.judge import Judge
from factory.grading.session import GradingSession
from factory.languages import language
from factory.languages.python import Python, normal_form
from factory.records import Problem, Review, Rollout, Status, Verdict
from factory.review import candidates, review
from factory.review.filter import ReviewFilter
from factory.run.load_problems import load_problems
from factory.sampling.rollout_files import Unread, read_rollouts
from factory.selection import near_duplicates
from factory.selection.near_duplicates import NearDuplicates
from factory.selection.select import ranked, select, survivors

ROOT = Path(__file__).parents[2]
BARE, RUN, PREPARE, FORM, ASIDE = "bare", "run", "parse, repair", "normal form, equal texts", "aside"
JUDGE, CLEAN, REVIEW = "judge", "decontamination", "review: the rest"
AGAIN, TABLES, ORDER, DERIVED, MUTANTS = (
    "review: run again",
    "review: hard-coding",
    "review: order of sets",
    "review: derived cases",
    "review: mutants",
)
EXTRACT, SELECT, NEAR = "extraction", "selection, diverse", "near-duplicates"
FILTERS = (EXTRACT, PREPARE, FORM, RUN, JUDGE, CLEAN, TABLES, AGAIN, ORDER, DERIVED, MUTANTS, REVIEW, SELECT, NEAR)
"""In the order of the chain."""


class Meter:
    """Books all CPU time that passes to the stage that is on, the innermost where they nest."""

    def __init__(self) -> None:
        self.cpu_s: dict[str, float] = defaultdict(float)
        self._on = [ASIDE]
        self._own_s = self._others_s = 0.0

    @property
    def stage(self) -> str:
        return self._on[-1]

    @contextmanager
    def on(self, stage: str, walls: bool = True) -> Iterator[None]:
        """With `walls` false nothing runs behind a wall meanwhile, and only this process is looked at."""
        self._book(walls)
        self._on.append(stage)
        try:
            yield
        finally:
            self._book(walls)
            self._on.pop()

    def _book(self, walls: bool) -> None:
        spent_s = time.process_time() - self._own_s
        if walls:
            others_s = tree_cpu_s((), own=False)
            spent_s += others_s - self._others_s
            self._others_s = others_s
        self.cpu_s[self.stage] += spent_s
        self._own_s = time.process_time()  # what looking took is nobody's

    def within(self, owner: Any, name: str, stages: dict[str, str], walls: bool = False) -> Any:
        """A patch by which `owner.name` is a stage of its own, named by the one that it is called in."""
        function = getattr(owner, name)

        @functools.wraps(function)
        def metered(*args: Any, **kwargs: Any) -> Any:
            if self.stage not in stages:
                return function(*args, **kwargs)
            with self.on(stages[self.stage], walls):
                return function(*args, **kwargs)

        return mock.patch.object(owner, name, metered)


class Bench:
    """Both chains, warm, and what became of the rollouts."""

    def __init__(self, settings: GradingConfig, known: Contamination, stack: ExitStack) -> None:
        self.meter = Meter()
        self._known, self._rank, self._review = known, RankConfig(), ReviewConfig()
        alone = settings.model_copy(update={"verify": settings.verify.model_copy(update={"dedup": False})})
        self._bare, self._session = (
            stack.enter_context(GradingSession(alone)),
            stack.enter_context(GradingSession(settings)),
        )
        self._near = NearDuplicates(settings.decontamination.near_duplicate)
        self.given: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.twins: list[Verdict] = []
        """Verdicts on programs that share the normal form of an earlier one of their problem, but not its text."""
        for patch in (
            self.meter.within(Python, "prepare", {RUN: PREPARE}),
            self.meter.within(normal_form, "key", {PREPARE: FORM, BARE: ASIDE}),
            self.meter.within(Judge, "judge", {RUN: JUDGE}),
            self.meter.within(review, "reject_tables", {REVIEW: TABLES}),
            self.meter.within(review, "reject_unstable", {REVIEW: AGAIN}, walls=True),
            self.meter.within(review, "reject_by_set_order", {REVIEW: ORDER}, walls=True),
            self.meter.within(review, "traced_inputs", {REVIEW: DERIVED}, walls=True),
            self.meter.within(review, "generated_inputs", {REVIEW: DERIVED}),
            self.meter.within(review, "compare", {REVIEW: DERIVED}, walls=True),
            self.meter.within(review, "try_mutants", {REVIEW: MUTANTS}, walls=True),
        ):
            stack.enter_context(patch)

    def bare(self, problem: Problem, rollouts: Sequence[Rollout]) -> None:
        with self.meter.on(BARE):
            programs = [extract(rollout, problem, language("python")) for rollout in rollouts]
            verify(self._bare, problem, programs, "python")

    def whole(self, problem: Problem, rollouts: Sequence[Rollout]) -> None:
        with self.meter.on(EXTRACT, walls=False):
            programs = [extract(rollout, problem, language("python")) for rollout in rollouts]
        with self.meter.on(RUN):
            verdicts = verify(self._session, problem, programs, "python")
        self._count_verified(verdicts)
        with self.meter.on(CLEAN, walls=False):
            verdicts = self._known.apply(problem, verdicts)
        passed = ranked(verdicts, self._rank)
        self._count(CLEAN, sum(map(_passed_first, verdicts)) + _contaminated(verdicts), _contaminated(verdicts))
        found = None
        if passed:
            with self.meter.on(REVIEW):
                found = review.review_programs(self._session, problem, verdicts, self._review, self._rank)
            self._count_reviewed(passed[: self._review.programs], found)
        with self.meter.on(SELECT, walls=False):
            stood = ReviewFilter(found).apply(problem, verdicts)
            kept = survivors(select(stood, self._rank, review=found), rollouts)
        count = len(ranked(stood, self._rank))
        self._count(SELECT, count, count - len(kept))
        with self.meter.on(NEAR, walls=False):
            reasons = self._near.reasons(kept)
        self._count(NEAR, len(kept), reasons.count(near_duplicates.NEAR))

    def _count(self, stage: str, given: int, dropped: int) -> None:
        self.given[stage] += given
        self.dropped[stage] += dropped

    def _count_verified(self, verdicts: Sequence[Verdict]) -> None:
        left = len(verdicts)
        first = [it for it in verdicts if it.normal_form and it.duplicate_of is None]
        forms = {it.normal_form: it for it in reversed(first)}
        self.twins += [it for it in first if forms[it.normal_form] is not it]
        without = sum(it.status is Status.NO_CODE for it in verdicts)
        wrong = sum(it.status is Status.WRONG_ANSWER for it in first)
        broken = sum(it.status is not Status.PASSED for it in first) - wrong
        same = sum(it.duplicate_of is not None for it in verdicts)
        unread = left - without - same - len(first)
        for stage, dropped in ((EXTRACT, without), (PREPARE, unread), (FORM, same), (RUN, broken), (JUDGE, wrong)):
            self._count(stage, left, dropped)
            left -= dropped

    def _count_reviewed(self, programs: Sequence[Verdict], found: Review) -> None:
        left = len(programs)
        by = Counter(it.by for program in programs if (it := found.rejected.get(program.code_sha256)))
        dropped = {TABLES: by[candidates.HARD_CODED], AGAIN: by[candidates.UNSTABLE]}
        dropped |= {ORDER: by[candidates.SET_ORDER], DERIVED: by[candidates.DERIVED]}
        for stage in (TABLES, AGAIN, ORDER, DERIVED):
            self._count(stage, left, dropped[stage])
            left -= dropped[stage]
        self._count(MUTANTS, left, left if found.weak else 0)


def _passed_first(verdict: Verdict) -> bool:
    return verdict.status is Status.PASSED and verdict.duplicate_of is None


def _contaminated(verdicts: Sequence[Verdict]) -> int:
    return sum(it.status is Status.CONTAMINATED and it.duplicate_of is None for it in verdicts)


def show(bench: Bench, rollouts: int) -> None:
    cpu_ms = {stage: 1000 * seconds / rollouts for stage, seconds in bench.meter.cpu_s.items()}
    whole = sum(cpu_ms.get(stage, 0) for stage in FILTERS)
    print(f"{f'{rollouts} rollouts':30} {'CPU ms':>8} {'of all':>7} {'in':>7} {'dropped':>8} {'share':>7}")
    for stage in FILTERS:
        cost, dropped = cpu_ms.get(stage, 0), bench.dropped[stage]
        counts = f"{bench.given[stage]:7} {dropped:8} {dropped / rollouts:7.1%}" if stage in bench.given else ""
        print(f"{stage:30} {cost:8.3f} {cost / whole:7.1%} {counts}".rstrip())
    kept = bench.given[NEAR] - bench.dropped[NEAR]
    print(f"{'the whole chain':30} {whole:8.3f} {1:7.1%} {rollouts:7} {rollouts - kept:8} {1 - kept / rollouts:7.1%}")
    distinct = sum(cpu_ms.get(stage, 0) for stage in (EXTRACT, PREPARE, FORM, RUN, JUDGE))
    for name, base in (("bare run-and-judge", cpu_ms[BARE]), ("the same, duplicates left out", distinct)):
        print(f"{name:30} {base:8.3f}   the whole chain costs {whole / base:.2f}x")
    used_ms = sum(it.cpu_ms for it in bench.twins) / rollouts
    print(f"{len(bench.twins)} programs share a normal form but no text with an earlier one; they used {used_ms:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--problems", type=Path, default=ROOT / "configs" / "problems" / "starter.jsonl")
    parser.add_argument("--rollouts", type=Path, default=ROOT / "configs" / "rollouts" / "quickstart.jsonl.gz")
    parser.add_argument("--benchmark", type=Path, action="append", default=[], help="file to decontaminate against")
    parser.add_argument("--cpu-s", default="auto", help="limits.cpu_s, as in a config")
    options = parser.parse_args()
    of: dict[str, list[Rollout]] = defaultdict(list)
    for rollout in read_rollouts(options.rollouts):
        if isinstance(rollout, Unread):
            continue
        if rollout.parent is None:  # of translations, the chain of their language knows
            of[rollout.problem_id].append(rollout)
    named = tuple(Benchmark(name=path.name.partition(".")[0], path=path) for path in options.benchmark)
    # bubblewrap: Docker's daemons work for whoever else uses them, and so their CPU time would not be ours.
    settings = GradingConfig.model_validate({"limits": {"cpu_s": options.cpu_s}, "sandbox": {"backend": "bubblewrap"}})
    source = ProblemsConfig(path=options.problems, ids=tuple(of), check_reference=False)
    problems = load_problems(source, settings).problems
    known = Contamination((one for each in named for one in benchmarks.read(each)), DecontaminationConfig())
    with ExitStack() as stack:
        bench = Bench(settings, known, stack)
        for problem in problems:
            print(f"\r{problem.id}, load {os.getloadavg()[0]:.1f}   ", end="", file=sys.stderr, flush=True)
            bench.bare(problem, of[problem.id])
            bench.whole(problem, of[problem.id])
    print(file=sys.stderr)
    show(bench, sum(len(of[problem.id]) for problem in problems))


if __name__ == "__main__":
    main()
