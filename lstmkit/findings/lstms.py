"""Which of a model's LSTMs a page describes, in sentences; nothing where the model has one."""

from lstmkit.internals.called_lstms import CalledLSTMs
from lstmkit.wording import count, listed


def lstms_finding(lstms: CalledLSTMs, described: str | None = None) -> str:
    """Which LSTMs the model calls, which a page describes, and which it leaves out; empty where there is one alone.

    Args:
        lstms: of the model.
        described: the one whose numbers stand on the page; all that the model calls if not given.
    """
    if lstms.alone:
        return ""
    called = list(lstms.called)
    said = [f"The model calls one LSTM, {called[0]}, which this page describes."]
    if len(called) > 1:
        which = "all of them" if described is None else f"{described} alone"
        said = [
            f"The model calls {count(len(called), 'LSTM')}, in this order: {listed(called)}. "
            f"This page describes {which}."
        ]
    if lstms.uncalled:
        them = "it" if len(lstms.uncalled) == 1 else "them"
        said.append(f"It never calls {listed(lstms.uncalled)}: this page leaves {them} out.")
    said += [
        f"Its {kind} {name} has other gates and states than an LSTM: this page leaves it out."
        for name, kind in lstms.others.items()
    ]
    return " ".join(said)


def layer_words(name: str) -> str:
    """A layer and direction as a sentence names it, for example `layer 1`, or `layer 1 of encoder`.

    Args:
        name: for example `layer 1`, or `encoder, layer 1`.
    """
    lstm, _, layer = name.rpartition(", ")
    return f"{layer} of {lstm}" if lstm else layer
