"""What a model is asked for a translation, and, where one failed, for its repair.

Promises what `factory.sampling.prompts` does: of a problem's cases only the public ones reach a template.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from factory.config import TranslateConfig
from factory.languages import language
from factory.records import Request, Verdict
from factory.sampling.prompts import chat_request, examples, render
from factory.translation.repair import complaint
from factory.translation.specification import Specification

TEMPLATES = Path(__file__).parent / "templates"
TRANSLATE, REPAIR = TEMPLATES / "translate_chat.j2", TEMPLATES / "repair_chat.j2"
_COMPLAINT_CHARS = 2000
"""Of a longer complaint, such as a compiler's, the model is shown the beginning."""


def translation_request(wanted: Specification, indices: range, settings: TranslateConfig) -> Request:
    """Ask for the program that `wanted` specifies. Raises ConfigError for settings that cannot be followed."""
    problem, target = wanted.problem, language(wanted.language)
    template = settings.template or TRANSLATE
    text = render(
        template,
        language=target.title,
        rules=(
            *target.rules(problem.entry_point is not None, bool(wanted.signature)),
            *(_hints(wanted) if settings.import_hints else ()),
        ),
        entry_name=wanted.entry_name,
        entry_point=problem.entry_point,
        signature=wanted.signature,
        code=wanted.code,
        prompt=problem.prompt,
        examples=examples(problem),
    )
    return _begun(chat_request(problem.id, target.name, indices, text, template, wanted.parent), wanted, settings)


def repair_request(wanted: Specification, failed: Verdict, indices: range, settings: TranslateConfig) -> Request:
    """Ask for the candidate of `failed` again, with what was wrong with it mended."""
    problem = wanted.problem
    text = render(
        REPAIR,
        language=language(wanted.language).title,
        entry_name=wanted.entry_name,
        entry_point=problem.entry_point,
        signature=wanted.signature,
        code=failed.code,
        complaint=complaint(failed)[:_COMPLAINT_CHARS],
        source=wanted.code,
        prompt=problem.prompt,
        examples=examples(problem),
    )
    asked = chat_request(problem.id, wanted.language, indices, text, REPAIR, wanted.parent)
    return _begun(asked, wanted, settings)


def _hints(wanted: Specification) -> tuple[str, ...]:
    found = language(wanted.language).packages(wanted.code)
    return (f"Packages that it may need: {', '.join(f'`{path}`' for path in found)}.",) if found else ()


def _begun(asked: Request, wanted: Specification, settings: TranslateConfig) -> Request:
    """`asked` with the answer's beginning, where `settings` want it."""
    target = language(wanted.language)
    begun = target.beginning(wanted.signature) if settings.prefill else ""
    return replace(asked, prefill=f"```{target.name}\n{begun}" if begun else "")
