"""What hourly studies that do not exist have in common: a recipe of seconds, and noise that fades."""

import numpy as np
from scipy.signal import lfilter

DAYS = 75
RECIPE = {
    "clock": True,
    "seeds": 2,
    "split": {"train": 0.5, "validation": 0.25},
    "training": {
        "epochs": 8,
        "windows_per_epoch": 512,
        "validation_windows": 256,
        "batch_size": 64,
        "learning_rate": 0.01,
        "warmup": 4,
        "patience": 8,
        "ema_decay": 0,
    },
    "evaluation": {"bootstrap": 100},
    "attribution": {"windows": 32, "costly_windows": 8, "smooth_samples": 4, "path_steps": 16},
}


def red_noise(rng: np.random.Generator, n: int, memory: float, spread: float) -> np.ndarray:
    """Noise of which each hour keeps a part of the hour before.

    Args:
        rng: where it comes from.
        n: hours.
        memory: the part that is kept.
        spread: standard deviation of what each hour adds.
    """
    return lfilter([1.0], [1.0, -memory], rng.normal(0, spread, n))
