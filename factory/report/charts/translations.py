"""Charts of translations: how many are kept, and how fast they are."""

from __future__ import annotations

import altair as alt
import numpy as np

from factory.report.drawing import Chart, Row, bars, spec, title_of
from factory.report.statistics import LanguageStatistics, RunStatistics


def translated(statistics: RunStatistics) -> Chart | None:
    """Verified Python programs that have a verified translation, by target; None where nothing was translated."""
    rows: list[Row] = [
        {
            "target": title_of(name),
            "share": found.parents_kept / found.parents,
            "label": f"{found.parents_kept:,} of {found.parents:,} ({found.parents_kept / found.parents:.0%})",
        }
        for name, found in statistics.languages.items()
        if found.parents
    ]
    if not rows:
        return None
    return Chart(
        bars(rows, "target", "share", "var(--accent)", whole=1.0),
        "Python programs with a verified translation: " + ", ".join(f"{row['target']} {row['label']}" for row in rows),
        ("target", "Python programs with a verified translation"),
        [(row["target"], row["label"]) for row in rows],
    )


def speed_up(found: LanguageStatistics) -> Chart | None:
    """CPU time of Python over that of its kept translation, as a histogram on a logarithmic scale."""
    if not found.speed_ups:
        return None
    logs = np.log2(found.speed_ups)
    step = 0.25
    edges = np.arange(min(np.floor(logs.min()), -1), max(np.floor(logs.max()) + 1, 1) + step, step)
    heights, edges = np.histogram(logs, bins=edges)
    rows = [
        {
            "low": float(low),
            "high": float(high),
            "range": f"{2**low:.2f}× to {2**high:.2f}×",
            "pairs": int(count),
            "faster": bool(low >= 0),
        }
        for low, high, count in zip(edges[:-1], edges[1:], heights, strict=True)
    ]
    ticks = alt.Axis(
        grid=False, labelExpr="format(pow(2, datum.value), '.2~f') + '×'", tickMinStep=1, labelOverlap=True
    )
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_rect(cornerRadius=3)
        .encode(
            x=alt.X("low:Q", bin="binned", title="Python's CPU time over the translation's", axis=ticks),
            x2="high:Q",
            y2=alt.datum(0),
            y=alt.Y("pairs:Q", title="pairs", axis=alt.Axis(tickCount=min(5, int(heights.max())), format="~s")),
            color=alt.condition("datum.faster", alt.value("var(--good)"), alt.value("var(--bad)")),
            tooltip=[alt.Tooltip("range:N", title="speed-up"), alt.Tooltip("pairs:Q")],
        )
    )
    middle = float(np.median(found.speed_ups))
    return Chart(
        spec(chart, 220),
        f"Speed-up of {len(found.speed_ups):,} pairs; the median is {middle:.2f} times",
        ("speed-up", "pairs"),
        [(row["range"], row["pairs"]) for row in rows if row["pairs"]],
    )
