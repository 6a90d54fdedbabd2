"""What captions say of the baseline that windows are compared with."""

import pytest
import torch

from lstmkit.analysis.attribution.attributor import Attributor
from lstmkit.findings.attribution.attributor import attribution_caption
from lstmkit.params import AttributionParams
from tests.analysis.tiny import Weighted, make_test_windows


@pytest.mark.parametrize(
    ("baseline", "said"),
    [
        ("centre", ""),
        ("window mean", ", compared with each window's own mean"),
        (torch.ones(6, 2), ", compared with given values"),
    ],
)
def test_another_baseline_than_the_training_centre_is_named(baseline, said):
    attributor = Attributor(Weighted(torch.ones(6, 2)), make_test_windows(), AttributionParams(), 0)
    expected = f"Occlusion of the mean over the horizon{said}, averaged over 40 test windows."
    assert attribution_caption(attributor.occlusion(baseline)) == expected
    assert "compared" not in attribution_caption(attributor.saliency())
    assert ", summed over time, averaged over " in attribution_caption(attributor.saliency(), "time")
