"""The sections of a dataset card, in their order; one about something the run did not do is left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from factory import escape
from factory.config import Config
from factory.records.base import plain
from factory.records.summary import Summary
from factory.shards.card_generators import asked, generators
from factory.shards.manifest import Manifest
from factory.shards.views import VIEWS

_TIERS = (
    ("rollouts", "sampled"),
    ("extracted", "with a program found in them"),
    ("compiled", "that compile"),
    ("passed", "that pass every test in the sandbox"),
    ("distinct", "distinct ones of those, by normal form"),
    ("kept", "kept"),
)
_NAMED = 100
"""Problems of benchmarks that are named."""
_PROMPTS = {
    "task": "- Prompts have the problem's statement, public examples and entry point, in the same words in every "
    "view; the template's sha256 identifies what the model was sent.",
    "asked": "- Prompts, in every view, are the messages that the model was sent.",
}
_FULL = (
    "- `sft` has the model's reasoning and prose where its column `answer` says `full`; only the program was verified."
)
_NO_VIEWS = "No other view was chosen; `shards.views` in the config has them."


def _what(config: Config, manifest: Manifest, summary: Summary) -> list[str]:
    counts = {
        name: sum(file.rows for file in manifest.programs if file.language == name) for name in manifest.languages
    }
    text = ", ".join(f"{count} in {name.capitalize()}" for name, count in counts.items())
    return [
        f"{manifest.rows} programs ({text}), each executed in a sandbox on every test of its problem before it",
        "was kept. A row carries the tests, so every verdict can be checked again.",
        "",
    ]


def _funnels(config: Config, manifest: Manifest, summary: Summary) -> list[str]:
    lines = ["## Funnel", ""]
    for name, part in summary.languages.items():
        funnel = part.funnel
        if not funnel.rollouts:
            continue
        lines += [f"| {name.capitalize()} | rollouts |", "|---|---:|"]
        lines += [f"| {label} | {getattr(funnel, tier)} |" for tier, label in _TIERS]
        lines += ["", f"{part.problems_with_survivors} of {part.problems} problems have a program that was kept."]
        if part.pass_rates:
            rates = ", ".join(f"{rate} {value:.3f}" for rate, value in part.pass_rates.items())
            planned = summary.planned and name == "python"
            how = "Of planned rollouts, a little high, over" if planned else "Unbiased over"
            lines += [f"{how} {part.problems} problems: {rates}."]
        if funnel.with_lint:
            lines += [f"A static check found something in {funnel.with_lint} of those that pass (`lint`)."]
        drops = sorted(funnel.drops.items(), key=lambda item: (-item[1], item[0]))
        lines += [f"Left out: {', '.join(f'{reason} {count}' for reason, count in drops)}."] if drops else []
        lines += [""]
    return lines


def _clean(config: Config, manifest: Manifest, summary: Summary) -> list[str]:
    lines = ["## Decontamination", ""]
    found, settings = summary.decontamination, config.decontamination
    if not found.benchmarks:
        lines += ["Problems and programs were not compared with any benchmark but by the ids that were held out."]
    else:
        lines += ["| benchmark | problems | of ours set aside | programs dropped |", "|---|---:|---:|---:|"]
        lines += [
            f"| {escape.markdown(name)} | {counts.problems} | {counts.set_aside} | {counts.programs} |"
            for name, counts in found.benchmarks.items()
        ]
        names = list(found.hits)
        more = f", and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        lines += ["", *([f"Repeated: {_listed(names[:_NAMED])}{more}.", ""] if names else [])]
        run = f"{settings.ngram} tokens in a row"
        lines += [
            f"A problem is set aside, and a program dropped, for {run} of a benchmark's prompt; a program also for",
            f"{settings.solution_share:.0%} of all such runs of a solution, and in Python for a function that differs",
            "from one of it in names alone. A problem put in other words is not found.",
        ]
    lines += [""]
    if settings.near_duplicate is not None:
        gone = sum(item.rows for item in manifest.left_out)
        lines += [
            "Left out, with its translations, is what is estimated to be as much the same as a program of an earlier",
            f"problem as {settings.near_duplicate:.0%} or more: {gone} programs.",
            "",
        ]
    return lines


def _cost(config: Config, manifest: Manifest, summary: Summary) -> list[str]:
    lines = ["## Cost", ""]
    for name, part in summary.languages.items():
        funnel = part.funnel
        if funnel.kept:
            lines += [f"- {name.capitalize()}: {funnel.rollouts / funnel.kept:.1f} rollouts for a kept program."]
    spent = summary.cost
    if spent.dollars_per_record is not None:
        lines += [f"- ${spent.dollars_per_record:.6f} a verified record, ${spent.dollars:,.4f} in all."]
    if config.shards.evidence:
        measured = {name: value for name, value in plain(spent).items() if value and name != "speedup"}
        lines += [f"- Measured: {', '.join(f'{name} {value:,}' for name, value in measured.items())}."]
    else:
        lines += ["- What was measured (tokens, seconds) is in the run's report, not here: the same rollouts give"]
        lines += ["  the same card."]
    return [*lines, ""]


def _strength(config: Config, manifest: Manifest, summary: Summary) -> list[str]:
    """What reviews have shown of the tests; nothing where there was no review."""
    found = summary.review
    if not found.problems:
        return []
    lines = ["## How strong the tests are", ""]
    if found.kill_rate is not None:
        mutants = f"{found.mutants_killed} of {found.mutants_killed + found.mutants_alive}"
        rollouts = f"{found.rollouts_killed} of {found.rollouts_killed + found.rollouts_alive}"
        lines += [
            f"Tests caught {mutants} mutants of verified programs and {rollouts}",
            f"wrong rollouts; the mean over {found.rated} problems is {found.kill_rate:.3f}. Every row has",
            f"its own (`test_strength`). {found.mutants_alike} mutants differed nowhere and are in no rate.",
        ]
    if found.inputs:
        lines += [
            f"{found.derived_cases} of {found.inputs} generated inputs, on which the reference or a clear",
            "majority of the programs that passed decides, became `derived_cases`; programs that differ were dropped.",
        ]
    if found.traced_cases:
        lines += [f"{found.traced_cases} calls of test code became cases for translations."]
    if found.under_specified:
        count = len(found.under_specified)
        lines += [
            f"Programs that pass differ on some input of {count} problem{'s' * (count != 1)} (`disputed`), and nothing",
            "decides which are right: `agreement` says how many of the others answer as a program does.",
        ]
    if found.weak:
        count, asked = len(found.weak), config.review.min_test_strength
        lines += [f"{count} problem{'s were' if count != 1 else ' was'} dropped for tests weaker than {asked:g}."]
    return [*lines, ""]


def _splits(config: Config, manifest: Manifest, summary: Summary) -> list[str]:
    shares, problems = manifest.splits.shares, manifest.splits.problems
    text = ", ".join(f"`{name}` {problems[name]}" for name in sorted(problems)) or "none"
    lines = ["## Splits", "", f"By problem, never by row, and by a hash of the problem's id. Problems: {text}."]
    if len(shares) > 1:
        lines += [f"Shares asked for: {', '.join(f'{name} {share:g}' for name, share in shares.items())}."]
    if manifest.splits.held_out_ids:
        lines += [f"Of {manifest.splits.held_out_ids} held out problem ids, those that this run has records of are"]
        lines += ["in `holdout` and in no other split."]
    return [*lines, ""]


def _origin(config: Config, manifest: Manifest, summary: Summary) -> list[str]:
    return [
        "## Where it comes from",
        "",
        f"- Models: {_listed(manifest.models)}",
        f"- Asked for: {asked(config)}",
        f"- Licenses of the problems: {_listed(manifest.licenses)}",
        "- A row names license and source of its problem; what a model's license says of its output is not looked into",
        f"- sha256 of the prompt templates: {_listed(manifest.templates)}",
        f"- Made with rollout-factory {manifest.factory_version}; config sha256 `{manifest.config_sha256}`",
        "",
    ]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(escape.markdown, names)) or "not recorded"


def _sandbox(config: Config, manifest: Manifest, summary: Summary) -> list[str]:
    limits, settings = config.limits, config.sandbox
    wall = "docker or bubblewrap, whichever the machine had" if settings.backend == "auto" else settings.backend
    wall += f" with {settings.runtime}" if settings.runtime is not None else ""
    cpu = "ten times the CPU time of a right program" if limits.cpu_s == "auto" else f"{limits.cpu_s:g} CPU-seconds"
    lines = [
        "## Sandbox",
        "",
        f"Every program ran behind a wall ({wall}; `sandbox.isolation: {settings.isolation}`):",
        f"without network, as a user of its own, with {cpu}, {limits.wall_s:g} seconds on the clock,",
        f"{limits.memory_mb} MiB of memory, {limits.processes} processes and {limits.output_kb} KiB of output,",
        "where its problem sets no others. It was given inputs only: expected values were compared outside.",
        "",
    ]
    if settings.packages:
        lines[-1:] = [f"Python had {', '.join(settings.packages)} beside its standard library.", ""]
    if config.translate.targets and config.translate.differential:
        lines += [
            "A translation passed the same tests, and gave the answers of the program it was made from on up to",
            f"{config.translate.differential} generated inputs besides; one that differs in number range or rounding",
            "alone is kept, and its row's `differential` says so, as it counts inputs that are left out because the",
            "translation declares to take none such.",
            "",
        ]
    return lines


def _loading(config: Config, manifest: Manifest, summary: Summary) -> list[str]:
    programs = ['everything = load_dataset("path/to/this/folder", split="train")'] if manifest.programs else []
    programs += [
        f'{name} = load_dataset("path/to/this/folder", "{name}", split="train")' for name in manifest.languages[-1:]
    ]
    chosen = [
        f"- `{name}`: {VIEWS[name].about}; {manifest.views[name].rows} rows. `{VIEWS[name].use}`"
        for name in manifest.shipped_views
    ]
    empty = [name for name in manifest.views if name not in manifest.shipped_views]
    if not manifest.files:
        return ["## Loading", "", "This run kept nothing: there is nothing to load.", ""]
    return [
        "## Loading",
        "",
        "```python",
        "from datasets import load_dataset",
        "",
        *programs,
        *[f'{name} = load_dataset("path/to/this/folder", "{name}", split="train")' for name in manifest.shipped_views],
        "```",
        "",
        "`cases`, `comparison`, `limits` and `sampling` are JSON texts. `messages` is ready for supervised",
        "fine-tuning. `parent_sha256` of a translation is the `code_sha256` of the Python it was made from;",
        "`rollout_index` is the number of the rollout, of that problem and parent, that gave the program.",
        "`manifest.json` has the sha256 of every file; `sha256sum --check SHA256SUMS` checks them.",
        "",
        *(["Other views of the same data:", "", *chosen, ""] if chosen else [_NO_VIEWS, ""]),
        *([f"Without rows in this run: {', '.join(empty)}.", ""] if empty else []),
    ]


def _limits(config: Config, manifest: Manifest, summary: Summary) -> list[str]:
    varies = manifest.varies_from_run_to_run
    return [
        "## Limits",
        "",
        "- A program that passed did so on the tests its row carries, and is as right as those are.",
        _PROMPTS[config.shards.prompts],
        *([_FULL] if config.shards.answers == "full" else []),
        *([f"- Measured, and so not the same from run to run: {', '.join(varies)}."] if varies else []),
        "",
    ]


SECTIONS: tuple[Callable[[Config, Manifest, Summary], list[str]], ...] = (
    _what, _funnels, generators, _clean, _strength, _cost, _splits, _origin, _sandbox, _loading, _limits,
)  # fmt: skip
"""In the order of the card. A section gives no lines where the run has nothing for it."""
