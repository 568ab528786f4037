"""What others wrote stays text wherever it is shown: one table of hostile texts, and every sink."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt

from factory import escape
from factory.commands.process import _showing
from factory.config import Config
from factory.console import Console
from factory.errors import RenamedKeyWarning
from factory.problems import Refusal
from factory.records.summary import (
    BenchmarkCounts,
    BenchmarkHit,
    DecontaminationSummary,
    Funnel,
    LanguageSummary,
    ReviewSummary,
    Summary,
)
from factory.report import decontamination, strength
from factory.report.page import embeddable
from factory.report.progress import RunProgress
from factory.report.terminal import Survey, funnel, plain, print_problems
from factory.run.names import slug
from factory.shards.card import card
from factory.shards.manifest import Manifest, ShardFile, SplitCounts

HOSTILE = {
    "title of the terminal": "\x1b]0;owned\x07",
    "colour": "\x1b[31mred\x1b[0m",
    "C1 control": "\x9b2J\x85next",
    "carriage return": "fine\rerror: gone",
    "backspaces": "wrong\b\b\b\b\bright\x7f",
    "NUL": "a\x00b",
    "right to left": "\u202egnp.exe\u202c \u2066x\u2069",
    "without a width": "a\u200bb\u200d\u2060\ufeff\u00ad",
    "tags": "a\U000e0041",
    "lines of Unicode": "a\u2028b\u2029c",
    "half of a pair": "\ud800 \udcff",
    "a line of ours": "one\nerror: two\n\n---\n# three",
    "markup of Rich": "[red]x[/red] [lr] [/] \\[b]",
    "emoji of Rich": "a:warning:b",
    "script": "</script><script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "comment": "<!-- ]]> -->",
    "entity": "&lt;b&gt; &#x202e;",
    "link": "[x](http://e.invalid) ![y](z) <http://e.invalid> [r]: z",
    "bare link": "http://e.invalid www.e.invalid a@e.invalid @someone #1",
    "code": "`x` ``` ~~~ ~~y~~",
    "emphasis": "*x* __y__ _z_ **\\**",
    "cells": "a | b | c ||",
    "formula": "$x$ $$y$$ {{ 7 * 7 }} {% raw %}",
    "nothing": "",
}
CASES = [pytest.param(text, id=name) for name, text in HOSTILE.items()]
ALLOWED = re.compile(r"[\n\t]")


def shown(text: str) -> bool:
    """Whether a terminal does nothing with `text` but show it."""
    return ALLOWED.sub("", text).isprintable()


def printed(*texts: str) -> str:
    console = Console(file=io.StringIO(), width=400)
    for text in texts:
        console.print(text, soft_wrap=True)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", CASES)
def test_a_name_is_one_printable_line_from_which_it_can_be_read(text: str) -> None:
    told = escape.line(text)
    assert told.isprintable()
    assert re.sub(r"\\(x..|u....|U.{8}|[nrt])", lambda m: m[0].encode().decode("unicode_escape"), told) == text


@pytest.mark.parametrize("text", CASES)
def test_a_terminal_shows_a_message_as_it_reads(text: str) -> None:
    told = printed(f"error: {text}", "next")
    assert shown(told)
    first, *others, last = told.splitlines()
    assert first.startswith("error: ")
    assert all(line.startswith("  ") for line in others)
    assert last == "next"
    for word in ("[red]x[/red] [lr] [/]", "a:warning:b"):
        assert (word in told) == (word in text)


@pytest.mark.parametrize("text", CASES)
def test_no_table_nor_line_of_a_report_is_steered(text: str) -> None:
    names = [f"Q1{text}", f"Q2{text}"]
    counts = Funnel(1, 1, 1, 1, 1, 1, 1, 1, {}, {}, 0)
    part = LanguageSummary(counts, 1, {}, 1, 1, {}, {}, dict.fromkeys(names, counts))
    repeated = DecontaminationSummary(
        dict.fromkeys(names, BenchmarkCounts(1)), dict.fromkeys(names, BenchmarkHit("own"))
    )
    review = ReviewSummary(kill_rate=None, weak=tuple(names))
    summary = Summary("test", 1, {"python": part}, repeated, skipped={text: text}, review=review)
    console = Console(file=io.StringIO(), width=400)
    for piece in funnel(summary, problems=9):
        console.print(piece)
    told = str(console.file.getvalue())  # type: ignore[attr-defined]
    assert shown(told)
    assert told.count(f"Q1{escape.line(text)}") == 4  # in the table, as weak, as a benchmark, as what is repeated
    assert f"skipped {escape.line(text)}: {escape.line(text)}\n" in told


@pytest.mark.parametrize("text", CASES)
def test_no_survey_of_problems_is_steered(text: str) -> None:
    console = Console(file=io.StringIO(), width=400)
    refused = [Refusal(f"p{text}", f"i{text}", f"r{text}")]
    print_problems(console, Survey(1, {}, 1, 1, 1, 1, {}, refused))
    *_, last = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert last == f"  p{escape.line(text)}: i{escape.line(text)}: r{escape.line(text)}"


@pytest.mark.parametrize("text", CASES)
def test_no_note_is_steered(text: str) -> None:
    console = Console(file=io.StringIO(), width=20)
    plain(console)(f"set aside: {Refusal(f'p{text}', text, f'r{text}')}")
    RunProgress(console, {}).note(f"note: {text}")
    first, second, *others = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert first == f"set aside: p{escape.line(text)}: r{escape.line(text)}"
    assert second.startswith("note: ")
    assert all(line.startswith("  ") for line in others)
    assert shown(second)


@pytest.mark.parametrize("text", CASES)
def test_no_warning_is_steered(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    _showing(lambda *_: None)(RenamedKeyWarning(f"{text}: is now new"), RenamedKeyWarning)
    first, *others = capsys.readouterr().err.splitlines()
    assert first.startswith("warning: ")
    assert all(line.startswith("  ") and shown(line) for line in others)
    assert shown(first)


@pytest.mark.parametrize("text", CASES)
def test_markdown_reads_as_it_was_written(text: str) -> None:
    reader = MarkdownIt("gfm-like", {"linkify": False, "html": True})
    _, inline, _ = reader.parse(f"Models: {escape.markdown(text)}.")
    assert {token.type for token in inline.children or ()} <= {"text"}
    assert "".join(token.content for token in inline.children or ()) == f"Models: {escape.line(text)}."
    assert not re.search(r"(?i)\bhttps?:|\bwww\.|(?<!\\)[@#$]", escape.markdown(text))  # links of GitHub, formulas
    table = reader.parse(f"| a | b |\n|---|---|\n| {escape.markdown(text)} | 1 |\n\nafter")
    assert [token.content for token in table if token.type == "inline"] == [
        "a", "b", escape.markdown(text).replace("\\|", "|").strip(), "1", "after"
    ]  # fmt: skip


@pytest.mark.parametrize("text", CASES)
def test_no_card_is_steered(text: str) -> None:
    config = Config.model_validate(
        {
            "name": "test",
            "problems": {"path": f"p{text}"},
            "engine": {"kind": "replay", "path": f"r{text}"},
            "decontamination": {"benchmarks": [{"name": "own", "path": "p"}]},
        }
    )
    counts, hit = BenchmarkCounts(1, 1), BenchmarkHit("own")
    summary = Summary("test", 1, {}, DecontaminationSummary({text: counts}, {f"x{text}": hit}))
    manifest = Manifest(
        name="test", factory_version="1", code_sha256="0", config_sha256="0", models=[f"m{text}"],
        templates=[f"t{text}"], licenses=[f"l{text}"], rows=1, left_out=[], splits=SplitCounts({"train": 1.0}, {}, 0),
        files=[ShardFile(path="x", view="programs", language="python", split="train", rows=1, bytes=9, sha256="0")],
        schema={}, views={}, varies_from_run_to_run=[],
    )  # fmt: skip
    told = card(config, manifest, summary)
    assert shown(told)
    _, head, body = told.split("---\n", 2)
    assert yaml.safe_load(head)["license"] == "other"
    lines = body.splitlines()
    known = escape.markdown(text)
    assert f"- Models: m{known}" in lines
    assert f"- Licenses of the problems: l{known}" in lines
    assert f"- sha256 of the prompt templates: t{known}" in lines
    assert f"| {known} | 1 | 1 | 0 |" in lines
    assert f"Repeated: x{known}." in lines


@pytest.mark.parametrize("text", CASES)
def test_no_page_is_steered(text: str) -> None:
    told = json.loads(embeddable({"texts": [text, (text,)]}))
    assert told == {"texts": [escape.block(text), [escape.block(text)]]}
    assert shown(told["texts"][0])
    assert not set("<>&") & set(embeddable([text]))
    assert shown(str(escape.html(text)))
    repeated = DecontaminationSummary({}, {text: BenchmarkHit("own")})
    weak = ReviewSummary(kill_rate=None, weak=(text,))
    for line in (*strength.lines(weak), *decontamination.lines(repeated)):
        assert line.isprintable()


@pytest.mark.parametrize("text", CASES)
def test_a_file_name_is_made_of_letters_alone(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]+", slug(f"{text}/../{text}"))
    assert slug(f"{text}a") != slug(f"{text}b")


def test_commands_show_hostile_names_as_text(tmp_path: Path) -> None:
    ids = [f"p{number}{text}" for number, text in enumerate(HOSTILE.values()) if text.isascii()]
    folder = tmp_path / "[lr]\x1b[31m"
    folder.mkdir()
    rows = [
        {"id": name, "prompt": "Two?", "entry_point": "two", "cases": [{"args": [], "expected": 2}]} for name in ids
    ]
    bad = [{"id": f"bad{name}", "prompt": "?", "entry_point": name, "cases": []} for name in ids]
    (folder / "problems.jsonl").write_text("".join(json.dumps(row) + "\n" for row in (*rows, *bad)))
    (folder / "rollouts.jsonl").write_text(
        "".join(
            json.dumps({"problem_id": name, "index": 0, "mode": "code", "text": "def two():\n    return 2\n"}) + "\n"
            for name in ids
        )
    )
    command = [sys.executable, "-m", "factory", "verify", "--problems", str(folder / "problems.jsonl")]
    command += ["--rollouts", str(folder / "rollouts.jsonl"), "--out", str(folder / "out")]
    command += ["--set", "sandbox.backend=bubblewrap"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    told = (done.stdout + done.stderr).decode("utf-8")
    assert shown(told)
    assert "[lr]\\x1b[31m" in told
    assert re.search(r"^verdicts: ", told, re.MULTILINE)
    assert not re.search(r"^error: (gone|two)", told, re.MULTILINE)
