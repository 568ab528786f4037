"""Experiment trackers: curves of a run's counts on TensorBoard, Weights & Biases and MLflow.

The step of every point is the number of rollouts that have come, so that runs of other speeds can be compared.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from factory.config import MlflowObserver, TensorBoardObserver, WandbObserver
from factory.errors import ConfigError
from factory.observers.base import Ending, Every, RunName
from factory.report.figures import Figures


class _Tracker(ABC):
    """Adds a point every so often, and one at the end."""

    def __init__(self, every_s: float) -> None:
        self._every = Every(every_s)

    def show(self, figures: Figures) -> None:
        if self._every.due():
            self._add(figures.as_dict(), figures.sampled)

    def note(self, line: str) -> None:
        return  # trackers draw figures, not lines

    def end(self, ending: Ending) -> None:
        self._add(ending.figures.as_dict(), ending.figures.sampled)
        self._close(ending)

    @abstractmethod
    def _add(self, figures: Mapping[str, float], step: int) -> None:
        """Add one point."""

    @abstractmethod
    def _close(self, ending: Ending) -> None:
        """Say how the run has ended. The last that is called."""


class TensorBoard(_Tracker):
    def __init__(self, config: TensorBoardObserver, run: RunName, figures: Figures) -> None:
        super().__init__(config.every_s)
        try:
            config.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"observers: tensorboard: {config.path}: cannot be made ({error.strerror}); remedy: another path"
            ) from None
        self._writer = _package("tensorboard.summary", "tensorboard").Writer(str(config.path))

    def _add(self, figures: Mapping[str, float], step: int) -> None:
        for name, value in figures.items():
            self._writer.add_scalar(name, value, step=step)
        self._writer.flush()

    def _close(self, ending: Ending) -> None:
        self._writer.close()


class Wandb(_Tracker):
    def __init__(self, config: WandbObserver, run: RunName, figures: Figures) -> None:
        super().__init__(config.every_s)
        about = {"directory": run.directory, "model": run.model}
        module = _package("wandb", "wandb")
        self._run = module.init(project=config.project, entity=config.entity, name=run.name, config=about)

    def _add(self, figures: Mapping[str, float], step: int) -> None:
        self._run.log(dict(figures), step=step)

    def _close(self, ending: Ending) -> None:
        self._run.summary["status"] = ending.status
        self._run.finish(exit_code=int(ending.status != "finished"))


class Mlflow(_Tracker):
    def __init__(self, config: MlflowObserver, run: RunName, figures: Figures) -> None:
        super().__init__(config.every_s)
        client = _package("mlflow", "mlflow-skinny").MlflowClient(config.tracking_uri)
        found = client.get_experiment_by_name(config.experiment)
        experiment = found.experiment_id if found else client.create_experiment(config.experiment)
        self._client = client
        self._id = client.create_run(experiment, run_name=run.name).info.run_id
        for name, value in (("directory", run.directory), ("model", run.model)):
            client.log_param(self._id, name, value)

    def _add(self, figures: Mapping[str, float], step: int) -> None:
        for name, value in figures.items():
            self._client.log_metric(self._id, name, value, step=step)

    def _close(self, ending: Ending) -> None:
        status = {"finished": "FINISHED", "stopped": "KILLED", "failed": "FAILED"}[ending.status]
        self._client.set_terminated(self._id, status)


def _package(module: str, package: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        name = module.split(".")[0]
        raise ConfigError(f"observers: {name}: the package is not installed; remedy: pip install {package}") from None
