"""The measures of a model's networks that its verdict and its summary tell, each over the seeds."""

from collections.abc import Callable

from lstmkit.over_seeds import OverSeeds, over_seeds
from lstmkit.run_results import Room, RunResults

SCORE = "_score"


def feature_shares(run: RunResults) -> dict[str, OverSeeds]:
    """Percent of the gradient on each feature, the largest of the explained network first.

    Args:
        run: of one model at one horizon.
    """
    known = run.room("attribution").get("gradient", {}).get("shares", {})
    shares = _by_name(run, lambda claim: claim["shares"], known)
    return dict(sorted(shares.items(), key=lambda pair: -pair[1].first))


def hours_of_half(run: RunResults) -> OverSeeds | None:
    """The newest hours that hold half of the gradient.

    Args:
        run: of one model at one horizon.
    """
    known = run.room("attribution").get("gradient", {}).get("hours_of_half")
    return _of(run, lambda claim: claim["hours_of_half"], known)


def layer_timescales(run: RunResults) -> dict[str, OverSeeds]:
    """Hours after which the median cell of each layer has forgotten all but 1/e, by its forget gate.

    Args:
        run: of one model at one horizon.
    """
    scales = {layer["name"]: layer["timescale_hours"] for layer in run.room("gates").get("layers", [])}
    known = {name: scale["median"] for name, scale in scales.items()}
    untrained = {name: scale["untrained"] for name, scale in scales.items() if "untrained" in scale}
    return _by_name(run, lambda claim: claim["timescale_hours"], known, untrained)


def history(run: RunResults) -> OverSeeds | None:
    """The newest hours of input that give 95 % of what a network gains; None where one of them gains nothing.

    Args:
        run: of one model at one horizon.
    """
    return _of(run, lambda claim: claim["sufficient_history"].get("hours"), run.room("history").get("hours"))


def history_of_output(run: RunResults) -> OverSeeds | None:
    """The newest hours of input that determine 95 % of a network's output.

    Args:
        run: of one model at one horizon.
    """
    known = run.room("history").get("output_hours")
    return _of(run, lambda claim: claim["sufficient_history"].get("output_hours"), known)


def probe_scores(run: RunResults) -> dict[str, OverSeeds]:
    """How well a linear probe reads each concept from the final states, out of 1.

    Args:
        run: of one model at one horizon.
    """
    room = run.room("probes")
    known = {key.removesuffix(SCORE): room[key] for key in room if key.endswith(SCORE)}
    return _by_name(run, lambda claim: claim["probes"], known)


def effective_dimension(run: RunResults) -> OverSeeds | None:
    """Directions among which the variance of the last layer's states is shared.

    Args:
        run: of one model at one horizon.
    """
    known = run.room("hidden_states").get("effective_dimension")
    return _of(run, lambda claim: claim["effective_dimension"], known)


def _of(
    run: RunResults,
    read: Callable[[Room], float | None],
    known: float | None,
    untrained: float | None = None,
) -> OverSeeds | None:
    found = None if known is None else OverSeeds((known,), () if untrained is None else (untrained,))
    return over_seeds(() if run.network_is_off else run.claims, read, found)


def _by_name(
    run: RunResults,
    read: Callable[[Room], dict[str, float]],
    known: dict[str, float],
    untrained: dict[str, float] | None = None,
) -> dict[str, OverSeeds]:
    names = read(run.claims[0]["trained"]) if run.claims and not run.network_is_off else known
    before = untrained or {}
    found = {
        name: _of(run, lambda claim, n=name: read(claim).get(n), known.get(name), before.get(name))
        for name in names
    }
    return {name: measure for name, measure in found.items() if measure is not None}
