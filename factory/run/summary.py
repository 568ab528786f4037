"""What the parts of a run come to, finished or not: its counts, and the programs it keeps.

Promises: read from the parts alone, so that a run in progress, a finished one and one killed on the
way are read the same way. Raises PartError where a part is damaged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from factory.config import Config
from factory.languages import language
from factory.records import Problem
from factory.records.summary import ReviewCounts, Summary
from factory.records.survivor import row_id
from factory.report import strength
from factory.report.cost import Account, priced, speed
from factory.report.decontamination import decontamination
from factory.report.funnel import Tally, language_summary, tally
from factory.report.graded import Graded
from factory.report.statistics import RunStatistics
from factory.run.directory import RunDir
from factory.run.export import left_out
from factory.run.names import slug
from factory.run.reader import verdicts_of
from factory.translation.tests import translatable


def summarize(
    config: Config,
    problems: Sequence[Problem],
    run_dir: RunDir,
    statistics: RunStatistics | None = None,
    account: Account | None = None,
) -> Summary:
    """What the parts of a run, finished or not, come to; every problem is added to `statistics`.

    `account` is of the run's ledger, which is read where it is None. Counts are exact; what was measured is
    under "cost" and nowhere else. Raises PartError.
    """
    tallies = {}
    chunks = run_dir.all_chunks()
    for problem in problems:
        found = verdicts_of(config, problem, run_dir, chunks.get(slug(problem.id), []))
        tallies[problem.id] = tallied(found)
        if statistics is not None:
            statistics.add(problem, found)
    return sum_up(config, problems, tallies, account or Account(run_dir.ledger()), left_out(config, problems, run_dir))


def tallied(found: dict[str, list[Graded]]) -> dict[str, Tally]:
    """The counts of what `verdicts_of` gave, by language."""
    tallies: dict[str, Tally] = {}
    for name, several in found.items():
        for one in several:
            counts = tallies.setdefault(name, Tally())
            counts.add(tally(one.verdicts, len(one.kept), one.dropped))
            counts.strength = strength.of(one.review) if one.review else counts.strength
            counts.speedups += [(row_id(verdict), verdict.speedup) for verdict in one.kept if verdict.speedup]
    return tallies


def sum_up(
    config: Config,
    problems: Sequence[Problem],
    tallies: dict[str, dict[str, Tally]],
    account: Account,
    unshipped: Mapping[str, Counter[str]] | None = None,
) -> Summary:
    """The summary of a run of which `tallies` has the counts by problem and language, and `account` what was spent.

    `unshipped` as of `left_out`; None while nobody asked.
    """
    names = ("python", *config.translate.targets)
    by_language = {
        name: {problem: counts[name] for problem, counts in tallies.items() if name in counts} for name in names
    }
    records = sum(counts.kept for by_problem in by_language.values() for counts in by_problem.values())
    ratios = {
        name: [it for counts in by_problem.values() for it in counts.speedups]
        for name, by_problem in by_language.items()
    }
    speedups = {name: speed(found) for name, found in ratios.items() if found}
    strengths = {name: counts.strength for name, counts in by_language["python"].items() if counts.strength}
    contaminated_by = sum(
        (counts.contaminated_by for by_problem in by_language.values() for counts in by_problem.values()), Counter()
    )
    return Summary(
        name=config.name,
        problems=len(problems),
        languages={
            name: language_summary(by_problem, (unshipped or {}).get(name)) for name, by_problem in by_language.items()
        },
        decontamination=decontamination(account.compared, contaminated_by),
        skipped={name: why for name, why in account.skipped.items() if name not in by_language["python"]},
        unanswered=dict(sorted(sum(account.unanswered.values(), Counter()).items())),
        untranslatable={
            target: tuple(
                problem.id
                for problem in problems
                if not (translatable(problem, target) or _has_traced_cases(strengths.get(problem.id)))
            )
            for target in config.translate.targets
        },
        odd_cases={target: found for target in config.translate.targets if (found := odd_cases(problems, target))},
        review=strength.summed(strengths),
        cost=replace(priced(account.cost(), config.cost, records), speedup=speedups),
    )


def odd_cases(problems: Sequence[Problem], target: str) -> dict[str, int]:
    """By problem, the number of the one case that is to blame where no declaration in `target` fits its cases."""
    found = {problem.id: language(target).odd_case(problem) for problem in problems}
    return {name: number for name, number in found.items() if number is not None}


def _has_traced_cases(found: ReviewCounts | None) -> bool:
    return found is not None and found.traced_cases > 0
