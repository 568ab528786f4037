"""What one row of a shard holds: a verified program with everything needed to verify it again.

Promises: rows are a function of survivors, problems and prompts; nothing measured is in them unless
`evidence` is asked for. License and source travel along.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from factory.config import Config
from factory.records import ProblemOutcome, Review, Sampling, Survivor, cases_text, row_id
from factory.shards.prompts import answer, prompt, reply

Cells = dict[str, Any]
"""A row that is about to be written: what pyarrow takes for each column."""
_TEXT = pa.string()
SCHEMA = pa.schema(
    [
        ("id", _TEXT),
        ("problem_id", _TEXT),
        ("language", _TEXT),
        ("prompt", _TEXT),
        ("code", _TEXT),
        ("messages", pa.list_(pa.struct([("role", _TEXT), ("content", _TEXT)]))),
        ("entry_point", _TEXT),
        ("cases", _TEXT),
        ("test_code", _TEXT),
        ("comparison", _TEXT),
        ("calling", _TEXT),
        ("prelude", _TEXT),
        ("limits", _TEXT),
        ("sandbox", _TEXT),
        ("status", _TEXT),
        ("cases_passed", pa.int64()),
        ("cases_total", pa.int64()),
        ("import_fixes", pa.list_(_TEXT)),
        ("lint", pa.list_(_TEXT)),
        ("code_sha256", _TEXT),
        ("parent_sha256", _TEXT),
        ("repair_of_sha256", _TEXT),
        ("rollout_index", pa.int64()),
        ("rank", pa.int64()),
        ("differential", _TEXT),
        ("derived_cases", _TEXT),
        ("test_strength", pa.float64()),
        ("review", _TEXT),
        ("model", _TEXT),
        ("sampling", _TEXT),
        ("template_sha256", _TEXT),
        ("source", _TEXT),
        ("license", _TEXT),
        ("difficulty", _TEXT),
    ]
)
"""`cases`, `comparison`, `calling`, `limits`, `sandbox`, `sampling` and `differential` are JSON; cases are in the
tagged encoding. `calling` is how the program is called (`factory.records.calling`), {} for `f(*args)`. `prelude` is
what the set's harness runs before every program; what `code` uses of it is in `code`.

`limits` are those that the program was held to, the config's with the problem's own put over them; with `limits.cpu_s:
auto` that is "auto" here, since what was measured is in no row. `sandbox` is what else of the config decides a verdict.

`lint` is what a static check of the language (`go vet`) holds suspicious, by line of `code`. `repair_of_sha256` is
of the failed candidate that the model was shown, where the program is its repair. `differential` counts the generated
inputs on which a translation was compared with its source, and the labelled differences: {"compared", "range",
"rounding"}. `derived_cases` of Python are generated inputs with the answer of the reference or a clear majority of the
programs that passed. `test_strength` is the share of known wrong programs that the problem's tests catch, `review`
counts them: {"mutants_killed", "mutants_alive", "rollouts_killed", "rollouts_alive", "disputed", "agreement"}, where
`disputed` are generated inputs on which programs that pass differ, and `agreement` of Python is the mean share of the
others that answer to them as this one does.
"""
SCRUTINY = ("mutants_killed", "mutants_alive", "rollouts_killed", "rollouts_alive", "disputed")
EVIDENCE = ("cpu_ms", "peak_mb")
"""Measured columns: CPU milliseconds on all cases, peak mebibytes; a `go_speedup` for every target follows."""


GENERATOR = [("generator", _TEXT), ("tier", pa.int64()), ("price", _TEXT)]
"""Columns of a run with `generators`: who made the program, its tier (1 is asked for every problem, the others climb
from there, and 0 only translates), and dollars for a million tokens as JSON, {"prompt", "completion"}, or null.
"""


def schema(evidence: Iterable[str] = (), generators: bool = False) -> pa.Schema:
    """The columns of a shard, behind them those of `generators` and the measured ones of `evidence`, see `measured`."""
    named = GENERATOR if generators else []
    return pa.schema([*SCHEMA, *named, *(pa.field(name, pa.float64()) for name in evidence)])


def teachers(config: Config) -> dict[str, Cells]:
    """The cells of `GENERATOR` by a generator's name; nothing for a run that has one engine."""
    if not config.generators:
        return {}
    return {
        it.name: {"generator": it.name, "tier": it.tier, "price": it.engine.price and it.engine.price.model_dump_json()}
        for it in (*config.translators, *config.asked)
    }


def measured(targets: Iterable[str]) -> tuple[str, ...]:
    """The names of the measured columns of a run that translates to `targets`."""
    return (*EVIDENCE, *(f"{target}_speedup" for target in targets))


def row(outcome: ProblemOutcome, survivor: Survivor, evidence: bool) -> Cells:
    """The row of one survivor of `outcome`, keys as in `schema`."""
    problem = outcome.tests_for(survivor.language)
    cells: Cells = {
        "id": row_id(survivor),
        "problem_id": problem.id,
        "language": survivor.language,
        "prompt": problem.prompt,
        "code": survivor.code,
        "messages": [*prompt(outcome, survivor.language, survivor), reply(answer(survivor.code, survivor.language))],
        "entry_point": problem.entry_point,
        "cases": cases_text(problem.cases),
        "test_code": problem.test_code,
        "comparison": problem.comparison.model_dump_json(),
        "calling": json.dumps(problem.calling.as_json()),
        "prelude": problem.prelude,
        "limits": json.dumps(outcome.limits),
        "sandbox": json.dumps(outcome.sandbox),
        "status": "passed",
        "cases_passed": survivor.cases_passed,
        "cases_total": survivor.cases_total,
        "import_fixes": list(survivor.import_fixes),
        "lint": list(survivor.lint),
        "code_sha256": survivor.code_sha256,
        "parent_sha256": survivor.parent,
        "repair_of_sha256": survivor.repair_of,
        "rollout_index": survivor.index,
        "rank": survivor.rank,
        "differential": survivor.differential and survivor.differential.counts_text(),
        **_scrutiny(outcome.review, survivor),
        "model": survivor.model,
        "sampling": sampling_text(survivor.sampling),
        "template_sha256": survivor.template,
        "source": problem.meta.source,
        "license": problem.meta.license,
        "difficulty": problem.meta.difficulty,
    }
    cells |= outcome.teachers.get(survivor.generator, {})
    if evidence:
        cells |= {"cpu_ms": survivor.cpu_ms, "peak_mb": survivor.peak_mb}
        cells[f"{survivor.language}_speedup"] = survivor.speedup
    return cells


def _scrutiny(review: Review | None, survivor: Survivor) -> Cells:
    if review is None:
        return dict.fromkeys(("derived_cases", "test_strength", "review"))
    counts = {name: getattr(review, name) for name in SCRUTINY}
    derived = cases_text(review.derived) if survivor.parent is None else None
    if survivor.parent is None:
        counts["agreement"] = review.agreement.get(survivor.code_sha256, 1.0)
    return {"derived_cases": derived, "test_strength": review.kill_rate, "review": json.dumps(counts)}


def sampling_text(sampling: Sampling | None) -> str:
    """What a model was sampled with, as JSON."""
    return json.dumps(sampling or {}, sort_keys=True)
