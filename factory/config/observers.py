"""Who follows a run from outside: metrics, logs, trackers, and what is called at its end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from factory.config.base import Section
from factory.config.marks import Resume

_Every = Annotated[float, Resume.FREE]
_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"


class PrometheusObserver(Section):
    """An HTTP port of this process where Prometheus collects the run's counts."""

    kind: Annotated[Literal["prometheus"], Resume.FREE] = "prometheus"
    port: Annotated[int, Resume.FREE] = Field(9464, ge=0, le=65535)
    """Port to listen on; 0 takes a free one, which the run names."""
    host: Annotated[str, Resume.FREE] = "127.0.0.1"
    """Address to listen on; `0.0.0.0` is every network of this machine."""


class JsonLinesObserver(Section):
    """A file to which a line of JSON is added for every note, every so often for the counts, and at the end."""

    kind: Annotated[Literal["json_lines"], Resume.FREE] = "json_lines"
    path: Annotated[Path, Resume.FREE]
    """The file; lines are added to what it holds."""
    every_s: _Every = Field(10.0, gt=0, allow_inf_nan=False)
    """Seconds between two lines of counts."""


class TensorBoardObserver(Section):
    """Curves of the run's counts for TensorBoard. Needs the package `tensorboard`."""

    kind: Annotated[Literal["tensorboard"], Resume.FREE] = "tensorboard"
    path: Annotated[Path, Resume.FREE]
    """Folder of the event files."""
    every_s: _Every = Field(10.0, gt=0, allow_inf_nan=False)
    """Seconds between two points."""


class WandbObserver(Section):
    """Curves of the run's counts on Weights & Biases. Needs the package `wandb`, which finds its key by itself."""

    kind: Annotated[Literal["wandb"], Resume.FREE] = "wandb"
    project: Annotated[str, Resume.FREE] = Field(min_length=1)
    """Project that the run is shown in, under the run's name."""
    entity: Annotated[str | None, Resume.FREE] = None
    """User or team; None is the default of the key."""
    every_s: _Every = Field(10.0, gt=0, allow_inf_nan=False)
    """Seconds between two points."""


class MlflowObserver(Section):
    """Curves of the run's counts on MLflow. Needs the package `mlflow` or `mlflow-skinny`."""

    kind: Annotated[Literal["mlflow"], Resume.FREE] = "mlflow"
    experiment: Annotated[str, Resume.FREE] = Field(min_length=1)
    """Experiment that the run is shown in, under the run's name."""
    tracking_uri: Annotated[str | None, Resume.FREE] = None
    """Address of the server, without a login in it; None is what MLFLOW_TRACKING_URI says."""
    every_s: _Every = Field(10.0, gt=0, allow_inf_nan=False)
    """Seconds between two points."""


class WebhookObserver(Section):
    """An address that is sent one POST of JSON when the run ends, however it ends."""

    kind: Annotated[Literal["webhook"], Resume.FREE] = "webhook"
    url_env: Annotated[str, Resume.FREE] = Field(pattern=_VARIABLE)
    """Environment variable that holds the address, which is often a secret."""
    timeout_s: Annotated[float, Resume.FREE] = Field(10.0, gt=0, le=60)
    """Seconds to wait for each of up to three tries."""


class CommandObserver(Section):
    """A program that is started once when the run ends, however it ends."""

    kind: Annotated[Literal["command"], Resume.FREE] = "command"
    command: Annotated[tuple[str, ...], Resume.FREE] = Field(min_length=1)
    """The program and its arguments; no shell reads them. Its input is the JSON that a webhook is sent."""
    timeout_s: Annotated[float, Resume.FREE] = Field(60.0, gt=0, le=3600)
    """Seconds after which it is ended."""


ObserverConfig = Annotated[
    PrometheusObserver
    | JsonLinesObserver
    | TensorBoardObserver
    | WandbObserver
    | MlflowObserver
    | WebhookObserver
    | CommandObserver,
    Field(discriminator="kind"),
]
"""What an entry of `observers:` may be."""
