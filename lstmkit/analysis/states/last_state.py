"""The final state that the head reads, of a network that is run for it."""

import torch
from torch import nn

from lstmkit.analysis.states.representation import Representation, representation_of
from lstmkit.data.groups import Groups
from lstmkit.data.windows import Windows
from lstmkit.internals.recurrent import record_final_states

BATCH = 64


@torch.inference_mode()
def last_state(
    model: nn.Module,
    windows: Windows,
    groups: Groups,
    which: str = "",
    lstm: str | None = None,
) -> Representation:
    """Run a network and keep the state in which the last layer of one of its LSTMs ends.

    Args:
        model: with an `nn.LSTM`; it is run in evaluation mode.
        windows: all of which are run.
        groups: of the steps.
        which: network it is, in front of the layer's name.
        lstm: name of the LSTM, as in `model.named_modules()`; the one that the model calls first if not given.

    Raises:
        LstmkitError: the model has no `nn.LSTM` of this name, calls none, or one whose states are not finite.
    """
    with record_final_states(model, lstm) as found:
        for x, _ in windows.batches(BATCH):
            model(x)
    states = torch.cat(found).double().cpu().numpy()  # (window, layer, unit)
    name = f"{which} LSTM layer {states.shape[1]}".strip()
    return representation_of(name, states[:, -1], windows, groups)
