"""`factory status --watch`, `factory report` and `factory problems`: runs and problem sets, looked at."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import yaml

from factory.config import Config, GradingConfig, ProblemsConfig
from factory.console import Console
from factory.records import Problem
from factory.records.summary import Summary
from factory.report import grants
from factory.report.cost import Account
from factory.report.funnel import Tally
from factory.report.progress import Watch
from factory.report.statistics import RunStatistics
from factory.report.terminal import Survey
from factory.run.directory import RunDir
from factory.run.export import left_out
from factory.run.load_problems import load_problems
from factory.run.names import slug
from factory.run.reader import finished, verdicts_of
from factory.run.summary import sum_up, summarize, tallied
from factory.storage import files
from factory.storage.packages import pinned


async def watch(
    config: Config, problems: Sequence[Problem], run_dir: RunDir, every_s: float, console: Console
) -> Summary:
    """Show the run's figures every `every_s` seconds until it is complete; then its summary. Raises PartError.

    Only problems that the ledger has news of are counted again, so that a look costs what has changed.
    """
    tallies: dict[str, dict[str, Tally]] = {}
    unfinished = {problem.id: problem for problem in problems}
    news, account, ledger = set(unfinished), Account(), run_dir.ledger().reader()
    with Watch(console) as display:
        while True:
            # Before the ledger is read: of what is finished by then, the ledger has all the news.
            unfinished = {
                name: problem for name, problem in unfinished.items() if not finished(config, problem, run_dir)
            }
            for line in ledger.news():
                account.add(line)
                news |= {line["problem"]} if "problem" in line else set()
            left = unfinished.keys() - account.skipped.keys()
            chunks = run_dir.all_chunks() if news else {}
            for problem in problems:
                if problem.id in news:
                    found = verdicts_of(config, problem, run_dir, chunks.get(slug(problem.id), []))
                    tallies[problem.id] = tallied(found)
                    await asyncio.sleep(0)  # so that Ctrl-C is heard
            news.clear()
            if not left:
                return sum_up(config, problems, tallies, account, left_out(config, problems, run_dir))
            summary = sum_up(config, problems, tallies, account)
            display.show(summary, len(left), account.last)
            await asyncio.sleep(every_s)


def report(config: Config, problems: Sequence[Problem], run_dir: RunDir, out: Path) -> Path:
    """Write the page of a run, finished or not, to `out`, which is returned. Raises PartError."""
    from factory.report import page  # the charting library takes a moment to load, and only this command needs it

    statistics = RunStatistics(len(problems))
    account = Account(run_dir.ledger())
    summary = summarize(config, problems, run_dir, statistics, account)
    about = page.About(
        config,
        time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        sum(not (problem.id in account.skipped or finished(config, problem, run_dir)) for problem in problems),
        yaml.safe_dump(json.loads(config.model_dump_json()), sort_keys=False, allow_unicode=True),
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    with files.atomic(out) as temporary:
        temporary.write_bytes(page.render(summary, statistics, account.stages(config.cost), about))
    return out


def survey(source: ProblemsConfig, settings: GradingConfig) -> Survey:
    """What would be loaded: counts, what each problem grants, and every refusal. Raises FactoryError."""
    loaded = load_problems(source, pinned(settings))
    cases = [(problem, case) for problem in loaded.problems for case in problem.cases]
    return Survey(
        problems=len(loaded.problems),
        kinds=Counter(
            "stdin" if problem.entry_point is None else "test_code" if problem.test_code else "call"
            for problem in loaded.problems
        ),
        references=sum(problem.reference is not None for problem in loaded.problems),
        cases=len(cases),
        public_cases=sum(case.public for _, case in cases),
        traced_cases=loaded.traced,
        comparisons=Counter(problem.comparison_of(case).kind for problem, case in cases),
        refused=loaded.refused,
        granted={problem.id: grants.of_problem(problem) for problem in loaded.problems},
    )
