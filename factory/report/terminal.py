"""The funnel in a terminal: tables for people, on whatever stream they are printed to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from factory import escape
from factory.console import Console
from factory.report import decontamination, strength

_TIERS = (
    ("rollouts", "rollouts"),
    ("extracted", "program found"),
    ("compiled", "compiles"),
    ("passed", "passes all tests"),
    ("distinct", "distinct"),
    ("kept", "kept"),
)
_BAR = 30
"""Characters of a full bar."""


def plain(console: Console) -> Callable[[str], None]:
    """A function that prints a line on `console`, however long."""
    return lambda line: console.print(line, highlight=False, soft_wrap=True)


def print_funnel(console: Console, summary: dict[str, Any], problems: int = 0) -> None:
    """Print the funnel of every language; with `problems`, also the table of at most so many problems."""
    for part in funnel(summary, problems):
        console.print(part, soft_wrap=isinstance(part, str))


def funnel(summary: dict[str, Any], problems: int = 0) -> Iterator[RenderableType]:
    """What `print_funnel` prints, piece by piece."""
    for name, part in summary["languages"].items():
        if part["funnel"]["rollouts"]:
            yield _funnel(name, part)
            yield f"dropped: {_counted(part['funnel']['drops'])}"
            if part["left_out"]:
                yield f"shipped: {part['shipped']:,} of those kept; left out: {_counted(part['left_out'])}"
            if part["pass_rates"]:
                yield _rates(part)
            if problems:
                yield _by_problem(name, part["by_problem"], problems)
            yield ""
    yield from strength.lines(summary.get("review", {}))
    yield from decontamination.lines(summary.get("decontamination", decontamination.NOTHING))
    for name, reason in summary.get("skipped", {}).items():
        yield f"skipped {escape.line(name)}: {escape.line(reason)}"
    for target, names in summary.get("untranslatable", {}).items():
        if names:
            yield f"{len(names)} problem(s) are not translated to {target}: their tests are Python code"
    failures = sum(part["funnel"]["drops"].get("infrastructure_error", 0) for part in summary["languages"].values())
    if failures:
        yield f"{failures} rollout(s) could not be graded because a sandbox was lost; run again to grade them"


def _funnel(name: str, part: dict[str, Any]) -> Table:
    table = Table(
        title=f"{name}: {part['problems_with_survivors']} of {part['problems']} problems survive", title_justify="left"
    )
    table.add_column("tier")
    table.add_column("count", justify="right")
    table.add_column("of rollouts", justify="right")
    table.add_column("")
    funnel = part["funnel"]
    for tier, told in _TIERS:
        share = funnel[tier] / funnel["rollouts"]
        table.add_row(told, f"{funnel[tier]:,}", f"{share:.1%}", "█" * max(round(share * _BAR), funnel[tier] > 0))
    return table


def _counted(reasons: dict[str, int]) -> str:
    ordered = sorted(reasons.items(), key=lambda item: -item[1])
    return ", ".join(f"{reason} {count:,}" for reason, count in ordered) or "none"


def _rates(part: dict[str, Any]) -> str:
    told = []
    for rate, value in part["pass_rates"].items():
        bare = part["pass_rates_without_repair"][rate]
        told.append(f"{rate} {value:.3f}" + (f" ({bare:.3f} without repair)" if bare != value else ""))
    return "unbiased " + ", ".join(told)


def _by_problem(name: str, by_problem: dict[str, Any], most: int) -> Table:
    table = Table(title=f"{name}, by problem", title_justify="left")
    table.add_column("problem", overflow="fold")
    for _, told in _TIERS:
        table.add_column(told, justify="right")
    for problem, counts in list(by_problem.items())[:most]:
        table.add_row(escape.line(problem), *(f"{counts[tier]:,}" for tier, _ in _TIERS))
    if len(by_problem) > most:
        table.add_row(f"… and {len(by_problem) - most} more, in summary.json", *[""] * len(_TIERS))
    return table


def print_cost(console: Console, cost: dict[str, Any]) -> None:
    console.print(spent(cost), soft_wrap=True)
    for target, speed in cost.get("speedup", {}).items():
        slower = len(speed["slower"])
        line = f"{target}: {speed['median']:g} times as fast as its source (median of {speed['measured']:,})"
        console.print(f"{line}, {slower:,} slower than it" if slower else line, soft_wrap=True)


def spent(cost: dict[str, Any]) -> str:
    """What a run used so far, in a line."""
    told = [f"{cost['completion_tokens']:,} tokens sampled"]
    if "tokens_per_s" in cost:
        told.append(f"{cost['tokens_per_s']:,.0f} tokens/s over {cost['engine_s']:,.0f} engine-seconds")
    told.append(f"{cost['program_cpu_s']:,.1f} CPU-seconds in programs")
    if "dollars" in cost:
        told.append(f"${cost['dollars']:,.4f}")
    if "dollars_per_record" in cost:
        told.append(f"${cost['dollars_per_record']:,.6f} a verified record")
    return ", ".join(told)


def print_problems(console: Console, survey: dict[str, Any]) -> None:
    """Print what a problem set holds, and every row that is refused with its reason."""
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(survey["kinds"].items()))
    console.print(
        f"{survey['problems']:,} problems ({kinds}), {survey['references']:,} with a reference", soft_wrap=True
    )
    compared = ", ".join(f"{count:,} {kind}" for kind, count in sorted(survey["comparisons"].items()))
    told = f"{survey['cases']:,} cases ({compared or 'none'}), {survey['public_cases']:,} of them public"
    if survey["traced_cases"]:
        told += f", {survey['traced_cases']:,} from running references under test code"
    console.print(told, soft_wrap=True)
    console.print(f"{len(survey['refused']):,} rows refused", soft_wrap=True)
    for refusal in survey["refused"]:
        told = ": ".join(escape.line(refusal[key]) for key in ("place", "id", "reason") if refusal[key])
        console.print(f"  {told}", soft_wrap=True, highlight=False)
