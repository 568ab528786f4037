"""The config: every field with its type, bound, default and meaning in one place.

Loaded from YAML, overridden by `--set a.b=c`. Unknown keys are refused. Secrets never stand
here: an API key is named by the environment variable that holds it.
"""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from factory.errors import ConfigError
from factory.records import LimitOverrides
from sandbox import Isolation, Limits, Mount, Wall
from sandbox.boundary import WALLS

S = TypeVar("S", bound="Section")


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Source(Section):
    """Where rows are read from: a file or directory, or a dataset of the hub."""

    path: Path | None = None
    """File or directory of problems; relative paths start at the current directory."""
    dataset: str | None = None
    """Id of a dataset on the Hugging Face hub, or whatever else `datasets.load_dataset` takes, instead of a path."""
    subset: str | None = None
    """Name of one configuration of `dataset`."""
    split: str = "test"
    """Split of `dataset`."""
    revision: str | None = None
    """Branch, tag or commit of `dataset`; a run to be repeated names a commit."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.path is None) == (self.dataset is None):
            raise ValueError("name either path or dataset")
        return self


class ProblemsConfig(Source):
    """Which problems to work on."""

    format: str = "auto"
    """Name of a problem format, or "auto" to tell by the first row."""
    mapping: dict[str, str] = Field(default_factory=dict)
    """Format "mapping": column of each field, such as {id: task, prompt: question, tests: asserts}."""
    check_reference: bool = True
    """Run every reference solution once when problems are loaded, and set aside a problem that it fails."""
    limit: int | None = Field(None, ge=1)
    """Take only the first so many."""
    ids: tuple[str, ...] = ()
    """Take only these, in the file's order; empty takes all."""


class VllmEngine(Section):
    """vLLM in this process: its asynchronous engine on the GPUs of this machine, or on its CPU."""

    kind: Literal["vllm"] = "vllm"
    model: str
    """Hub id, directory, or an alias of `factory doctor`'s list."""
    revision: str | None = None
    """Branch, tag or commit of the model on the hub."""
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = "auto"
    """Type of weights and activations."""
    quantization: str | None = None
    """vLLM's name of a quantization method, such as "fp8" or "awq"."""
    max_model_len: int | None = Field(None, ge=16)
    """Longest prompt plus answer, in tokens; None takes the model's."""
    max_num_seqs: int | None = Field(None, ge=1)
    """Sequences decoded at once; None leaves it to vLLM."""
    gpu_memory_utilization: float = Field(0.9, gt=0, le=1)
    """Share of a GPU's memory that vLLM may take."""
    tensor_parallel_size: int = Field(1, ge=1)
    """GPUs that share one copy of the model."""
    data_parallel_size: int = Field(1, ge=1)
    """Copies of the model."""
    enforce_eager: bool = False
    """Skip compilation and CUDA graphs: starts sooner, samples slower on GPUs."""
    speculative_config: dict[str, Any] | None = None
    """vLLM's speculative decoding settings, as they stand."""
    lora: Path | None = None
    """Directory of a LoRA adapter used for every request."""
    seed: int = 0
    """Seed of the engine. Requests carry none: together with chunked prefill that can kill a CPU engine."""
    in_flight: int = Field(1024, ge=1)
    """Requests (of n = 1) handed to the engine at once."""
    restarts: int = Field(2, ge=0)
    """Times a dead engine is started again before the run gives up."""
    cpu_kv_cache_gb: int = Field(2, ge=1)
    """Gibibytes for the KV cache when vLLM runs on the CPU."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """Any other vLLM engine argument, passed as it stands."""


class OpenAIEngine(Section):
    """Any endpoint that speaks the OpenAI API, such as a `vllm serve` elsewhere."""

    kind: Literal["openai"] = "openai"
    model: str
    """Name of the model, as the endpoint knows it."""
    base_url: str = Field(pattern=r"^https?://")
    """Address up to and including `/v1`."""
    api_key_env: str | None = None
    """Environment variable that holds the API key; None sends none."""
    in_flight: int = Field(64, ge=1)
    """Requests open at once."""
    retries: int = Field(6, ge=0)
    """Further tries of a request after a failure that may pass (429, 5xx, no connection), with growing waits."""
    timeout_s: float = Field(600.0, gt=0)
    """Seconds until a request without an answer has failed."""
    extra_body: dict[str, Any] = Field(default_factory=dict)
    """Further fields of every request body."""


class ReplayEngine(Section):
    """Recorded rollouts instead of a model."""

    kind: Literal["replay"] = "replay"
    path: Path
    """File of rollouts (JSON lines, .gz or parquet)."""


EngineConfig = Annotated[VllmEngine | OpenAIEngine | ReplayEngine, Field(discriminator="kind")]


ENGINE_KINDS = ("vllm", "openai", "replay")


class SamplingConfig(Section):
    """How rollouts are asked for. The numbers go to the engine as they stand."""

    n: int = Field(256, ge=1)
    """Rollouts a prompt."""
    mode: Literal["chat", "completion"] = "chat"
    """Through the model's chat template, or as plain continuation of starter code."""
    temperature: float = Field(0.8, ge=0)
    top_p: float = Field(0.95, gt=0, le=1)
    top_k: int | None = Field(None, ge=1)
    min_p: float | None = Field(None, ge=0, le=1)
    repetition_penalty: float | None = Field(None, gt=0)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    max_tokens: int = Field(1024, ge=1)
    """Longest answer, in tokens."""
    stop: tuple[str, ...] = ()
    """Strings that end an answer."""
    template: Path | None = None
    """Jinja template of the prompt; None takes the built-in one of the mode."""
    chat_template_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Arguments for the model's chat template, such as enable_thinking."""


UNKNOWN_S = 10.0
"""CPU seconds for `limits.cpu_s: auto` where nothing tells what a right program needs."""


class LimitsConfig(Section):
    """What one program may use. CPU time decides, so that a busy machine fails nobody."""

    cpu_s: Annotated[float, Field(gt=0, le=3600)] | Literal["auto"] = 5.0
    """CPU seconds: of one program on all its calls, or on one input when it reads stdin. auto takes ten times what the
    reference or, without one, the median passing program needed, from 1 to 60: verdicts then depend on times measured.
    """
    wall_s: float = Field(30.0, gt=0, le=36000)
    """Seconds on the clock, for programs that sleep."""
    memory_mb: int = Field(512, ge=32)
    """Mebibytes for all its processes together."""
    processes: int = Field(32, ge=1)
    """Processes and threads at once."""
    output_kb: int = Field(4096, ge=1)
    """Kibibytes of output."""
    open_files: int = Field(64, ge=16)
    """Open file descriptors a process."""

    def for_problem(self, overrides: LimitOverrides, auto_s: float = UNKNOWN_S) -> Limits:
        """These limits with a problem's own put over them; `auto_s` are the CPU seconds for `cpu_s: auto`."""
        auto = {"cpu_s": auto_s} if self.cpu_s == "auto" else {}
        return Limits(**(self.model_dump() | auto | overrides.model_dump(exclude_none=True)))


class SandboxConfig(Section):
    """The wall, and who works behind it."""

    backend: str = "auto"
    """Which wall: docker, bubblewrap, or auto, which takes docker where a daemon answers, else bubblewrap."""
    workers: int = Field(0, ge=0)
    """Verifying processes, one warm worker each; 0 is one a CPU."""
    scratch_mb: int = Field(64, ge=1)
    """Mebibytes a program may write to its work directory; they count as its memory too."""
    isolation: Isolation = Isolation.FORK
    """namespace gives each program PID, mount and IPC namespaces of its own; fork only a process."""
    memory_mb: int = Field(4096, ge=64)
    """docker: mebibytes of all inside a wall together. A program's own limit is limits.memory_mb."""
    processes: int = Field(512, ge=16)
    """docker: processes and threads of all inside a wall. A program's own limit is limits.processes."""
    image: str | None = None
    """docker: image to use, made by docker/build_sandbox.py; None is made of this machine's interpreter."""
    runtime: str | None = None
    """docker: a runtime the daemon knows, such as runsc (gVisor)."""

    @field_validator("backend")
    @classmethod
    def _known(cls, backend: str) -> str:
        if backend not in ("auto", *WALLS):
            raise ValueError(f"there are: auto, {', '.join(WALLS)}")
        return backend

    @model_validator(mode="after")
    def _for_docker_alone(self) -> Self:
        for name in ("image", "runtime"):
            if getattr(self, name) is not None and self.backend != "docker":
                raise ValueError(f"sandbox.{name} is for docker; set sandbox.backend: docker")
        return self

    def wall(self, mounts: tuple[Mount, ...] = ()) -> Wall:
        """What these settings ask of a wall."""
        return Wall(mounts, self.scratch_mb, self.isolation, self.memory_mb, self.processes, self.image, self.runtime)


class VerifyConfig(Section):
    """The filter chain."""

    dedup: bool = True
    """Run programs that cannot behave differently once."""
    canaries: bool = True
    """Seed programs whose verdict is known into the stream; a wrong verdict on one stops the run."""
    chunk: int = Field(256, ge=1, le=65536)
    """Rollouts of one problem that are verified together: the unit of work and of resume."""


KNOWN_BENCHMARKS: dict[str, dict[str, str]] = {
    "humaneval": {"dataset": "openai/openai_humaneval"},
    "humaneval_plus": {"dataset": "evalplus/humanevalplus"},
    "mbpp": {"dataset": "google-research-datasets/mbpp", "subset": "full"},
    "mbpp_plus": {"dataset": "evalplus/mbppplus"},
    "apps": {"dataset": "codeparrot/apps", "subset": "all", "revision": "refs/convert/parquet"},
    "livecodebench": {"dataset": "lighteval/code_generation_lite", "subset": "release_latest"},
}
"""Where benchmarks lie on the hub in a form that needs no code of theirs; all of them in the split "test"."""


class Benchmark(Source):
    """A set of problems that nothing shipped may repeat."""

    name: str = Field(min_length=1)
    """What it is called; of humaneval, humaneval_plus, mbpp, mbpp_plus, apps (its test split) and livecodebench the
    name alone is enough. `path` may also be one text: a .txt file.
    """
    mapping: dict[str, str] = Field(default_factory=dict)
    """Columns of id, prompt, solution and date, where they have other names than in the known problem sets."""
    since: date | None = None
    """Only problems of this day or later; for benchmarks that date them, as LiveCodeBench does."""
    until: date | None = None
    """Only problems of this day or earlier."""

    @model_validator(mode="before")
    @classmethod
    def _known(cls, data: Any) -> Any:
        if isinstance(data, dict) and not (data.get("path") or data.get("dataset")):
            name = str(data.get("name"))
            if name not in KNOWN_BENCHMARKS:
                known = ", ".join(KNOWN_BENCHMARKS)
                raise ValueError(f"{name!r} is not known; name its path or dataset, or one of {known}")
            return KNOWN_BENCHMARKS[name] | {key: value for key, value in data.items() if value is not None}
        return data


class CleanConfig(Section):
    """What must not be shipped although it passed: what repeats a benchmark, or another problem's program."""

    benchmarks: tuple[Benchmark, ...] = ()
    """Benchmarks that problems and programs are compared with; empty compares with none."""
    ngram: int = Field(13, ge=8, le=64)
    """Tokens in a row that tell a text. 13 is that of GPT-3 (Brown et al. 2020, appendix C)."""
    solution_share: float = Field(0.5, gt=0, le=1)
    """Share of a benchmark solution's n-grams from which on a program that has them repeats it."""
    near_duplicate: float | None = Field(0.85, gt=0, le=1)
    """Similarity (Jaccard, estimated) from which on a program is not shipped beside one of an earlier problem; None
    ships all. 0.85 is that of The Stack (Kocetkov et al. 2022).
    """


class RankConfig(Section):
    """Which survivors are best."""

    by: tuple[Literal["repairs", "findings", "length", "simplicity", "index", "cpu"], ...] = (
        "repairs",
        "findings",
        "length",
        "simplicity",
        "index",
    )
    """Keys, first decides; all ascending. Only `cpu` varies from run to run; the manifest says so when used."""
    keep: int = Field(4, ge=1)
    """Distinct survivors kept a problem."""
    diverse: bool = True
    """After the best, keep those that differ most from the ones kept already; false keeps the first by rank."""
    min_distance: float = Field(0.0, ge=0, le=1)
    """`diverse`: a survivor nearer than this to one kept already is not kept; 0 fills up to `keep`."""


class ScrutinyConfig(Section):
    """The second look at programs that passed: whether they are right where the tests did not look."""

    programs: int = Field(32, ge=1)
    """Distinct programs of a problem that are looked at, best first, never fewer than `rank.keep`; no other is kept."""
    rerun: bool = True
    """Run them again in another worker, under another hash seed, the cases in reverse; another outcome is `flaky`."""
    inputs: int = Field(32, ge=0, le=4096)
    """Generated inputs, like those of the cases, on which they are compared with each other, at most; 0 compares none.
    """
    majority: float = Field(0.8, gt=0.5, le=1)
    """Share of them that has to give one answer (and at least three) for the input to become a derived case."""
    mutants: int = Field(16, ge=0, le=1024)
    """Mutants of the best programs that the tests are put before, at most; 0 leaves test strength unknown."""
    min_test_strength: float = Field(0.0, ge=0, le=1)
    """Share of wrong programs that a problem's tests have to catch, or none of its programs is kept."""


class TranslateConfig(Section):
    """Verified Python to other languages."""

    targets: tuple[str, ...] = ("go",)
    """Target languages; empty translates nothing."""
    survivors: int = Field(1, ge=1)
    """Survivors of each problem that are translated, best first."""
    n: int = Field(8, ge=1)
    """Candidates a survivor and target."""
    keep: int = Field(1, ge=1)
    """Distinct good translations kept a survivor and target."""
    repair_rounds: int = Field(1, ge=0, le=8)
    """Rounds in which failed candidates go back to the model with what was wrong."""
    differential: int = Field(64, ge=0, le=4096)
    """Generated inputs on which a translation that passed is compared with its source, at most; 0 compares none."""
    engine: EngineConfig | None = None
    """Another engine for translating; None takes the same."""
    temperature: float = Field(0.6, ge=0)
    max_tokens: int = Field(1536, ge=1)
    """Longest answer, in tokens."""
    template: Path | None = None
    """Jinja template of the prompt; None takes the built-in one."""


class ShardsConfig(Section):
    """What is written for training."""

    views: tuple[Literal["sft", "pretrain", "pairs", "preference", "rl", "rollouts"], ...] = ()
    """Forms of the data beside the verified programs themselves, each a named config of the dataset."""
    splits: dict[str, float] = Field(default_factory=dict)
    """Share of the problems in each split, by a hash of the problem's id; empty puts all in train."""
    holdout: tuple[str, ...] | Path = ()
    """Ids of problems that are in no split but one of their own, "holdout"; or a file of such ids, one a line."""
    rows: int = Field(50_000, ge=1)
    """Most rows a file."""
    max_bytes: int = Field(500_000_000, ge=1)
    """Most bytes of row data a file, before compression; a longer row has a file to itself."""
    evidence: bool = False
    """Add measured CPU time and memory to programs, and cost to the card; bytes then vary, and the manifest says so."""

    @field_validator("splits")
    @classmethod
    def _shares(cls, splits: dict[str, float]) -> dict[str, float]:
        for name, share in splits.items():
            if not re.fullmatch(r"[A-Za-z0-9_]+", name) or name in ("holdout", "all"):
                raise ValueError(f"{name!r} cannot name a split: a word other than holdout and all can")
            if not 0 < share <= 1:
                raise ValueError(f"{name}: a share is above 0 and at most 1")
        if splits and abs(sum(splits.values()) - 1) > 1e-9:
            raise ValueError(f"the shares add up to {sum(splits.values()):g}, not 1")
        return splits


class CostConfig(Section):
    """Prices. They change no record, only what the summary, the report and the card say of money."""

    gpu_hour: float | None = Field(None, ge=0)
    """Dollars a GPU-hour; None is not known, and a run that held GPUs then tells no dollars."""
    cpu_hour: float | None = Field(None, ge=0)
    """Dollars a CPU-hour; None is not known, and no run then tells dollars."""


class ChainConfig(Section):
    """What the filter chain needs."""

    limits: LimitsConfig = LimitsConfig()
    sandbox: SandboxConfig = SandboxConfig()
    verify: VerifyConfig = VerifyConfig()
    clean: CleanConfig = CleanConfig()


class ProblemsOnly(ChainConfig):
    """What loading and grading needs: all that `factory problems --set` and `factory verify --set` take."""

    problems: ProblemsConfig


class Config(ChainConfig):
    """One run of the factory."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    """Name of the run; it names the dataset."""
    run_dir: Path | None = None
    """Where the run lives; None is runs/NAME."""
    problems: ProblemsConfig
    engine: EngineConfig
    sampling: SamplingConfig = SamplingConfig()
    scrutiny: ScrutinyConfig = ScrutinyConfig()
    rank: RankConfig = RankConfig()
    translate: TranslateConfig = TranslateConfig()
    shards: ShardsConfig = ShardsConfig()
    cost: CostConfig = CostConfig()


def load(path: Path, overrides: tuple[str, ...] = ()) -> Config:
    """The config in YAML file `path`, with `overrides` ("a.b=c", c as YAML) put over it.

    Raises ConfigError naming file, key, value and what is allowed.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such config file; those that come along are in configs/") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: is not YAML: {error}") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: a config is a mapping of sections, not {type(data).__name__}; see `factory schema`")
    for override in overrides:
        _put(data, override)
    return validate(Config, data, str(path))


def parse_section(model: type[S], overrides: tuple[str, ...], given: dict[str, Any] | None = None) -> S:
    """A section made of its defaults, what is `given`, and `overrides`. Raises ConfigError."""
    data = given or {}
    for override in overrides:
        _put(data, override)
    return validate(model, data, "--set")


def validate(model: type[S], data: dict[str, Any], place: str) -> S:
    """`data` as a `model`. Raises ConfigError with every fault, one a line."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigError("\n".join(dict.fromkeys(_fault(place, item) for item in error.errors()))) from None


UNION_STEPS = ("constrained-float", "literal['auto']")
"""Steps of pydantic's way to a value that may be of several kinds."""


def _fault(place: str, item: Any) -> str:
    loc = [str(part) for part in item["loc"] if part not in UNION_STEPS]
    # An engine's kind, by which its fields are chosen, is a step of pydantic's way but not of the file's.
    key = ".".join(part for at, part in enumerate(loc) if not (at and loc[at - 1] == "engine" and part in ENGINE_KINDS))
    if item["type"] == "extra_forbidden":
        return f"{place}: {key}: unknown key; `factory schema` lists those there are"
    if item["type"] == "missing":
        return f"{place}: {key}: is missing"
    shown = json.dumps(item["input"], default=str)
    return f"{place}: {key}: {shown[:120]} is not allowed: {item['msg']}"


def _put(data: dict[str, Any], override: str) -> None:
    path, equals, text = override.partition("=")
    if not equals or not path:
        raise ConfigError(f"--set {override}: is not of the form a.b=value")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ConfigError(f"--set {override}: {text!r} is not a YAML value") from None
    *way, last = path.split(".")
    for part in way:
        data = data.setdefault(part, {})
        if not isinstance(data, dict):
            raise ConfigError(f"--set {override}: {part} is a value, not a section")
    data[last] = value
