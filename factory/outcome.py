"""What the parts of a run come to, finished or not: its counts, and the programs it keeps.

Promises: read from the parts alone, so that a run in progress, a finished one and one killed on the
way are told the same way. Raises PartError where a part is damaged.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from factory import parts
from factory.config import Config
from factory.errors import PartError
from factory.filters.near_duplicates import Sieve
from factory.filters.scrutiny import fingerprint, harvested_cases, revised
from factory.filters.select import select
from factory.languages import language
from factory.records import Harvest, Problem, Rollout, Scrutiny, Survivor, Verdict, sha256
from factory.report import strength
from factory.report.cost import Account, priced, speed
from factory.report.decontamination import decontamination
from factory.report.findings import Findings, Graded
from factory.report.funnel import Tally, language_summary, tally
from factory.run_dir import RunDir, against, slug


def put_before(problem: Problem, scrutiny: Scrutiny | None) -> Problem:
    """The problem as translations are put before it: with the calls of its test code as cases, where they are known."""
    if not problem.test_code or scrutiny is None or not (cases := harvested_cases(scrutiny)):
        return problem
    return problem.model_copy(update={"cases": (*problem.cases, *cases), "test_code": ""})


def scrutiny_of(config: Config, problem: Problem, run_dir: RunDir) -> Scrutiny | None:
    """What the second look at the problem's programs has shown, where it was taken. Raises PartError."""
    path = run_dir.scrutiny(problem, config.sampling.n)
    return parts.read(path, Scrutiny)[0] if path.exists() else None


def translatable(problem: Problem, target: str) -> bool:
    """Whether a program in `target` can be put before all of the problem's tests."""
    return bool(problem.cases) and (not problem.test_code or language(target).examinable)


def harvests(config: Config, problems: Iterable[Problem], run_dir: RunDir, rollouts: bool = False) -> Iterator[Harvest]:
    """What every problem came to, one at a time; with `rollouts`, also each that is graded. Raises PartError."""
    sieve = Sieve(config.clean.near_duplicate)
    chunks = run_dir.all_chunks() if rollouts else {}
    for problem in problems:
        kept = tuple(survivor for _, survivor in kept_programs(config, (problem,), run_dir))
        scrutiny = scrutiny_of(config, problem, run_dir)
        if kept and scrutiny is None:
            path = run_dir.scrutiny(problem, config.sampling.n)
            raise PartError(f"{path}: is gone, and survivors stand by it; remedy: run again")
        there = chunks.get(slug(problem.id), [])
        graded = tuple(_graded_rollouts(config, problem, kept, scrutiny, run_dir, there)) if rollouts else ()
        if kept or graded:
            sifted = list(zip(kept, sieve.sift(kept), strict=True))
            yield Harvest(
                problem,
                tuple(survivor for survivor, reason in sifted if not reason),
                graded,
                tuple((survivor, reason) for survivor, reason in sifted if reason),
                scrutiny,
                put_before(problem, scrutiny),
            )


def left_out(config: Config, problems: Iterable[Problem], run_dir: RunDir) -> dict[str, Counter[str]]:
    """Survivors that are not shipped, by language and reason. Raises PartError."""
    counts: dict[str, Counter[str]] = {}
    for harvest in harvests(config, problems, run_dir) if config.clean.near_duplicate is not None else ():
        for survivor, reason in harvest.left_out:
            counts.setdefault(survivor.language, Counter())[reason] += 1
    return counts


def _graded_rollouts(
    config: Config,
    problem: Problem,
    survivors: Iterable[Survivor],
    scrutiny: Scrutiny | None,
    run_dir: RunDir,
    chunks: Iterable[range],
) -> Iterator[tuple[Rollout, Verdict]]:
    paths = [(run_dir.rollouts(problem, indices), run_dir.verdicts(problem, indices)) for indices in chunks]
    kept = [one for one in survivors if one.parent is None]
    for target in config.translate.targets:
        for parent in kept[: config.translate.survivors]:
            others = compared_with(config, kept, parent, scrutiny)
            for number in range(config.translate.repair_rounds + 1):
                part = partial(run_dir.translation, target, problem, parent.code_sha256, number)
                paths.append((part("rollouts", others if number else ""), part("verdicts", others)))
    for asked, graded in paths:
        if graded.exists():
            verdicts = parts.read(graded, Verdict)
            own = scrutiny if verdicts and verdicts[0].language == "python" else None
            yield from zip(parts.read(asked, Rollout), revised(verdicts, own), strict=True)


def compared_with(
    config: Config,
    kept: Sequence[Survivor | Verdict],
    parent: Survivor | Verdict,
    scrutiny: Scrutiny | None,
) -> str:
    """What tells, in a part's name, by what translations were graded that another look, or rollout, may change.

    These are the cases harvested from test code, and the other survivors with which inputs were agreed on.
    """
    others = [it.code_sha256 for it in kept if config.translate.differential and it is not parent]
    harvested = [sha256(scrutiny.harvested)] if scrutiny and harvested_cases(scrutiny) else []
    return against(others + harvested)


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


def verdicts_of(config: Config, problem: Problem, run_dir: RunDir, chunks: Iterable[range]) -> dict[str, list[Graded]]:
    """The verdicts on `chunks` of a problem by language, as far as there are any; several where there are parents.

    Raises PartError.
    """
    verdicts = _verdicts(run_dir.verdicts(problem, indices) for indices in chunks)
    if not verdicts:
        return {}
    scrutiny = scrutiny_of(config, problem, run_dir)
    if scrutiny and scrutiny.fingerprint != fingerprint(verdicts):
        scrutiny = None  # of rollouts that were there before
    verdicts = revised(verdicts, scrutiny)
    selection = select(verdicts, config.rank, scrutiny=scrutiny)
    found = {"python": [Graded(verdicts, selection.kept, selection.dropped, scrutiny=scrutiny)]}
    rounds = range(config.translate.repair_rounds + 1)
    for target in config.translate.targets:
        for parent in selection.kept[: config.translate.survivors]:
            own, others = parent.code_sha256, compared_with(config, selection.kept, parent, scrutiny)
            verdicts = _verdicts(run_dir.translation(target, problem, own, r, "verdicts", others) for r in rounds)
            if verdicts:
                chosen = select(verdicts, config.rank, config.translate.keep)
                found.setdefault(target, []).append(Graded(verdicts, chosen.kept, chosen.dropped, parent))
    return found


def summarize(
    config: Config,
    problems: Sequence[Problem],
    run_dir: RunDir,
    findings: Findings | None = None,
    account: Account | None = None,
) -> dict[str, Any]:
    """What the parts of a run, finished or not, come to: `summary.json`; `findings` is told of every problem.

    `account` is of the run's ledger, which is read where it is None. Counts are exact; what was measured stands
    under "cost" and nowhere else. Raises PartError.
    """
    tallies = {}
    chunks = run_dir.all_chunks()
    for problem in problems:
        found = verdicts_of(config, problem, run_dir, chunks.get(slug(problem.id), []))
        tallies[problem.id] = tallied(found)
        if findings is not None:
            findings.add(problem, found)
    return sum_up(config, problems, tallies, account or Account(run_dir.ledger()), left_out(config, problems, run_dir))


def tallied(found: dict[str, list[Graded]]) -> dict[str, Tally]:
    """The counts of what `verdicts_of` gave, by language."""
    tallies: dict[str, Tally] = {}
    for name, several in found.items():
        for one in several:
            counts = tallies.setdefault(name, Tally())
            counts.add(tally(one.verdicts, len(one.kept), one.dropped))
            counts.strength = strength.of(one.scrutiny) if one.scrutiny else counts.strength
            counts.speedups += [(row_id(verdict), verdict.speedup) for verdict in one.kept if verdict.speedup]
    return tallies


def sum_up(
    config: Config,
    problems: Sequence[Problem],
    tallies: dict[str, dict[str, Tally]],
    account: Account,
    unshipped: Mapping[str, Counter[str]] | None = None,
) -> dict[str, Any]:
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
    repeats = sum((counts.repeats for by_problem in by_language.values() for counts in by_problem.values()), Counter())
    return {
        "name": config.name,
        "problems": len(problems),
        "languages": {
            name: language_summary(by_problem, (unshipped or {}).get(name)) for name, by_problem in by_language.items()
        },
        "decontamination": decontamination(account.compared, repeats),
        "skipped": {name: why for name, why in account.skipped.items() if name not in by_language["python"]},
        "untranslatable": {
            target: [
                problem.id
                for problem in problems
                if not (translatable(problem, target) or (strengths.get(problem.id) or {}).get("harvested_cases"))
            ]
            for target in config.translate.targets
        },
        "scrutiny": strength.summed(strengths),
        "cost": priced(account.cost(), config.cost, records) | {"speedup": speedups},
    }


def as_json(summary: dict[str, Any]) -> bytes:
    """`summary.json`."""
    return (json.dumps(summary, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def row_id(verdict: Verdict) -> str:
    """What a shard's row of the program is called."""
    return f"{verdict.problem_id}/{verdict.language}/{verdict.code_sha256[:12]}"


def finished(config: Config, problem: Problem, run_dir: RunDir) -> bool:
    """Whether all parts of `problem` are there; a skipped one never gets there. Raises PartError."""
    path = run_dir.survivors(problem, config.sampling.n)
    if not path.exists():
        return False
    translated = parts.read(path, Survivor)[: config.translate.survivors]
    problem = put_before(problem, scrutiny_of(config, problem, run_dir))
    return all(
        run_dir.translated(target, problem, survivor.code_sha256).exists()
        for target in config.translate.targets
        if translatable(problem, target)
        for survivor in translated
    )


def _verdicts(paths: Iterable[Path]) -> list[Verdict]:
    return [verdict for path in paths if path.exists() for verdict in parts.read(path, Verdict)]
