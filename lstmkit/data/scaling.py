"""Scaling by the training part alone."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.preprocessing import RobustScaler, StandardScaler


@dataclass(frozen=True)
class Scaler:
    """Centre and scale per column: `scaled = (value - center) / scale`.

    Attributes:
        center: in the column's unit, shape (columns,).
        scale: in the column's unit, shape (columns,), never zero.
    """

    center: np.ndarray
    scale: np.ndarray

    @classmethod
    def fit(cls, frame: pd.DataFrame, kind: str) -> "Scaler":
        """Estimate centre and scale from the training part.

        A robust scale is the interquartile range in units of a normal standard deviation; where that is zero
        (half of a column at one value) the standard deviation takes its place, and 1 where a column is constant.

        Args:
            frame: the training part, NaN allowed.
            kind: `robust` or `standard`.
        """
        standard = StandardScaler().fit(frame)
        center, scale = standard.mean_, standard.scale_
        if kind == "robust":
            robust = RobustScaler(unit_variance=True).fit(frame)
            has_spread = np.nanquantile(frame, 0.75, axis=0) > np.nanquantile(frame, 0.25, axis=0)
            center, scale = robust.center_, np.where(has_spread, robust.scale_, standard.scale_)
        return cls(center=np.asarray(center, "float64"), scale=np.asarray(scale, "float64"))

    def transform(self, frame: pd.DataFrame) -> np.ndarray:
        """Scale each column; returns float32 of the frame's shape."""
        return ((frame.to_numpy() - self.center) / self.scale).astype("float32")
