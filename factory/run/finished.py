"""Whether nothing is left to do in a run: then `factory run` says so again, and does nothing.

Promises: a run counts as finished where its ledger's last line says so for this config, this code and these files,
and every part and shard is, by its sha256, what was written. Whatever is otherwise, the run is worked through.
A set of problems that lies on the hub without a fixed commit may change, and so its run never counts as finished.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from factory import shards
from factory.config import Config, ReplayEngine, Source
from factory.config.places import is_url
from factory.provenance import code_sha256
from factory.records import Status, sha256
from factory.records.summary import Summary
from factory.run.directory import RunDir
from factory.run.inventory import check_parts, checkable, folders
from factory.run.reader import nothing_missing
from factory.run.seal import loose
from factory.run.sealed import FACTS
from factory.run.slices import Slice
from factory.storage import inputs
from factory.storage.files import digest

_COMMIT = re.compile(r"[0-9a-f]{40}")


def finished_before(config: Config, run_dir: RunDir) -> Summary | None:
    """What a finished run has come to; None where anything may be left to do."""
    said = run_dir.written.finished
    if not said or said["made_of"] != made_of(config) or said["results"] != _results(run_dir):
        return None
    if any(any(loose(part)) for part in folders(run_dir)[1:]):  # a kill came before they were removed
        return None
    if not all(_is_of_the_ledger(part) for part in folders(run_dir)):
        return None
    if check_parts(run_dir)[1] or shards.faults(run_dir.shards):
        return None
    return Summary.read(run_dir.summary_file)


def _is_of_the_ledger(run_dir: RunDir) -> bool:
    """Whether every part is the one that the ledger has: one that agrees with its own sha256 may still be another."""
    known = ((path, run_dir.written.sha256(run_dir.name(path))) for path in checkable(run_dir))
    return all(recorded is None or digest(path) == recorded for path, recorded in known)


def log_if_finished(config: Config, parts: Sequence[Slice], run_dir: RunDir, summary: Summary) -> None:
    """Say in the ledger that the run is finished, if it is. Its shards are written. Raises PartError."""
    ours = any(part.funnel.drops.get(Status.INFRASTRUCTURE_ERROR) for part in summary.languages.values())
    if ours or not all(_is_complete(config, part) for part in parts):
        return
    if (about := made_of(config)) is not None:
        run_dir.log("finished", made_of=about, results=_results(run_dir))


def _is_complete(config: Config, part: Slice) -> bool:
    if part.sealed:
        return bool(part.dir.sealed.facts["complete"])
    return part.whole_run and nothing_missing(config, part)


def made_of(config: Config) -> str | None:
    """The sha256 of all that decides what a run comes to; None where files do not show it."""
    sources: list[Source] = [config.problems, *config.decontamination.benchmarks]
    if any(it.path is None and not _COMMIT.fullmatch(it.revision or "") for it in sources):
        return None
    engines = (it.engine for it in (*config.asked, *config.translators))
    replayed = [it.path for it in engines if isinstance(it, ReplayEngine)]
    urls = [it for it in (*(source.path for source in sources), *replayed) if it is not None and is_url(it)]
    places = [*_paths(config.model_dump(exclude={"run_dir", "observers"})), *urls]
    given = [inputs.local(place) for place in places]
    if not all(one.path.exists() for one in given):
        return None
    lines = [f"{one.named(str(file))} {digest(file)}" for one in given for file in one.files()]
    return sha256("\n".join([code_sha256(), config.model_dump_json(), *lines]))


def _paths(values: Any) -> Iterator[Path]:
    """Every path among the values of a config: of problems, of the holdout's ids, of templates, whatever it names."""
    if isinstance(values, Mapping | list | tuple):
        for one in values.values() if isinstance(values, Mapping) else values:
            yield from _paths(one)
    elif isinstance(values, Path):
        yield values


def _results(run_dir: RunDir) -> dict[str, str]:
    """The sha256 of each file that says what others come to; empty for one that is gone."""
    sealed = [part.path / FACTS for part in folders(run_dir)[1:]]
    files = (run_dir.summary_file, run_dir.shards / shards.SUMS, *sealed)
    return {str(path.relative_to(run_dir.path)): digest(path) if path.is_file() else "" for path in files}
