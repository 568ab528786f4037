"""What the parts of a run come to, finished or not: its counts, and the programs it keeps.

Promises: read from the parts alone, so that a run in progress, a finished one and one killed on the
way are told the same way. Raises PartError where a part is damaged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from factory import parts
from factory.config import Config
from factory.filters.select import select
from factory.languages import language
from factory.records import Harvest, Problem, Rollout, Survivor, Verdict
from factory.report.cost import cost, speed
from factory.report.funnel import Tally, language_summary, tally
from factory.run_dir import RunDir, against


def translatable(problem: Problem, target: str) -> bool:
    """Whether a program in `target` can be put before all of the problem's tests."""
    return bool(problem.cases) and (not problem.test_code or language(target).examinable)


def harvests(config: Config, problems: Iterable[Problem], run_dir: RunDir, rollouts: bool = False) -> Iterator[Harvest]:
    """What every problem came to, one at a time; with `rollouts`, also each that is graded. Raises PartError."""
    for problem in problems:
        survivors = tuple(survivor for _, survivor in kept_programs(config, (problem,), run_dir))
        graded = tuple(_graded_rollouts(config, problem, survivors, run_dir)) if rollouts else ()
        if survivors or graded:
            yield Harvest(problem, survivors, graded)


def _graded_rollouts(
    config: Config, problem: Problem, survivors: Iterable[Survivor], run_dir: RunDir
) -> Iterator[tuple[Rollout, Verdict]]:
    paths = [
        (run_dir.rollouts(problem, indices), run_dir.verdicts(problem, indices)) for indices in run_dir.chunks(problem)
    ]
    kept = [one for one in survivors if one.parent is None]
    for target in config.translate.targets:
        for parent in kept[: config.translate.survivors]:
            others = compared_with(config, kept, parent)
            for number in range(config.translate.repair_rounds + 1):
                part = partial(run_dir.translation, target, problem, parent.code_sha256, number)
                paths.append((part("rollouts", others if number else ""), part("verdicts", others)))
    for asked, graded in paths:
        if graded.exists():
            yield from zip(parts.read(asked, Rollout), parts.read(graded, Verdict), strict=True)


def compared_with(config: Config, kept: Sequence[Survivor | Verdict], parent: Survivor | Verdict) -> str:
    """What tells, in a part's name, with which other survivors the inputs were agreed on that decided."""
    return against(it.code_sha256 for it in kept if config.translate.differential and it is not parent)


def kept_programs(config: Config, problems: Iterable[Problem], run_dir: RunDir) -> Iterator[tuple[Problem, Survivor]]:
    """Every survivor of a run with its problem: by problem, each program followed by its translations.

    Raises PartError when a part is missing or damaged.
    """
    for problem in problems:
        path = run_dir.survivors(problem, config.sampling.n)
        if not path.exists():
            continue  # not reached yet, or skipped
        for survivor in parts.read(path, Survivor):
            yield problem, survivor
            if survivor.rank >= config.translate.survivors:
                continue
            for target in config.translate.targets:
                translated = run_dir.translated(target, problem, survivor.code_sha256)
                if translated.exists():
                    yield from ((problem, translation) for translation in parts.read(translated, Survivor))


def summarize(config: Config, problems: Sequence[Problem], run_dir: RunDir) -> dict[str, Any]:
    """What the parts of a run, finished or not, come to: `summary.json`.

    Counts are exact; what was measured stands under "cost" and nowhere else. Raises PartError.
    """
    tallies: dict[str, dict[str, Tally]] = {"python": {}, **{target: {} for target in config.translate.targets}}
    speedups: dict[str, list[tuple[Verdict, float]]] = {target: [] for target in config.translate.targets}
    for problem in problems:
        verdicts = _graded(run_dir.verdicts(problem, indices) for indices in run_dir.chunks(problem))
        if not verdicts:
            continue
        selection = select(verdicts, config.rank)
        tallies["python"][problem.id] = tally(verdicts, len(selection.kept), selection.dropped)
        for target in config.translate.targets:
            counts = Tally()
            for parent in selection.kept[: config.translate.survivors]:
                rounds = range(config.translate.repair_rounds + 1)
                own, others = parent.code_sha256, compared_with(config, selection.kept, parent)
                found = _graded(run_dir.translation(target, problem, own, r, "verdicts", others) for r in rounds)
                chosen = select(found, config.rank, config.translate.keep)
                speedups[target] += [(verdict, verdict.speedup) for verdict in chosen.kept if verdict.speedup]
                counts.add(tally(found, len(chosen.kept), chosen.dropped))
            if counts.rollouts:
                tallies[target][problem.id] = counts
    ledger = run_dir.ledger()
    return {
        "name": config.name,
        "problems": len(problems),
        "languages": {name: language_summary(by_problem) for name, by_problem in tallies.items()},
        "skipped": {
            line["problem"]: line["reason"]
            for line in ledger
            if line["event"] == "skipped" and line["problem"] not in tallies["python"]
        },
        "untranslatable": {
            target: [problem.id for problem in problems if not translatable(problem, target)]
            for target in config.translate.targets
        },
        "cost": cost(ledger) | {"speedup": {target: speed(found) for target, found in speedups.items() if found}},
    }


def _graded(paths: Iterable[Path]) -> list[Verdict]:
    return [verdict for path in paths if path.exists() for verdict in parts.read(path, Verdict)]
