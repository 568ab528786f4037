"""What is called when a run ends, however it ends: an address, or a program.

Promises: what it answers changes neither the run nor its exit code; its failure is a note.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from factory import environment, network, streams
from factory.config import CommandObserver, WebhookObserver
from factory.errors import ConfigError, WorkError
from factory.observers.base import Ending, RunName
from factory.report.figures import Figures

TRIES = 3


class _Hook:
    def __init__(self, run: RunName) -> None:
        self._run = run

    def show(self, figures: Figures) -> None:
        pass

    def note(self, line: str) -> None:
        pass

    def _text(self, ending: Ending) -> str:
        return streams.without_secrets(json.dumps(ending.as_json(self._run)))


class Webhook(_Hook):
    def __init__(self, config: WebhookObserver, run: RunName, figures: Figures) -> None:
        super().__init__(run)
        self._config = config
        self._url = environment.secret(
            config.url_env, "put the address to be called in it, or leave the webhook out", "observers: webhook"
        )
        try:
            is_address = httpx.URL(self._url).scheme in ("http", "https") and bool(httpx.URL(self._url).host)
        except httpx.InvalidURL:
            is_address = False
        if not is_address:
            raise ConfigError(f"observers: webhook: {config.url_env}: holds no http address; remedy: https://host/path")
        environment.check_network()

    def end(self, ending: Ending) -> None:
        """Raises WorkError where it does not arrive: after three tries, or at once where the answer is a refusal."""
        body = self._text(ending).encode()
        retrying = Retrying(
            stop=stop_after_attempt(TRIES),
            wait=wait_exponential(multiplier=0.5, max=4),
            retry=retry_if_exception(_may_pass),
            reraise=True,
        )
        try:
            retrying(self._post, body)
        except httpx.HTTPError as error:
            raise WorkError(network.reason(error)) from None

    def _post(self, body: bytes) -> None:
        headers = {"content-type": "application/json"}
        httpx.post(self._url, content=body, headers=headers, timeout=self._config.timeout_s).raise_for_status()


def _may_pass(error: BaseException) -> bool:
    """Whether another try may succeed."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in (408, 429) or error.response.status_code >= 500
    return isinstance(error, httpx.TransportError)


class Command(_Hook):
    """Started with FACTORY_RUN_DIR and FACTORY_STATUS in its environment, beside all that this process has there."""

    def __init__(self, config: CommandObserver, run: RunName, figures: Figures) -> None:
        super().__init__(run)
        self._config = config
        if shutil.which(config.command[0]) is None:
            raise ConfigError(
                f"observers: command: {config.command[0]!r}: there is no such program; remedy: its path, or another"
            )

    def end(self, ending: Ending) -> None:
        """Raises WorkError where it does not exit with 0 in time."""
        about = {"FACTORY_RUN_DIR": self._run.directory, "FACTORY_STATUS": ending.status}
        try:
            done = subprocess.run(
                self._config.command,
                input=self._text(ending),
                env=os.environ | about,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=self._config.timeout_s,
            )
        except subprocess.TimeoutExpired:
            raise WorkError(f"was ended after {self._config.timeout_s:g} s") from None
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise WorkError(": ".join([f"exits {done.returncode}", *last]))
