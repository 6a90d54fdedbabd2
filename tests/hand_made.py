"""Metrics, facts and claims of a model, made by hand, for the sentences that are written from them."""

from typing import Any


def skill(value: float, low: float | None, high: float | None, best: str = "ridge") -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "best_baseline": best}


def metrics(rmse: float, best: float, low: float | None = -0.01, high: float | None = 0.2) -> dict[str, Any]:
    """Of a model of one seed, with an RMSE beside that of ridge, the best of two baselines."""
    found = skill(1 - rmse / best, low, high)
    return {
        "rmse": {"all_steps": rmse, "last_step": rmse},
        "mae": {"all_steps": 12.0},
        "r2": {"all_steps": 0.5},
        "mape": {"all_steps": None},
        "unit": "ppm",
        "confidence": 0.95,
        "validation_days": 30,
        "test_days": 60,
        "skill": {"all_steps": found, "last_step": found},
        "baselines": {
            name: {"rmse": {"all_steps": worse * best}} for name, worse in (("persistence", 2), ("ridge", 1))
        },
        "seeds": [{"seed": 0, "rmse": {"all_steps": rmse}, "skill": {"all_steps": found}}],
    }


def of_seeds(
    first: dict[str, Any], *others: tuple[float, float, float], together: tuple[float, float, float]
) -> dict[str, Any]:
    """The metrics of a first seed, with skills (value, low, high) of others and of the mean of all forecasts."""
    best = first["baselines"]["ridge"]["rmse"]["all_steps"]

    def scored(value: float, low: float, high: float) -> dict[str, Any]:
        return {"rmse": {"all_steps": best * (1 - value)}, "skill": {"all_steps": skill(value, low, high)}}

    seeds = [{"seed": number, **scored(*each)} for number, each in enumerate(others, 1)]
    return first | {"seeds": [*first["seeds"], *seeds], "ensemble": scored(*together)}


def network(
    rule: str = "the last value", alone: float = 40.0, gain: float = 1.0, spread: float = 15.0
) -> dict:
    """What a network adds to a rule, as a key of the metrics."""
    without = {"all_steps": alone, "last_step": alone}
    return {"network": {"rule": rule, "gain": gain, "spread": spread, "without": without}}


def facts(longest: float, needed: float | None, co2: float) -> dict[str, Any]:
    timescale = {"low": 0.1, "median": 0.2, "high": 0.3, "longest": longest}
    share = {"rmse": 40.0, "error_share": 0.8, "share": 0.3}
    needs = (
        {} if needed is None else {"needed_hours": needed, "needed_by_most": 2 * needed, "tried_hours": 20.0}
    )
    return {
        "gates": {"layers": [{"name": "layer 1", "timescale_hours": timescale}]},
        "trajectories": {"settled_hours": 1.0} | needs,
        "attribution": {
            "gradient": {
                "shares": {"co2": co2, "humidity": 100 - co2},
                "hours_of_half": 0.5,
                "hours_of_nine_tenths": 3.0,
            },
            "agreement": {"methods": 5, "leader": "co2", "methods_naming_it": 4, "median_correlation": 0.81},
        },
        "predictions": {
            "weeks": {"weeks": 15, "hardest_week": "2023-11-20", "highest_weekly_rmse": 121.4},
            "regimes": {
                "regimes": {"Low": share | {"error_share": 0.2}, "High": share},
                "labels": ["Low", "Medium", "High"],
                "changing_windows_share": 0.15,
                "changing_error_share": 0.1,
                "unit": "ppm",
            },
        },
        "temporal": {"residual_peaks": 0},
    }


def claims(co2: float, hours: float | None, median: float, occupancy: float, dimension: float = 3.0) -> dict:
    """What was measured of one network, before or after training."""
    return {
        "shares": {"co2": co2, "humidity": 100 - co2},
        "hours_of_half": 0.5,
        "timescale_hours": {"layer 1": median},
        "longest_hours": {"layer 1": 10 * median},
        "saturated_percent": {"layer 1": 20.0},
        "probes": {"occupancy": occupancy},
        "effective_dimension": dimension,
        "sufficient_history": {"output_hours": 4.0} | ({} if hours is None else {"hours": hours}),
    }


def of_networks(*pairs: tuple[dict, dict]) -> tuple[dict, ...]:
    """Claims of several networks, each after and before training."""
    return tuple({"trained": trained, "untrained": untrained} for trained, untrained in pairs)


THREE = of_networks(
    (claims(80.0, 6.0, 0.2, 0.92), claims(40.0, None, 0.19, 0.90)),
    (claims(76.0, 4.0, 0.21, 0.93), claims(50.0, None, 0.2, 0.92)),
    (claims(82.0, 8.0, 0.2, 0.91), claims(45.0, None, 0.2, 0.91)),
)
