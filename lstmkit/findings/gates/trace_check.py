"""Whether the gates that are shown are those of PyTorch's own LSTM."""

from collections.abc import Sequence

import torch

from lstmkit.analysis.gates.walked import WalkedLSTM
from lstmkit.internals.trace_check import TraceCheck
from lstmkit.wording import digits

PRECISIONS = {torch.float32: "single", torch.float64: "double", torch.float16: "half"}
HELD = "The gates are computed outside PyTorch's fused LSTM and held against it. "


def trace_checks_finding(lstms: Sequence[WalkedLSTM]) -> str:
    """The verdict on each LSTM, with its name where there are several.

    Args:
        lstms: that were traversed.
    """
    if len(lstms) == 1:
        return trace_check_finding(lstms[0].check)
    return HELD + " ".join(f"{lstm.name}: {_said(lstm.check)}" for lstm in lstms)


def trace_check_finding(check: TraceCheck) -> str:
    """The verdict in sentences.

    Args:
        check: of a trace against the fused LSTM.
    """
    return HELD + _said(check)


def _said(check: TraceCheck) -> str:
    if check.undefined:
        return (
            "Gates or states are NaN, because the inputs, the initial state or the weights hold NaN or "
            "infinity: the gates shown here say nothing about the model."
        )
    bounds = "all gates lie within their bounds" if check.bounded else "some gates leave their bounds"
    precision = PRECISIONS.get(check.dtype, str(check.dtype).removeprefix("torch."))
    return (
        f"{_verdict(check)} In {precision} precision, "
        f"in which this page is computed, hidden states differ by up to {check.hidden:.1e}, final cell states by "
        f"{check.cell:.1e} (cells reach {digits(check.largest_cell)}) and states from their recurrence computed "
        f"anew by {check.recurrence:.1e}; {bounds}."
    )


def _verdict(check: TraceCheck) -> str:
    found = f"{check.in_double:.0e}"
    if not check.same_recurrence:
        return (
            f"In double precision hidden or cell states differ by up to {found}: the gates shown here are not "
            "those of the model."
        )
    if not check.same_module:
        return (
            f"The model's own LSTM ends in states that differ by up to {check.module:.0e} from those of an LSTM "
            "with its weights: the gates shown here are not those of the model."
        )
    return f"In double precision no hidden or cell state differs by more than {found}: it is the same recurrence."
