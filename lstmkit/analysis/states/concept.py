"""What a probe shall read from a state, and how well it has read it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

NEGLIGIBLE = 1e-12  # of a sum: rounding


@dataclass(frozen=True)
class Concept:
    """What a probe shall read: a quantity, the phase of a cycle, or a class.

    Attributes:
        name: for tables.
        truth: shape (window, output): a quantity in its unit, sine and cosine of a phase, or the number of a class;
            NaN where it is not known.
        unit: of the probe's error; percent for a class.
        is_class: whether the truth is the number of a class.
        period: of the cycle whose phase the truth is, in `unit`.
    """

    name: str
    truth: Float[np.ndarray, "window output"]
    unit: str
    is_class: bool = False
    period: float = 24.0

    @property
    def measure(self) -> str:
        """What the score is; 0 is a constant answer, 1 is right for every window."""
        return "balanced accuracy above chance" if self.is_class else "R²"

    @property
    def known(self) -> Bool[np.ndarray, "window"]:
        """Whether the truth of each window is known."""
        return np.isfinite(self.truth).all(axis=1)

    @property
    def classes(self) -> Float[np.ndarray, "class"]:
        """The numbers of the classes that occur."""
        return np.unique(self.truth)

    def varies(self, *parts: Int[np.ndarray, "_"]) -> bool:
        """Whether each part knows more than one value, and every class.

        Args:
            *parts: positions of windows.
        """
        fewest = min(len(np.unique(self.truth[part], axis=0)) for part in parts)
        return fewest >= (max(2, len(self.classes)) if self.is_class else 2)

    def constant(self, fit: Int[np.ndarray, "_"], size: int) -> Float[np.ndarray, "size output"]:
        """An answer that is always the same: the median, the begin of the cycle, or one of the classes.

        Args:
            fit: positions of the windows that may be looked at.
            size: how many answers.
        """
        answer = np.median(self.truth[fit], axis=0)
        if self.is_class:
            answer = self.classes[:1]
        elif self.truth.shape[1] == 2:
            answer = np.array([0.0, 1.0])
        return np.tile(answer, (size, 1))

    def scores(
        self,
        windows: Int[np.ndarray, "window"],
        predicted: Float[np.ndarray, "window output"],
        weights: Float[np.ndarray, "draw window"],
    ) -> Float[np.ndarray, "draw"]:
        """R², or the mean accuracy per class, scaled so that chance is 0; NaN in draws where nothing varies.

        Args:
            windows: positions of the windows that are judged.
            predicted: for them.
            weights: of the windows, in each of several resamplings.
        """
        truth = self.truth[windows]
        with np.errstate(invalid="ignore", divide="ignore"):
            if self.is_class:
                member = (truth == self.classes).astype("float64")
                recall = weights @ (member * (truth == predicted)) / (weights @ member)
                chance = 1 / len(self.classes)
                return (recall.mean(axis=1) - chance) / (1 - chance)
            centred, total = truth - truth.mean(axis=0), weights.sum(axis=1, keepdims=True)
            spread = (weights @ centred**2 - (weights @ centred) ** 2 / total).sum(axis=1)
            spread = np.where(spread > NEGLIGIBLE * (centred**2).sum(), spread, np.nan)
            return 1 - (weights @ (truth - predicted) ** 2).sum(axis=1) / spread

    def losses(
        self, windows: Int[np.ndarray, "window"], predicted: Float[np.ndarray, "window output"]
    ) -> Float[np.ndarray, "window"]:
        """Squared error, or for classes whether the answer is wrong, by which days are correlated.

        Args:
            windows: positions of the windows that are judged.
            predicted: for them.
        """
        truth = self.truth[windows]
        if self.is_class:
            return (truth != predicted).any(axis=1).astype("float64")
        return ((truth - predicted) ** 2).sum(axis=1)

    def error(
        self, windows: Int[np.ndarray, "window"], predicted: Float[np.ndarray, "window output"]
    ) -> float:
        """Mean absolute error in the unit; for classes, percent of a class that is misjudged, as a mean over classes.

        Args:
            windows: positions of the windows that are judged.
            predicted: for them.
        """
        truth = self.truth[windows]
        if self.is_class:
            return float(100 * np.mean([(predicted[truth == c] != c).mean() for c in self.classes]))
        if truth.shape[1] == 2:
            (s, c), (s_hat, c_hat) = truth.T, predicted.T
            turn = np.arctan2(s * c_hat - c * s_hat, c * c_hat + s * s_hat)
            return float(np.abs(turn).mean() * self.period / (2 * np.pi))
        return float(np.abs(truth - predicted).mean())
