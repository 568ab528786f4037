"""Charts of rollouts: the funnel, how they ended, what they cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import altair as alt

from factory.records import Status
from factory.records.summary import Funnel
from factory.report.cost import Stage
from factory.report.drawing import Chart, Row, bars, beside, duration, spec, title_of
from factory.report.statistics import LanguageStatistics

TIERS = (
    ("rollouts", "sampled"),
    ("extracted", "a program found"),
    ("compiled", "compiles"),
    ("passed", "passes every test"),
    ("distinct", "distinct"),
    ("kept", "kept"),
)


def funnel(name: str, fill: str, counts: Funnel) -> Chart:
    """The tiers of one language, in the colour `fill`, as centred bars, each as wide as what is left."""
    most = counts.rollouts
    rows = []
    before = most
    for tier, label in TIERS:
        count = getattr(counts, tier)
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
    said = f"Funnel of {title_of(name)}: " + ", ".join(f"{row['count']:,} {row['tier']}" for row in rows)
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
        f"Verdicts on {total:,} {title_of(name)} rollouts: "
        + ", ".join(f"{row['verdict']} {row['label']}" for row in rows),
        ("verdict", "rollouts", "share"),
        [(row["verdict"], f"{row['rollouts']:,}", f"{row['share']:.1%}") for row in rows],
    )


def spent(stages: Sequence[Stage], unit: str, seconds: Callable[[Stage], float]) -> Chart | None:
    """The `seconds` of every stage that has any, as `unit` says what they are; None where no stage has."""
    used = [(f"{stage.step} {title_of(stage.language)}", seconds(stage)) for stage in stages if seconds(stage)]
    rows: list[Row] = [{"stage": name, "seconds": value, "label": duration(value)} for name, value in used]
    if not rows:
        return None
    return Chart(
        bars(rows, "stage", "seconds", "var(--accent)"),
        f"{unit} by stage: " + ", ".join(f"{row['stage']} {row['label']}" for row in rows),
        ("stage", unit),
        [(name, f"{value:,.1f}") for name, value in used],
    )
