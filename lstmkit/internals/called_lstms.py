"""Which of a model's LSTMs it calls, in which order, and which other recurrent modules it has."""

from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lstmkit.errors import LstmkitError
from lstmkit.internals.recurrent import RECURRENT, find_lstms, watch_lstms
from lstmkit.internals.running import kind_of, modules_by_name


@dataclass(frozen=True)
class CalledLSTMs:
    """The recurrent modules of a model, by name as in `find_lstms`.

    Attributes:
        called: LSTMs in the order of their first calls.
        uncalled: names of the LSTMs that the model never calls.
        others: kinds of the recurrent modules that are no LSTM, for example `GRU`, by name.
    """

    called: dict[str, nn.LSTM]
    uncalled: tuple[str, ...] = ()
    others: dict[str, str] = field(default_factory=dict)

    @property
    def alone(self) -> bool:
        """Whether the model has one LSTM and no other recurrent module."""
        return len(self.called) == 1 and not self.uncalled and not self.others

    @property
    def first(self) -> str:
        """Name of the LSTM that is called first."""
        return next(iter(self.called))

    def only(self, name: str) -> "CalledLSTMs":
        """The same with one LSTM in place of all that the model calls.

        Args:
            name: of the LSTM.

        Raises:
            LstmkitError: the model calls none of this name.
        """
        if name not in self.called:
            known = "never calls its" if name in self.uncalled else "has no"
            raise LstmkitError(f"the model {known} nn.LSTM {name}; it calls {', '.join(self.called)}")
        return replace(self, called={name: self.called[name]})


def part_label(name: str, part: str) -> str:
    """A layer and direction with the name of its LSTM in front, for example `encoder, layer 1`.

    Args:
        name: of the LSTM; empty where there is no other.
        part: for example `layer 1 backward`.
    """
    return f"{name}, {part}" if name else part


@torch.no_grad()
def called_lstms(model: nn.Module, x: Float[Tensor, "batch time feature"]) -> CalledLSTMs:
    """The LSTMs that a model calls, in the order of their first calls; they may read packed sequences, too.

    Args:
        model: with an `nn.LSTM`.
        x: some inputs of the model.

    Raises:
        LstmkitError: the model has no `nn.LSTM`, calls none, or cannot read these inputs.
    """
    called: dict[str, nn.LSTM] = {}

    def take(name: str, lstm: nn.LSTM, _args: tuple, _named: dict) -> None:
        called.setdefault(name, lstm)

    watch_lstms(model, x, take)
    return CalledLSTMs(
        called,
        tuple(name for name in find_lstms(model) if name not in called),
        {
            name: kind_of(module)
            for name, module in modules_by_name(model).items()
            if isinstance(module, RECURRENT) and not isinstance(module, nn.LSTM)
        },
    )
