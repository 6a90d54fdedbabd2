"""The numbers of attributions that a summary takes up."""

from lstmkit.analysis.attribution.agreement import Agreement, AgreementFacts
from lstmkit.analysis.attribution.averages import Attribution, MethodFacts
from lstmkit.analysis.attribution.untrained import BesideUntrained, BesideUntrainedFacts


class AttributionFacts(BesideUntrainedFacts):
    """What several methods attribute to features and hours.

    Attributes:
        occlusion: by occlusion.
        agreement: how alike the maps of several methods are.
        completeness_error: of integrated gradients, relative to the mean absolute change of the forecast.
    """

    occlusion: MethodFacts
    agreement: AgreementFacts
    completeness_error: float | None


def attribution_facts(
    beside: BesideUntrained, occlusion: Attribution, integrated: Attribution, agreement: Agreement
) -> AttributionFacts:
    """Numbers for a summary.

    Args:
        beside: the network's gradient, after and before training.
        occlusion: by occlusion.
        integrated: by integrated gradients.
        agreement: of several methods.
    """
    return {
        **beside.facts(),
        "occlusion": occlusion.facts(),
        "agreement": agreement.facts(),
        "completeness_error": integrated.completeness_error,
    }
