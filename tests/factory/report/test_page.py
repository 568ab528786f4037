"""The page of a run: whole, true to the summary, and deaf to what texts in it say."""

from __future__ import annotations

import html.parser
import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from factory import escape
from factory.config import Config, CostConfig
from factory.records import Case, Differential, Failure, Problem, Review, Status, Verdict
from factory.records.summary import Summary
from factory.report import page as drawing
from factory.report import statistics as gathering
from factory.report.cost import Account
from factory.report.graded import Graded
from factory.report.page import About, embeddable, render
from factory.report.page.highlight import highlighted
from factory.report.page.tables import money
from factory.report.samples import LONGEST
from factory.report.statistics import RunStatistics
from factory.run.directory import RunDir
from factory.run.slices import Slice
from factory.run.summary import counted, sum_up, tallied

HOSTILE = (
    "</script><script>document.title='owned'</script>",
    "<img src=http://x.invalid/x.png onerror=\"document.title='owned'\">",
    "]]></style></textarea>--><!-- <svg onload=alert(1)>",
    "\u2028\u2029\x00\ud800 {{ 7 * 7 }} {% raw %} \" ' & \\u003c",
)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

Found = Mapping[str, Sequence[Graded]]


def problem(name: str = "set/0", **fields: Any) -> Problem:
    cases = [{"args": [n, "x"], "kwargs": {"k": n}, "expected": {"$": "tuple", "v": [n]}} for n in range(9)]
    whole = {"id": "set/0", "prompt": "Do it.", "entry_point": "f", "cases": cases, "meta": {"difficulty": "easy"}}
    return Problem.model_construct(**dict(Problem.model_validate(whole)) | {"id": name} | fields)


def verdict(index: int, status: Status = Status.PASSED, name: str = "python", **fields: Any) -> Verdict:
    whole = {
        "cases_passed": 9 if status is Status.PASSED else 1,
        "cases_total": 9,
        "cpu_ms": 2.0,
        "code": f"f = {index}\n",
    }
    return Verdict("set/0", index, name, status, normal_form=f"form{index}", **whole | fields)


def graded(*verdicts: Verdict, parent: Verdict | None = None) -> Graded:
    return Graded(verdicts, tuple(v for v in verdicts if v.status is Status.PASSED), {}, parent)


def some(passed: int, failed: int) -> Found:
    """Python alone: `passed` and `failed` rollouts."""
    rollouts = [verdict(n) for n in range(passed)]
    return {"python": [graded(*rollouts, *(verdict(100 + n, Status.WRONG_ANSWER) for n in range(failed)))]}


def both() -> Found:
    parent = verdict(0, cpu_ms=8.0)
    go = (verdict(0, name="go", cpu_ms=2.0), verdict(1, Status.COMPILE_ERROR, "go", detail="line 3: undefined: x"))
    return {"python": [graded(parent, verdict(1, Status.TIMEOUT))], "go": [graded(*go, parent=parent)]}


def config(**fields: Any) -> Config:
    whole = {"name": "a-run", "problems": {"path": "p.jsonl"}, "engine": {"kind": "replay", "path": "r.jsonl"}}
    return Config.model_validate(whole | fields)


LEDGER: list[dict[str, Any]] = [
    {
        "event": "sampled", "part": "rollouts/a.parquet", "problem": "set/0", "rollouts": 8, "completion_tokens": 300,
        "engine": "e", "engine_s": 90.0, "load_s": 10.0, "gpus": 2, "cpus": 0,
    },
    {
        "event": "sampled", "part": "translations/go/rollouts/a.parquet", "problem": "set/0", "rollouts": 2,
        "completion_tokens": 100, "engine": "e", "engine_s": 100.0, "load_s": 10.0, "gpus": 2, "cpus": 0,
    },
    {"event": "verified", "part": "verdicts/a.parquet", "problem": "set/0", "cpu_s": 30.0},
    {"event": "verified", "part": "translations/go/verdicts/a.parquet", "problem": "set/0", "cpu_s": 6.0},
]  # fmt: skip


class Reader(html.parser.HTMLParser):
    """What a browser would find: elements with their attributes, and texts."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.inside: list[str] = []
        self.scripts: list[str] = []
        self.feed(page.decode("utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.inside and self.inside.pop() != tag:
            continue

    def handle_data(self, data: str) -> None:
        if self.inside[-1:] == ["script"]:
            self.scripts.append(data)
        elif self.inside[-1:] != ["style"]:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.texts))


def page(
    found: Sequence[tuple[Problem, Found]], settings: Config | None = None, unfinished: int = 0, ledger: Any = ()
) -> tuple[bytes, Summary]:
    """(the page, the summary it was made of)."""
    settings = settings or config()
    gathered = RunStatistics(len(found))
    for one, verdicts in found:
        gathered.add(one, verdicts)
    tallies = {one.id: tallied({name: list(several) for name, several in verdicts.items()}) for one, verdicts in found}
    account = Account(ledger)
    part = Slice(0, tuple(one for one, _ in found), RunDir(Path("nowhere")), whole_run=True)
    summary = sum_up(settings, counted(settings, part, tallies, account))
    about = About(settings, "2026-01-01 00:00 UTC", unfinished, "name: a-run\n")
    return render(summary, gathered, account.stages(settings.cost), about, "all.jsonl"), summary


def payload(reader: Reader) -> Any:
    return json.loads(reader.scripts[0])


@pytest.fixture(scope="module")
def whole() -> tuple[Reader, Summary]:
    made, summary = page(
        [(problem(f"set/{n}"), both() if n < 3 else some(2, 4)) for n in range(5)] + [(problem("set/5"), {})],
        config(cost={"gpu_hour": 3.6, "cpu_hour": 0.36}),
        ledger=LEDGER,
    )
    return Reader(made), summary


def test_the_counts_are_those_of_the_summary(whole: tuple[Reader, Summary]) -> None:
    reader, summary = whole
    charts = payload(reader)["charts"]
    for name in ("python", "go"):
        funnel = summary.languages[name].funnel
        values = next(iter(charts[f"funnel-{name}"]["datasets"].values()))
        assert [row["count"] for row in values] == [
            getattr(funnel, tier) for tier in ("rollouts", "extracted", "compiled", "passed", "distinct", "kept")
        ]
    assert "Verified records 10 7 Python · 3 Go" in reader.text
    assert "Problems that survive 5 of 6, 5 graded" in reader.text
    rows = payload(reader)["problems"]
    assert [row["id"] for row in rows] == [f"set/{n}" for n in range(5)]
    by_problem = summary.languages["python"].by_problem
    assert {row["id"]: row["counts"]["python"]["passed"] for row in rows} == {
        name: counts.passed for name, counts in by_problem.items()
    }


def test_every_chart_has_a_description_and_a_table(whole: tuple[Reader, Summary]) -> None:
    reader, _ = whole
    places = [attributes for _, attributes in reader.elements if "data-chart" in attributes]
    assert {place["data-chart"] for place in places} == set(payload(reader)["charts"])
    assert {place["data-chart"] for place in places} == {
        "funnel-python", "funnel-go", "verdicts-python", "verdicts-go", "speed-go", "difficulty", "problems", "pass",
        "yield", "translated", "engine", "cpu",
    }  # fmt: skip
    assert all(place["role"] == "img" and place["aria-label"] for place in places)
    tables = sum(tag == "table" for tag, _ in reader.elements)
    assert tables >= len(places)
    assert all(attributes.get("scope") for tag, attributes in reader.elements if tag == "th")


def test_the_page_asks_for_nothing_elsewhere(whole: tuple[Reader, Summary]) -> None:
    reader, _ = whole
    for tag, attributes in reader.elements:
        for name in ("src", "href", "action", "srcset", "data", "poster", "ping", "xlink:href"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:")), (tag, name, value)
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
    style = (Path(gathering.__file__).parent / "page" / "page.css").read_text()
    assert "@import" not in style
    assert "url(" not in style
    assert not any(re.search(r"\bimport\s*\(?\s*['\"]https?:", script) for script in reader.scripts)
    policies = [a["content"] for tag, a in reader.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert [policy.split(";")[0] for policy in policies if policy] == ["default-src 'none'"]
    assert all("unsafe-eval" not in policy for policy in policies if policy)


def test_reasons_speed_ups_and_yields_are_told(whole: tuple[Reader, Summary]) -> None:
    reader, _ = whole
    assert "compile error: undefined: a name" in reader.text
    assert "median 4.00×" in reader.text
    assert "3 of 3 (100%)" in reader.text
    assert "95 %:" in reader.text


def test_dollars_are_told_by_stage_and_by_record(whole: tuple[Reader, Summary]) -> None:
    """110 s × 2 GPUs at $3.60 an hour and 36 s at $0.36: $0.22 + $0.0036."""
    reader, summary = whole
    assert summary.cost.dollars == pytest.approx(0.2236)
    assert summary.cost.dollars_per_record == pytest.approx(0.02236)
    assert "A verified record $0.022 $0.22 in all" in reader.text
    assert "sample Python $0.17 75.0 s 8 300" in reader.text
    assert "verify Go $0.0006 6.0 s" in reader.text


def test_what_a_kept_program_takes_is_shown_by_how_hard_its_problem_is(whole: tuple[Reader, Summary]) -> None:
    reader, _ = whole
    shown = reader.text.partition("Python, by how hard the problem is")[2].strip()
    columns = "of the rollouts problems rollouts pass kept rollouts a kept program"
    assert shown.startswith(f"{columns} 10 to 50 % 2 12 4 4 3.0 50 to 90 % 3 6 3 3 2.0 ")


def test_a_translation_stands_beside_what_it_was_made_from() -> None:
    first, second = verdict(0, code="first"), verdict(1, code="second")
    go = [
        graded(verdict(0, Status.WRONG_ANSWER, "go", code="bad"), parent=first),
        graded(verdict(0, name="go", code="good"), parent=second),
    ]
    made, _ = page([(problem(), {"python": [graded(first, second)], "go": go})])
    (row,) = payload(Reader(made))["problems"]
    shown = [("".join(token[1:] for token in p["tokens"]), p["kept"]) for p in row["sample"]["programs"]]
    assert shown == [("second", True), ("good", True)]


def test_hostile_texts_stay_texts() -> None:
    for evil in HOSTILE:
        bad = verdict(
            0, Status.WRONG_ANSWER, code=evil, detail=evil, import_fixes=(evil,),
            first_failure=Failure(0, False, evil, evil, evil),
        )  # fmt: skip
        meta = problem().meta.model_copy(update={"difficulty": evil, "source": evil, "license": evil})
        evil_problem = problem(evil, prompt=evil, test_code=evil, meta=meta)
        ledger = [{"event": "skipped", "problem": f"other {evil}", "reason": evil}]
        made, _ = page([(evil_problem, {"python": [graded(bad, verdict(1))]})], ledger=ledger)
        reader = Reader(made)
        assert [tag for tag, _ in reader.elements if tag in ("img", "svg", "textarea", "iframe")] == []
        assert sum(tag == "script" for tag, _ in reader.elements) == 3
        assert not any(name.startswith("on") for _, attributes in reader.elements for name in attributes)
        (row,) = payload(reader)["problems"]
        assert row["id"] == row["sample"]["prompt"] == escape.block(evil)
        assert "".join(token[1:] for token in row["sample"]["programs"][0]["tokens"]) == "f = 1\n"
        for word in escape.block(evil).split():
            assert word in reader.text


def test_embedded_json_survives_any_text() -> None:
    for evil in HOSTILE:
        text = embeddable([evil])
        assert json.loads(text) == [escape.block(evil)]
        assert not set("<>&") & set(text)


@pytest.mark.parametrize("language", ["python", "go", "javascript", "no such language"])
def test_highlighting_keeps_every_character(language: str) -> None:
    code = "\n\tdef f(x):  # 'é' \U0001f40d\n    return {'a': 1}['a']  \n\n"
    tokens = highlighted(code, language)
    assert "".join(token[1:] for token in tokens) == code
    assert {token[0] for token in tokens} <= set(" ktfsnc")
    assert highlighted("", language) in ([], [" "])


def test_a_run_without_anything_graded() -> None:
    made, _ = page([(problem(), {})], unfinished=1)
    reader = Reader(made)
    assert "Nothing graded yet" in reader.text
    assert "In progress · 1 of 1 problems unfinished" in reader.text
    assert payload(reader) == {"charts": {}, "languages": [], "problems": []}


def test_a_run_of_one_problem_without_survivors_or_translations() -> None:
    made, _ = page([(problem(), some(0, 3))])
    reader = Reader(made)
    assert "one problem, no interval" in reader.text
    assert "Verified records 0" in reader.text
    assert "Translations" not in reader.text
    (row,) = payload(reader)["problems"]
    assert row["sample"]["programs"][0]["status"] == "wrong_answer"


def test_only_lost_rollouts_give_no_rate() -> None:
    made, _ = page([(problem(), {"python": [graded(verdict(0, Status.INFRASTRUCTURE_ERROR))]})])
    reader = Reader(made)
    assert "1 Python rollouts could not be graded" in reader.text
    assert "pass@1" not in reader.text


def test_skipped_problems_are_told_with_their_reason() -> None:
    ledger = [{"event": "skipped", "problem": "set/9", "reason": "the prompt has 99 tokens"}]
    made, _ = page([(problem(), some(1, 1))], ledger=ledger)
    assert "set/9 the prompt has 99 tokens" in Reader(made).text


def test_inputs_that_were_left_out_and_an_odd_case_are_told() -> None:
    source, translation = verdict(0, code="first"), verdict(0, name="go", code="good")
    compared = replace(translation, differential=Differential(9, left_out=3))
    cases = [{"args": [one], "expected": 1} for one in (1, 2, "x", 3)]
    odd = problem().model_copy(update={"cases": tuple(map(Case.model_validate, cases)), "entry_point": "f"})
    made, summary = page([(odd, {"python": [graded(source)], "go": [graded(compared, parent=source)]})])
    text = Reader(made).text
    assert "3 times a Go program was not compared with its source on a generated input" in text
    assert f"Case 2 of {odd.id} has values of other types than all its other cases" in text
    assert summary.odd_cases == {"go": {odd.id: 2}}


def in_dispute() -> Found:
    """Three programs that passed: one agrees with nobody and is kept, two with each other; one failed."""
    programs = [verdict(n, code_sha256=f"{n}" * 64) for n in range(3)]
    shares = {programs[0].code_sha256: 0.0, programs[1].code_sha256: 0.5, programs[2].code_sha256: 0.5}
    review = Review("set/0", "", {}, dict.fromkeys(shares, ""), disputed=4, agreement=shares, inputs=9)
    failed = verdict(3, Status.WRONG_ANSWER, code_sha256="3" * 64)
    again = replace(programs[1], index=4, duplicate_of=1)
    return {"python": [Graded((*programs, failed, again), (programs[0],), {}, review=review)]}


def test_problems_in_dispute_are_marked_with_their_programs() -> None:
    made, _ = page([(problem("set/0"), in_dispute()), (problem("set/1"), some(2, 1))])
    reader = Reader(made)
    assert "Problems in dispute 1 programs that passed answer differently" in reader.text
    told = "rollout 0 (0% agree, kept); rollout 1 (50% agree); rollout 2 (50% agree)"
    assert f"set/0 4 {told}" in reader.text
    disputed, settled = payload(reader)["problems"]
    assert (settled["disputed"], settled["in_dispute"]) == (0, [])
    assert disputed["disputed"] == 4
    assert [(it["index"], it["kept"], it["agreement"]) for it in disputed["in_dispute"]] == [
        (0, True, 0.0), (1, False, 0.5), (2, False, 0.5),
    ]  # fmt: skip


def test_a_page_without_disputes_does_not_speak_of_them() -> None:
    made, _ = page([(problem(), some(2, 1))])
    assert "dispute" not in Reader(made).text


def test_programs_in_dispute_are_capped_and_the_kept_come_first() -> None:
    programs = [verdict(n, code_sha256=f"{n:064}") for n in range(gathering.IN_DISPUTE + 9)]
    shares = dict.fromkeys((it.code_sha256 for it in programs), 0.1)
    review = Review("set/0", "", {}, {}, disputed=1, agreement=shares)
    made, _ = page([(problem(), {"python": [Graded(programs, (programs[-1],), {}, review=review)]})])
    (row,) = payload(Reader(made))["problems"]
    indices = [it["index"] for it in row["in_dispute"]]
    assert indices == [programs[-1].index, *range(gathering.IN_DISPUTE - 1)]


def test_samples_are_capped_spread_and_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "SAMPLES", 10)
    made, _ = page([(problem(f"set/{n}"), some(1, 1)) for n in range(95)])
    reader = Reader(made)
    rows = payload(reader)["problems"]
    assert len(rows) == 95
    sampled = [at for at, row in enumerate(rows) if "sample" in row]
    assert len(sampled) == 10
    assert max(after - before for before, after in itertools.pairwise(sampled)) <= 10
    assert "programs are shown for 10 of 95 problems" in reader.text


def test_of_many_problems_some_are_listed_and_the_page_says_where_all_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "SAMPLES", 3)
    monkeypatch.setattr(drawing, "LISTED", 10)
    made, _ = page([(problem(f"set/{n}"), some(1, 1)) for n in range(95)])
    reader = Reader(made)
    rows = payload(reader)["problems"]
    numbers = [int(row["id"].removeprefix("set/")) for row in rows]
    assert len(rows) == 10
    assert numbers == sorted(numbers)
    assert sum("sample" in row for row in rows) == 3
    assert max(after - before for before, after in itertools.pairwise(numbers)) <= 30
    assert "counts are shown for 10, and all.jsonl beside this page has those of all" in reader.text


def test_long_texts_are_cut() -> None:
    made, _ = page([(problem(prompt="p" * 50_000), {"python": [graded(verdict(0, code="# " + "c" * 50_000))]})])
    (row,) = payload(Reader(made))["problems"]
    assert len(row["sample"]["prompt"]) == LONGEST + 1
    assert sum(len(token) - 1 for token in row["sample"]["programs"][0]["tokens"]) == LONGEST + 1


@pytest.mark.parametrize(
    ("dollars", "told"),
    [(0, "0.00"), (1234.5, "1,234.50"), (0.2236, "0.22"), (0.0123, "0.012"), (0.0000314, "0.000031")],
)
def test_money_keeps_the_digits_that_tell_something(dollars: float, told: str) -> None:
    assert money(dollars) == told


def test_prices_are_needed_of_all_that_was_used() -> None:
    assert Account(LEDGER).stages(CostConfig(cpu_hour=1.0))[0].dollars is None
    assert Account(LEDGER[2:]).stages(CostConfig(cpu_hour=1.0))[0].dollars is not None


def opened(folder: Path, made: bytes) -> str:
    """The document as Chromium has it once its scripts have run, without their text."""
    file = folder / "report.html"
    file.write_bytes(made)
    done = subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-component-update", "--disable-background-networking", "--disable-sync",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=10000", "--dump-dom", file.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return re.sub(r"<script.*?</script>", "", done.stdout, flags=re.DOTALL)


in_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here to open the page in")


@in_a_browser
def test_a_browser_draws_the_page(tmp_path: Path) -> None:
    """Every chart is drawn, the list is there, hostile texts did nothing."""
    rows = [(problem(f"set/{n} {HOSTILE[n % 4]}", prompt=HOSTILE[n % 4]), both()) for n in range(30)]
    made, _ = page(rows, ledger=LEDGER)
    dom = opened(tmp_path, made)
    assert dom.count("<svg ") == len(payload(Reader(made))["charts"])
    assert "could not be drawn" not in dom
    assert dom.count('class="row"') == 20
    assert "1–20 of 30 problems" in dom
    assert "<title>a-run · rollout-factory</title>" in dom


@in_a_browser
def test_a_browser_marks_a_dispute(tmp_path: Path) -> None:
    """The row, the program that is shown, and the others by their rollouts; nothing on a problem without a dispute."""
    made, _ = page([(problem("set/0"), in_dispute()), (problem("set/1"), some(2, 1))])
    script = b'<script type="module">document.querySelectorAll(".row").forEach((row) => row.click());</script>'
    dom = opened(tmp_path, made.replace(b"Content-Security-Policy", b"X-None") + script)
    _, first, second = dom.split('class="row"')
    assert '<span class="id">set/0<span class="chip bad">in dispute</span></span>' in first
    assert '<span class="chip bad">in dispute: 0 % of the others agree</span>' in first
    assert "programs that passed answer 4 generated inputs differently" in first
    assert "rollout 2 · sha256 222222222222 · 50 % of the others agree" in first
    assert "dispute" not in second


USED = """
const told = [];
const look = () => told.push(document.getElementById("found").textContent);
const set = (id, value) => {
  const input = document.getElementById(id);
  input.value = value;
  input.dispatchEvent(new Event("input"));
  look();
};
document.getElementById("after").click(); look();
set("search", "SET/7 do"); set("search", "");
set("outcome", "kept:go"); set("outcome", "lost:go"); set("outcome", "none"); set("outcome", "");
set("status", "timeout"); set("status", "");
set("difficulty", "hard"); set("difficulty", "");
set("order", "worst");
document.querySelector(".row").click();
document.title = told.join("; ");
"""


@in_a_browser
def test_search_filters_and_pages(tmp_path: Path) -> None:
    """25 problems: 3 with Go and a timeout, 2 hard ones without a survivor, the rest with Python alone."""
    hard = problem().meta.model_copy(update={"difficulty": "hard"})
    rows: list[tuple[Problem, Found]] = [(problem(f"set/{n}"), both()) for n in range(3)]
    rows += [(problem(f"set/{n}", meta=hard), some(0, 2)) for n in (3, 4)]
    rows += [(problem(f"set/{n}"), some(2, 0)) for n in range(5, 25)]
    made, _ = page(rows)
    assert b'http-equiv="Content-Security-Policy"' in made
    script = f'<script type="module">{USED}</script>'.encode()
    dom = opened(tmp_path, made.replace(b"Content-Security-Policy", b"X-None") + script)
    told = re.search(r"<title>(.*?)</title>", dom)
    assert told is not None
    everything = "1–20 of 25 problems"
    assert told[1].split("; ") == [
        "21–25 of 25 problems",
        "1–1 of 1 problems", everything,
        "1–3 of 3 problems", "1–20 of 20 problems", "1–2 of 2 problems", everything,
        "1–3 of 3 problems", everything,
        "1–2 of 2 problems", everything,
        everything,
    ]  # fmt: skip
    assert dom.count('aria-expanded="true">') == 1
    assert "5 of 9 test cases, compared as “equal”" in dom
    assert '<span class="chip bad">wrong answer</span>' in dom
