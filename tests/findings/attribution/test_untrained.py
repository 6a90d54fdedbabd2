"""What is said of a network's attributions beside those before training."""

import numpy as np
import pytest
import torch

from lstmkit.analysis.attribution.attributor import Attributor
from lstmkit.analysis.attribution.untrained import BesideUntrained
from lstmkit.errors import LstmkitError
from lstmkit.findings.attribution.untrained import beside_untrained_finding
from lstmkit.findings.measures import feature_shares, hours_of_half
from lstmkit.findings.run_results import RunResults
from lstmkit.params import AttributionParams
from tests.analysis.tiny import Weighted, make_test_windows

FEATURES = ("co2", "temperature", "humidity")


def saliency(weights: list[list[float]], features=FEATURES):
    """The gradient of a sum with these weights, one row per step of an hour, oldest first."""
    weights = torch.tensor(weights, dtype=torch.float32)
    windows = make_test_windows(lookback=len(weights), features=features, interval="1h", horizon=1)
    return Attributor(Weighted(weights), windows, AttributionParams(), 0).saliency()


def said(trained, untrained) -> str:
    return beside_untrained_finding(BesideUntrained(saliency(trained), saliency(untrained)))


def test_what_training_moved_is_told():
    trained, untrained = [[1, 0, 1], [6, 1, 1]], [[1, 2, 2], [1, 2, 2]]
    assert said(trained, untrained) == (
        "CO₂ holds 70 % of the attribution, more than before training (20 %); training moves CO₂ most, from 20 % to "
        "70 %; half of it lies in the newest 1 h, as before training."
    )
    table = BesideUntrained(saliency(trained), saliency(untrained)).to_frame()
    assert table.index[0] == "co2"
    np.testing.assert_allclose(table.loc["humidity"], [20, 40])
    np.testing.assert_allclose(table.sum(), 100)


def test_what_the_untrained_network_gives_as_well_is_not_learned():
    assert "no more than before training (70 %); no share is learned: none moves by a point" in said(
        [[1, 0, 1], [6, 1, 1]], [[2, 0, 2], [12, 2, 2]]
    )


@pytest.mark.parametrize(
    ("trained", "untrained", "words"),
    [
        (
            [[6, 0, 0], [1, 0, 0]],
            [[1, 0, 0], [6, 0, 0]],
            "newest 2 h, further back than before training (1 h)",
        ),
        (
            [[1, 0, 0], [6, 0, 0]],
            [[6, 0, 0], [1, 0, 0]],
            "newest 1 h, no further back than before training (2 h)",
        ),
    ],
)
def test_the_reach_is_told_beside_that_before_training(trained, untrained, words):
    assert words in said(trained, untrained)


def test_networks_without_a_reaction_and_other_features_are_not_compared():
    nothing, something = [[0.0, 0.0, 0.0]], [[1.0, 0.0, 0.0]]
    assert said(something, nothing) == said(nothing, something)
    assert "nothing to compare" in said(nothing, something)
    with pytest.raises(LstmkitError, match="cannot stand beside each other"):
        BesideUntrained(saliency(something), saliency([[1.0, 0.0]], FEATURES[:2]))


def test_the_summary_finds_the_untrained_shares_where_the_section_keeps_them():
    beside = BesideUntrained(saliency([[0, 0, 0], [3, 0, 1]]), saliency([[0, 0, 0], [1, 1, 2]]))
    run = RunResults("1 h", "h1", {}, {"attribution": beside.facts()})
    shares = feature_shares(run)
    assert list(shares) == ["co2", "humidity", "temperature"]
    assert {name: share.trained for name, share in shares.items()} == {
        "co2": (pytest.approx(75),), "humidity": (pytest.approx(25),), "temperature": (0,),
    }  # fmt: skip
    assert [share.untrained for share in shares.values()] == [
        (pytest.approx(25),), (pytest.approx(50),), (pytest.approx(25),),
    ]  # fmt: skip
    assert hours_of_half(run).untrained == (1,)
