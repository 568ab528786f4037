"""Right programs pass and what one mutation makes of them does not: `go_pairs.yaml` holds both, all over Go."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from factory.config import GradingConfig, LimitsConfig, SandboxConfig
from factory.grading.chain import verify
from factory.grading.session import GradingSession
from factory.records import Problem, Program, Status
from factory.records.values import encode

PAIRS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "go_pairs.yaml").read_text(encoding="utf-8"))
LIMITS = LimitsConfig(cpu_s=1, wall_s=10, memory_mb=256)


def problem(pair: dict[str, Any]) -> Problem:
    compared = {"comparison": pair["comparison"]} if "comparison" in pair else {}
    if "streams" in pair:
        cases = [{"stdin": given, "stdout": wanted} for given, wanted in pair["streams"]]
        return Problem.model_validate({"id": pair["name"], "prompt": "", "cases": cases} | compared)
    calls = [ast.parse(line, mode="eval").body for line in pair["cases"].splitlines()]
    cases = [case(call) for call in calls if isinstance(call, ast.Compare)]
    assert len(cases) == len(calls), pair["cases"]
    entry_point = pair["cases"].partition("(")[0]
    return Problem.model_validate(
        {"id": pair["name"], "prompt": "", "entry_point": entry_point, "cases": cases} | compared
    )


def case(call: ast.Compare) -> dict[str, Any]:
    assert isinstance(call.left, ast.Call)
    return {
        "args": [encode(ast.literal_eval(value)) for value in call.left.args],
        "kwargs": {word.arg: encode(ast.literal_eval(word.value)) for word in call.left.keywords},
        "expected": encode(ast.literal_eval(call.comparators[0])),
    }


def mutated(source: str, old: str, new: str) -> str:
    assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times"
    return source.replace(old, new)


@pytest.fixture(scope="session")
def session() -> Iterator[GradingSession]:
    with GradingSession(GradingConfig(limits=LIMITS, sandbox=SandboxConfig(backend="bubblewrap"))) as session:
        yield session


@pytest.mark.parametrize("pair", PAIRS, ids=[pair["name"] for pair in PAIRS])
def test_right_passes_and_mutated_does_not(session: GradingSession, pair: dict[str, Any]) -> None:
    sources = [pair["good"], *(mutated(pair["good"], old, new) for _, old, new, *_ in pair["mutants"])]
    programs = [Program(index, source) for index, source in enumerate(sources)]
    good, *others = verify(session, problem(pair), programs, "go")
    assert good.status is Status.PASSED, good.detail
    assert len(others) >= 2
    due = {what: (status or ["wrong_answer"])[0] for what, _, _, *status in pair["mutants"]}
    ended = {row[0]: f"{verdict.status} {verdict.detail}" for row, verdict in zip(pair["mutants"], others, strict=True)}
    wrong = {what: text for what, text in ended.items() if text.split()[0] not in due[what].split(" or ")}
    assert not wrong


def test_there_are_enough_of_them() -> None:
    assert len(PAIRS) >= 40
    assert len({pair["name"] for pair in PAIRS}) == len(PAIRS)
