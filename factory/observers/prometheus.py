"""The counts of a run for Prometheus, on a port of this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from factory.config import PrometheusObserver
from factory.errors import ConfigError
from factory.observers.base import Ending, RunName
from factory.report.figures import Figures

if TYPE_CHECKING:
    from prometheus_client.core import Metric


class Prometheus:
    """Listens from the beginning of the run to its end, on `host` and `port`."""

    def __init__(self, config: PrometheusObserver, run: RunName, figures: Figures) -> None:
        try:
            from prometheus_client import CollectorRegistry, start_http_server
        except ImportError:
            raise ConfigError(
                "observers: prometheus: the package is not installed; remedy: pip install 'rollout-factory[metrics]'"
            ) from None
        self._run, self._figures = run, figures
        registry = CollectorRegistry()
        registry.register(self)
        try:
            self._server, self._thread = start_http_server(config.port, config.host, registry)
        except OSError as error:
            raise ConfigError(
                f"observers: prometheus: port {config.port} of {config.host} cannot be listened on ({error.strerror}); "
                "remedy: another port"
            ) from None
        self.host, self.port = config.host, int(self._server.server_port)

    def collect(self) -> Iterator[Metric]:
        """What Prometheus reads, counted now."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

        found, run = self._figures, self._run
        about = {"name": run.name, "directory": run.directory, "model": run.model}
        yield InfoMetricFamily("factory_run", "The run that is followed", value=about)
        yield GaugeMetricFamily("factory_run_seconds", "Seconds since the run began", value=found.elapsed_s())
        yield CounterMetricFamily("factory_rollouts_sampled", "Rollouts that have come", value=found.sampled)
        yield CounterMetricFamily("factory_completion_tokens", "Completion tokens of rollouts", value=found.tokens)
        for name, help_, counts in (
            ("factory_rollouts_verified", "Rollouts that have a verdict", found.verified),
            ("factory_rollouts_passed", "Rollouts that passed their tests", found.passed),
            ("factory_programs_kept", "Programs that are kept", found.kept),
        ):
            family = CounterMetricFamily(name, help_, labels=["language"])
            for language, count in list(counts.items()):  # other threads count on meanwhile
                family.add_metric([language], count)
            yield family

    def show(self, figures: Figures) -> None:
        pass  # it is asked

    def note(self, line: str) -> None:
        pass

    def end(self, ending: Ending) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
