"""A verified Python program as a full specification of the same program in another language."""

from __future__ import annotations

from dataclasses import dataclass

from factory.languages import Language
from factory.records import LanguageName, Problem, Survivor


@dataclass(frozen=True, slots=True)
class Specification:
    """What a translation has to be: `code` in `language`, its entry point called `entry_name`.

    `signature` is the declaration wanted, in that language, where the types of the cases tell it; else "".
    """

    problem: Problem
    code: str
    parent: str
    language: LanguageName
    entry_name: str | None
    signature: str


def specify(problem: Problem, survivor: Survivor, target: Language) -> Specification:
    """The specification that `survivor` gives for a program in `target`."""
    name = target.entry_name(problem.entry_point) if problem.entry_point is not None else None
    signature = target.signature(problem, survivor.code)
    return Specification(problem, survivor.code, survivor.code_sha256, target.name, name, signature)
