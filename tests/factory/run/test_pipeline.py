"""The whole flow on recorded rollouts: counts, resume after kills, and the same bytes whatever happened on the way."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from datasets import load_dataset

from factory.records import Verdict
from factory.storage import parts

GOOD = "def double(x):\n    return 2 * x\n"
RENAMED = "def double(value):\n    # doubled\n    return 2 * value\n"
OTHER = "def double(x):\n    return x + x\n"
WRONG = "def double(x):\n    return x\n"
BROKEN = "def double(x)\n    return 2 * x\n"
GO_GOOD = "```go\npackage main\n\nfunc double(x int) int { return 2 * x }\n```"
JS_GOOD = "```javascript\nconst double = (x) => 2 * x;\n```"
GO_WRONG = "```go\npackage main\n\nfunc double(x int) int { return x }\n```"
ANSWERS = [GOOD, RENAMED, OTHER, WRONG, BROKEN, ""]


def problem(name):
    cases = [{"args": [n], "expected": 2 * n, "public": n == 1} for n in (1, 0, -7)]
    return {"id": name, "prompt": "Double a number.", "entry_point": "double", "cases": cases}


@pytest.fixture
def replay(tmp_path):
    """A config file of the test's own, beside its problems and rollouts."""
    return recorded(tmp_path)


def recorded(folder):
    """A config file in `folder` that replays recorded rollouts of four problems, Python and Go."""
    names = [f"set/{number}" for number in range(4)]
    rows = [
        {
            "problem_id": name,
            "index": index,
            "text": f"```python\n{text}```" if text else "",
            "mode": "chat",
            "model": "m",
        }
        for name in names
        for index, text in enumerate(ANSWERS)
    ]
    rows += [
        {"problem_id": name, "index": index, "text": text, "mode": "chat", "language": "go"}
        for name in names
        for index, text in enumerate([GO_WRONG, GO_GOOD])
    ]
    (folder / "problems.jsonl").write_text("".join(json.dumps(problem(name)) + "\n" for name in names))
    (folder / "rollouts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = {
        "name": "test",
        "problems": {"path": str(folder / "problems.jsonl")},
        "engine": {"kind": "replay", "path": str(folder / "rollouts.jsonl")},
        "sampling": {"n": 6},
        "verify": {"chunk": 4, "canaries": False},  # they have tests of their own
        "translate": {"n": 2},
        "executor": {"workers": 2},
        "sandbox": {"backend": "bubblewrap"},  # `auto` has tests of its own; containers take their time
        "shards": {"views": ["sft", "pretrain", "pairs", "preference", "rl", "rollouts"]},
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def digests(run_dir):
    shards = Path(run_dir) / "shards"
    return {
        str(path.relative_to(shards)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(shards.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def calm(tmp_path_factory, factory_process):
    """(config file, run directory) of a run that was left alone; no test changes them."""
    folder = tmp_path_factory.mktemp("calm")
    config = recorded(folder)
    done = factory_process("run", config, "--run-dir", folder / "run")
    assert done.returncode == 0, done.stderr
    return config, folder / "run"


@pytest.fixture
def finished(calm, tmp_path):
    """(config file, run directory): a copy of the calm run, for a test to change."""
    config, run_dir = calm
    return config, shutil.copytree(run_dir, tmp_path / "calm")


def test_funnel_adds_up_and_shards_load(finished):
    _, run_dir = finished
    summary = json.loads((run_dir / "summary.json").read_text())
    python = summary["languages"]["python"]["funnel"]
    assert python["rollouts"] == 24
    assert python["extracted"] == 20
    assert python["compiled"] == 16
    assert python["passed"] == 12
    assert python["distinct"] == python["kept"] == 8
    assert python["drops"] == {"no_code": 4, "syntax_error": 4, "wrong_answer": 4, "duplicate": 4}
    assert summary["languages"]["python"]["pass_rates"] == {"pass@1": 0.5}
    assert summary["languages"]["go"]["funnel"]["kept"] == 4
    rows = load_dataset(str(run_dir / "shards"), split="train", cache_dir=str(run_dir / "cache"))
    assert rows.num_rows == 12
    go = [row for row in rows if row["language"] == "go"]
    parents = {row["code_sha256"] for row in rows if row["language"] == "python"}
    assert len(go) == 4
    assert all(row["parent_sha256"] in parents for row in go)
    assert all(row["messages"][1]["content"].startswith("```go\n") for row in go)


def test_canaries_are_in_the_ledger_and_in_no_part(calm, tmp_path, factory):
    replay, without = calm
    done = factory("run", replay, "--run-dir", tmp_path / "run", "--set", "verify.canaries=true")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in (tmp_path / "run/ledger.jsonl").read_text().splitlines()]
    rounds = [event["language"] for event in events if event["event"] == "canaries"]
    assert rounds.count("python") == rounds.count("go") == 2  # before the first unit, and after the last
    assert digests(tmp_path / "run").keys() == digests(without).keys()


def test_a_canary_that_passes_wrongly_stops_the_run(replay, tmp_path):
    spoil = (
        "import sys\nimport factory.grading.judge as judge\n"
        "if __name__ == '__main__':\n    from factory.cli import main\n    main()\n"
        "else:\n    judge.Judge._case = lambda *_: None\n"  # so in the verifying processes, which import this file
    )
    (tmp_path / "spoilt.py").write_text(spoil)
    command = [sys.executable, tmp_path / "spoilt.py", "run", replay, "--run-dir", tmp_path / "run"]
    done = subprocess.run(
        [*map(str, command), "--set", "verify.canaries=true"], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 1
    assert "error: canary of python, calls," in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "run/verdicts").glob("*.parquet"))
    assert not (tmp_path / "run/shards").exists()


def test_a_second_run_changes_nothing(finished, factory):
    replay, run_dir = finished
    before = digests(run_dir)
    parts = {path: path.stat().st_mtime_ns for path in run_dir.rglob("*.parquet") if "shards" not in path.parts}
    assert factory("run", replay, "--run-dir", run_dir).returncode == 0
    assert digests(run_dir) == before
    assert {path: path.stat().st_mtime_ns for path in parts} == parts


def test_kill_anywhere_then_the_same_bytes(calm, tmp_path, factory, warm):
    """kill -9 of a run, and of each that goes on with it, after more and more parts; then the command once more."""
    replay, untouched = calm
    total = sum(1 for path in untouched.rglob("*.parquet") if "shards" not in path.parts)
    run_dir, ends = tmp_path / "killed", []
    for number in range(0, total, max(total // 6, 1)):
        process = warm.start("run", replay, "--run-dir", run_dir, session=True)
        while process.poll() is None and sum(1 for _ in run_dir.rglob("*.parquet")) < number:
            time.sleep(0.005)
        process.kill()
        ends.append(process.wait())
    assert ends.count(-signal.SIGKILL) > len(ends) / 2, "most were through before they could be killed"
    assert factory("run", replay, "--run-dir", run_dir).returncode == 0
    assert digests(run_dir) == digests(untouched)


def test_workers_end_with_a_killed_run(replay, tmp_path, warm):
    process = warm.start("run", replay, "--run-dir", tmp_path / "killed", session=True)
    while not list(tmp_path.rglob("verdicts/*.parquet")):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 20
    while left := session_members(process.pid):
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.05)


def session_members(session):
    """Command lines of live processes of a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == session and fields[0] != "Z":
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
    return found


def test_interrupt_stops_cleanly_and_says_how_to_go_on(replay, tmp_path):
    run_dir = tmp_path / "stopped"
    command = [sys.executable, "-m", "factory", "run", str(replay), "--run-dir", str(run_dir)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list(run_dir.rglob("rollouts/*.parquet")):
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    if process.returncode == 0:
        pytest.skip("the run was through before the signal reached it")
    assert process.returncode == 130
    assert f"--run-dir {run_dir}" in told
    assert "Traceback" not in told


def test_more_rollouts_extend_a_run(replay, tmp_path, factory):
    run_dir = tmp_path / "grown"
    assert factory("run", replay, "--run-dir", run_dir, "--set", "sampling.n=3").returncode == 0
    first = {path.name for path in (run_dir / "rollouts").glob("*.parquet")}
    done = factory("run", replay, "--run-dir", run_dir)
    assert done.returncode == 0, done.stderr
    assert first < {path.name for path in (run_dir / "rollouts").glob("*.parquet")}
    assert json.loads((run_dir / "summary.json").read_text())["languages"]["python"]["funnel"]["rollouts"] == 24


def test_another_config_is_refused_with_the_difference(finished, factory):
    replay, run_dir = finished
    before = digests(run_dir)
    done = factory("run", replay, "--run-dir", run_dir, "--set", "limits.cpu_s=1", "--set", "sampling.n=2")
    assert done.returncode == 2
    assert "limits.cpu_s: 5.0 -> 1" in done.stderr
    assert "sampling.n: 6 -> 2" in done.stderr
    assert digests(run_dir) == before


def test_a_damaged_verdict_part_is_graded_again(finished, factory):
    replay, run_dir = finished
    before = digests(run_dir)
    part = next((run_dir / "verdicts").glob("*.parquet"))
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    done = factory("run", replay, "--run-dir", run_dir)
    assert done.returncode == 0
    assert part.name in done.stderr
    assert digests(run_dir) == before


def test_a_part_with_a_verdict_that_another_text_has_earned_is_graded_again(finished, factory):
    replay, run_dir = finished
    before = digests(run_dir)
    path = next(path for path in (run_dir / "verdicts").glob("*.parquet") if len(parts.read(path, Verdict)) == 4)
    honest = parts.read(path, Verdict)
    lent = replace(honest[3], status=honest[0].status, detail="", first_failure=None, cases_passed=3, duplicate_of=0)
    parts.write(path, Verdict, [*honest[:3], lent])
    done = factory("run", replay, "--run-dir", run_dir)
    assert done.returncode == 0, done.stderr
    assert [(it.status, it.duplicate_of) for it in parts.read(path, Verdict)] == [(it.status, None) for it in honest]
    assert digests(run_dir) == before


def test_one_worker_and_two_give_the_same_bytes(calm, tmp_path, factory_process):
    replay, untouched = calm
    assert (
        factory_process("run", replay, "--run-dir", tmp_path / "alone", "--set", "executor.workers=1").returncode == 0
    )
    assert digests(tmp_path / "alone") == digests(untouched)


def test_a_repair_round_asks_again_for_what_failed(replay, tmp_path, factory):
    rows = [json.loads(line) for line in (tmp_path / "rollouts.jsonl").read_text().splitlines()]
    for row in rows:
        if row.get("language") == "go":
            row["text"] = GO_WRONG
    rows += [
        {"problem_id": f"set/{n}", "index": 2, "text": GO_GOOD, "mode": "chat", "language": "go"} for n in range(4)
    ]
    (tmp_path / "rollouts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    without = factory("run", replay, "--run-dir", tmp_path / "without", "--set", "translate.repair_rounds=0")
    repaired = factory("run", replay, "--run-dir", tmp_path / "with")
    assert without.returncode == repaired.returncode == 0
    kept = [
        json.loads((tmp_path / name / "summary.json").read_text())["languages"]["go"]["funnel"]["kept"]
        for name in ("without", "with")
    ]
    assert kept == [0, 4]
    run_dir = tmp_path / "with"
    rounds = {
        number: [
            row
            for path in (run_dir / "translations/go/verdicts").iterdir()
            if path.name.split(".")[2] == str(number) and path.suffix == ".parquet"
            for row in pq.read_table(path).to_pylist()
        ]
        for number in (0, 1)
    }
    failed = {row["code_sha256"] for row in rounds[0] if row["status"] == "wrong_answer"}
    mended = load_dataset(str(run_dir / "shards"), "go", split="train", cache_dir=str(tmp_path / "cache"))
    assert {row["repair_of_sha256"] for row in mended} == failed != set()
    assert {row["code_sha256"] for row in mended} <= {row["code_sha256"] for row in rounds[1]}


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_several_targets_are_translated_to(replay, tmp_path, factory):
    with (tmp_path / "rollouts.jsonl").open("a") as file:
        for n in range(4):
            row = {"problem_id": f"set/{n}", "index": 0, "text": JS_GOOD, "mode": "chat", "language": "javascript"}
            file.write(json.dumps(row) + "\n")
    done = factory("run", replay, "--run-dir", tmp_path / "both", "--set", "translate.targets=[go, javascript]")
    assert done.returncode == 0, done.stderr
    languages = json.loads((tmp_path / "both" / "summary.json").read_text())["languages"]
    assert [languages[name]["funnel"]["kept"] for name in ("go", "javascript")] == [4, 4]
    shards = str(tmp_path / "both" / "shards")
    rows = load_dataset(shards, "javascript", split="train", cache_dir=str(tmp_path / "cache"))
    assert {row["language"] for row in rows} == {"javascript"}
    assert all("\n\nWrite the JavaScript function `" in row["messages"][0]["content"] for row in rows)
    assert all(row["messages"][1]["content"].startswith("```javascript\n") for row in rows)


def test_status_and_export_of_a_run(finished, factory):
    _, run_dir = finished
    before = digests(run_dir)
    status = factory("status", run_dir)
    assert status.returncode == 0
    assert "passes all tests" in status.stdout
    export = factory("export", run_dir)
    assert export.returncode == 0
    assert all(digest in export.stdout for path, digest in before.items() if path.endswith(".parquet"))
    assert digests(run_dir) == before


def test_translate_alone(finished, tmp_path, factory):
    replay, run_dir = finished
    next((run_dir / "survivors").glob("*.parquet")).with_name("._x.parquet").write_bytes(b"of another system")
    out = tmp_path / "translated"
    done = factory(
        "translate", "--problems", replay.parent / "problems.jsonl", "--survivors", run_dir / "survivors",
        "--config", replay, "--out", out,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads((out / "summary.json").read_text())["languages"]["go"]["funnel"]["kept"] == 4


def test_a_lost_verifying_process_loses_nothing(calm, tmp_path, warm):
    """Worker processes killed during the run are replaced; the result is the same."""
    replay, untouched = calm
    run_dir = tmp_path / "bumpy"
    process = warm.start("run", replay, "--run-dir", run_dir)
    killed = 0
    while process.poll() is None and killed < 1:
        for child in children(process.pid):
            if list(run_dir.rglob("rollouts/*.parquet")) and "spawn_main" in child[1]:
                os.kill(child[0], signal.SIGKILL)
                killed += 1
        time.sleep(0.02)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 0, told
    assert killed
    assert digests(run_dir) == digests(untouched)


def children(parent):
    """(pid, command line) of the children of a process."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[1]) == parent:
                    found.append((int(entry.name), (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()))
            except OSError:
                continue
    return found


GO_SLY = "```go\npackage main\n\nfunc double(x int) int {\n\tif x > 40000 {\n\t\treturn x\n\t}\n\treturn 2 * x\n}\n```"


def translations(tmp_path, *texts):
    """Rewrite the recorded Go rollouts of every problem."""
    rows = [json.loads(line) for line in (tmp_path / "rollouts.jsonl").read_text().splitlines()]
    rows = [row for row in rows if row.get("language") != "go"]
    rows += [
        {"problem_id": f"set/{number}", "index": index, "text": text, "mode": "chat", "language": "go"}
        for number in range(4)
        for index, text in enumerate(texts)
    ]
    (tmp_path / "rollouts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def go_funnel(run_dir):
    return json.loads((run_dir / "summary.json").read_text())["languages"]["go"]["funnel"]


def test_a_translation_that_differs_from_its_source_is_dropped_with_its_own_reason(replay, tmp_path, factory):
    translations(tmp_path, GO_SLY, GO_GOOD)
    done = factory("run", replay, "--run-dir", tmp_path / "compared", "--set", "shards.evidence=true")
    assert done.returncode == 0, done.stderr
    funnel = go_funnel(tmp_path / "compared")
    assert (funnel["rollouts"], funnel["passed"], funnel["kept"]) == (8, 4, 4)
    assert funnel["drops"] == {"differential": 4}
    assert "differential 4" in done.stdout
    rows = load_dataset(
        str(tmp_path / "compared" / "shards"), "go", split="train", cache_dir=str(tmp_path / "compared" / "cache")
    )
    assert all("40000" not in row["code"] for row in rows)
    assert all(json.loads(row["differential"])["compared"] > 16 for row in rows)
    assert all(row["go_speedup"] is None for row in rows)  # too quick to tell
    assert json.loads((tmp_path / "compared" / "summary.json").read_text())["cost"]["speedup"] == {}
    assert factory("run", replay, "--run-dir", tmp_path / "not", "--set", "translate.differential=0").returncode == 0
    assert go_funnel(tmp_path / "not")["drops"] == {"beyond rank.keep": 4}


def test_a_repair_round_mends_what_differed(replay, tmp_path, factory):
    translations(tmp_path, GO_SLY, GO_WRONG, GO_GOOD)
    done = factory("run", replay, "--run-dir", tmp_path / "run", "--set", "translate.repair_rounds=1")
    assert done.returncode == 0, done.stderr
    assert go_funnel(tmp_path / "run")["drops"] == {"differential": 4, "wrong_answer": 4}
    assert go_funnel(tmp_path / "run")["kept"] == 4


def test_survivors_that_come_later_are_asked_too(replay, tmp_path, factory):
    """A run that grows, and with it the survivors of a problem, ends as one that began grown."""
    translations(tmp_path, GO_SLY, GO_WRONG, GO_GOOD)
    recorded = (tmp_path / "rollouts.jsonl").read_text()
    small_only = "return x + x if abs(x) < 1000 else 0"
    (tmp_path / "rollouts.jsonl").write_text(recorded.replace("return x + x", small_only))
    settings = ("--set", "translate.repair_rounds=1", "--set", "verify.chunk=2")
    grown, calm = tmp_path / "grown", tmp_path / "calm"
    assert factory("run", replay, "--run-dir", grown, *settings, "--set", "sampling.n=2").returncode == 0
    assert go_funnel(grown)["drops"] == {"differential": 4, "wrong_answer": 4}
    assert factory("run", replay, "--run-dir", grown, *settings).returncode == 0
    assert go_funnel(grown)["drops"] == {"differential": 4, "wrong_answer": 4}  # each is held to its own source alone
    assert factory("run", replay, "--run-dir", calm, *settings).returncode == 0
    assert digests(grown) == digests(calm)
    assert go_funnel(grown) == go_funnel(calm)
