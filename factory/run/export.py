"""What a run ships."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial

from factory.config import Config
from factory.errors import PartError
from factory.records import Problem, ProblemOutcome, Review, Rollout, Survivor, Verdict
from factory.review.filter import ReviewFilter
from factory.run.asked import asked
from factory.run.directory import RunDir
from factory.run.names import slug
from factory.run.reader import comparison_key, kept_programs, review_of
from factory.selection.near_duplicates import NearDuplicates
from factory.translation.tests import tests_for_translation


def outcomes(
    config: Config, problems: Iterable[Problem], run_dir: RunDir, rollouts: bool = False
) -> Iterator[ProblemOutcome]:
    """What every problem came to, one at a time; with `rollouts`, also each that is graded. Raises PartError."""
    near_duplicates = NearDuplicates(config.decontamination.near_duplicate)
    chunks = run_dir.all_chunks() if rollouts else {}
    for problem in problems:
        kept = tuple(survivor for _, survivor in kept_programs(config, (problem,), run_dir))
        review = review_of(config, problem, run_dir)
        if kept and review is None:
            path = run_dir.review(problem, config.sampling.n)
            raise PartError(f"{path}: is gone, and survivors depend on it; remedy: run again")
        there = chunks.get(slug(problem.id), [])
        graded = tuple(_graded_rollouts(config, problem, kept, review, run_dir, there)) if rollouts else ()
        if kept or graded:
            translated = tests_for_translation(problem, review)
            sent = (
                asked(config, problem, translated, kept, graded)
                if config.shards.prompts == "asked" and rollouts
                else None
            )
            sifted = list(zip(kept, near_duplicates.reasons(kept), strict=True))
            yield ProblemOutcome(
                problem,
                tuple(survivor for survivor, reason in sifted if not reason),
                graded,
                tuple((survivor, reason) for survivor, reason in sifted if reason),
                review,
                translated,
                asked=sent,
            )


def left_out(config: Config, problems: Iterable[Problem], run_dir: RunDir) -> dict[str, Counter[str]]:
    """Survivors that are not shipped, by language and reason. Raises PartError."""
    counts: dict[str, Counter[str]] = {}
    for outcome in outcomes(config, problems, run_dir) if config.decontamination.near_duplicate is not None else ():
        for survivor, reason in outcome.left_out:
            counts.setdefault(survivor.language, Counter())[reason] += 1
    return counts


def _graded_rollouts(
    config: Config,
    problem: Problem,
    survivors: Iterable[Survivor],
    review: Review | None,
    run_dir: RunDir,
    chunks: Iterable[range],
) -> Iterator[tuple[Rollout, Verdict]]:
    paths = [(run_dir.rollouts(problem, indices), run_dir.verdicts(problem, indices)) for indices in chunks]
    kept = [one for one in survivors if one.parent is None]
    for target in config.translate.targets:
        for parent in kept[: config.translate.survivors]:
            others = comparison_key(config, kept, parent, review)
            for number in range(config.translate.repair_rounds + 1):
                part = partial(run_dir.translation, target, problem, parent.code_sha256, number)
                paths.append((part("rollouts", others if number else ""), part("verdicts", others)))
    for answers, graded in paths:
        if run_dir.has(graded):
            verdicts = run_dir.read(graded, Verdict)
            own = review if verdicts and verdicts[0].language == "python" else None
            yield from zip(run_dir.read(answers, Rollout), ReviewFilter(own).apply(problem, verdicts), strict=True)
