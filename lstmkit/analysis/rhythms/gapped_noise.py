"""Autoregressive noise that is seen with gaps: its fit, and its precision matrix at the steps that are there."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_array
from statsmodels.tsa.arima_process import arma_acovf

FEWEST_COMPLETE = 1 / 3  # of the values must have their whole past for an autoregression of that order


@dataclass(frozen=True)
class Sampling:
    """Which steps of a grid hold a value.

    Attributes:
        present: for each step.
        memory: number of earlier values from which each is predicted.
    """

    present: Bool[np.ndarray, "time"]
    memory: int

    @cached_property
    def steps(self) -> Int[np.ndarray, "value"]:
        """Positions of the values on the grid."""
        return np.flatnonzero(self.present)

    @cached_property
    def leakage(self) -> Float[np.ndarray, "time"]:
        """Share of the power of a rhythm that gaps move to other ones, by the cycles between them."""
        return np.abs(np.fft.fft(self.present)) ** 2 / np.count_nonzero(self.present) ** 2

    @cached_property
    def trend(self) -> Float[np.ndarray, "value 2"]:
        """Courses of a constant and of a straight line."""
        line = np.linspace(-1, 1, len(self.present))[self.steps]
        return np.column_stack([np.ones_like(line), line])

    @cached_property
    def before(self) -> Int[np.ndarray, "value lag"]:
        """Steps from each value back to those before it; beyond the length of the grid where there are none."""
        n_steps = len(self.present)
        beyond = -n_steps * np.arange(
            2 * self.memory, self.memory, -1
        )  # so far apart that nothing is correlated
        padded = np.concatenate([beyond, self.steps])
        earlier = np.stack([padded[self.memory - lag : -lag] for lag in range(1, self.memory + 1)], axis=1)
        return self.steps[:, None] - earlier

    @cached_property
    def patterns(self) -> tuple[Int[np.ndarray, "pattern lag"], Int[np.ndarray, "value"]]:
        """The different rows of `before`, and which of them each value has."""
        patterns, which = np.unique(self.before, axis=0, return_inverse=True)
        return patterns, which.ravel()

    def on_grid(self, values: Float[np.ndarray, "value *column"]) -> Float[np.ndarray, "time *column"]:
        """Values at their steps, zero elsewhere.

        Args:
            values: one row per value.
        """
        grid = np.zeros((len(self.present), *values.shape[1:]), values.dtype)
        grid[self.steps] = values
        return grid


def chance_of_one(false_alarm: float, number: int) -> float:
    """Probability at which each of some tests may pass, so that any passes with another.

    Args:
        false_alarm: of all together, where they are independent.
        number: of tests.
    """
    return float(-np.expm1(np.log1p(-false_alarm) / number))


def fit_autoregression(
    rest: Float[np.ndarray, "value"], sampling: Sampling, max_order: int
) -> Float[np.ndarray, "coefficient"]:
    """The prediction-error filter 1, −φ₁, −φ₂, … of the noise.

    The order comes from the Bayesian information criterion. Orders from two on are fitted by Burg's method for segments
    (de Waele & Broersen 2000, IEEE Trans Signal Process 48:2876). For order one the likelihood has a closed form also
    across gaps, which say more of a slow process than what lies between them, and is maximised.

    Args:
        rest: the noise at the steps that are there.
        sampling: which steps these are.
        max_order: of the autoregression.
    """
    filters, errors = _burg(rest, sampling, max_order)
    n = len(rest)
    order = int(np.argmin([n * np.log(error) + k * np.log(n) for k, error in enumerate(errors)]))
    if order > 1:
        return filters[order]
    return _first_order(rest, sampling)


def _first_order(rest: Float[np.ndarray, "value"], sampling: Sampling) -> Float[np.ndarray, "2"]:
    """The autoregression of order one, or white noise, with the greater likelihood.

    Across gaps it is that of Robinson (1977, Stochastic Process Appl 6:9), restricted as a line that was fitted to
    slow noise takes a part of it away (Patterson & Thompson 1971, Biometrika 58:545).
    """
    gaps, courses = np.diff(sampling.steps), np.column_stack([rest, sampling.trend])

    def deviance(phi: float) -> float:
        over = phi**gaps
        spread = np.sqrt(np.append(1.0, 1 - over**2))  # relative to that of the process
        white = np.vstack([courses[:1], courses[1:] - over[:, None] * courses[:-1]]) / spread[:, None]
        products = white.T @ white
        of_trend = products[1:, 1:]
        left = products[0, 0] - products[0, 1:] @ np.linalg.solve(of_trend, products[1:, 0])
        size = np.linalg.slogdet(of_trend)[1]
        return float((len(rest) - len(of_trend)) * np.log(left) + 2 * np.log(spread).sum() + size)

    most = 1 - 1 / (gaps.sum() + 1)
    found = minimize_scalar(deviance, bounds=(-most, most), method="bounded", options={"xatol": 1e-5})
    phi = found.x if found.fun + np.log(len(rest)) < deviance(0.0) else 0.0
    return np.array([1.0, -phi])


def _burg(
    rest: Float[np.ndarray, "value"], sampling: Sampling, max_order: int
) -> tuple[list[Float[np.ndarray, "coefficient"]], list[float]]:
    """Prediction-error filters of rising order and the variances of their errors, from unbroken stretches alone."""
    forward = backward = sampling.on_grid(rest)
    complete = sampling.present
    filters, errors = [np.ones(1)], [float((rest**2).mean())]
    for _ in range(max_order):
        complete = complete[1:] & complete[:-1]
        if complete.sum() < FEWEST_COMPLETE * len(rest):
            break
        forward, backward = forward[1:], backward[:-1]
        pairs = forward[complete], backward[complete]
        power = (pairs[0] ** 2 + pairs[1] ** 2).sum()
        reflection = 2 * pairs[0] @ pairs[1] / power if power else 0.0
        forward, backward = forward - reflection * backward, backward - reflection * forward
        longer = np.append(filters[-1], 0)
        filters.append(longer - reflection * longer[::-1])
        errors.append(errors[-1] * (1 - reflection**2))
    return filters, errors


def whitening(weights: Float[np.ndarray, "coefficient"], sampling: Sampling) -> csr_array:
    """The matrix that turns the noise at the steps that are there into uncorrelated values of variance σ².

    Each value is predicted from the `memory` values before it (Vecchia 1988, J R Stat Soc B 50:297): exact for order
    one, and where nothing is missing for every order up to the memory.

    Args:
        weights: prediction-error filter of the noise.
        sampling: which steps are there.
    """
    n_steps, (patterns, which) = len(sampling.present), sampling.patterns
    covariance = np.append(arma_acovf(weights, [1.0], nobs=n_steps), 0.0)

    def at(lags: Int[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        return covariance[np.minimum(np.abs(lags), n_steps)]

    among, to = at(patterns[:, :, None] - patterns[:, None, :]), at(patterns)
    predicted = np.linalg.solve(among, to[..., None])[..., 0]
    variance = covariance[0] - (predicted * to).sum(axis=1)
    rows = np.hstack([np.ones((len(to), 1)), -predicted]) / np.sqrt(variance)[:, None]
    values = np.arange(len(sampling.steps))
    column = values[:, None] - np.arange(sampling.memory + 1)
    row, known = np.broadcast_to(values[:, None], column.shape), column >= 0
    return csr_array((rows[which][known], (row[known], column[known])), shape=(len(values),) * 2)
