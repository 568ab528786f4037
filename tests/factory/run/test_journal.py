"""Rollouts of a part that is not whole: each is there as soon as it was added, and a damaged line is left out."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from factory.records import Rollout
from factory.run import journal as journal_module
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


def test_lines_are_brought_to_the_disk_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`SYNC_S` after the first, in a thread, with the folders that name the journals; one that has gone is no fault."""
    brought: list[Path] = []
    done = threading.Event()

    def sync(path: Path) -> None:
        brought.append(path)
        if path.is_dir():
            done.set()

    monkeypatch.setattr(journal_module, "_disk", journal_module._Disk())
    monkeypatch.setattr(journal_module, "sync", sync)
    monkeypatch.setattr(journal_module, "SYNC_S", 0.01)
    several = [Journal(tmp_path / "open" / f"{name}.jsonl") for name in "abc"]
    several[0].begin()
    with monkeypatch.context() as waiting:
        waiting.setattr(journal_module, "SYNC_S", 60)
        for one in several:
            one.add(rollout(0))
            one.add(rollout(1))
        several[2].remove()
        assert not brought
    journal_module._disk.sync()
    assert set(brought) == {several[0].path, several[1].path, tmp_path / "open"}
    assert len(brought) == 3
    done.clear()
    several[0].add(rollout(2))
    assert done.wait(60)


def test_a_disk_that_takes_no_lines_is_no_secret(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))

    monkeypatch.setattr(journal_module, "_disk", journal_module._Disk())
    monkeypatch.setattr(journal_module, "sync", fail)
    monkeypatch.setattr(journal_module, "SYNC_S", 60)
    journal.add(rollout(0))
    journal_module._disk.sync()
    with pytest.raises(OSError, match="Input/output error") as caught:
        journal.add(rollout(1))
    assert caught.value.filename == str(journal.path)
    assert [one.index for one in journal.read()] == [0, 1], "nothing that came is lost"
