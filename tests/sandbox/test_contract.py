"""Reading what a candidate claims: exactly the frames that were due, or nothing."""

from __future__ import annotations

import random

import pytest

from sandbox.contract import AnswerKind, read_answers, split_frames


def frame(kind: str, text: str = "") -> bytes:
    return kind.encode() + len(text.encode()).to_bytes(4, "big") + text.encode()


R, Z = frame("R"), frame("Z")


def test_complete_answers():
    answers = read_answers(R + frame("V", "1") + frame("U", "Liar") + frame("X", "{}") + Z, 3)
    assert answers.complete
    assert [answer.kind for answer in answers.answers] == list(AnswerKind)
    assert answers.forged is None


@pytest.mark.parametrize(
    "output",
    [Z, R + frame("V", "1") + Z, R + 3 * frame("V", "1") + Z, R + R + frame("V", "1") + Z, frame("V", "1") * 2 + Z,
     R + 2 * frame("P") + Z, R + Z + 2 * frame("V", "1"), b"junk", R + 3 * frame("V", "1"), R + frame("L", "x") + Z,
     frame("L", "x") + R, frame("M", "[]") + b"x", frame("C", "[]")],
)  # fmt: skip
def test_frames_out_of_turn_spoil_everything(output):
    answers = read_answers(output, 2)
    assert answers.answers == ()
    assert not answers.complete
    assert answers.forged or answers.missing or answers.load_error


@pytest.mark.parametrize("output", [b"", R, R + frame("V", "1"), R + 2 * frame("V", "1"), R + frame("V", "1")[:-1]])
def test_answers_that_stop_early_are_incomplete(output):
    answers = read_answers(output, 2)
    assert not answers.complete
    assert answers.forged is None


def test_junk_behind_the_end_is_not_complete():
    assert not read_answers(R + 2 * frame("V", "1") + Z + b"x", 2).complete


def test_no_bytes_at_all_raise():
    chance = random.Random(0)
    letters = b'RVUXLMZCPF\0\0\0\0\1\2{}[]"x'
    for _ in range(5000):
        data = bytes(chance.choice(letters) for _ in range(chance.randrange(40)))
        frames, rest = split_frames(data, len(data))
        assert sum(5 + len(text.encode()) for _, text in frames) + len(rest) == len(data)
        assert not (read_answers(data, 2).complete and read_answers(data, 2).forged)
