"""How a training went, in a sentence."""

from typing import Any

from lstmkit.analysis.errors.metrics import Metrics
from lstmkit.findings.cautions import network_is_off, switched_off
from lstmkit.wording import count


def not_converged_sentence(outcome: dict[str, Any]) -> str | None:
    """That training ended before the validation loss stopped falling; None where it did stop.

    Args:
        outcome: of the training, with `epochs` and `best_epoch`.
    """
    if outcome["best_epoch"] is None or outcome["best_epoch"] < len(outcome["epochs"]) - 1:
        return None
    return "The last epoch of its training is the best: a longer one might have gone further."


def training_finding(outcome: dict[str, Any], windows: int, seconds: float | None, metrics: Metrics) -> str:
    """How long training went on, what became of the loss, and what the validation part leaves of the network.

    Args:
        outcome: of the training, with `epochs`, `best_epoch`, `gain` and `precision`.
        windows: per epoch.
        seconds: that it took, where that is known.
        metrics: of `Evaluation.to_json`.
    """
    epochs, best = outcome["epochs"], outcome["best_epoch"]
    if best is None:
        return "The model was trained elsewhere: nothing is known of its training."
    kept, after = epochs[best], len(epochs) - 1 - outcome["best_epoch"]
    in_bfloat16 = ", in bfloat16" if outcome.get("precision") == "bf16-mixed" else ""
    took = "" if seconds is None else f" in {seconds:.0f} s"
    brought = f"; {after} more brought nothing better" if after else ""
    off = f" {switched_off(metrics)}" if network_is_off(metrics) else ""
    return (
        f"{count(len(epochs), 'epoch')} of {count(windows, 'window')}{took}{in_bfloat16}. Epoch "
        f"{best + 1} was kept, with a validation loss of {kept['validation_loss']:.3g} (training "
        f"{kept['train_loss']:.3g}){brought}. {_gain(outcome['gain'])}{off}"
    )


def _gain(gain: float) -> str:
    if f"{gain:.2f}" == "1.00":
        return (
            "On the validation part the network's outputs are as large as they should be: their gain is 1.00."
        )
    return f"The validation part shrinks the network's outputs by a gain of {gain:.2f}."
