"""What `make report` computes before any page: each network of a study, and the baselines of each horizon."""

from pathlib import Path

from lstmkit.errors import LstmkitError
from lstmkit.params import find_params, load_params
from lstmkit.study import find_study


def prepare_network(study: str | Path, model: str, horizon: int, seed: int) -> None:
    """Train one network of a model, forecast the test part, and measure what the summary says of it.

    Args:
        study: name or path of the study.
        model: one of its models.
        horizon: one of its horizons, in steps.
        seed: one of its seeds.

    Raises:
        LstmkitError: an unknown study, model, horizon or seed, or data that cannot be used.
    """
    networks = {network.seed: network for network in find_study(study, model, horizon).networks}
    if seed not in networks:
        raise LstmkitError(f"there is no seed {seed}; the study has {', '.join(map(str, networks))}")
    network = networks[seed]
    network.predictions  # noqa: B018  # trains what is missing
    network.claims  # noqa: B018


def prepare_baselines(study: str | Path, horizon: int) -> None:
    """Fit the baselines and forecast the test part.

    Args:
        study: name or path of the study.
        horizon: one of its horizons, in steps.

    Raises:
        LstmkitError: an unknown study or horizon, or data that cannot be used.
    """
    model = next(iter(load_params(find_params(study)).models))  # they are the same for every model
    find_study(study, model, horizon).baselines  # noqa: B018
