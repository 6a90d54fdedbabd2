"""What is known of a model at one horizon."""

from dataclasses import dataclass
from typing import Any

from lstmkit.findings.cautions import network_is_off

PAGES = {
    "metrics": "01_training",
    "gates": "A_gates",
    "history": "A_gates",
    "attribution": "B_attribution",
    "hidden_states": "C_hidden_states",
    "trajectories": "C_hidden_states",
    "probes": "C_hidden_states",
    "convolutions": "E_convolutions",
    "filters": "A_filters",
    "predictions": "E_predictions",
    "temporal": "D_temporal",
}
OF_NETWORK = {*PAGES} - {"metrics", "predictions", "temporal"}
Room = dict[str, Any]


@dataclass(frozen=True)
class RunResults:
    """What is known of a model at one horizon.

    Attributes:
        ahead: the horizon for people, for example `1 h`.
        folder: its folder, for example `h1`.
        metrics: the content of `metrics.json`.
        facts: what the sections kept, by room.
        claims: per seed, in the order of `metrics["seeds"]`, what was measured of its network: `trained` and
            `untrained`; empty where it was not.
    """

    ahead: str
    folder: str
    metrics: Room
    facts: dict[str, Room]
    claims: tuple[Room, ...] = ()

    def room(self, name: str) -> Room:
        """The facts of a room; empty where its section was not executed, or tells of a network that is switched off.

        Args:
            name: of the room, or `metrics`.
        """
        if name == "metrics":
            return self.metrics
        return {} if name in OF_NETWORK and self.network_is_off else self.facts.get(name, {})

    @property
    def network_is_off(self) -> bool:
        """Whether the network does nothing for this forecast."""
        return network_is_off(self.metrics)

    def link(self, name: str, text: str) -> str:
        """Markdown link to the section that found a fact.

        Args:
            name: of the room, or `metrics`.
            text: of the link.
        """
        return f"[{text}]({self.folder}/{PAGES[name]}.html)"
