"""What the parts of a run come to, finished or not: its counts, and the programs it keeps.

Promises: read from the parts alone, so that a run in progress, a finished one and one killed on the
way are read the same way; of a slice that is sealed its `slice.json` says it. Raises PartError where a part is damaged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from factory.config import Config
from factory.languages import language
from factory.records import Problem
from factory.records.summary import Summary
from factory.records.survivor import row_id
from factory.report import generators, strength
from factory.report.cost import Account, speed
from factory.report.counts import Counts, LanguageCounts
from factory.report.decontamination import decontamination
from factory.report.funnel import Tally, tally
from factory.report.graded import Graded
from factory.report.planned import reasons
from factory.report.statistics import RunStatistics
from factory.run import gathered
from factory.run.directory import RunDir
from factory.run.export import left_out
from factory.run.names import makers, slug
from factory.run.reader import verdicts_of
from factory.run.slices import Slice, slices
from factory.run.ungraded import ungraded
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
    several = slices(problems, run_dir)
    languages = {name: LanguageCounts() for name in ("python", *config.translate.targets)}
    found = Counts(languages=languages, account=account or Account(run_dir.ledger()))
    for one in several:
        if one.sealed:
            found.merge(Counts.from_json(one.dir.sealed.facts["counts"]))
            if statistics is not None:
                statistics.merge(gathered.read(one.dir.sealed))
        else:
            found.merge(slice_counts(config, one, statistics))
    return sum_up(config, found, left_out(config, problems, run_dir), ungraded(problems, run_dir))


def slice_counts(config: Config, part: Slice, statistics: RunStatistics | None = None) -> Counts:
    """What the parts of one slice come to; every problem is added to `statistics`. Raises PartError."""
    tallies = {}
    chunks = part.dir.all_chunks(*makers(config))
    for problem in part.problems:
        found = verdicts_of(config, problem, part.dir, chunks.get(slug(problem.id), []))
        tallies[problem.id] = tallied(found)
        if statistics is not None:
            statistics.add(problem, found)
    account = Account() if part.whole_run else Account(part.dir.ledger())
    return counted(config, part, tallies, account)


def tallied(found: dict[str, list[Graded]]) -> dict[str, Tally]:
    """The counts of what `verdicts_of` gave, by language."""
    tallies: dict[str, Tally] = {}
    for name, several in found.items():
        for one in several:
            counts = tallies.setdefault(name, Tally())
            one_tally = tally(one.verdicts, len(one.kept), one.dropped)
            one_tally.made = generators.made(one.verdicts, one.kept)
            counts.add(one_tally)
            counts.strength = strength.of(one.review) if one.review else counts.strength
            counts.speedups += [(row_id(verdict), verdict.speedup) for verdict in one.kept if verdict.speedup]
    return tallies


def counted(config: Config, part: Slice, tallies: Mapping[str, dict[str, Tally]], account: Account) -> Counts:
    """`tallies` by problem and language, added up, and what `account`, of the slice's own ledger, says was spent."""
    targets = config.translate.targets
    found = Counts(len(part.problems), {name: LanguageCounts() for name in ("python", *targets)}, account=account)
    for problem, by_language in tallies.items():
        for name, counts in by_language.items():
            if name in found.languages:
                found.languages[name].add(problem, counts, listed=part.whole_run)
        if "python" in by_language and by_language["python"].strength:
            found.review.add(problem, by_language["python"].strength)
    found.graded = {problem for problem, by_language in tallies.items() if "python" in by_language}
    traced = {problem for problem in found.graded if _has_traced_cases(tallies[problem]["python"])}
    for target in targets:
        untranslatable = [it.id for it in part.problems if not (translatable(it, target) or it.id in traced)]
        found.untranslatable[target] = untranslatable
        if odd := odd_cases(part.problems, target):
            found.odd_cases[target] = odd
    return found


def sum_up(
    config: Config, found: Counts, unshipped: Mapping[str, Counter[str]] | None = None, waiting: int = 0
) -> Summary:
    """The summary of a run that comes to `found`. `unshipped` as of `left_out`; None until someone asks."""
    languages = found.languages
    records = sum(counts.total.kept for counts in languages.values())
    speedups = {name: speed(counts.total.speedups) for name, counts in languages.items() if counts.total.speedups}
    contaminated_by = sum((counts.total.contaminated_by for counts in languages.values()), Counter())
    account = found.account
    return Summary(
        name=config.name,
        problems=found.problems,
        languages={name: counts.summary((unshipped or {}).get(name)) for name, counts in languages.items()},
        decontamination=decontamination(account.compared, contaminated_by),
        skipped=found.skipped(),
        unanswered=dict(sorted(sum(account.unanswered.values(), Counter()).items())),
        planned=reasons(account.planned.values()),
        generators=generators.yields(config, {name: it.total.made for name, it in languages.items()}, account),
        ungraded=waiting,
        untranslatable={target: tuple(names) for target, names in found.untranslatable.items()},
        odd_cases=found.odd_cases,
        review=found.review.summary(),
        cost=replace(generators.priced(account, config, records), speedup=speedups),
    )


def odd_cases(problems: Sequence[Problem], target: str) -> dict[str, int]:
    """By problem, the number of the one case that is to blame where no declaration in `target` fits its cases."""
    found = {problem.id: language(target).odd_case(problem) for problem in problems}
    return {name: number for name, number in found.items() if number is not None}


def _has_traced_cases(counts: Tally) -> bool:
    return counts.strength is not None and counts.strength.traced_cases > 0
