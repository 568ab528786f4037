"""The ledger: what is logged comes back, and what is not as it was logged is named, or mended."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from factory.errors import PartError
from factory.run.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.jsonl")


@pytest.fixture
def three(ledger: Ledger) -> Ledger:
    for number in (1, 2, 3):
        ledger.append("sampled", rollouts=number, sha256="0" * 64, problem="é\u2028\ud800")
    return ledger


def numbers(ledger: Ledger) -> list[int]:
    return [line["rollouts"] for line in ledger]


def test_what_was_logged_comes_back(ledger: Ledger) -> None:
    assert list(ledger) == []
    ledger.append("sampled", rollouts=3, problem="é")
    ledger.append("verified", cpu_s=0.5)
    first, second = ledger
    assert first == {"event": "sampled", "at": first["at"], "rollouts": 3, "problem": "é"}
    assert (second["event"], second["cpu_s"]) == ("verified", 0.5)
    assert first["at"] <= second["at"]


def test_a_line_is_json_to_everybody(three: Ledger) -> None:
    for line in three.path.read_bytes().splitlines():
        assert re.fullmatch("[0-9a-f]{64}", json.loads(line)["seal"])


def test_any_flipped_byte_is_found_and_its_line_named(three: Ledger) -> None:
    whole = three.path.read_bytes()
    told = set()
    for at in range(len(whole)):
        three.path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x01]) + whole[at + 1 :])
        line = whole[:at].count(b"\n") + 1
        with pytest.raises(PartError, match=rf"ledger\.jsonl: line {line} is damaged .*; remedy: run again"):
            list(three)
        told.add(line)
    assert told == {1, 2, 3}


@pytest.mark.parametrize("order", [(1, 2), (0, 2), (1, 0, 2), (0, 1, 1, 2)])
def test_a_line_taken_out_moved_or_doubled_is_found(three: Ledger, order: tuple[int, ...]) -> None:
    lines = three.path.read_bytes().splitlines(keepends=True)
    three.path.write_bytes(b"".join(lines[number] for number in order))
    with pytest.raises(PartError, match="is damaged"):
        list(three)


@pytest.mark.parametrize("cut", [1, 2, 10, 100])
@pytest.mark.parametrize("last", ["short", "long" * 50_000])
def test_a_line_that_a_kill_cut_short_is_left_out_and_takes_none_with_it(ledger: Ledger, cut: int, last: str) -> None:
    ledger.append("sampled", rollouts=1)
    ledger.append("sampled", rollouts=2, problem=last)
    ledger.path.write_bytes(ledger.path.read_bytes()[:-cut])
    assert numbers(ledger) == [1]
    ledger.append("sampled", rollouts=3)
    assert numbers(ledger) == [1, 3]


def test_a_first_line_that_was_cut_short_is_left_out(ledger: Ledger) -> None:
    ledger.path.write_bytes(b'{"event": "sam')
    assert numbers(ledger) == []
    ledger.append("sampled", rollouts=3)
    assert numbers(ledger) == [3]


def test_a_reader_goes_on_where_it_was(three: Ledger) -> None:
    reader = three.reader()
    assert len(list(reader.news())) == 3
    with three.path.open("ab") as file:
        file.write(b'{"event": "being wri')
    assert list(reader.news()) == []
    three.append("sampled", rollouts=4)
    assert [line["rollouts"] for line in reader.news()] == [4]


def test_a_reader_may_come_before_the_ledger(ledger: Ledger) -> None:
    reader = ledger.reader()
    assert list(reader.news()) == []
    ledger.append("sampled", rollouts=1)
    assert len(list(reader.news())) == 1


@pytest.mark.parametrize(("line", "lost"), [(0, [1]), (1, [2]), (2, [3])])
def test_a_damaged_line_is_given_up_and_the_others_are_kept(three: Ledger, line: int, lost: list[int]) -> None:
    lines = three.path.read_bytes().splitlines(keepends=True)
    lines[line] = lines[line].replace(b"rollouts", b"rollauts")
    spoilt = b"".join(lines)
    three.path.write_bytes(spoilt)
    mended = three.mend()
    assert mended is not None
    assert mended[1] == lost
    assert mended[0].read_bytes() == spoilt
    assert numbers(three) == [number for number in (1, 2, 3) if number not in lost]
    assert three.mend() is None
    three.append("sampled", rollouts=4)
    assert numbers(three)[-1] == 4


def test_a_last_line_that_lost_its_end_to_damage_is_told(three: Ledger) -> None:
    three.path.write_bytes(three.path.read_bytes()[:-1] + b"J")
    mended = three.mend()
    assert mended is not None
    assert mended[1] == [3]
    assert numbers(three) == [1, 2]


def test_a_damaged_seal_costs_no_more_than_its_line_and_the_next(three: Ledger) -> None:
    lines = three.path.read_bytes().splitlines(keepends=True)
    lines[0] = lines[0][:-4] + b'g"}\n'
    three.path.write_bytes(b"".join(lines))
    assert three.mend() == (three.path.with_name("ledger.jsonl.damaged"), [1, 2])
    assert numbers(three) == [3]


def test_what_is_whole_is_left_alone(ledger: Ledger) -> None:
    assert ledger.mend() is None
    assert not ledger.path.exists()
    ledger.append("sampled")
    before = ledger.path.read_bytes()
    assert ledger.mend() is None
    assert ledger.path.read_bytes() == before


def test_a_ledger_of_another_version_is_refused(ledger: Ledger) -> None:
    ledger.path.write_text('{"event": "started", "at": 1.0}\n{"event": "sampled", "at": 2.0}\n')
    with pytest.raises(PartError, match="line 1 is damaged"):
        list(ledger)
    with pytest.raises(PartError, match="its last line is damaged"):
        ledger.append("sampled")
    with pytest.raises(PartError, match=r"of another version, or spoilt; remedy: another --run-dir"):
        ledger.mend()
