"""Expressions about an answer: what is known, and that nothing else runs."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from factory.records import Comparison
from factory.records.predicate import predicate


@pytest.mark.parametrize(
    ("text", "yes", "no"),
    [
        ("sorted(answer) == [1, 2]", [2, 1], [1, 2, 2]),
        ("math.isclose(answer, 0.1 + 0.2)", 0.3, 0.31),
        ("answer is None", None, 0),
        ("isinstance(answer, str) and answer != ''", "a", 5),
    ],
)
def test_it_decides_about_plain_values(text: str, yes: object, no: object) -> None:
    decide = predicate(text)
    assert decide(yes) is True
    assert decide(no) is False


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1 == 1", "does not mention 'answer'"),
        ("[3, 1] == sorted([1, 3])[::1] or True", "does not mention|knows no"),
        ("True", "does not mention 'answer'"),
        ("'answer' != ''", "does not mention 'answer'"),
        ("answer == 1 or True", "accepts every answer"),
        ("answer == answer", "accepts every answer"),
        ("bool(answer) in (True, False)", "accepts every answer"),
        ("[answer]", "accepts every answer"),
    ],
)
def test_one_that_decides_nothing_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        predicate(text)
    with pytest.raises(ValidationError, match=why):
        Comparison(kind="predicate", predicate=text)


@pytest.mark.parametrize(
    "text", ["answer != 3", "answer not in [1, 2]", "not answer == {'a': 1}", "answer is not None"]
)
def test_one_that_accepts_all_but_its_constant_decides(text: str) -> None:
    assert predicate(text)("b") is True


@pytest.mark.parametrize("text", ["answer[0]", "answer + 1", "1 / answer", "int(answer)", "answer < 1", "{answer: 1}"])
def test_one_that_raises_says_no(text: str) -> None:
    assert predicate(text)([] if text != "1 / answer" else 0) is False


@pytest.mark.parametrize("text", ["round(answer, -10000000000) == 0", "round(5, answer) == 0", "round(answer) == 5"])
def test_rounding_takes_no_time_however_far(text: str) -> None:
    assert predicate(text)(-10_000_000_000) is False


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "open('/etc/passwd')",
        "answer.__class__",
        "().__class__.__bases__",
        "math.__loader__",
        "math.factorial(answer)",
        "answer * 10**9",
        "answer % 5",
        "'%99999999d' % answer",
        "[0] * answer",
        "range(answer)",
        "(lambda: answer)()",
        "[x for x in answer]",
        "eval('1')",
        "answer if answer else 1",
        "f'{answer:99999999}'",
        "(answer := 5)",
        "exit()",
        "other == 1",
        "answer is 5",
        "answer == (",
        "answer; answer",
        "(" * 300 + ")" * 300,
    ],
)
def test_what_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"knows no|is no expression"):
        predicate(text)


def test_a_comparison_holds_one_exactly_when_it_is_its_kind() -> None:
    assert Comparison(kind="predicate", predicate="answer > 1").predicate == "answer > 1"
    for given in ({"kind": "predicate"}, {"predicate": "answer > 1"}):
        with pytest.raises(ValidationError, match="is for kind 'predicate', which needs one"):
            Comparison.model_validate(given)
    with pytest.raises(ValidationError, match="knows no 'open"):
        Comparison(kind="predicate", predicate="open(answer)")
