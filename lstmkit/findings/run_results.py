"""What is known of a model at one horizon."""

from dataclasses import dataclass
from typing import Any

from lstmkit.analysis.errors.metrics import Metrics
from lstmkit.data.calendar import HOURLY, Calendar
from lstmkit.findings.cautions import network_is_off

OF_FORECAST = ("metrics", "predictions", "temporal")  # facts on the forecast rather than on the network
Facts = dict[str, Any]


@dataclass(frozen=True)
class RunResults:
    """What is known of a model at one horizon.

    Attributes:
        ahead: the horizon for people, for example `1 h`.
        folder: its folder, for example `h1`.
        metrics: the content of `metrics.json`.
        facts: what the sections kept, by name.
        claims: per seed, in the order of `metrics["seeds"]`, what was measured of its network: `trained` and
            `untrained`; empty where it was not.
        calendar: of the series.
    """

    ahead: str
    folder: str
    metrics: Metrics
    facts: dict[str, Facts]
    claims: tuple[Facts, ...] = ()
    calendar: Calendar = HOURLY

    def facts_of(self, name: str) -> Facts:
        """Facts of a name; empty where its section was not executed, or they describe a network that is switched off.

        Args:
            name: of the facts.
        """
        return {} if name not in OF_FORECAST and self.network_is_off else self.facts.get(name, {})

    @property
    def network_is_off(self) -> bool:
        """Whether the network does nothing for this forecast."""
        return network_is_off(self.metrics)
