"""What is kept of attributions for the summary: the numbers of every result, under the names that the summary reads."""

import json

from lstmkit.analysis.attribution.agreement import agreement
from lstmkit.analysis.attribution.facts import AttributionFacts, attribution_facts
from lstmkit.analysis.attribution.untrained import BesideUntrained
from tests.analysis.attribution.test_attributor import attribution


def test_the_facts_are_those_of_the_results():
    trained, before = attribution([[1, 2], [3, 8]]), attribution([[5, 1], [1, 1]])
    occluded = attribution([[1, 2], [3, 9]], "Occlusion")
    integrated = attribution([[9, 4], [3, 1]], "Integrated gradients", completeness_error=0.01)
    methods = agreement([trained, occluded, integrated])
    facts = attribution_facts(BesideUntrained(trained, before), occluded, integrated, methods)
    assert facts == {
        "gradient": trained.facts(),
        "untrained": before.facts(),
        "occlusion": occluded.facts(),
        "agreement": methods.facts(),
        "completeness_error": 0.01,
    }
    assert facts.keys() == AttributionFacts.__annotations__.keys()
    json.dumps(facts, allow_nan=False)
