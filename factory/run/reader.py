"""What the parts of a run hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from factory.config import Config
from factory.records import PER_GENERATOR, Problem, Review, Survivor, Verdict, cases_text, sha256
from factory.report.graded import Graded
from factory.review.asking import asks_model
from factory.review.filter import ReviewFilter
from factory.review.review import fingerprint, is_incomplete
from factory.run.directory import RunDir
from factory.run.names import against
from factory.run.slices import Slice
from factory.sampling.plans import plan_name
from factory.selection.select import select
from factory.translation.tests import tests_for_translation, translatable


def review_of(config: Config, problem: Problem, run_dir: RunDir) -> Review | None:
    """The review of the problem's programs, where there is one. Raises PartError."""
    path = run_dir.review(problem, plan_name(config))
    return run_dir.read(path, Review)[0] if run_dir.has(path) else None


def comparison_key(
    config: Config,
    kept: Sequence[Survivor | Verdict],
    parent: Survivor | Verdict,
    review: Review | None,
) -> str:
    """What, in a part's name, identifies what translations were graded by; another review or rollout may change it.

    These are the cases traced from test code and, since earlier versions compared with them too, the other survivors.
    """
    others = [it.code_sha256 for it in kept if config.translate.differential and it is not parent]
    traced = [sha256(cases_text(review.traced))] if review and review.traced else []
    return against(others + traced)


def kept_programs(config: Config, problem: Problem, run_dir: RunDir) -> Iterator[Survivor]:
    """Every survivor of a problem, each program followed by its translations. Raises PartError."""
    path = run_dir.survivors(problem, plan_name(config))
    if not run_dir.has(path):
        return  # not reached yet, or skipped
    for survivor in run_dir.read(path, Survivor):
        yield survivor
        if survivor.rank >= config.translate.survivors:
            continue
        for target in config.translate.targets:
            translated = run_dir.translated(target, problem, survivor.code_sha256)
            if run_dir.has(translated):
                yield from run_dir.read(translated, Survivor)


def verdicts_of(config: Config, problem: Problem, run_dir: RunDir, chunks: Iterable[range]) -> dict[str, list[Graded]]:
    """The verdicts on `chunks` of a problem by language, as far as there are any; several where there are parents.

    Raises PartError.
    """
    verdicts = _verdicts(run_dir, (path for _, path in chunk_paths(config, problem, run_dir, chunks)))
    if not verdicts:
        return {}
    review = review_of(config, problem, run_dir)
    if review and review.fingerprint != fingerprint(verdicts):
        review = None  # of rollouts that were there before
    verdicts = ReviewFilter(review).apply(problem, verdicts)
    selection = select(verdicts, config.rank, review=review)
    found = {"python": [Graded(verdicts, selection.kept, selection.dropped, review=review)]}
    for target in config.translate.targets:
        for parent in selection.kept[: config.translate.survivors]:
            own, others = parent.code_sha256, comparison_key(config, selection.kept, parent, review)
            paths = (path for _, path in translation_paths(config, problem, own, target, others, run_dir))
            verdicts = _verdicts(run_dir, paths)
            if verdicts:
                chosen = select(verdicts, config.rank, config.translate.keep)
                found.setdefault(target, []).append(Graded(verdicts, chosen.kept, chosen.dropped, parent))
    return found


def chunk_paths(
    config: Config, problem: Problem, run_dir: RunDir, chunks: Iterable[range]
) -> Iterator[tuple[Path, Path]]:
    """Where the rollouts of each chunk of a problem lie, and the verdicts on them."""
    asked = config.asked
    for indices in chunks:
        maker = asked[indices.start // PER_GENERATOR if len(asked) > 1 else 0].maker
        yield run_dir.rollouts(problem, indices, maker), run_dir.verdicts(problem, indices, maker)


def translation_paths(
    config: Config, problem: Problem, parent: str, target: str, others: str, run_dir: RunDir
) -> Iterator[tuple[Path, Path]]:
    """Where the candidates of each round of each translator may lie, and the verdicts on them. `others` as of
    `comparison_key`.
    """
    for translator in config.translators:
        for number in range(config.translate.repair_rounds + 1):
            part = partial(run_dir.translation, target, problem, parent, number, maker=translator.maker)
            yield part("rollouts", others if number else ""), part("verdicts", others)


def finished(config: Config, problem: Problem, run_dir: RunDir) -> bool:
    """Whether all parts of `problem` are there; a skipped one never gets there. Raises PartError."""
    path = run_dir.survivors(problem, plan_name(config))
    if not run_dir.has(path):
        return False
    translated = run_dir.read(path, Survivor)[: config.translate.survivors]
    problem = tests_for_translation(problem, review_of(config, problem, run_dir))
    return all(
        run_dir.has(run_dir.translated(target, problem, survivor.code_sha256))
        for target in config.translate.targets
        if translatable(problem, target)
        for survivor in translated
    )


def nothing_missing(config: Config, part: Slice) -> bool:
    """Whether an open slice has every part, all that a model was asked for, and whole reviews. Raises PartError.

    What a failure of ours decided is not looked at: verdicts count these.
    """
    if any(part.dir.open.rglob("*.jsonl")):
        return False
    for problem in part.problems:
        review = review_of(config, problem, part.dir)
        if review is not None and (is_incomplete(review) or _lacks_answer(config, problem, review)):
            return False
    return all(finished(config, problem, part.dir) for problem in part.problems)


def _lacks_answer(config: Config, problem: Problem, review: Review) -> bool:
    """Whether a review was made without what the model was asked for, since it gave no answer."""
    return not review.answer_sha256 and asks_model(problem, config.review, config.asked[0].sampling)


def unfinished(config: Config, part: Slice) -> list[Problem]:
    """The problems of a slice of which parts are missing, those that were skipped among them. Raises PartError."""
    if part.sealed and part.dir.sealed.facts["complete"]:
        return []
    return [problem for problem in part.problems if not finished(config, problem, part.dir)]


def _verdicts(run_dir: RunDir, paths: Iterable[Path]) -> list[Verdict]:
    return [verdict for path in paths if run_dir.has(path) for verdict in run_dir.read(path, Verdict)]
