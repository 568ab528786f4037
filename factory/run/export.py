"""What a run ships."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from factory.config import Config
from factory.errors import PartError
from factory.records import Problem, ProblemOutcome, Review, Rollout, Survivor, Verdict
from factory.review.filter import ReviewFilter
from factory.run import sketches
from factory.run.asked import asked
from factory.run.directory import RunDir
from factory.run.names import makers, slug
from factory.run.reader import chunk_paths, comparison_key, kept_programs, review_of, translation_paths
from factory.run.slices import Slice, slices
from factory.sampling.plans import plan_name
from factory.selection.near_duplicates import NearDuplicates, Sketch, sketch
from factory.translation.tests import tests_for_translation


def outcomes(
    config: Config, problems: Sequence[Problem], run_dir: RunDir, rollouts: bool = False
) -> Iterator[ProblemOutcome]:
    """What every problem came to, one at a time; with `rollouts`, also each that is graded. Raises PartError."""
    near_duplicates = NearDuplicates(config.decontamination.near_duplicate)
    for part in slices(problems, run_dir):
        chunks = part.dir.all_chunks(*makers(config)) if rollouts else {}
        known = sketches.read(part.dir.sealed) if part.sealed else None
        for problem in part.problems:
            kept = tuple(kept_programs(config, problem, part.dir))
            several = [sketch(survivor) for survivor in kept] if known is None else known.get(problem.id, ())
            reasons = near_duplicates.sift(several)
            there = chunks.get(slug(problem.id), []) if rollouts else None
            outcome = _outcome(config, problem, part.dir, list(zip(kept, reasons, strict=True)), there)
            if outcome is not None:
                yield outcome


def _outcome(
    config: Config,
    problem: Problem,
    run_dir: RunDir,
    sifted: Sequence[tuple[Survivor, str | None]],
    there: Sequence[range] | None,
) -> ProblemOutcome | None:
    """What a problem came to, None where that is nothing.

    `sifted` are its survivors, each with why it is not shipped; `there` its chunks, None where no one asked for them.
    """
    kept = [survivor for survivor, _ in sifted]
    review = review_of(config, problem, run_dir)
    if kept and review is None:
        path = run_dir.review(problem, plan_name(config))
        raise PartError(f"{path}: is gone, and survivors depend on it; remedy: run again")
    graded = () if there is None else tuple(_graded_rollouts(config, problem, kept, review, run_dir, there))
    if not (kept or graded):
        return None
    translated = tests_for_translation(problem, review)
    wants_prompts = config.shards.prompts == "asked" and there is not None
    return ProblemOutcome(
        problem,
        tuple(survivor for survivor, reason in sifted if not reason),
        graded,
        tuple((survivor, reason) for survivor, reason in sifted if reason),
        review,
        translated,
        asked=asked(config, problem, translated, kept, graded) if wants_prompts else None,
    )


def left_out(config: Config, problems: Sequence[Problem], run_dir: RunDir) -> dict[str, Counter[str]]:
    """Survivors that are not shipped, by language and reason. Raises PartError."""
    counts: dict[str, Counter[str]] = {}
    threshold = config.decontamination.near_duplicate
    near_duplicates = NearDuplicates(threshold)
    for part in slices(problems, run_dir) if threshold is not None else ():
        for _, several in sketched(config, part):
            for it, reason in zip(several, near_duplicates.sift(several), strict=True):
                if reason:
                    counts.setdefault(it.language, Counter())[reason] += 1
    return counts


def sketched(config: Config, part: Slice) -> Iterator[tuple[str, Sequence[Sketch]]]:
    """The id of every problem of a slice, and the sketches of its survivors. Raises PartError."""
    known = sketches.read(part.dir.sealed) if part.sealed else None
    for problem in part.problems:
        if known is not None:
            yield problem.id, known.get(problem.id, ())
        else:
            yield problem.id, [sketch(survivor) for survivor in kept_programs(config, problem, part.dir)]


def _graded_rollouts(
    config: Config,
    problem: Problem,
    survivors: Iterable[Survivor],
    review: Review | None,
    run_dir: RunDir,
    chunks: Iterable[range],
) -> Iterator[tuple[Rollout, Verdict]]:
    paths = list(chunk_paths(config, problem, run_dir, chunks))
    kept = [one for one in survivors if one.parent is None]
    for target in config.translate.targets:
        for parent in kept[: config.translate.survivors]:
            others = comparison_key(config, kept, parent, review)
            paths += translation_paths(config, problem, parent.code_sha256, target, others, run_dir)
    for answers, graded in paths:
        if run_dir.has(graded):
            verdicts = run_dir.read(graded, Verdict)
            own = review if verdicts and verdicts[0].language == "python" else None
            yield from zip(run_dir.read(answers, Rollout), ReviewFilter(own).apply(problem, verdicts), strict=True)
