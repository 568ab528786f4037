"""`factory status --watch`, `factory report` and `factory problems`: runs and problem sets, looked at."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from factory.config import Config, GradingConfig, ProblemsConfig
from factory.console import Console
from factory.records import Problem
from factory.records.base import plain
from factory.records.summary import Summary
from factory.report import grants
from factory.report.cost import Account
from factory.report.counts import Counts
from factory.report.funnel import Tally
from factory.report.generators import Prices
from factory.report.progress import Watch
from factory.report.statistics import ProblemRow, RunStatistics
from factory.report.terminal import Survey
from factory.run.directory import RunDir
from factory.run.export import left_out
from factory.run.load_problems import load_problems
from factory.run.names import makers, slug
from factory.run.paths import COUNTS_SUFFIX
from factory.run.reader import unfinished, verdicts_of
from factory.run.slices import Slice, slices
from factory.run.summary import counted, sum_up, summarize, tallied
from factory.storage import files
from factory.storage.packages import pinned


async def watch(
    config: Config, problems: Sequence[Problem], run_dir: RunDir, every_s: float, console: Console
) -> Summary:
    """Show the run's figures every `every_s` seconds until it is complete; then its summary. Raises PartError.

    Only problems that a ledger has news of are counted again, so that a look costs what has changed.
    """
    looks = [_Look(config, part) for part in slices(problems, run_dir)]
    account, ledger = Account(), run_dir.ledger().reader()
    with Watch(console) as display:
        while True:
            # Before the ledgers are read: of what is finished by then, they have all the news.
            for look in looks:
                look.finish()
            for line in ledger.news():
                account.add(line)
                for look in looks:
                    look.hear(line)
            found, left = Counts(), 0
            for look in looks:
                await look.count()
                found.merge(look.counts)
                left += len(look.unfinished.keys() - found.account.skipped.keys() - account.skipped.keys())
            found.account.merge(account)
            found.account.compared = account.compared
            if not left:
                return sum_up(config, found, left_out(config, problems, run_dir))
            display.show(sum_up(config, found), left, found.account.last)
            await asyncio.sleep(every_s)


class _Look:
    """One slice of a run, looked at again and again."""

    def __init__(self, config: Config, part: Slice) -> None:
        self._config, self._part = config, part
        self.unfinished = {problem.id: problem for problem in part.problems}
        self._tallies: dict[str, dict[str, Tally]] = {}
        self._news, self._account = set(self.unfinished), Account()
        self._ledger = None if part.whole_run else part.dir.ledger().reader()
        self.counts = Counts()

    def finish(self) -> None:
        """Leave out the problems that are finished by now."""
        if not self._part.sealed:
            self._part.dir.forget()
        left = unfinished(self._config, replace(self._part, problems=tuple(self.unfinished.values())))
        self.unfinished = {problem.id: problem for problem in left}

    def hear(self, line: dict[str, Any]) -> None:
        """Take in a line of the ledger of the run, or of the slice."""
        if line.get("problem") in self._tallies or line.get("problem") in self.unfinished:
            self._news.add(line["problem"])

    async def count(self) -> None:
        """Count the problems anew that the ledger has news of. Raises PartError."""
        for line in self._ledger.news() if self._ledger is not None else ():
            self._account.add(line)
            self.hear(line)
        if self._part.sealed:
            self.counts = Counts.from_json(self._part.dir.sealed.facts["counts"])
            return
        if not self._news:
            return
        chunks = self._part.dir.all_chunks(*makers(self._config))
        for problem in self._part.problems:
            if problem.id in self._news:
                found = verdicts_of(self._config, problem, self._part.dir, chunks.get(slug(problem.id), []))
                self._tallies[problem.id] = tallied(found)
                await asyncio.sleep(0)  # so that Ctrl-C is heard
        self._news.clear()
        self.counts = counted(self._config, self._part, self._tallies, self._account)


def report(config: Config, problems: Sequence[Problem], run_dir: RunDir, out: Path) -> Path:
    """Write the page of a run, finished or not, to `out`, which is returned. Raises PartError.

    Where the problems are more than the page lists, a file beside it has the counts of all.
    """
    from factory.report import page  # the charting library takes a moment to load, and only this command needs it

    statistics = RunStatistics(len(problems))
    account = Account(run_dir.ledger())
    summary = summarize(config, problems, run_dir, statistics, account)
    left = [problem.id for part in slices(problems, run_dir) for problem in unfinished(config, part)]
    about = page.About(
        config,
        time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        sum(name not in account.skipped for name in left),
        yaml.safe_dump(json.loads(config.model_dump_json()), sort_keys=False, allow_unicode=True),
        account.planned,
        account.tokens,
    )
    stages = account.stages(config.cost, Prices.of(config).bought(account))
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_suffix(COUNTS_SUFFIX)
    if len(statistics.rows) > page.LISTED:
        with files.atomic(beside) as temporary:
            lines = (json.dumps(_listed(row, account), ensure_ascii=False) for row in statistics.rows)
            temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    with files.atomic(out) as temporary:
        temporary.write_bytes(page.render(summary, statistics, stages, about, beside.name))
    return out


def _listed(row: ProblemRow, account: Account) -> dict[str, Any]:
    """What the file beside a page says of a problem."""
    planned = account.planned.get(row.id)
    data: dict[str, Any] = plain(replace(row, sample=None))
    return data | ({"planned": planned.as_text()} if planned else {})


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
