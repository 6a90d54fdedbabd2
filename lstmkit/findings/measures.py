"""The measures of a model's networks that its verdict and its summary state, each over the seeds."""

from collections.abc import Callable, Mapping
from functools import partial

from lstmkit.findings.over_seeds import OverSeeds, over_seeds
from lstmkit.findings.run_results import Facts, RunResults

SCORE, UNTRAINED = "_score", "_untrained"
LONGER = 0.1  # of a timescale: less is not called memory


def feature_shares(run: RunResults) -> dict[str, OverSeeds]:
    """Percent of the gradient on each feature, the largest of the explained network first.

    Args:
        run: of one model at one horizon.
    """
    found = _gradients(run, "shares")
    known = {name: _found(share, found[1].get(name)) for name, share in found[0].items()}
    shares = _by_name(run, lambda claim: claim["shares"], known)
    return dict(sorted(shares.items(), key=lambda pair: -pair[1].first))


def hours_of_half(run: RunResults) -> OverSeeds | None:
    """The newest hours that hold half of the gradient.

    Args:
        run: of one model at one horizon.
    """
    known, untrained = _gradients(run, "hours_of_half")
    return _of(run, lambda claim: claim["hours_of_half"], _found(known or None, untrained or None))


def layer_timescales(run: RunResults) -> dict[str, OverSeeds]:
    """Hours after which the median cell of each layer has forgotten all but 1/e, by its forget gate.

    Args:
        run: of one model at one horizon.
    """
    scales = {layer["name"]: layer["timescale_hours"] for layer in run.facts_of("gates").get("layers", ())}
    known = {name: _found(scale["median"], scale.get("untrained"), LONGER) for name, scale in scales.items()}
    return _by_name(run, lambda claim: claim["timescale_hours"], known, LONGER)


def longest_timescale(run: RunResults) -> OverSeeds | None:
    """The same of the cell of any layer that holds longest.

    Args:
        run: of one model at one horizon.
    """
    layers = run.facts_of("gates").get("layers", ())
    longest = max((layer["timescale_hours"]["longest"] for layer in layers), default=None)
    return _of(run, lambda claim: max(claim["longest_hours"].values(), default=None), _found(longest), LONGER)


def saturation(run: RunResults) -> dict[str, OverSeeds]:
    """Percent of the gates' values in each layer that are nearly open or nearly shut.

    Args:
        run: of one model at one horizon.
    """
    layers = {layer["name"]: layer for layer in run.facts_of("gates").get("layers", ())}
    known = {
        name: _found(layer["saturated_percent"], layer.get("untrained_saturated_percent"))
        for name, layer in layers.items()
        if "saturated_percent" in layer
    }
    return _by_name(run, lambda claim: claim["saturated_percent"], known)


def history(run: RunResults) -> OverSeeds | None:
    """The newest hours of input that give 95 % of what a network gains; None where one of them gains nothing.

    Args:
        run: of one model at one horizon.
    """
    known = None if run.claims else _found(run.facts_of("history").get("hours"))
    return _of(run, lambda claim: claim["sufficient_history"].get("hours"), known)


def seeds_without_gain(run: RunResults) -> int:
    """How many of the networks do not surely gain on the residual baseline, so that no history is enough.

    Args:
        run: of one model at one horizon.
    """
    return sum("hours" not in claim["trained"]["sufficient_history"] for claim in run.claims)


def history_of_output(run: RunResults) -> OverSeeds | None:
    """The newest hours of input that determine 95 % of a network's output.

    Args:
        run: of one model at one horizon.
    """
    known = _found(run.facts_of("history").get("output_hours"))
    return _of(run, lambda claim: claim["sufficient_history"].get("output_hours"), known)


def probe_scores(run: RunResults) -> dict[str, OverSeeds]:
    """How well a linear probe reads each concept from the final states, out of 1.

    Args:
        run: of one model at one horizon.
    """
    kept = run.facts_of("probes")
    names = [key.removesuffix(SCORE) for key in kept if key.endswith(SCORE)]
    known = {name: _found(kept[name + SCORE], kept.get(name + UNTRAINED)) for name in names}
    return _by_name(run, lambda claim: claim["probes"], known)


def effective_dimension(run: RunResults) -> OverSeeds | None:
    """Directions among which the variance of the last layer's states is shared.

    Args:
        run: of one model at one horizon.
    """
    kept = run.facts_of("hidden_states")
    known = _found(kept.get("effective_dimension"), kept.get("untrained_effective_dimension"))
    return _of(run, lambda claim: claim["effective_dimension"], known)


def _gradients(run: RunResults, name: str) -> tuple:
    """What the attribution found of the explained network and of the untrained one; empty where it did not."""
    kept = run.facts_of("attribution")
    return tuple(kept.get(network, {}).get(name, {}) for network in ("gradient", "untrained"))


def _found(known: float | None, untrained: float | None = None, tolerance: float = 0.0) -> OverSeeds | None:
    """What a section found of the explained network."""
    if known is None:
        return None
    return OverSeeds((known,), () if untrained is None else (untrained,), tolerance)


def _of(
    run: RunResults, read: Callable[[Facts], float | None], known: OverSeeds | None, tolerance: float = 0.0
) -> OverSeeds | None:
    return over_seeds(() if run.network_is_off else run.claims, read, known, tolerance)


def _by_name(
    run: RunResults,
    read: Callable[[Facts], dict[str, float]],
    known: Mapping[str, OverSeeds | None],
    tolerance: float = 0.0,
) -> dict[str, OverSeeds]:
    names = read(run.claims[0]["trained"]) if run.claims and not run.network_is_off else known
    found = {
        name: _of(run, partial(_value, read=read, name=name), known.get(name), tolerance) for name in names
    }
    return {name: measure for name, measure in found.items() if measure is not None}


def _value(claim: Facts, read: Callable[[Facts], dict[str, float]], name: str) -> float | None:
    return read(claim).get(name)
