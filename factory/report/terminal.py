"""The funnel in a terminal: tables for people, on whatever stream they are printed to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import RenderableType
from rich.table import Table

from factory import escape
from factory.console import Console
from factory.problems import Refusal
from factory.records import Status
from factory.records.summary import Cost, Funnel, LanguageSummary, Summary, VerifySummary
from factory.report import decontamination, generators, planned, strength

_TIERS = (
    ("rollouts", "rollouts"),
    ("extracted", "program found"),
    ("compiled", "compiles"),
    ("passed", "passes all tests"),
    ("distinct", "distinct"),
    ("kept", "kept"),
)
_OF_GENERATORS = {
    "generator": "generator",
    "problems": "problems",
    "rollouts": "rollouts",
    "pass": "pass",
    "new distinct": "new",
    "tokens a new one": "tokens/new",
    "dollars a new one": "$/new",
}
"""Columns of `generators.COLUMNS` that a terminal of 80 characters has room for, and how it calls them."""
_BAR = 30
"""Characters of a full bar."""


def plain(console: Console) -> Callable[[str], None]:
    """A function that prints a line on `console`, however long."""
    return lambda line: console.print(line, highlight=False, soft_wrap=True)


def print_funnel(console: Console, summary: Summary | VerifySummary, problems: int = 0) -> None:
    """Print the funnel of every language; with `problems`, also a table of that many problems, at most."""
    for part in funnel(summary, problems):
        console.print(part, soft_wrap=isinstance(part, str))


def funnel(summary: Summary | VerifySummary, problems: int = 0) -> Iterator[RenderableType]:
    """What `print_funnel` prints, piece by piece."""
    for name, part in summary.languages.items():
        if part.funnel.rollouts:
            yield _funnel(name, part)
            yield f"dropped: {_counted(part.funnel.drops)}"
            if part.left_out:
                yield f"shipped: {part.shipped:,} of those kept; left out: {_counted(part.left_out)}"
            if part.pass_rates:
                yield _rates(part, name == "python" and isinstance(summary, Summary) and bool(summary.planned))
            if problems:
                yield _by_problem(name, part.by_problem, problems)
            yield ""
    if isinstance(summary, Summary):
        yield from _by_generator(summary)
        yield from strength.lines(summary.review)
    yield from decontamination.lines(summary.decontamination)
    if isinstance(summary, Summary):
        yield from _not_worked_on(summary)
    failures = sum(part.funnel.drops.get(Status.INFRASTRUCTURE_ERROR, 0) for part in summary.languages.values())
    if failures:
        yield f"{failures} rollout(s) could not be graded because a sandbox was lost; run again to grade them"


def _by_generator(summary: Summary) -> Iterator[RenderableType]:
    """What each generator gave, where there are several."""
    for language in summary.languages:
        if rows := generators.table(summary.generators, language):
            table = Table(title=f"{language}, by generator", title_justify="left")
            for label in _OF_GENERATORS.values():
                table.add_column(label, justify="left" if label == "generator" else "right")
            for row in rows:
                cells = dict(zip(generators.COLUMNS, row, strict=True))
                table.add_row(*(escape.line(cells[column]) for column in _OF_GENERATORS))
            yield table
            yield "new: programs that pass and that no generator before gave"


def _not_worked_on(summary: Summary) -> Iterator[str]:
    """A line on what plans decided, on each problem that was skipped, and on those that are not translated, or have an
    odd case.
    """
    if summary.planned:
        yield f"plan: {planned.line(summary.planned)}"
    for name, reason in summary.skipped.items():
        yield f"skipped {escape.line(name)}: {escape.line(reason)}"
    if summary.unanswered:
        yield f"rollouts that have not come: {_counted(summary.unanswered)}; run again to ask for them"
    if summary.ungraded:
        yield f"rollouts that have come and are not graded yet: {summary.ungraded:,}; run again to grade them"
    for target, names in summary.untranslatable.items():
        if names:
            yield f"{len(names)} problem(s) are not translated to {target}: their tests are Python code"
    for target, odd in summary.odd_cases.items():
        for name, number in odd.items():
            yield f"case {number} of {escape.line(name)} has types of its own: no {target} declaration fits all cases"


def _funnel(name: str, part: LanguageSummary) -> Table:
    table = Table(
        title=f"{name}: {part.problems_with_survivors} of {part.problems} problems survive", title_justify="left"
    )
    table.add_column("tier")
    table.add_column("count", justify="right")
    table.add_column("of rollouts", justify="right")
    table.add_column("")
    for tier, label in _TIERS:
        count = getattr(part.funnel, tier)
        share = count / part.funnel.rollouts
        table.add_row(label, f"{count:,}", f"{share:.1%}", "█" * max(round(share * _BAR), count > 0))
    return table


def _counted(reasons: Mapping[str, int]) -> str:
    ordered = sorted(reasons.items(), key=lambda item: -item[1])
    return ", ".join(f"{reason} {count:,}" for reason, count in ordered) or "none"


def _rates(part: LanguageSummary, planned: bool) -> str:
    """Rates in words. With a plan the number of rollouts depends on what passed, which makes them a little high."""
    rates = []
    for rate, value in part.pass_rates.items():
        bare = part.pass_rates_without_repair[rate]
        rates.append(f"{rate} {value:.3f}" + (f" ({bare:.3f} without repair)" if bare != value else ""))
    return ("of planned rollouts, a little high: " if planned else "unbiased ") + ", ".join(rates)


def _by_problem(name: str, by_problem: Mapping[str, Funnel], most: int) -> Table:
    table = Table(title=f"{name}, by problem", title_justify="left")
    table.add_column("problem", overflow="fold")
    for _, label in _TIERS:
        table.add_column(label, justify="right")
    for problem, counts in list(by_problem.items())[:most]:
        table.add_row(escape.line(problem), *(f"{getattr(counts, tier):,}" for tier, _ in _TIERS))
    if len(by_problem) > most:
        table.add_row(f"… and {len(by_problem) - most} more, in summary.json", *[""] * len(_TIERS))
    return table


def print_cost(console: Console, cost: Cost) -> None:
    console.print(spent(cost), soft_wrap=True)
    for target, speed in cost.speedup.items():
        slower = len(speed.slower)
        line = f"{target}: {speed.median:g} times as fast as its source (median of {speed.measured:,})"
        console.print(f"{line}, {slower:,} slower than it" if slower else line, soft_wrap=True)


def spent(cost: Cost) -> str:
    """What a run used so far, in a line."""
    figures = [f"{cost.completion_tokens:,} tokens sampled"]
    if cost.tokens_per_s is not None:
        figures.append(f"{cost.tokens_per_s:,.0f} tokens/s over {cost.engine_s:,.0f} engine-seconds")
    figures.append(f"{cost.program_cpu_s:,.1f} CPU-seconds in programs")
    if cost.dollars is not None:
        figures.append(f"${cost.dollars:,.4f}")
    if cost.dollars_per_record is not None:
        figures.append(f"${cost.dollars_per_record:,.6f} a verified record")
    return ", ".join(figures)


@dataclass(frozen=True, slots=True)
class Survey:
    """What a problem set holds: counts of what loads, and every refusal."""

    problems: int
    kinds: Mapping[str, int]
    """Problems by kind of test: stdin, call or test_code."""
    references: int
    cases: int
    public_cases: int
    traced_cases: int
    """Cases from running references under test code."""
    comparisons: Mapping[str, int]
    """Cases by kind of comparison."""
    refused: Sequence[Refusal]
    granted: Mapping[str, str] = field(default_factory=dict)
    """By id of each problem that loads: what its comparisons grant."""


def print_problems(console: Console, survey: Survey) -> None:
    """Print what a problem set holds, what each problem grants, and every row that is refused with its reason."""
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(survey.kinds.items()))
    console.print(f"{survey.problems:,} problems ({kinds}), {survey.references:,} with a reference", soft_wrap=True)
    compared = ", ".join(f"{count:,} {kind}" for kind, count in sorted(survey.comparisons.items()))
    line = f"{survey.cases:,} cases ({compared or 'none'}), {survey.public_cases:,} of them public"
    if survey.traced_cases:
        line += f", {survey.traced_cases:,} from running references under test code"
    console.print(line, soft_wrap=True)
    if survey.granted:
        console.print(f"granted: {_counted(Counter(survey.granted.values()))}", soft_wrap=True, highlight=False)
    for name, granted in survey.granted.items():
        console.print(f"  {escape.line(name)}: {granted}", soft_wrap=True, highlight=False)
    console.print(f"{len(survey.refused):,} rows refused", soft_wrap=True)
    for refusal in survey.refused:
        pieces = (refusal.place, refusal.id, refusal.reason)
        console.print(f"  {': '.join(map(escape.line, filter(None, pieces)))}", soft_wrap=True, highlight=False)
