"""Views: what stands in a row of each, splits by problem, files by bytes, and every flipped byte found."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pyarrow.parquet as pq
import pytest
from datasets import load_dataset
from huggingface_hub import DatasetCard

from factory.config import Config, GradingConfig, ShardsConfig
from factory.errors import ConfigError
from factory.records import (
    Differential,
    Failure,
    Message,
    Problem,
    ProblemOutcome,
    Review,
    Rollout,
    Status,
    Survivor,
    Verdict,
    sha256,
)
from factory.records.summary import Cost, Summary
from factory.sampling.prompts import examples
from factory.shards import faults, needs_rollouts, write
from factory.shards.answers import full
from factory.shards.splits import Splits
from factory.shards.views import VIEWS
from factory.shards.writer import _size

ALL = tuple(VIEWS)
SUMMARY = Summary("test", 1, {})


def problem(name: str = "set/0", **fields: Any) -> Problem:
    cases = [{"args": [n], "expected": n + 1, "public": n == 0} for n in range(3)]
    base = {"id": name, "prompt": "Add one.\n", "entry_point": "add_one", "cases": cases}
    return Problem.model_validate(base | {"meta": {"source": "here", "license": "MIT"}} | fields)


def graded(index: int, status: Status, passed: int = 0, language: str = "python", **fields: Any) -> Any:
    """A rollout and its verdict; programs differ by index."""
    parent, repair_of = fields.pop("parent", None), fields.pop("repair_of", None)
    code = f"program({language!r}, {index}, {parent!r})"
    failed = Failure(passed, False, "1", "1", "2") if status is Status.WRONG_ANSWER else None
    rollout = Rollout(
        problem_id="set/0", index=index, text=f"raw {code}", mode="chat", language=language, parent=parent,
        repair_of=repair_of,
        model="m@1", template="t", sampling={"temperature": 0.5}, completion_tokens=7,
    )  # fmt: skip
    verdict = Verdict(
        "set/0", index, language, status, "why" if failed else "", (), passed, 3, failed, 9.0, 9.0, 9.0, code,
        sha256(code), f"form {index}", **fields,
    )  # fmt: skip
    return rollout, verdict


def survivor(one: Any, rank: int = 0) -> Survivor:
    rollout, verdict = one
    return Survivor(
        verdict.problem_id, verdict.index, verdict.language, rank, verdict.code, verdict.code_sha256,
        verdict.normal_form, 3, 3, 1.0, 1.0, (), rollout.parent, rollout.model,
        {"temperature": 0.5}, rollout.template,
    )  # fmt: skip


GOOD, BETTER = graded(0, Status.PASSED, 3), graded(1, Status.PASSED, 3)
PARENT = BETTER[1].code_sha256
ROLLOUTS = (
    GOOD,
    BETTER,
    graded(2, Status.WRONG_ANSWER, 0),
    graded(3, Status.WRONG_ANSWER, 2),
    graded(4, Status.SYNTAX_ERROR),
    graded(5, Status.INFRASTRUCTURE_ERROR),
    graded(0, Status.PASSED, 3, "go", parent=PARENT, repair_of="a failed one", lint=("line 1: unreachable code",)),
    graded(1, Status.RUNTIME_ERROR, 1, "go", parent=PARENT),
    graded(2, Status.WRONG_ANSWER, 2, "go", parent="another parent"),
)
GO = ROLLOUTS[6]
CHAIN = GradingConfig()
TASK = "Add one.\n\nExamples:\n```python\nadd_one(0) == 1\n```\n\nWrite the Python function `add_one`."
GO_TASK = "Add one.\n\nExamples, in Python:\n```python\nadd_one(0) == 1\n```\n\nWrite the Go function `addOne`."
OUTCOME = ProblemOutcome(
    problem(), (survivor(BETTER), survivor(GO), survivor(GOOD, 1)), ROLLOUTS,
    limits=CHAIN.limits.model_dump(), sandbox=CHAIN.sandbox.deciding(),
)  # fmt: skip


def config(**shards: Any) -> Config:
    engine = {"kind": "replay", "path": "r"}
    return Config.model_validate({"name": "test", "problems": {"path": "p"}, "engine": engine, "shards": shards})


def rows(view: str, outcome: ProblemOutcome = OUTCOME, split: str = "train", first: int = 0) -> list[dict[str, Any]]:
    found = list(VIEWS[view].rows(outcome, split, first))
    assert all(sorted(row) == sorted(VIEWS[view].schema.names) for row in found)
    return found


def many(count: int) -> Iterator[ProblemOutcome]:
    """The outcome again under the names of so many problems."""
    for number in range(count):
        name = f"set/{number}"
        yield ProblemOutcome(
            problem(name),
            tuple(replace(one, problem_id=name) for one in OUTCOME.survivors),
            tuple(
                (rollout.model_copy(update={"problem_id": name}), replace(verdict, problem_id=name))
                for rollout, verdict in ROLLOUTS
            ),
        )


# ---- rows ----


def test_the_config_knows_every_view_there_is() -> None:
    (names,) = [get_args(option)[0] for option in [ShardsConfig.model_fields["views"].annotation]]
    assert set(get_args(names)) == set(VIEWS)


def test_sft_and_pretrain_hold_each_survivor() -> None:
    chats, texts = rows("sft"), rows("pretrain")
    assert [row["id"] for row in chats] == [row["id"] for row in texts]
    assert [row["rollout_index"] for row in chats] == [1, 0, 0]
    assert [row["parent_sha256"] for row in chats] == [None, PARENT, None]
    assert chats[1]["messages"][0] == {"role": "user", "content": GO_TASK}
    assert texts[0]["text"] == f"{TASK}\n\n```python\n{BETTER[1].code}\n```\n"


def test_a_pair_is_a_program_with_its_translation_and_the_tests() -> None:
    (row,) = rows("pairs")
    assert (row["source_language"], row["source_code"]) == ("python", BETTER[1].code)
    assert (row["target_language"], row["target_code"]) == ("go", GO[1].code)
    assert (row["source_rollout_index"], row["target_rollout_index"]) == (1, 0)
    assert (row["source_code_sha256"], row["target_code_sha256"]) == (PARENT, GO[1].code_sha256)
    assert len(json.loads(row["cases"])) == 3


def test_preference_sets_the_best_against_the_nearest_miss_of_the_same_prompt() -> None:
    first, second, go = rows("preference")
    assert (first["chosen_rollout_index"], first["rejected_rollout_index"]) == (1, 3)
    assert (second["chosen_rollout_index"], second["rejected_rollout_index"]) == (0, 2)
    assert first["prompt"] == [{"role": "user", "content": TASK}]
    assert first["chosen"][0]["content"] == f"```python\n{BETTER[1].code}\n```"
    assert first["rejected"][0]["content"] == f"```python\n{ROLLOUTS[3][1].code}\n```"
    assert json.loads(first["failing_case"])["case"] == first["rejected_cases_passed"] == 2
    # The Go miss of another parent was asked something else, and is no answer to this prompt.
    assert (go["language"], go["rejected_rollout_index"], go["rejected_status"]) == ("go", 1, "runtime_error")
    assert go["parent_sha256"] == PARENT


def test_rl_groups_rewards_by_problem_in_the_columns_of_verl() -> None:
    python, go = rows("rl", first=4)
    assert python["prompt"] == [{"role": "user", "content": TASK}]
    assert python["rewards"] == [1.0, 1.0, 0.0, 0.0, 0.0]
    assert python["rollout_indices"] == [0, 1, 2, 3, 4], "what we could not grade has no reward"
    assert python["responses"][0] == GOOD[0].text
    assert python["shares_passed"][3] == pytest.approx(2 / 3)
    assert python["ability"] == "code"
    assert python["reward_model"]["style"] == "rule"
    truth = json.loads(python["reward_model"]["ground_truth"])
    assert (truth["entry_point"], len(json.loads(truth["cases"]))) == ("add_one", 3)
    assert json.loads(truth["limits"]) == CHAIN.limits.model_dump()
    assert json.loads(truth["sandbox"]) == {"scratch_mb": 64, "image": None, "runtime": None}
    assert [row["extra_info"]["index"] for row in (python, go)] == [4, 5]
    assert go["rewards"] == [1.0, 0.0, 0.0]
    assert go["parents_sha256"] == [PARENT, PARENT, "another parent"]
    assert go["repair_of_sha256"] == ["a failed one", None, None]


def test_rollouts_of_other_modes_have_a_row_of_their_own() -> None:
    _, verdict = GOOD
    modes = ("chat", "completion", "chat", "code")
    mixed = tuple(
        (GOOD[0].model_copy(update={"mode": mode}), replace(verdict, index=n)) for n, mode in enumerate(modes)
    )
    found = rows("rl", replace(OUTCOME, graded=mixed))
    assert [(row["id"], row["rollout_indices"]) for row in found] == [
        ("set/0/python", [0, 2]), ("set/0/python/completion", [1]), ("set/0/python/code", [3]),
    ]  # fmt: skip
    truths = [json.loads(row["reward_model"]["ground_truth"]) for row in found]
    assert [truth["mode"] for truth in truths] == ["chat", "completion", "code"]


def test_a_response_that_more_than_the_tests_dropped_says_what() -> None:
    _, passed = GOOD
    differs = replace(passed, status=Status.WRONG_ANSWER, differential=Differential(3))
    dropped = (passed, replace(passed, status=Status.FLAKY, review="unstable"), differs, ROLLOUTS[2][1])
    found = rows("rl", replace(OUTCOME, graded=tuple((GOOD[0], verdict) for verdict in dropped)))
    assert found[0]["dropped_by"] == [None, "unstable", "differential", None]


def test_where_time_was_measured_the_reference_that_it_was_measured_by_is_there() -> None:
    auto = replace(OUTCOME, problem=problem(reference="def add_one(n): ..."), limits={"cpu_s": "auto"})
    truths = [json.loads(rows("rl", it)[0]["reward_model"]["ground_truth"]) for it in (auto, OUTCOME)]
    assert [truth.get("reference") for truth in truths] == ["def add_one(n): ...", None]


def test_rollouts_are_all_there_as_the_model_gave_them() -> None:
    found = rows("rollouts")
    assert len({row["id"] for row in found}) == len(found) == len(ROLLOUTS)
    assert [row["label"] for row in found[:6]] == [True, True, False, False, False, None]
    assert found[0]["completion"] == [{"role": "assistant", "content": GOOD[0].text}]
    assert (found[0]["model"], found[0]["template_sha256"]) == ("m@1", "t")
    assert (found[0]["repair_of_sha256"], found[6]["repair_of_sha256"]) == (None, "a failed one")
    assert (found[0]["lint"], found[6]["lint"]) == ([], ["line 1: unreachable code"])
    assert not any("_ms" in name or "_mb" in name for name in found[0])


def prompts_of(view: str, outcome: ProblemOutcome = OUTCOME) -> dict[tuple[str, str | None], set[str]]:
    """The prompts in the rows of a view, as text, by language and the program that was translated."""
    found: dict[tuple[str, str | None], set[str]] = {}
    for row in rows(view, outcome):
        language = row.get("language") or row.get("target_language") or row["extra_info"]["language"]
        parent = row.get("parent_sha256") or row.get("source_code_sha256")
        text = row.get("text") or row.get("prompt") or row["messages"][:-1]
        if isinstance(text, list):
            text = "\n\n".join(message["content"] for message in text)
        found.setdefault((language, parent), set()).add(text.partition(f"\n\n```{language}\nprogram")[0])
    return found


@pytest.mark.parametrize("view", ALL)
def test_every_view_asks_in_the_same_words(view: str) -> None:
    told = {("python", None): TASK, ("go", None): GO_TASK}
    found = prompts_of(view)
    assert found
    for (language, _), texts in found.items():
        assert texts == {told[language, None]}


@pytest.mark.parametrize("view", ALL)
def test_what_was_asked_is_in_every_view_where_that_is_chosen(view: str) -> None:
    keys = {(verdict.language, rollout.parent, rollout.repair_of) for rollout, verdict in ROLLOUTS}
    asked = {key: (Message(role="system", content="Be brief."), Message(role="user", content=str(key))) for key in keys}
    kept = tuple(replace(one, repair_of="a failed one") if one.parent else one for one in OUTCOME.survivors)
    outcome = replace(OUTCOME, survivors=kept, asked=asked)
    found = (
        prompts_of(view, outcome)
        if view != "preference"
        else {("python", None): prompts_of(view, outcome)["python", None]}
    )
    seen = set().union(*found.values())
    assert seen <= {f"Be brief.\n\n{key}" for key in keys}
    assert f"Be brief.\n\n{('python', None, None)}" in seen or view == "pairs"
    assert len({row["id"] for row in rows(view, outcome)}) == len(rows(view, outcome))


def test_a_miss_that_was_asked_something_else_is_not_rejected_for_it() -> None:
    """The Go survivor is a repair, the Go miss a first try: only the plain task is the same."""
    keys = {(verdict.language, rollout.parent, rollout.repair_of) for rollout, verdict in ROLLOUTS}
    kept = tuple(replace(one, repair_of="a failed one") if one.parent else one for one in OUTCOME.survivors)
    asked = {key: (Message(role="user", content=str(key)),) for key in keys}
    assert {row["language"] for row in rows("preference", replace(OUTCOME, survivors=kept))} == {"python", "go"}
    assert {row["language"] for row in rows("preference", replace(OUTCOME, survivors=kept, asked=asked))} == {"python"}


@pytest.mark.parametrize(
    ("fields", "last"),
    [
        ({"prompt": "Write add_one."}, "Write the Python function `add_one`."),
        ({"entry_point": "Solution.rotate"}, "Write the Python class `Solution` with the method `rotate`."),
        ({"entry_point": None, "cases": [{"stdin": "1\n", "stdout": "2\n", "public": True}]},
         "Write a Python program that reads standard input and prints the answer."),
        ({"starter_code": "def add_one(n: int) -> int:\n"}, "Write the Python function `add_one`."),
    ],
)  # fmt: skip
def test_a_task_says_all_that_a_solver_needs(fields: dict[str, Any], last: str) -> None:
    posed = problem(**fields)
    text = rows("sft", replace(OUTCOME, problem=posed))[0]["messages"][0]["content"]
    assert text.startswith(posed.prompt.strip())
    assert text.endswith(last)
    assert posed.starter_code.strip() in text
    assert all(example in text for example in examples(posed))
    assert "expected" not in text
    assert "add_one(1)" not in text, "a case that is not public"


def test_a_translation_is_asked_for_with_the_declaration_that_fits_the_cases() -> None:
    first, *others = OUTCOME.survivors
    first = replace(first, code="def add_one(number):\n    return number + 1\n")
    text = rows("sft", replace(OUTCOME, survivors=(first, *others)))[1]["messages"][0]["content"]
    assert text.endswith("Write the Go function `addOne`, declared as `func addOne(number int) int`.")


def test_rollouts_say_which_were_kept_and_how_they_rank() -> None:
    found = {(row["language"], row["parent_sha256"], row["rollout_index"]): row for row in rows("rollouts")}
    kept = {key: row["rank"] for key, row in found.items() if row["kept"]}
    assert kept == {("python", None, 1): 0, ("python", None, 0): 1, ("go", PARENT, 0): 0}
    assert all(row["rank"] is None for row in found.values() if not row["kept"])


# ---- whole answers ----

CODE = "def add_one(n):\n    return n + 1\n"
FENCED = f"```python\n{CODE}```"


def taught(text: str, code: str = CODE, **fields: Any) -> tuple[str, str]:
    """(kind, content) of the answer in the row of `sft` of a rollout."""
    rollout = GOOD[0].model_copy(update={"text": text} | fields)
    verdict = replace(GOOD[1], code=code, code_sha256=sha256(code))
    outcome = ProblemOutcome(problem(), (survivor((rollout, verdict)),), ((rollout, verdict),))
    (row,) = rows("sft", replace(outcome, full=full(outcome)))
    return row["answer"], row["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("text", "fields", "content"),
    [
        (f"Add it.\n\n{FENCED}\n\nDone.", {}, f"Add it.\n\n{FENCED}\n\nDone."),
        (f"<think>\n```python\nno\n```\n</think>\n{FENCED}", {}, f"<think>\n```python\nno\n```\n</think>\n{FENCED}"),
        (FENCED, {"reasoning": "One more."}, f"<think>\nOne more.\n</think>\n\n{FENCED}"),
    ],
)  # fmt: skip
def test_a_whole_answer_is_taught_where_its_program_is_the_graded_one(
    text: str, fields: dict[str, Any], content: str
) -> None:
    assert taught(text, **fields) == ("full", content)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (f"```python\nadd_one = None\n```\nNo:\n{FENCED}", {}),
        (f"{FENCED}\nTry it:\n```\nadd_one(1)\n```", {}),
        (FENCED, {"code": f"import math\n{CODE}"}),
        (FENCED.removesuffix("```"), {}),
        (FENCED, {"finish_reason": "length"}),
        (CODE, {}),
        (CODE, {"mode": "code"}),
        (f"```python\n{CODE}", {"reasoning": f"</think>\n{FENCED}\n"}),
    ],
)
def test_where_that_is_in_doubt_the_program_alone_is_taught(text: str, fields: dict[str, Any]) -> None:
    kind, content = taught(text, **fields)
    assert (kind, content) == ("code", f"```python\n{fields.get('code', CODE).rstrip()}\n```")


def test_whole_answers_need_the_view_that_has_them() -> None:
    with pytest.raises(ValueError, match="for the view sft, which `views` does not name"):
        config(views=("rl",), answers="full")
    assert needs_rollouts(config(views=("sft",), answers="full"))
    assert needs_rollouts(config(prompts="asked"))
    assert not needs_rollouts(config(views=("sft",)))


def test_tests_that_are_too_weak_reward_nothing() -> None:
    weak = Review("p/0", "", {}, {}, kill_rate=0.25, weak=True)
    outcome = ProblemOutcome(problem(), (), ROLLOUTS, review=weak)
    assert rows("rl", outcome) == rows("preference", outcome) == []
    labels = {row["status"]: row["label"] for row in rows("rollouts", outcome)}
    assert labels["passed"] is None
    assert labels["wrong_answer"] is False


# ---- files ----


def test_every_view_loads_by_its_name_and_streams(tmp_path: Path) -> None:
    manifest = write(tmp_path / "s", config(views=ALL), [OUTCOME], SUMMARY)
    for name in ALL:
        cache = str(tmp_path / "cache")
        loaded = load_dataset(str(tmp_path / "s"), name, split="train", cache_dir=cache)
        assert loaded.num_rows == manifest.views[name].rows == len(rows(name))
        streamed = list(load_dataset(str(tmp_path / "s"), name, split="train", streaming=True))
        assert streamed == list(loaded)
        assert streamed == rows(name)


def test_verl_reads_its_columns_from_the_parquet_alone(tmp_path: Path) -> None:
    write(tmp_path / "s", config(views=("rl",)), [OUTCOME], SUMMARY)
    (path,) = (tmp_path / "s" / "rl").glob("*.parquet")
    row = load_dataset("parquet", data_files=str(path), cache_dir=str(tmp_path / "cache"))["train"][0]
    assert row["data_source"] == "here"
    assert row["prompt"][0]["role"] == "user"
    assert set(row["reward_model"]) == {"style", "ground_truth"}
    assert row["extra_info"]["split"] == "train"


def test_the_card_is_one_the_hub_client_reads(tmp_path: Path) -> None:
    write(tmp_path / "s", config(views=ALL, splits={"train": 0.5, "validation": 0.5}), many(20), SUMMARY)
    card = DatasetCard.load(tmp_path / "s" / "README.md")
    data = card.data.to_dict()
    assert (data["license"], data["size_categories"]) == ("mit", ["n<1K"])
    names = [item["config_name"] for item in data["configs"]]
    assert names == ["default", "go", "python", *ALL]
    for item in data["configs"]:
        assert [files["split"] for files in item["data_files"]] == ["train", "validation"]
    for name in ALL:
        assert f"- `{name}`: " in card.text


def test_the_card_tells_what_was_measured_only_where_evidence_is_asked_for(tmp_path: Path) -> None:
    summary = replace(SUMMARY, cost=Cost(gpu_s=4321.5))
    write(tmp_path / "s", config(), [OUTCOME], summary)
    assert "4,321.5" not in (tmp_path / "s" / "README.md").read_text()
    write(tmp_path / "s", config(evidence=True), [OUTCOME], summary)
    text = (tmp_path / "s" / "README.md").read_text()
    assert "Measured: gpu_s 4,321.5." in text
    assert "not the same from run to run: shards.evidence" in text


def test_a_view_without_rows_is_named_but_is_no_config(tmp_path: Path) -> None:
    bare = ProblemOutcome(problem(), (survivor(GOOD),), ROLLOUTS[:1])
    manifest = write(tmp_path / "s", config(views=("pairs", "sft")), [bare], SUMMARY)
    assert manifest.views["pairs"].rows == 0
    text = (tmp_path / "s" / "README.md").read_text()
    assert "Without rows in this run: pairs." in text
    assert "config_name: pairs" not in text
    assert load_dataset(str(tmp_path / "s"), "sft", split="train", cache_dir=str(tmp_path / "c")).num_rows == 1


def test_the_same_harvest_gives_the_same_bytes(tmp_path: Path) -> None:
    settings = config(views=ALL, splits={"train": 0.7, "validation": 0.3}, max_bytes=20_000)
    assert write(tmp_path / "one", settings, many(30), SUMMARY) == write(tmp_path / "two", settings, many(30), SUMMARY)
    for path in (tmp_path / "one").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_files_hold_at_most_so_many_bytes_of_rows(tmp_path: Path) -> None:
    manifest = write(tmp_path / "s", config(views=("sft",), max_bytes=3000), many(40), SUMMARY)
    files = [item for item in manifest.files if item.view == "sft"]
    assert len(files) > 5
    sizes = [sum(_size(row) for row in pq.ParquetFile(tmp_path / "s" / item.path).read().to_pylist()) for item in files]
    assert max(sizes) <= 3000
    assert min(sizes[:-1]) > 1500
    whole = write(tmp_path / "w", config(views=("sft",)), many(40), SUMMARY)
    assert manifest.views == whole.views


def test_a_row_larger_than_a_file_has_one_to_itself(tmp_path: Path) -> None:
    manifest = write(tmp_path / "s", config(max_bytes=1), many(2), SUMMARY)
    assert [item.rows for item in manifest.files] == [1] * 6


def test_a_row_group_is_compressed_with_zstd(tmp_path: Path) -> None:
    write(tmp_path / "s", config(views=("sft",)), [OUTCOME], SUMMARY)
    for path in (tmp_path / "s").rglob("*.parquet"):
        group = pq.ParquetFile(path).metadata.row_group(0)
        assert {group.column(at).compression for at in range(group.num_columns)} == {"ZSTD"}


def test_memory_does_not_grow_with_the_number_of_rows(tmp_path: Path) -> None:
    def outcomes(count: int) -> Iterator[ProblemOutcome]:
        for number in range(count):
            code = f"x = {number!r}\n" + "# " + hashlib.sha256(bytes([number % 256])).hexdigest() * 3000
            kept = Survivor(f"p/{number}", 0, "python", 0, code, sha256(code), "f", 1, 1, 0.0, 0.0)
            yield ProblemOutcome(problem(f"p/{number}"), (kept,))

    peaks = []
    for count in (100, 400):
        tracemalloc.start()
        write(tmp_path / "s", config(), outcomes(count), SUMMARY)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0], f"{peaks} bytes at most for 20 and 80 MB of rows"


# ---- splits ----


def test_a_problem_is_in_one_split_in_every_view(tmp_path: Path) -> None:
    settings = config(views=ALL, splits={"train": 0.6, "validation": 0.3, "test": 0.1}, holdout=["set/3", "set/x"])
    manifest = write(tmp_path / "s", settings, many(60), SUMMARY)
    where: dict[str, set[str]] = {}
    for item in manifest.files:
        for row in pq.ParquetFile(tmp_path / "s" / item.path).read().to_pylist():
            name = row.get("problem_id") or row["extra_info"]["problem_id"]
            where.setdefault(name, set()).add(item.split)
    assert len(where) == 60
    assert {len(splits) for splits in where.values()} == {1}
    assert [name for name, splits in where.items() if splits == {"holdout"}] == ["set/3"]
    assert manifest.splits.problems["holdout"] == 1
    assert manifest.splits.held_out_ids == 2
    assert set(manifest.splits.problems) == {"train", "validation", "test", "holdout"}


def split_of(settings: ShardsConfig, name: str) -> str:
    return Splits(settings).place(name)


def test_a_split_is_told_by_the_problem_id_alone() -> None:
    settings = config(splits={"train": 0.98, "validation": 0.02}).shards
    both = Splits(settings)
    found = [both.place(f"set/{n}") for n in range(5000)]
    assert [split_of(settings, f"set/{n}") for n in range(50)] == found[:50]
    assert 60 <= found.count("validation") <= 140
    assert both.counts().problems == {"train": found.count("train"), "validation": found.count("validation")}


def test_held_out_problems_are_never_in_train(tmp_path: Path) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_text("set/1\n\n  set/3 \n")
    for holdout in (ids, ["set/1", "set/3"]):
        splits = Splits(config(holdout=str(holdout) if isinstance(holdout, Path) else holdout).shards)
        found = [splits.place(f"set/{n}") for n in range(5)]
        assert found == ["train", "holdout", "train", "holdout", "train"]
    settings = config(views=ALL, holdout=str(ids))
    manifest = write(tmp_path / "s", settings, many(5), SUMMARY)
    for item in manifest.files:
        found = pq.ParquetFile(tmp_path / "s" / item.path).read().to_pylist()
        told = json.dumps(found)
        assert ('"set/1' in told or '"set/3' in told) == (item.split == "holdout"), item.path


@pytest.mark.parametrize("content", [None, "\n \n"])
def test_a_holdout_file_that_is_none_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ids.txt"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=rf"shards\.holdout: {path}: .*one a line"):
        write(tmp_path / "s", config(holdout=str(path)), many(1), SUMMARY)
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    ("splits", "told"),
    [
        ({"train": 0.5}, "add up to 0.5, not 1"),
        ({"train": 1.5, "x": -0.5}, "above 0 and at most 1"),
        ({"holdout": 1.0}, "cannot name a split"),
        ({"a b": 1.0}, "cannot name a split"),
    ],
)
def test_shares_that_are_none_are_refused(splits: dict[str, float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        config(splits=splits)


# ---- truth ----


def test_every_row_tells_its_problem_and_its_rollouts() -> None:
    for name in ALL:
        names = VIEWS[name].schema.names
        index = [column for column in names if "rollout_ind" in column]
        assert index, name
        assert "problem_id" in names or name == "rl"
        assert any("parent" in column or column == "source_code_sha256" for column in names), name


def test_every_flipped_byte_of_an_export_is_found_and_its_file_named(tmp_path: Path) -> None:
    write(tmp_path / "s", config(), [ProblemOutcome(problem(), (survivor(GOOD),))], SUMMARY)
    assert faults(tmp_path / "s") == {}
    for path in [*sorted((tmp_path / "s").rglob("*.*")), tmp_path / "s" / "SHA256SUMS"]:
        whole, name = path.read_bytes(), str(path.relative_to(tmp_path / "s"))
        for at in range(len(whole)):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x04]) + whole[at + 1 :])
            found = faults(tmp_path / "s")
            assert found, f"byte {at} of {name}"
            if name != "SHA256SUMS":
                assert found == {name: "is damaged: its sha256 is not the one in SHA256SUMS"}
        path.write_bytes(whole)
    assert faults(tmp_path / "s") == {}


def test_a_file_gone_cut_or_added_is_found(tmp_path: Path) -> None:
    manifest = write(tmp_path / "s", config(), many(1), SUMMARY)
    name = manifest.files[0].path
    path = tmp_path / "s" / name
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert list(faults(tmp_path / "s")) == [name]
    path.unlink()
    assert "is missing" in faults(tmp_path / "s")[name]
    path.write_bytes(whole)
    (tmp_path / "s" / "extra").touch()
    assert faults(tmp_path / "s") == {"extra": "is not listed in SHA256SUMS"}
    (tmp_path / "s" / "SHA256SUMS").unlink()
    assert faults(tmp_path / "s") == {"SHA256SUMS": "is missing"}


def test_anyone_can_check_the_sums_without_our_code(tmp_path: Path) -> None:
    manifest = write(tmp_path / "s", config(views=ALL), many(2), SUMMARY)
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path / "s", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(": OK") == len(manifest.files) + 2
