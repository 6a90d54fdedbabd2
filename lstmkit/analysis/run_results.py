"""What is known of a model at one horizon."""

from dataclasses import dataclass
from typing import Any

PAGES = {
    "metrics": "01_training",
    "gates": "A_gates",
    "attribution": "B_attribution",
    "hidden_states": "C_hidden_states",
    "trajectories": "C_hidden_states",
    "probes": "C_hidden_states",
    "convolutions": "E_convolutions",
    "filters": "A_filters",
    "predictions": "E_predictions",
    "temporal": "D_temporal",
}
Room = dict[str, Any]


@dataclass(frozen=True)
class RunResults:
    """What is known of a model at one horizon.

    Attributes:
        ahead: the horizon for people, for example `1 h`.
        folder: its folder, for example `h1`.
        metrics: the content of `metrics.json`.
        facts: what the sections kept, by room.
    """

    ahead: str
    folder: str
    metrics: Room
    facts: dict[str, Room]

    def room(self, name: str) -> Room:
        """The facts of a room; empty where its section was not executed for this model.

        Args:
            name: of the room, or `metrics`.
        """
        return self.metrics if name == "metrics" else self.facts.get(name, {})

    def link(self, name: str, text: str) -> str:
        """Markdown link to the section that found a fact.

        Args:
            name: of the room, or `metrics`.
            text: of the link.
        """
        return f"[{text}]({self.folder}/{PAGES[name]}.html)"
