"""What statements grant, against labels of our own: false grants let wrong answers pass, false refusals lose rows.

    python tests/bench/bench_statements.py

Each statement is read as one of a program that prints (`of_streams`) or of a function (`of_calls`). The labels: exact,
choice (several answers are right), order (of the outermost list), inner, all (levels of order), case, interactive, or
"REL ABS", the relative and the absolute tolerance. Rules are tuned on `statements/development*.py`, never on
`held_out.py`.
"""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from factory.problems.parsing.statement import of_calls, of_streams

Row = tuple[str, str, bool]
PARTS = (
    *("development", "development_templates", "development_more", "development_styles", "development_outputs"),
    *("held_out", "held_out_styles"),
)
_REFUSED = ("choice", "interactive")
_LEVELS = {(0,): "order", (1,): "inner", (0, 1): "all"}


def rows(part: str) -> Iterator[Row]:
    """Each statement of a part of the bench: its text, its label, whether a program prints."""
    module = _module(Path(__file__).parent / "statements" / f"{part}.py")
    for templates, stream in ((module.STREAMS, True), (module.CALLS, False)):
        for label, texts in templates.items():
            for template, words in texts:
                yield from ((template.format(*[word] * template.count("{}")), label, stream) for word in words)


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(text: str, *, stream: bool) -> str:
    """The label that the reader gives a statement."""
    try:
        comparison = of_streams(text) if stream else of_calls(text)
    except ValueError as error:
        return "interactive" if "interactive" in str(error) else "choice"
    if comparison.kind == "float" or comparison.numbers:
        return f"{comparison.rel:g} {comparison.abs:g}"
    if comparison.kind == "unordered":
        return _LEVELS[comparison.free_levels]
    return "case" if comparison.any_case else "exact"


def fault(label: str, found: str) -> str:
    """What is wrong with a reading: a false grant, a missed grant or choice, or a false refusal."""
    if found == label or {found, label} <= set(_REFUSED):
        return ""
    if label in _REFUSED:
        return "missed choice"
    if found in _REFUSED:
        return "false refusal"
    return "missed grant" if found == "exact" else "false grant"


def main() -> None:
    for part in PARTS:
        counts: Counter[str] = Counter()
        for text, label, stream in rows(part):
            wrong = fault(label, read(text, stream=stream))
            counts[wrong or "right"] += 1
            if wrong:
                print(f"{wrong}: {label} read as {read(text, stream=stream)}: {text}")
        total = sum(counts.values())
        print(
            f"{part}: {total} statements: " + ", ".join(f"{n} {name} ({n / total:.1%})" for name, n in counts.items())
        )


if __name__ == "__main__":
    main()
