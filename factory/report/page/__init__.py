"""One self-contained HTML page of a run.

Promises: the page loads nothing, and its own policy (CSP) forbids it to; what came from a model, a problem
or an error is shown as text everywhere, and no script but the page's own runs. Charts are drawn by Vega, which
is in the page; every chart's numbers are also in a table. Needs a browser with JavaScript for charts and samples.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import vl_convert

from factory import escape
from factory.config import Config
from factory.records import Status
from factory.records.base import plain
from factory.records.summary import Summary
from factory.report import charts, generators, strength
from factory.report.bands import bands
from factory.report.cost import Stage
from factory.report.curves import pass_curve
from factory.report.drawing import Chart, colour, duration, title_of
from factory.report.page.highlight import highlighted
from factory.report.page.tables import by_band, by_stage, money
from factory.report.planned import Planned, line
from factory.report.samples import LONGEST
from factory.report.statistics import SAMPLES, ProblemRow, RunStatistics

FOLDER = Path(__file__).parent
TILES = 6
"""Most figures beside one another at the top."""
LISTED = 5_000
"""Problems that are listed, so that a browser opens the page at once."""
COMMON = 12
"""Reasons of failure that are listed of a language, and problems of weak tests or in dispute."""


@dataclass(frozen=True, slots=True)
class About:
    """What the page says of the run beside its counts."""

    config: Config
    written: str
    """When the page was written, for people."""
    unfinished: int
    """Problems that the run has not finished."""
    config_text: str
    """The config as YAML."""
    planned: Mapping[str, Planned] = field(default_factory=dict)
    """By a problem's id, what its plan decided last; empty where all get as many rollouts."""
    tokens: Mapping[str, int] = field(default_factory=dict)
    """By a problem's id, the completion tokens of its Python rollouts."""


def render(
    summary: Summary, statistics: RunStatistics, stages: Sequence[Stage], about: About, beside: str = ""
) -> bytes:
    """The page, UTF-8. `stages` as of `Account.stages`; `beside` names the file that has the counts of all problems."""
    drawn = _charts(summary, statistics, stages)
    data = {
        "charts": {name: chart.spec for name, chart in drawn.items()},
        "languages": [[name, title_of(name)] for name in statistics.languages],
        "problems": [_row(row, about) for row in listed(statistics.rows)],
    }
    tiles = _tiles(summary, statistics)
    scripts = (_vega(), (FOLDER / "page.js").read_text(encoding="utf-8"))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        finalize=escape.html,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["title_of"] = title_of
    text = environment.get_template("page.html.j2").render(
        about=about,
        summary=summary,
        model=_model(about.config),
        tiles=tiles,
        columns=math.ceil(len(tiles) / math.ceil(len(tiles) / TILES)),
        charts=drawn,
        languages=statistics.languages,
        reasons={name: _reasons(statistics, name) for name in statistics.languages},
        marginal=_marginal(drawn),
        repeated=[
            (name, *(f"{count:,}" for count in (counts.problems, counts.set_aside, counts.programs)))
            for name, counts in summary.decontamination.benchmarks.items()
        ],
        planned=line(summary.planned),
        strength=list(strength.lines(summary.review)),
        weakest=_weakest(statistics),
        disputes=_disputes(statistics),
        disputed=sum(row.disputed > 0 for row in statistics.rows),
        stages=by_stage(stages),
        generators=[(name, rows) for name in summary.languages if (rows := generators.table(summary.generators, name))],
        generator_columns=generators.COLUMNS,
        bands=by_band(bands(statistics.rows, about.tokens, stages)),
        middle={name: _middle(found.speed_ups) for name, found in statistics.languages.items()},
        shown=statistics.samples,
        total=len(statistics.rows),
        listed=min(len(statistics.rows), LISTED),
        beside=beside,
        samples=SAMPLES,
        longest=LONGEST,
        difficulties=sorted({row.difficulty for row in statistics.rows} - {""}),
        statuses=sorted({status for row in statistics.rows for status in row.reasons}),
        style=(FOLDER / "page.css").read_text(encoding="utf-8"),
        scripts=scripts,
        policy=" ".join(f"'sha256-{_digest(script)}'" for script in scripts),
        data=embeddable(data),
        money=money,
        infrastructure=str(Status.INFRASTRUCTURE_ERROR),
    )
    return text.encode("utf-8")


def listed(rows: Sequence[ProblemRow]) -> list[ProblemRow]:
    """At most `LISTED` rows, in order: those that have a sample, and of the others some that are spread evenly."""
    others = [at for at, row in enumerate(rows) if row.sample is None]
    room = LISTED - (len(rows) - len(others))
    chosen = {others[at * len(others) // room] for at in range(room)} if room < len(others) else set(others)
    return [row for at, row in enumerate(rows) if row.sample is not None or at in chosen]


def embeddable(data: Any) -> str:
    """`data` as JSON that is safe in a script element whatever its texts hold: without <, > and &."""
    text = json.dumps(escape.json_texts(data), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def _vega() -> str:
    """Vega, Vega-Lite and vega-embed as one script."""
    script: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return script.replace("</script", "<\\/script")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")


def _row(row: ProblemRow, about: About) -> Any:
    """A row as the page's script reads it: of programs, the highlighted tokens instead of the code."""
    data = plain(replace(row, review=None))
    data["planned"] = about.planned[row.id].as_text() if row.id in about.planned else ""
    for program in data["sample"]["programs"] if row.sample else ():
        program["tokens"] = highlighted(program.pop("code"), program["language"])
    return data


def _charts(summary: Summary, statistics: RunStatistics, stages: Sequence[Stage]) -> dict[str, Chart]:
    found: dict[str, Chart | None] = {}
    for at, (name, language) in enumerate(statistics.languages.items()):
        found[f"funnel-{name}"] = charts.funnel(name, colour(at), summary.languages[name].funnel)
        found[f"verdicts-{name}"] = charts.verdicts(name, language)
        found[f"speed-{name}"] = charts.speed_up(language)
    if statistics.rows:
        found["difficulty"] = charts.by_difficulty(statistics)
        found["problems"] = charts.by_problem(statistics)
        found["translated"] = charts.translated(statistics)
        found["pass"] = charts.pass_at(statistics)
        found["yield"] = charts.marginal(statistics.languages["python"])
    found["engine"] = charts.spent(stages, "engine-seconds", lambda stage: stage.engine_s)
    found["cpu"] = charts.spent(stages, "CPU-seconds", lambda stage: stage.program_cpu_s)
    return {name: chart for name, chart in found.items() if chart is not None}


def _tiles(summary: Summary, statistics: RunStatistics) -> list[tuple[str, str, str]]:
    """(what, figure, remark): the figures people ask for first."""
    parts, spent = summary.languages, summary.cost
    kept = {name: part.funnel.kept for name, part in parts.items() if part.funnel.rollouts}
    records = sum(kept.values())
    python = parts["python"]
    tiles = [
        ("Verified records", f"{records:,}", " · ".join(f"{n:,} {title_of(name)}" for name, n in kept.items())),
        (
            "Problems that survive",
            f"{python.problems_with_survivors:,}",
            f"of {summary.problems:,}"
            + (f", {python.problems:,} graded" if python.problems < summary.problems else ""),
        ),
    ]
    for name, language in statistics.languages.items():
        first = next(iter(pass_curve(language.counts)), None)
        if first is not None:
            remark = "one problem, no interval" if first.low is None else f"95 %: {first.low:.1%} – {first.high:.1%}"
            tiles.append((f"{title_of(name)} pass@1", f"{first.value:.1%}", remark))
    disputed = sum(row.disputed > 0 for row in statistics.rows)
    if disputed:
        tiles.append(("Problems in dispute", f"{disputed:,}", "programs that passed answer differently"))
    if spent.dollars is not None and spent.dollars_per_record is not None:
        tiles.append(("A verified record", f"${money(spent.dollars_per_record)}", f"${money(spent.dollars)} in all"))
    if records and spent.gpu_held_s:
        hours = spent.gpu_held_s / 3600
        tiles.append(("Records a GPU-hour", f"{records / hours:,.0f}", f"{hours:,.2f} GPU-hours, loading included"))
    if records and spent.program_cpu_s:
        hours = spent.program_cpu_s / 3600
        tiles.append(("Records a CPU-hour", f"{records / hours:,.0f}", f"{duration(spent.program_cpu_s)} of programs"))
    return tiles


def _reasons(statistics: RunStatistics, name: str) -> list[tuple[str, str, str]]:
    """(rollouts, share of those that failed, verdict and what was wrong), most frequent first."""
    reasons = statistics.languages[name].reasons
    return [
        (f"{count:,}", f"{count / reasons.total():.1%}", f"{str(status).replace('_', ' ')}: {detail or 'no detail'}")
        for (status, detail), count in reasons.most_common(COMMON)
    ]


def _weakest(statistics: RunStatistics) -> list[tuple[str, ...]]:
    """Problems whose tests missed most: strength, mutants and rollouts missed, inputs in dispute."""
    by_problem = {row.id: row.review for row in statistics.rows if row.review is not None}
    return [
        (name, f"{it.kill_rate:.2f}", f"{it.mutants_alive:,}", f"{it.rollouts_alive:,}", f"{it.disputed:,}")
        for name, it in strength.weakest(by_problem, COMMON)
    ]


def _disputes(statistics: RunStatistics) -> list[tuple[str, ...]]:
    """Problems in dispute, most inputs first: id, inputs, and each program with how many of the others agree."""
    rows = sorted((row for row in statistics.rows if row.disputed), key=lambda row: (-row.disputed, row.id))
    return [
        (
            row.id,
            f"{row.disputed:,}",
            "; ".join(
                f"rollout {it.index} ({it.agreement:.0%} agree{', kept' if it.kept else ''})" for it in row.in_dispute
            ),
        )
        for row in rows[:COMMON]
    ]


def _marginal(drawn: dict[str, Chart]) -> str:
    """What the last rollouts brought, in words; "" where there is no curve to read it from."""
    points = drawn["yield"].rows if "yield" in drawn else ()
    if len(points) < 2:
        return ""
    (_, before, had, _), (_, after, has, _) = points[-2], points[-1]
    spent = int(str(after).replace(",", "")) - int(str(before).replace(",", ""))
    gained = float(str(has).replace(",", "")) - float(str(had).replace(",", ""))
    return f"{100 * gained / spent:.1f}" if spent else ""


def _middle(speed_ups: Sequence[float]) -> str:
    if not speed_ups:
        return ""
    ordered = sorted(speed_ups)
    return f"{ordered[len(ordered) // 2]:.2f}"


def _model(config: Config) -> str:
    names: dict[str, None] = {}
    for it in config.asked:
        engine = it.engine
        name = f"replay of {engine.path}" if engine.kind == "replay" else f"{engine.model} ({engine.kind})"
        names[name] = None
    return ", ".join(names)
