"""The numbers of one model at several horizons that a summary takes up."""

from lstmkit.analysis.horizons.atlas import Atlas
from lstmkit.analysis.horizons.metrics import MetricsSummary

HorizonsFacts = dict[str, float]  # some of its keys end with the label of a horizon


def horizons_facts(summary: MetricsSummary, atlas: Atlas) -> HorizonsFacts:
    """RMSE and skill by horizon, and how much of the gradient of one horizon lies on the newest hour.

    Args:
        summary: of the model at every horizon.
        atlas: of the model at one horizon.
    """
    return summary.facts() | atlas.facts()
