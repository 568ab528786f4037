"""The trials of a tuning in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from factory import escape
from factory.config import CostConfig
from factory.tuning.guard import Estimate
from factory.tuning.settings import as_sets
from factory.tuning.trial import Trial


def of(trials: Sequence[Trial], prices: CostConfig) -> Table:
    """A row a trial, in the order of their making. Intervals are of 95 %."""
    table = Table(title=f"{len(trials)} trials", title_justify="left")
    table.add_column("settings", overflow="fold")
    for label in ("tokens/s", "pass@1", "change of pass@1", "records/hour", "records/$"):
        table.add_column(label, justify="right")
    table.add_column("decision", overflow="fold")
    for trial in trials:
        name = escape.line(" ".join(as_sets(trial.settings))) or "as given"
        table.add_row(name, *_figures(trial, prices), escape.line(trial.decision))
    return table


def _figures(trial: Trial, prices: CostConfig) -> list[str]:
    if trial.measured is None:
        return [""] * 5
    per_dollar = trial.measured.records_per_dollar(prices)
    return [
        f"{trial.measured.tokens_per_s:,.0f}",
        _spelt(trial.pass_rate(), ".3f"),
        _spelt(trial.change(), "+.3f"),
        f"{trial.measured.records_per_hour:,.0f}",
        "" if per_dollar is None else f"{per_dollar:,.0f}",
    ]


def _spelt(found: Estimate | None, form: str) -> str:
    return "" if found is None else f"{found.value:{form}} ({found.low:{form}} to {found.high:{form}})"
