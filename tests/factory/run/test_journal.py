"""Rollouts of a part that is not whole: each is there as soon as it was added, and a damaged line is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory.records import Rollout
from factory.run.journal import Journal


def rollout(index: int, text: str = "text") -> Rollout:
    return Rollout(problem_id="p", index=index, text=text, mode="chat", logprobs=[-0.5], sampling={"top_p": 0.9})


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = Journal(tmp_path / "open" / "p.jsonl")
    journal.begin()
    return journal


def test_what_was_added_is_read_as_it_was(journal: Journal) -> None:
    given = [rollout(3), rollout(0, "a\nb\u2028c\x1e\x85\r\n"), rollout(1, "")]
    for one in given:
        journal.add(one)
    assert Journal(journal.path).read() == given


def test_one_that_is_not_there_is_empty(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "none")
    assert (journal.exists(), journal.read()) == (False, [])
    journal.remove()


@pytest.mark.parametrize("cut", [1, 5, 60])
def test_a_last_line_that_was_cut_short_is_left_out_and_written_over(journal: Journal, cut: int) -> None:
    for index in range(3):
        journal.add(rollout(index))
    data = journal.path.read_bytes()
    journal.path.write_bytes(data[:-cut])
    assert [one.index for one in journal.read()] == [0, 1]
    journal.add(rollout(7))
    assert [one.index for one in Journal(journal.path).read()] == [0, 1, 7]


def test_every_changed_byte_is_found(journal: Journal) -> None:
    for index in range(2):
        journal.add(rollout(index))
    data = journal.path.read_bytes()
    for at in range(len(data)):
        journal.path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert [one.index for one in journal.read()] in ([0], [1], [])
