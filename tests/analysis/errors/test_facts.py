"""What is kept of the section on rhythms has the keys that its type names."""

from lstmkit.analysis.errors.facts import StateRhythmFacts, state_rhythm_facts
from lstmkit.analysis.rhythms.autocorrelation import autocorrelation
from lstmkit.analysis.rhythms.series import COMPONENTS
from lstmkit.analysis.rhythms.spectra import spectra
from tests.analysis.rhythms.test_spectra import WEEKS, noise, series_of, sinusoid


def test_the_rhythms_of_all_components_are_kept_under_the_names_of_their_type():
    n_steps, names = 4 * WEEKS, tuple(f"PC {number + 1}" for number in range(COMPONENTS))
    rows = [sinusoid(24, 3, n_steps) + noise(n_steps, seed) for seed in range(COMPONENTS)]
    series = series_of(*rows, names=names)
    facts = state_rhythm_facts(spectra(series), autocorrelation(series))
    assert facts.keys() == StateRhythmFacts.__optional_keys__
