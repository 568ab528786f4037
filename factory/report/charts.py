"""The report's charts: each a Vega-Lite specification with its data, and the same data as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from factory.records import Status
from factory.report.curves import pass_curve, yield_curve
from factory.report.drawing import Chart, Row, bars, beside, colour, duration, spec, told
from factory.report.statistics import LanguageStatistics, RunStatistics

TIERS = (
    ("rollouts", "sampled"),
    ("extracted", "a program found"),
    ("compiled", "compiles"),
    ("passed", "passes every test"),
    ("distinct", "distinct"),
    ("kept", "kept"),
)
DIFFICULTIES = 10
"""Difficulties that are told apart; those with fewest problems are put together."""
RANKS = 300
"""Steps of the curve of problems by their pass share."""
LABELLED = 6
"""Most bars beside one another that have room for their figures on a phone."""
_PERCENT = alt.Axis(format="%", tickCount=5)


def funnel(name: str, fill: str, counts: dict[str, Any]) -> Chart:
    """The tiers of one language, in the colour `fill`, as centred bars, each as wide as what is left."""
    most = counts["rollouts"]
    rows = []
    before = most
    for tier, label in TIERS:
        count = counts[tier]
        share = count / most
        rows.append(
            {
                "tier": label,
                "count": count,
                "of_all": share,
                "of_before": count / before if before else 0.0,
                "from": -0.5,
                "to": 0.5,
                "left": -share / 2,
                "right": share / 2,
                "label": f"{count:,} · {share:.1%}",
            }
        )
        before = count
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y(
            "tier:N", sort=None, title=None, axis=alt.Axis(domain=False, ticks=False, labelPadding=10, labelLimit=140)
        ),
        tooltip=[
            alt.Tooltip("tier:N"),
            alt.Tooltip("count:Q", format=","),
            alt.Tooltip("of_all:Q", format=".1%", title="of all rollouts"),
            alt.Tooltip("of_before:Q", format=".1%", title="of the tier before"),
        ],
    )

    def x(end: str) -> alt.X:
        return alt.X(f"{end}:Q", axis=None, scale=alt.Scale(domain=[-0.5, 0.5], nice=False, range=beside(rows)))

    whole = base.mark_bar(color="var(--faint)", cornerRadius=4, height=28).encode(x=x("from"), x2="to:Q")
    left = base.mark_bar(color=fill, cornerRadius=4, height=28).encode(x=x("left"), x2="right:Q")
    counts_told = base.mark_text(align="right", fontWeight=600).encode(x=alt.value(alt.expr("width")), text="label:N")
    said = f"Funnel of {told(name)}: " + ", ".join(f"{row['count']:,} {row['tier']}" for row in rows)
    table = [(row["tier"], f"{row['count']:,}", f"{row['of_all']:.1%}", f"{row['of_before']:.1%}") for row in rows]
    columns = ("tier", "rollouts", "of all", "of the tier before")
    return Chart(spec(alt.layer(whole, left, counts_told), len(TIERS) * 40), said, columns, table)


def verdicts(name: str, found: LanguageStatistics) -> Chart:
    """Rollouts of one language by verdict, most frequent first."""
    total = found.statuses.total()
    rows: list[Row] = [
        {
            "verdict": str(status).replace("_", " "),
            "rollouts": count,
            "share": count / total,
            "label": f"{count:,}  ({count / total:.1%})",
            "passed": status is Status.PASSED,
        }
        for status, count in found.statuses.most_common()
    ]
    return Chart(
        bars(rows, "verdict", "rollouts", "var(--bad)", "datum.passed"),
        f"Verdicts on {total:,} {told(name)} rollouts: "
        + ", ".join(f"{row['verdict']} {row['label']}" for row in rows),
        ("verdict", "rollouts", "share"),
        [(row["verdict"], f"{row['rollouts']:,}", f"{row['share']:.1%}") for row in rows],
    )


def by_difficulty(statistics: RunStatistics) -> Chart | None:
    """Mean pass share of problems by difficulty and language; None where difficulties are not given."""
    groups = Counter(row["difficulty"] or "not given" for row in statistics.rows)
    if set(groups) <= {"not given"}:
        return None
    told_apart = sorted(groups, key=lambda name: (-groups[name], name))[:DIFFICULTIES]
    rows: list[Row] = []
    for difficulty in _natural(told_apart) + (["others"] if len(groups) > len(told_apart) else []):
        for name in statistics.languages:
            counts = [
                row["counts"][name]
                for row in statistics.rows
                if name in row["counts"] and (_group(row, told_apart) == difficulty)
            ]
            if counts:
                rows.append(
                    {
                        "difficulty": difficulty,
                        "language": told(name),
                        "share": sum(c["passed"] / c["rollouts"] for c in counts) / len(counts),
                        "problems": len(counts),
                        "kept": sum(c["kept"] > 0 for c in counts),
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


def _group(row: Row, told_apart: Sequence[str]) -> str:
    name = row["difficulty"] or "not given"
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
    scale = alt.Scale(domain=[told(name) for name in names], range=[colour(at) for at in range(len(names))])
    return alt.Color("language:N", scale=scale, legend=alt.Legend() if len(names) > 1 else None)


def by_problem(statistics: RunStatistics) -> Chart:
    """Pass share of every problem, best first, a line a language."""
    rows: list[Row] = []
    table = []
    for name in statistics.languages:
        counts = [row["counts"][name] for row in statistics.rows if name in row["counts"]]
        shares = sorted((c["passed"] / c["rollouts"] for c in counts), reverse=True)
        steps = np.linspace(0, len(shares), min(len(shares), RANKS) + 1)
        rows += [
            {"language": told(name), "rank": float(step), "of": float(step) / len(shares), "share": share}
            for at, step in enumerate(steps)
            for share in [shares[min(int(step), len(shares) - 1)] if at < len(steps) - 1 else shares[-1]]
        ]
        none, every = sum(share == 0 for share in shares), sum(share == 1 for share in shares)
        middle = float(np.median(shares))
        table.append((told(name), len(shares), len(shares) - none, none, every, f"{middle:.1%}"))
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
                    "language": told(name),
                    "k": point.k,
                    "value": point.value,
                    "low": point.value if point.low is None else point.low,
                    "high": point.value if point.high is None else point.high,
                }
            )
            interval = "" if point.low is None else f"{point.low:.3f} – {point.high:.3f}"
            table.append((told(name), point.k, f"{point.value:.3f}", interval))
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
    """Distinct passing programs, and problems that have one, against rollouts spent; None where none is graded."""
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


def spent(stages: Sequence[Row], value: str, unit: str) -> Chart | None:
    """`value` ("engine_s" or "program_cpu_s") of every stage, in seconds; None where none was recorded."""
    rows: list[Row] = [
        {
            "stage": f"{stage['step']} {told(stage['language'])}",
            "seconds": stage[value],
            "label": duration(stage[value]),
        }
        for stage in stages
        if stage[value]
    ]
    if not rows:
        return None
    return Chart(
        bars(rows, "stage", "seconds", "var(--accent)"),
        f"{unit} by stage: " + ", ".join(f"{row['stage']} {row['label']}" for row in rows),
        ("stage", unit),
        [(row["stage"], f"{row['seconds']:,.1f}") for row in rows],
    )


def translated(statistics: RunStatistics) -> Chart | None:
    """Verified Python programs that have a verified translation, by target; None where nothing was translated."""
    rows: list[Row] = [
        {
            "target": told(name),
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
