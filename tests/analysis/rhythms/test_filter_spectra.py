"""The most periodic filters: ranked by the share of their variance above the floor, dead ones counted."""

import numpy as np
import pytest

from lstmkit.analysis.rhythms.filter_spectra import filter_rhythms
from lstmkit.findings.rhythms.filter_spectra import filter_rhythms_caption, filter_rhythms_finding
from lstmkit.findings.rhythms.spectra import spectra_too_short
from tests.analysis.rhythms.test_spectra import WEEKS, noise, series_of, sinusoid

N_STEPS = 4 * WEEKS


def activations(amplitudes: list[float], dead: int = 0, steps: int = N_STEPS):
    rows = [
        sinusoid(24, amplitude, steps) + noise(steps, seed) + 50 if amplitude else noise(steps, seed)
        for seed, amplitude in enumerate(amplitudes)
    ]
    rows += [np.zeros(steps)] * dead
    return series_of(*rows, names=tuple(f"filter {number}" for number in range(len(rows))))


def test_filters_are_ranked_by_the_share_of_their_rhythms():
    found = filter_rhythms(activations([1, 4, 0, 3, 0.7, 8, 2, 0.5], dead=2))
    assert found.shown.names == tuple(f"filter {number}" for number in (5, 1, 3, 6, 0, 4))
    assert (found.n_filters, found.n_dead, found.n_periodic) == (10, 2, 7)
    shares = found.shown.share
    assert (np.diff(shares) < 0).all()
    assert shares[0] == pytest.approx(32 / 33, abs=0.01)
    told = filter_rhythms_finding(found)
    assert told.startswith(
        "8 of 10 filters fire at some time, 2 never; 7 have peaks above the floor. Most periodic: "
    )
    assert "filter 5 (97 % of its variance, strongest at 24 h)" in told
    assert found.facts() == {
        "dead_filters": 2,
        "periodic_filters": 7,
        "most_periodic": "filter 5",
        "most_periodic_percent": 100 * shares[0],
        "most_periodic_hours": 24.0,
    }
    assert filter_rhythms_caption(found).startswith("The 6 most periodic filters. Least-squares")


def test_filters_without_any_rhythm():
    found = filter_rhythms(activations([0, 0, 0]))
    assert (
        filter_rhythms_finding(found) == "3 of 3 filters fire at some time; none has a peak above the floor."
    )
    assert found.facts() == {"dead_filters": 0, "periodic_filters": 0}


def test_one_periodic_filter_among_others():
    told = filter_rhythms_finding(filter_rhythms(activations([0, 5, 0], dead=1)))
    assert "3 of 4 filters fire at some time, 1 never; 1 has a peak above the floor." in told
    assert told.count("filter 1 (") == 1
    assert "filter 0" not in told


def test_filters_that_are_all_dead():
    found = filter_rhythms(activations([], dead=3))
    assert (
        filter_rhythms_finding(found)
        == "0 of 3 filters fire at some time, 3 never; none has a peak above the floor."
    )
    assert found.shown.names == ()


def test_a_series_that_is_too_short():
    found = filter_rhythms(activations([3, 0], steps=30))
    assert (
        filter_rhythms_finding(found) == f"2 of 2 filters fire at some time. {spectra_too_short(found.shown)}"
    )
    assert found.facts() == {"dead_filters": 0, "periodic_filters": 0}


def test_a_filter_that_is_always_alike_is_not_one_that_never_fires():
    rows = [sinusoid(24, 3, N_STEPS) + noise(N_STEPS, 0) + 50, np.full(N_STEPS, 2.5), np.zeros(N_STEPS)]
    found = filter_rhythms(series_of(*rows, names=("filter 0", "filter 1", "filter 2")))
    assert (found.n_dead, found.n_still) == (1, 1)
    assert filter_rhythms_finding(found).startswith(
        "2 of 3 filters fire at some time, 1 never, 1 always alike; 1 has a peak"
    )
