"""How the report's charts look: one theme, one way to draw bars, one name and colour a language.

Colours are CSS variables of the page, so that one drawing serves light and dark. Widths follow the
page. Texts in the data are drawn as text by Vega, never read as HTML.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

Row = dict[str, Any]
"""One datum of a chart, by the names of its encodings."""
Spec = dict[str, Any]
"""A drawing in Vega-Lite's own JSON."""
COLOURS = 5
"""Languages that the page has colours for."""
BARS = 28
"""Pixels a bar of a horizontal chart takes."""
_TEXT = {"labelColor": "var(--muted)", "titleColor": "var(--muted)", "labelFontSize": 12, "titleFontSize": 12}
_THEME: Spec = {
    "font": "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
    "view": {"stroke": None},
    "axis": _TEXT
    | {
        "gridColor": "var(--line)",
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
        "titleFontWeight": "normal",
        "titlePadding": 10,
        "labelPadding": 6,
    },
    "axisQuantitative": {"labelOverlap": True, "labelSeparation": 8},
    "legend": _TEXT | {"orient": "top", "title": None, "symbolType": "square", "symbolOpacity": 1},
    "text": {"color": "var(--ink)", "fontSize": 12},
}


@dataclass(frozen=True, slots=True)
class Chart:
    """`said` describes it to a reader who cannot see it; `columns` and `rows` are its table."""

    spec: Spec
    said: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]


def spec(chart: alt.Chart | alt.LayerChart | alt.FacetChart, height: int) -> Spec:
    """`chart` with the theme on, as wide as its place on the page and `height` pixels high."""
    shaped = chart.properties(
        width="container",
        height=height,
        background="transparent",
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
    )
    whole: Spec = shaped.configure(**_THEME).to_dict()
    return whole


def bars(
    rows: list[Row], category: str, value: str, fill: str, good: str = "false", whole: float | None = None
) -> Spec:
    """Horizontal bars with their `label` at the end; those for which `good` holds in the colour of what is good.

    The longest fills the width, or `whole` does.
    """
    most = whole or max(row[value] for row in rows)
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y(f"{category}:N", sort=None, title=None, axis=alt.Axis(domain=False, ticks=False, labelLimit=150)),
        x=alt.X(f"{value}:Q", axis=None, scale=alt.Scale(domain=[0, most], nice=False, range=beside(rows))),
        tooltip=[alt.Tooltip(f"{category}:N"), alt.Tooltip("label:N", title=value)],
    )
    drawn = base.mark_bar(cornerRadiusEnd=4, height=18).encode(
        color=alt.condition(good, alt.value("var(--good)"), alt.value(fill))
    )
    labels = base.mark_text(align="left", dx=6).encode(text="label:N")
    return spec(alt.layer(drawn, labels), len(rows) * BARS)


def beside(rows: Sequence[Row]) -> list[Any]:
    """The range of a scale that leaves room at its right for the longest `label`."""
    return [0, {"expr": f"width - {7 * max(len(row['label']) for row in rows) + 14}"}]


def colour(at: int) -> str:
    """The colour of a run's language number `at`, wherever it is drawn."""
    return f"var(--language{at % COLOURS})"


def title_of(language: str) -> str:
    """A language as people write it."""
    return {"javascript": "JavaScript", "typescript": "TypeScript"}.get(language, language.capitalize())


def duration(seconds: float) -> str:
    """Seconds as people read them."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:,.1f} h"
