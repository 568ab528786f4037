"""The tables of the page: columns, and rows of texts."""

from __future__ import annotations

from collections.abc import Sequence

from factory.report.bands import Band
from factory.report.cost import Stage
from factory.report.drawing import duration, title_of


def money(dollars: float) -> str:
    """Dollars with only the digits that matter."""
    if dollars >= 1 or dollars == 0:
        return f"{dollars:,.2f}"
    return f"{dollars:.2g}" if dollars >= 0.0001 or dollars < 0.000001 else f"{dollars:.6f}"


def by_stage(stages: Sequence[Stage]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns and rows of the table of stages; without dollars where no stage has any."""
    with_dollars = any(stage.dollars is not None for stage in stages)
    columns = ("stage", *(["dollars"] if with_dollars else []), "engine", "programs' CPU", "rollouts", "tokens")
    return columns, [
        (
            f"{stage.step} {title_of(stage.language)}",
            *([f"${money(stage.dollars)}" if stage.dollars is not None else ""] if with_dollars else []),
            duration(stage.engine_s) if stage.engine_s else "",
            duration(stage.program_cpu_s) if stage.program_cpu_s else "",
            f"{stage.rollouts:,}" if stage.step == "sample" else "",
            f"{stage.completion_tokens:,}" if stage.step == "sample" else "",
        )
        for stage in stages
    ]


def by_band(found: Sequence[Band]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns and rows of the table of bands; without tokens or dollars where no band has any."""
    with_tokens, with_dollars = any(band.tokens for band in found), any(band.dollars is not None for band in found)
    columns = (
        *("of the rollouts", "problems", "rollouts", "pass", "kept", "rollouts a kept program"),
        *(["tokens", "tokens a kept program"] if with_tokens else []),
        *(["dollars a kept program"] if with_dollars else []),
    )

    def cells(band: Band) -> tuple[str, ...]:
        each = band.per_record(band.rollouts)
        shown = [band.name, f"{band.problems:,}", f"{band.rollouts:,}", f"{band.passed:,}", f"{band.kept:,}"]
        shown.append("" if each is None else f"{each:,.1f}")
        if with_tokens:
            each = band.per_record(band.tokens)
            shown += [f"{band.tokens:,}", "" if each is None else f"{each:,.0f}"]
        if with_dollars:
            each = band.per_record(band.dollars)
            shown.append("" if each is None else f"${money(each)}")
        return tuple(shown)

    return columns, [cells(band) for band in found]
