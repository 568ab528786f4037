"""The funnel in a terminal: tables for people, on whatever stream they are printed to."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

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


def print_funnel(console: Console, summary: dict[str, Any], problems: int = 0) -> None:
    """Print the funnel of every language; with `problems`, also the table of at most so many problems."""
    for name, part in summary["languages"].items():
        if part["funnel"]["rollouts"]:
            console.print(_funnel(name, part))
            console.print(_drops(part["funnel"]), soft_wrap=True)
            if part["pass_rates"]:
                console.print(_rates(part), soft_wrap=True)
            if problems:
                console.print(_by_problem(name, part["by_problem"], problems))
            console.print()
    for name, reason in summary.get("skipped", {}).items():
        console.print(f"skipped {escape(name)}: {escape(reason)}")
    for target, names in summary.get("untranslatable", {}).items():
        if names:
            console.print(f"{len(names)} problem(s) are not translated to {target}: their tests are Python code")
    failures = sum(part["funnel"]["drops"].get("infrastructure_error", 0) for part in summary["languages"].values())
    if failures:
        console.print(f"{failures} rollout(s) could not be graded because a sandbox was lost; run again to grade them")


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


def _drops(funnel: dict[str, Any]) -> str:
    drops = sorted(funnel["drops"].items(), key=lambda item: -item[1])
    return "dropped: " + (", ".join(f"{reason} {count:,}" for reason, count in drops) or "none")


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
        table.add_row(escape(problem), *(f"{counts[tier]:,}" for tier, _ in _TIERS))
    if len(by_problem) > most:
        table.add_row(f"… and {len(by_problem) - most} more, in summary.json", *[""] * len(_TIERS))
    return table


def print_cost(console: Console, cost: dict[str, Any]) -> None:
    told = [f"{cost['completion_tokens']:,} tokens sampled"]
    if "tokens_per_s" in cost:
        told.append(f"{cost['tokens_per_s']:,.0f} tokens/s over {cost['engine_s']:,.0f} engine-seconds")
    told.append(f"{cost['program_cpu_s']:,.1f} CPU-seconds in programs")
    console.print(", ".join(told), soft_wrap=True)
    for target, speed in cost.get("speedup", {}).items():
        slower = len(speed["slower"])
        line = f"{target}: {speed['median']:g} times as fast as its source (median of {speed['measured']:,})"
        console.print(f"{line}, {slower:,} slower than it" if slower else line, soft_wrap=True)


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
        name = f"{refusal['id']}: " if refusal["id"] else ""
        console.print(f"  {refusal['place']}: {name}{refusal['reason']}", soft_wrap=True, markup=False, highlight=False)
