"""The second look through the whole way: what falls is in no shard and in every count, and a resume changes nothing."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from factory.commands import export, look
from factory.commands.audit import audit
from factory.config import Config, DecontaminationConfig, load
from factory.decontamination.matcher import Contamination
from factory.errors import AuditError, InfrastructureError, PartError
from factory.executors.base import Executor
from factory.grading.session import GradingSession
from factory.problems import Loaded, read
from factory.reward import passes
from factory.run.directory import RunDir
from factory.run.names import slug
from factory.run.sampler import Samplers
from factory.run.slices import Slice, slices
from factory.run.summary import summarize
from factory.run.units import GradeUnit, ReviewUnit
from factory.run.work import Worker

Factory = Callable[..., subprocess.CompletedProcess[str]]
RewriteLedger = Callable[[RunDir, Callable[[dict[str, Any]], dict[str, Any] | None]], None]
GoOn = Callable[..., tuple[list[str], list[str]]]
TESTS = "def check(candidate):\n    for n in range(5):\n        assert abs(candidate(n) - 2 * n) < 1e-9\n"
DOUBLE = [f"def double(n):\n    return {text}\n" for text in ("2 * n", "n + n", "n << 1", "n")]
GO_DOUBLE = "package main\n\nfunc double(n int) int { return 2 * n }\n"
GO_LATE = "package main\n\nfunc double(n int) int {\n\tif n > 3 {\n\t\treturn 0\n\t}\n\treturn 2 * n\n}\n"
"""Wrong in the last of the calls that `TESTS` makes."""
SORTS = [
    "def order(v):\n    return sorted(v)\n",
    "def order(v):\n    v = list(v)\n    v.sort()\n    return v\n",
    "import heapq\n\ndef order(v):\n    heap = list(v)\n    heapq.heapify(heap)\n"
    "    return [heapq.heappop(heap) for _ in v]\n",
    "import bisect\n\ndef order(v):\n    done = []\n    for n in v:\n        bisect.insort(done, n)\n    return done\n",
]
GO_SORT = 'package main\n\nimport "sort"\n\nfunc order(v []int) []int {\n\tsort.Ints(v)\n\treturn v\n}\n'
THREE = "def order(v):\n    return sorted(v[:3]) + v[3:]\n"
TABLE = "def order(v):\n    return {(3, 1, 2): [1, 2, 3], (9, 4, 4): [4, 4, 9], (5, 0, 8): [0, 5, 8]}[tuple(v)]\n"
SEEDS = "import os\n\ndef order(v):\n    return sorted(v, reverse=os.environ['PYTHONHASHSEED'] != '0')\n"
CASES = [{"args": [list(v)], "expected": sorted(v)} for v in ((3, 1, 2), (9, 4, 4), (5, 0, 8))]
ABSOLUTE = [f"def size(n):\n    return {text}\n" for text in ("abs(n)", "n if n > 0 else -n", "max(n, -n)", "1")]
PROBLEMS = {
    "t/code": {"entry_point": "double", "test_code": TESTS},
    "t/sort": {"entry_point": "order", "cases": CASES},
    "t/weak": {"entry_point": "size", "cases": [{"args": [0], "expected": 0}]},
}
PYTHON = {
    "t/code": [*DOUBLE, *DOUBLE],
    "t/sort": [*SORTS[:2], THREE, TABLE, SEEDS, *SORTS[2:], THREE.replace("v", "rows")],
    "t/weak": [*ABSOLUTE, *ABSOLUTE],
}
GO = {"t/code": [GO_LATE, GO_DOUBLE], "t/sort": [GO_SORT, GO_SORT], "t/weak": [GO_DOUBLE, GO_DOUBLE]}


def given(folder: Path, problems: Any = PROBLEMS, python: Any = PYTHON, go: Any = GO, **settings: Any) -> Path:
    """A config that replays rollouts of `problems`."""
    rows = [
        {"problem_id": name, "index": index, "text": text, "mode": "code", "language": language}
        for language, answers in (("python", python), ("go", go))
        for name, texts in answers.items()
        for index, text in enumerate(texts)
    ]
    lines = [{"id": name, "prompt": "Do it.", **fields} for name, fields in problems.items()]
    for file, written in (("problems", lines), ("rollouts", rows)):
        (folder / f"{file}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in written))
    config: dict[str, Any] = {
        "name": "test",
        "problems": {"path": str(folder / "problems.jsonl")},
        "engine": {"kind": "replay", "path": str(folder / "rollouts.jsonl")},
        "sampling": {"n": max(map(len, python.values()))},
        "verify": {"chunk": 4, "canaries": False},
        "translate": {"n": 2, "repair_rounds": 0, "differential": 8},
        "executor": {"workers": 2},
        "sandbox": {"backend": "bubblewrap"},  # `auto` has tests of its own; containers take their time
        "shards": {"views": ["sft", "pretrain", "pairs", "preference", "rl", "rollouts"]},
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config | settings))
    return path


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory, factory_process: Factory) -> tuple[Path, Path]:
    """(config file, run directory) of a run that was left alone."""
    folder = tmp_path_factory.mktemp("calm")
    config = given(folder, review={"min_test_strength": 0.6})
    done = factory_process("run", config, "--run-dir", folder / "run")
    assert done.returncode == 0, done.stderr
    return config, folder / "run"


@pytest.fixture
def copied(calm: tuple[Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(calm[1], tmp_path / "run"))


class Inline:
    """An executor in this process, which loses every task that `lost` names."""

    workers = 1

    def __init__(self, session: GradingSession, lost: Callable[[Any], bool]) -> None:
        self._session, self._lost = session, lost
        self.looked: list[str] = []

    async def run(self, work: Callable[[Any, Any], Any], task: Any) -> Any:
        if self._lost(task):
            raise InfrastructureError("every worker died")
        if isinstance(task, ReviewUnit):
            self.looked.append(task.problem.id)
        return work(self._session, task)


async def work(config: Config, parts: Sequence[Slice], executor: Executor, notes: Notes) -> None:
    benchmarks = Contamination((), DecontaminationConfig())
    async with Samplers(config, notes, parts[0].dir.log) as samplers:
        await Worker(config, executor, notes, benchmarks, samplers).run(parts, lambda part: None)


class Notes(list[str]):
    """An observer that keeps what it is told in words."""

    def sampled(self, *_: Any) -> None: ...

    def verified(self, *_: Any) -> None: ...

    def kept(self, *_: Any) -> None: ...

    def done_before(self, *_: Any) -> None: ...

    def note(self, line: str) -> None:
        self.append(line)


@pytest.fixture
def go_on(session: GradingSession) -> GoOn:
    """`go_on(config file, run directory, "a.b=c", …)`: run it in this process; problems looked at again, and notes."""

    def run(
        file: Path, path: Path, *settings: str, lost: Callable[[Any], bool] = lambda task: False
    ) -> tuple[list[str], list[str]]:
        config, place = load(file, settings), RunDir(path)
        problems = [it.problem for it in read(config.problems) if isinstance(it, Loaded)]
        executor, notes = Inline(session, lost), Notes()
        with place:
            place.claim(config, problems)
            asyncio.run(work(config, slices(problems, place), executor, notes))
            export.export(config, problems, place)
        return sorted(executor.looked), notes

    return run


def digests(run_dir: Path) -> dict[str, str]:
    return {
        str(path.relative_to(run_dir)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((run_dir / "shards").rglob("*"))
        if path.is_file()
    }


def rows(run_dir: Path, name: str) -> list[dict[str, Any]]:
    """The rows of a view, or of the programs in a language."""
    files = sorted((run_dir / "shards").glob(f"{name}/*.parquet")) or sorted(run_dir.glob(f"shards/data/{name}-*"))
    assert files, name
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def of(rows: list[dict[str, Any]], problem: str, **cells: Any) -> list[dict[str, Any]]:
    return [row for row in rows if row["problem_id"] == problem and cells.items() <= row.items()]


def summary(run_dir: Path) -> dict[str, Any]:
    return dict(json.loads((run_dir / "summary.json").read_text()))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


# ---- test code ----


def test_calls_of_test_code_are_the_tests_of_its_translation(calm: tuple[Path, Path]) -> None:
    _, run_dir = calm
    traced = [{"args": [n], "expected": 2 * n} for n in range(5)]
    assert {(row["cases"], row["test_code"]) for row in of(rows(run_dir, "python"), "t/code")} == {("[]", TESTS)}
    (go,) = of(rows(run_dir, "go"), "t/code")
    assert (json.loads(go["cases"]), go["test_code"]) == (traced, "")
    assert (go["cases_passed"], go["cases_total"]) == (5, 5)
    (pair,) = of(rows(run_dir, "pairs"), "t/code")
    assert (json.loads(pair["cases"]), pair["test_code"]) == (traced, "")
    truths = {
        truth["language"]: (json.loads(truth["cases"]), truth["test_code"])
        for truth in (json.loads(row["reward_model"]["ground_truth"]) for row in rows(run_dir, "rl"))
        if truth["id"] == "t/code"
    }
    assert truths == {"python": ([], TESTS), "go": (traced, "")}
    assert summary(run_dir)["untranslatable"] == {"go": []}


def test_a_translation_that_fails_a_harvested_call_is_dropped(calm: tuple[Path, Path]) -> None:
    (late,) = of(rows(calm[1], "rollouts"), "t/code", language="go", rollout_index=0)
    assert (late["status"], late["label"], late["detail"]) == ("wrong_answer", False, "case 4: answered 0, expected 8")


def test_audit_earns_both_again(calm: tuple[Path, Path], factory: Factory) -> None:
    done = factory("audit", calm[1])
    assert done.returncode == 0, done.stderr
    assert "passed again: 9 of 9 records" in done.stdout


def test_rewards_of_a_translation_are_those_of_its_harvested_calls(calm: tuple[Path, Path]) -> None:
    (row,) = [row for row in rows(calm[1], "rl") if row["id"] == "t/code/go"]
    answers = [GO_DOUBLE, GO_LATE]  # read as the recorded rollouts were: all of a text is code
    assert passes(answers, [row["reward_model"]] * 2) == row["rewards"][::-1] == [1.0, 0.0]


# ---- what falls ----


def test_what_falls_has_its_reason_in_the_funnel_which_adds_up(calm: tuple[Path, Path]) -> None:
    told = summary(calm[1])["languages"]["python"]
    funnel = told["by_problem"]["t/sort"]
    fell = {"flaky (unstable)": 1, "wrong_answer (derived)": 2, "wrong_answer (hard-coded)": 1}
    assert funnel["drops"] == fell
    assert (funnel["rollouts"], funnel["passed"], funnel["distinct"], funnel["kept"]) == (8, 4, 4, 4)
    for counts in (told["funnel"], *told["by_problem"].values()):
        assert counts["rollouts"] == counts["kept"] + sum(counts["drops"].values())


def test_what_falls_is_in_no_shard_and_rewarded_nowhere(calm: tuple[Path, Path]) -> None:
    _, run_dir = calm
    shipped = of(rows(run_dir, "python"), "t/sort")
    assert sorted(row["code"] for row in shipped) == sorted(SORTS)
    for view in ("sft", "pretrain"):
        ids = {row["id"] for row in of(rows(run_dir, view), "t/sort", language="python")}
        assert ids == {row["id"] for row in shipped}
    labels = {
        row["rollout_index"]: (row["label"], row["status"], row["detail"].partition(":")[0])
        for row in of(rows(run_dir, "rollouts"), "t/sort", language="python")
    }
    assert {index: told for index, told in labels.items() if told[0] is not True} == {
        2: (False, "wrong_answer", "derived"),
        3: (False, "wrong_answer", "answers from a table"),
        4: (False, "flaky", "passed, then run again elsewhere"),
        7: (False, "wrong_answer", "derived"),
    }
    (rl,) = [row for row in rows(run_dir, "rl") if row["id"] == "t/sort/python"]
    assert dict(zip(rl["rollout_indices"], rl["rewards"], strict=True)) == {
        index: float(told[0]) for index, told in labels.items()
    }


def test_what_falls_may_be_rejected_in_a_preference_with_the_input_that_showed_it(calm: tuple[Path, Path]) -> None:
    pairs = {row["rejected_rollout_index"]: row for row in of(rows(calm[1], "preference"), "t/sort")}
    assert pairs.keys() == {2, 3}  # 7 is 2 once more, and what is flaky is no worse an answer
    assert pairs[2]["rejected_detail"].startswith("derived: for ")
    assert json.loads(pairs[2]["failing_case"])["case"] is None
    assert pairs[3]["failing_case"] is None
    chosen = {row["chosen_code_sha256"] for row in pairs.values()}
    assert chosen < {row["code_sha256"] for row in of(rows(calm[1], "python"), "t/sort")}


def test_weak_tests_drop_a_problem(calm: tuple[Path, Path]) -> None:
    told = summary(calm[1])
    assert told["languages"]["python"]["by_problem"]["t/weak"]["drops"] == {
        "duplicate": 3, "weak tests": 3, "wrong_answer": 2,
    }  # fmt: skip
    assert told["review"]["weak"] == ["t/weak"]
    for name in ("python", "go", "sft", "pairs", "preference"):
        assert not of(rows(calm[1], name), "t/weak"), name


# ---- what is told of the tests ----


def test_rows_tell_how_strong_their_tests_are(calm: tuple[Path, Path]) -> None:
    _, run_dir = calm
    strengths = summary(run_dir)["languages"]["python"]["by_problem"]
    for row in rows(run_dir, "python") + rows(run_dir, "go"):
        told = strengths[row["problem_id"]]["review"]
        assert row["test_strength"] == told["kill_rate"]
        counts = json.loads(row["review"])
        assert counts.pop("agreement", 1.0) == 1.0
        assert counts == {name: told[name] for name in counts}
        if row["language"] == "go":
            assert row["derived_cases"] is None
        else:
            assert len(json.loads(row["derived_cases"])) == told["derived_cases"] > 0
    (sort, *_) = of(rows(run_dir, "python"), "t/sort")
    assert all(case["expected"] == sorted(case["args"][0]) for case in json.loads(sort["derived_cases"]))


def test_card_status_and_page_tell_it_too(calm: tuple[Path, Path], tmp_path: Path, factory: Factory) -> None:
    _, run_dir = calm
    found = summary(run_dir)["review"]
    card = (run_dir / "shards" / "README.md").read_text()
    assert "## How strong the tests are" in card
    assert f"the mean over 3 problems is {found['kill_rate']:.3f}" in card
    assert "5 calls of test code became cases for translations." in card
    assert "1 problem was dropped for tests weaker than 0.6." in card
    status = factory("status", run_dir)
    assert status.returncode == 0, status.stderr
    place = RunDir(run_dir)
    page = look.report(place.open_config(), place.open_problems(), place, tmp_path / "page.html").read_text()
    for told in (f"est strength {found['kill_rate']:.3f} (mean of 3 problems)", "dropped for weak tests: t/weak"):
        assert told in " ".join(status.stdout.split())
        assert told in page
    assert "answers from a table" in page
    assert "another answer than most others to a generated input" in page
    assert "The weakest tests" in page


# ---- resume ----


@pytest.mark.parametrize(
    ("spoil", "looked"),
    [
        (lambda place: shutil.rmtree(place / "survivors"), []),
        (lambda place: list(map(shutil.rmtree, (place / "review", place / "survivors"))), sorted(PROBLEMS)),
        (lambda place: next(place.glob("review/t-sort-*.parquet")).unlink(), ["t/sort"]),
        (lambda place: flip(next(place.glob("review/t-code-*.parquet"))), ["t/code"]),
        (lambda place: next(place.glob("review/t-code-*.sha256")).unlink(), []),
    ],
    ids=["before-survivors", "before-the-look", "deleted", "flipped", "without-its-digest"],
)
def test_what_is_missing_or_damaged_is_looked_at_again(
    calm: tuple[Path, Path], copied: Path, go_on: GoOn, spoil: Callable[[Path], object], looked: list[str]
) -> None:
    spoil(copied)
    again, notes = go_on(calm[0], copied)
    assert again == looked
    assert digests(copied) == digests(calm[1])
    named = [line.partition(": is ")[0] for line in notes if line.startswith("reviewed again")]
    paths = [path for name in looked for path in copied.glob(f"review/{slug(name)}.*.parquet")]
    assert sorted(named) == sorted(f"reviewed again: {path}" for path in paths)


def test_a_run_killed_before_the_look_can_be_told_and_exported(
    calm: tuple[Path, Path], copied: Path, tmp_path: Path, go_on: GoOn, rewrite_ledger: RewriteLedger
) -> None:
    for name in ("review", "survivors", "translations", "shards"):
        shutil.rmtree(copied / name)
    config, place = load(calm[0]), RunDir(copied)
    gone = ("review/", "survivors/", "translations/")
    rewrite_ledger(place, lambda line: None if line.get("part", "").startswith(gone) else line)
    place = RunDir(copied)
    told = summarize(config, place.open_problems(), place)
    assert told.review.problems == 0
    assert told.languages["python"].by_problem["t/sort"].passed == 8
    page = look.report(config, place.open_problems(), place, tmp_path / "page.html").read_text()
    assert "Test strength" not in page
    export.export(config, place.open_problems(), place)
    assert "How strong" not in (copied / "shards" / "README.md").read_text()
    go_on(calm[0], copied)
    assert digests(copied) == digests(calm[1])


def test_a_damaged_look_is_named_by_those_who_only_read(copied: Path, factory: Factory) -> None:
    part = next(copied.glob("review/t-sort-*.parquet"))
    flip(part)
    done = factory("status", copied)
    assert done.returncode == 1
    assert f"{part}: is damaged" in done.stderr
    assert "Traceback" not in done.stderr
    place = RunDir(copied)
    config, problems = place.open_config(), place.open_problems()
    with pytest.raises(PartError, match=f"{part}: is damaged"):
        export.export(config, problems, place)
    with pytest.raises(AuditError, match=f"{part}: is damaged"):
        asyncio.run(audit(config, place, 0, 0))


def test_a_look_that_is_gone_is_missed_where_rows_depend_on_it(copied: Path) -> None:
    place = RunDir(copied)
    part = next(copied.glob("review/t-code-*.parquet"))
    part.unlink()
    with pytest.raises(PartError, match=part.name):
        export.export(place.open_config(), place.open_problems(), place)


def test_a_look_at_rollouts_that_are_gone_says_nothing(tmp_path: Path, go_on: GoOn) -> None:
    """They were damaged, and of those that took their place none passes."""
    config = given(tmp_path, {"t/code": PROBLEMS["t/code"]}, {"t/code": DOUBLE[:1]}, {"t/code": [GO_DOUBLE]})
    run_dir = tmp_path / "run"
    go_on(config, run_dir)
    assert summary(run_dir)["review"]["traced_cases"] == 5
    given(tmp_path, {"t/code": PROBLEMS["t/code"]}, {"t/code": DOUBLE[3:]}, {"t/code": [GO_DOUBLE]})
    flip(next(run_dir.glob("rollouts/*.parquet")))
    looked, _ = go_on(config, run_dir)
    assert looked == []
    told = summary(run_dir)
    assert told["languages"]["python"]["funnel"]["kept"] == 0
    assert told["review"]["problems"] == 0
    assert told["untranslatable"] == {"go": ["t/code"]}


def test_more_rollouts_are_looked_at_with_the_others(calm: tuple[Path, Path], tmp_path: Path, go_on: GoOn) -> None:
    """TABLE falls at once, THREE only when enough have come that differ from it."""
    go_on(calm[0], tmp_path / "grown", "sampling.n=4")
    few = summary(tmp_path / "grown")["languages"]["python"]["by_problem"]["t/sort"]
    assert few["drops"] == {"wrong_answer (hard-coded)": 1}
    looked, _ = go_on(calm[0], tmp_path / "grown")
    assert looked == sorted(PROBLEMS)
    assert digests(tmp_path / "grown") == digests(calm[1])


def test_translations_are_graded_on_the_calls_that_are_harvested_by_then(tmp_path: Path, go_on: GoOn) -> None:
    """A survivor that comes later differs on a call; what no longer is a case fails no translation."""
    tests = "def check(candidate):\n    for n in range(4):\n        assert candidate(n)[0] == n\n"
    python = ["def f(n):\n    return [n]\n", "def f(n):\n    return [n, n] if n == 2 else [n]\n"]
    go = "package main\n\nfunc f(n int) []int {\n\tif n == 2 {\n\t\treturn []int{n, n}\n\t}\n\treturn []int{n}\n}\n"
    problem = {"t/0": {"entry_point": "f", "test_code": tests}}
    translate = {"n": 1, "repair_rounds": 0, "differential": 0}
    config = given(tmp_path, problem, {"t/0": python}, {"t/0": [go]}, rank={"keep": 1}, translate=translate)
    grown, calm = tmp_path / "grown", tmp_path / "calm"
    go_on(config, grown, "sampling.n=1")
    assert summary(grown)["languages"]["go"]["funnel"]["drops"] == {"wrong_answer": 1}
    go_on(config, grown)
    go_on(config, calm)
    (row,) = rows(calm, "go")
    assert [case["args"] for case in json.loads(row["cases"])] == [[0], [1], [3]]
    assert digests(grown) == digests(calm)
    assert summary(grown)["languages"] == summary(calm)["languages"]


def test_one_worker_gives_the_same_bytes(calm: tuple[Path, Path], tmp_path: Path, factory_process: Factory) -> None:
    done = factory_process("run", calm[0], "--run-dir", tmp_path / "alone", "--set", "executor.workers=1")
    assert done.returncode == 0, done.stderr
    assert digests(tmp_path / "alone") == digests(calm[1])


# ---- our own failures ----


def test_a_look_that_is_lost_keeps_nothing_of_its_problem_until_it_is_taken(
    calm: tuple[Path, Path], tmp_path: Path, go_on: GoOn
) -> None:
    run_dir = tmp_path / "run"
    _, notes = go_on(calm[0], run_dir, lost=lambda task: isinstance(task, ReviewUnit) and task.problem.id == "t/sort")
    assert "t/sort: could not be reviewed, nothing of it is kept: every worker died" in notes
    told = summary(run_dir)["languages"]["python"]
    assert told["by_problem"]["t/sort"]["drops"] == {"infrastructure_error": 8}
    assert told["pass_rates"] == {"pass@1": 0.75}  # of the other two: our failure counts in no rate
    assert told["by_problem"]["t/code"]["kept"] == 3
    assert {row["problem_id"] for row in rows(run_dir, "python")} == {"t/code"}
    assert not [row for row in rows(run_dir, "rl") if row["id"] == "t/sort/python"]
    assert {row["label"] for row in of(rows(run_dir, "rollouts"), "t/sort")} == {None}
    looked, _ = go_on(calm[0], run_dir)
    assert looked == ["t/sort"]
    assert digests(run_dir) == digests(calm[1])


def test_rollouts_graded_after_a_failure_of_ours_are_looked_at(
    calm: tuple[Path, Path], tmp_path: Path, go_on: GoOn
) -> None:
    run_dir = tmp_path / "run"
    go_on(
        calm[0],
        run_dir,
        lost=lambda task: isinstance(task, GradeUnit) and task.problem.id == "t/sort" and task.rollouts[0].index >= 4,
    )
    told = summary(run_dir)["languages"]["python"]["by_problem"]["t/sort"]
    assert told["drops"] == {"infrastructure_error": 4, "wrong_answer (hard-coded)": 1}
    looked, _ = go_on(calm[0], run_dir)
    assert looked == ["t/sort"]
    assert digests(run_dir) == digests(calm[1])
