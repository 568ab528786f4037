"""Charts of problems: which survive, at what rate, and what more rollouts would give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import altair as alt
import numpy as np

from factory.report.curves import pass_curve, yield_curve
from factory.report.drawing import Chart, Row, colour, spec, title_of
from factory.report.statistics import LanguageStatistics, ProblemRow, RunStatistics

DIFFICULTIES = 10
"""Difficulties that have a bar of their own; those with fewest problems share one."""
RANKS = 300
"""Steps of the curve of problems by their pass share."""
LABELLED = 6
"""Most bars beside one another that have room for their figures on a phone."""
_PERCENT = alt.Axis(format="%", tickCount=5)


def by_difficulty(statistics: RunStatistics) -> Chart | None:
    """Mean pass share of problems by difficulty and language; None where difficulties are not given."""
    groups = Counter(row.difficulty or "not given" for row in statistics.rows)
    if set(groups) <= {"not given"}:
        return None
    told_apart = sorted(groups, key=lambda name: (-groups[name], name))[:DIFFICULTIES]
    rows: list[Row] = []
    for difficulty in _natural(told_apart) + (["others"] if len(groups) > len(told_apart) else []):
        for name in statistics.languages:
            counts = [
                row.counts[name]
                for row in statistics.rows
                if name in row.counts and (_group(row, told_apart) == difficulty)
            ]
            if counts:
                rows.append(
                    {
                        "difficulty": difficulty,
                        "language": title_of(name),
                        "share": sum(c.passed / c.rollouts for c in counts) / len(counts),
                        "problems": len(counts),
                        "kept": sum(c.kept > 0 for c in counts),
                    }
                )
    for row in rows:
        row["label"] = f"{row['share']:.0%}"
        row["survived"] = f"{row['kept']} of {row['problems']}"
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X(
            "difficulty:N", sort=None, title=None, axis=alt.Axis(labelAngle=-35 if len(groups) > 4 else 0, ticks=False)
        ),
        xOffset=alt.XOffset("language:N", sort=None),
        y=alt.Y("share:Q", title="rollouts that pass", axis=_PERCENT, scale=alt.Scale(domain=[0, 1])),
        tooltip=[
            alt.Tooltip("difficulty:N"),
            alt.Tooltip("language:N"),
            alt.Tooltip("share:Q", format=".1%", title="rollouts that pass"),
            alt.Tooltip("survived:N", title="problems with a survivor"),
        ],
    )
    drawn = base.mark_bar(cornerRadiusEnd=4).encode(color=_by_language(statistics))
    few = len(rows) <= LABELLED
    labels = base.mark_text(dy=-8).encode(text="label:N")
    return Chart(
        spec(alt.layer(drawn, labels) if few else alt.layer(drawn), 240),
        "Share of rollouts that pass, by difficulty: "
        + ", ".join(f"{row['difficulty']} {row['language']} {row['label']}" for row in rows),
        ("difficulty", "language", "rollouts that pass", "problems with a survivor"),
        [(row["difficulty"], row["language"], f"{row['share']:.1%}", row["survived"]) for row in rows],
    )


def _group(row: ProblemRow, told_apart: Sequence[str]) -> str:
    name = row.difficulty or "not given"
    return name if name in told_apart else "others"


def _natural(names: Sequence[str]) -> list[str]:
    """Names in the order people expect: known words of difficulty, then numbers, then the alphabet."""
    words = ("introductory", "easy", "medium", "interview", "hard", "competition", "expert")

    def place(name: str) -> tuple[int, float, str]:
        if name.lower() in words:
            return 0, words.index(name.lower()), name
        return (1, float(name), name) if name.replace(".", "", 1).isdecimal() else (2, 0.0, name)

    return sorted(names, key=place)


def _by_language(statistics: RunStatistics) -> alt.Color:
    names = list(statistics.languages)
    scale = alt.Scale(domain=[title_of(name) for name in names], range=[colour(at) for at in range(len(names))])
    return alt.Color("language:N", scale=scale, legend=alt.Legend() if len(names) > 1 else None)


def by_problem(statistics: RunStatistics) -> Chart:
    """Pass share of every problem, best first, a line a language."""
    rows: list[Row] = []
    table = []
    for name in statistics.languages:
        counts = [row.counts[name] for row in statistics.rows if name in row.counts]
        shares = sorted((c.passed / c.rollouts for c in counts), reverse=True)
        steps = np.linspace(0, len(shares), min(len(shares), RANKS) + 1)
        rows += [
            {"language": title_of(name), "rank": float(step), "of": float(step) / len(shares), "share": share}
            for at, step in enumerate(steps)
            for share in [shares[min(int(step), len(shares) - 1)] if at < len(steps) - 1 else shares[-1]]
        ]
        none, every = sum(share == 0 for share in shares), sum(share == 1 for share in shares)
        middle = float(np.median(shares))
        table.append((title_of(name), len(shares), len(shares) - none, none, every, f"{middle:.1%}"))
    line = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_area(interpolate="step-after", line={"strokeWidth": 2}, fillOpacity=0.12)
        .encode(
            x=alt.X("of:Q", title="problems, best first", axis=alt.Axis(format="%", tickCount=5, grid=False)),
            y=alt.Y("share:Q", title="rollouts that pass", axis=_PERCENT, stack=None, scale=alt.Scale(domain=[0, 1])),
            color=_by_language(statistics),
            tooltip=[
                alt.Tooltip("language:N"),
                alt.Tooltip("of:Q", format=".0%", title="problems"),
                alt.Tooltip("share:Q", format=".1%", title="pass at least"),
            ],
        )
    )
    said = "Share of rollouts that pass, problem by problem, best first. " + " ".join(
        f"{row[0]}: {row[2]} of {row[1]} problems have a rollout that passes; the median is {row[5]}." for row in table
    )
    columns = ("language", "problems", "with a pass", "without", "where all pass", "median share")
    return Chart(spec(line, 240), said, columns, table)


def pass_at(statistics: RunStatistics) -> Chart | None:
    """pass@k with its interval over problems, a line a language; None where no rollout is graded."""
    rows: list[Row] = []
    table = []
    for name, found in statistics.languages.items():
        for point in pass_curve(found.counts):
            rows.append(
                {
                    "language": title_of(name),
                    "k": point.k,
                    "value": point.value,
                    "low": point.value if point.low is None else point.low,
                    "high": point.value if point.high is None else point.high,
                }
            )
            interval = "" if point.low is None else f"{point.low:.3f} – {point.high:.3f}"
            table.append((title_of(name), point.k, f"{point.value:.3f}", interval))
    if not rows:
        return None
    most = max(row["k"] for row in rows)
    x = alt.X(
        "k:Q",
        title="k, rollouts drawn",
        scale=alt.Scale(type="log", domain=[1, max(most, 2)], nice=False),
        axis=alt.Axis(
            values=[k for k in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10000) if k <= most], grid=False, format="~s"
        ),
    )
    y_scale = alt.Scale(domain=[0, 1])
    base = alt.Chart(alt.InlineData(values=rows)).encode(x=x, color=_by_language(statistics))
    band = base.mark_area(opacity=0.16).encode(
        y=alt.Y("low:Q", title="pass@k", scale=y_scale, axis=_PERCENT), y2="high:Q"
    )
    line = base.mark_line(point=alt.OverlayMarkDef(size=36, filled=True), strokeWidth=2).encode(
        y=alt.Y("value:Q", title="pass@k", scale=y_scale),
        tooltip=[
            alt.Tooltip("language:N"),
            alt.Tooltip("k:Q"),
            alt.Tooltip("value:Q", format=".3f", title="pass@k"),
            alt.Tooltip("low:Q", format=".3f", title="95 % from"),
            alt.Tooltip("high:Q", format=".3f", title="to"),
        ],
    )
    said = "pass@k with 95 % intervals over problems: " + "; ".join(
        f"{language} pass@{k} {value}" + (f" ({interval})" if interval else "")
        for language, k, value, interval in table
    )
    return Chart(spec(alt.layer(band, line), 260), said, ("language", "k", "pass@k", "95 % interval"), table)


def marginal(found: LanguageStatistics) -> Chart | None:
    """Distinct passing programs, and problems that have one, against rollouts spent; None where nothing is graded."""
    curve = yield_curve(found.counts, found.normal_forms)
    if not curve:
        return None
    kinds = (("distinct programs", "programs"), ("problems solved", "problems"))
    start: list[Row] = [{"rollouts": 0, "k": 0, "what": label, "count": 0.0} for label, _ in kinds]
    rows = start + [
        {"rollouts": point.rollouts, "k": point.k, "what": label, "count": getattr(point, name)}
        for point in curve
        for label, name in kinds
    ]
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_line(point=alt.OverlayMarkDef(size=36, filled=True), strokeWidth=2)
        .encode(
            x=alt.X("rollouts:Q", title="rollouts spent", axis=alt.Axis(grid=False, format="~s", tickCount=5)),
            y=alt.Y("count:Q", title="expected", axis=alt.Axis(format="~s", tickCount=5)),
            color=alt.Color(
                "what:N",
                scale=alt.Scale(domain=[label for label, _ in kinds], range=["var(--good)", "var(--accent)"]),
                legend=alt.Legend(),
            ),
            tooltip=[
                alt.Tooltip("what:N"),
                alt.Tooltip("rollouts:Q", format=",", title="rollouts spent"),
                alt.Tooltip("k:Q", title="a problem"),
                alt.Tooltip("count:Q", format=",.1f", title="expected"),
            ],
        )
    )
    table = [(p.k, f"{p.rollouts:,}", f"{p.programs:,.1f}", f"{p.problems:,.1f}") for p in curve]
    last = curve[-1]
    said = (
        f"{last.rollouts:,} rollouts gave {last.programs:,.0f} distinct passing programs"
        f" of {last.problems:,.0f} problems"
    )
    columns = ("rollouts a problem", "rollouts spent", "distinct passing programs", "problems with one")
    return Chart(spec(chart, 260), said, columns, table)
