"""Numbers of gates for a summary, from statistics set by hand."""

import numpy as np
import pytest

from lstmkit.analysis.gates.facts import gate_facts
from tests.analysis.gates.by_hand import gates_of, part_of


def test_facts():
    share = np.full((4, 2), 0.25)
    part = part_of(gates=0.75, high=share)
    before = part_of(timescale=np.full(2, 2.0), high=share, low=share)
    assert gate_facts(gates_of(part), gates_of(before)) == {
        "windows": 60,
        "deviation_from_fused": 2e-6,
        "deviation_in_double": 5e-15,
        "layers": [
            {
                "name": "layer 1",
                "forget_mean": pytest.approx(0.75),
                "forget_open_percent": 25.0,
                "timescale_hours": {"low": 1.0, "median": 1.0, "high": 1.0, "longest": 1.0, "untrained": 2.0},
                "saturated_percent": 25.0,
                "untrained_saturated_percent": 50.0,
                "update_ratio": 0.5,
            }
        ],
    }


def test_saturated_is_the_share_of_values_near_either_end_of_the_three_gates():
    low, high = np.zeros((4, 2)), np.zeros((4, 2))
    low[0], high[1], high[2] = 0.3, [0.2, 0.4], 0.9  # the candidate's do not count
    assert part_of(low=low, high=high).saturated == pytest.approx((0.3 + 0.3 + 0) / 3)
