"""Probes find what was planted, as much of it as there is, and nothing where there is nothing."""

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, r2_score

from lstmkit.analysis.states.concept import Concept
from lstmkit.analysis.states.prober import Probe, Prober
from lstmkit.errors import LstmkitError
from lstmkit.findings.states.prober import error_words, probe_words

N = 24 * 200


def hours(n: int = N) -> pd.DatetimeIndex:
    return pd.date_range("2025-01-06", periods=n, freq="h", tz="UTC")  # a Monday


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def prober(inputs: np.ndarray, gap: str = "24h", seed: int = 0) -> Prober:
    return Prober(hours(len(inputs)), inputs, pd.Timedelta(gap), seed)


def quantity(values: np.ndarray, name: str = "latent") -> Concept:
    return Concept(name, values[:, None].astype("float64"), "ppm")


def classes(values: np.ndarray) -> Concept:
    return Concept("kind", values[:, None].astype("float64"), "%", is_class=True)


def clock(hour: np.ndarray) -> np.ndarray:
    return np.stack([np.sin(2 * np.pi * hour / 24), np.cos(2 * np.pi * hour / 24)], axis=1)


@pytest.mark.parametrize("sigma2", [0.0, 0.1, 0.6, 1.0])
def test_a_planted_latent_is_read_as_far_as_its_noise_allows(sigma2):
    # the latent is √(1 − σ²) of a direction of the state and σ of noise: R² = 1 − σ²
    states, own = noise(0, N, 12), noise(1, N)
    direction = noise(2, 12) / np.linalg.norm(noise(2, 12))
    latent = np.sqrt(1 - sigma2) * states @ direction + np.sqrt(sigma2) * own
    probe = prober(noise(3, N, 2)).read("layer", states, quantity(latent))
    assert probe.score == pytest.approx(1 - sigma2, abs=0.04)
    assert probe.low - 1e-9 <= probe.score <= probe.high + 1e-9
    assert probe.error == pytest.approx(
        np.sqrt(2 * sigma2 / np.pi), abs=0.03
    )  # mean absolute value of the noise
    assert probe.constant_error == pytest.approx(np.sqrt(2 / np.pi), abs=0.03)
    assert abs(probe.baseline) < 0.02
    assert abs(probe.control) < 0.02
    assert probe.control_highest < 0.02


def test_the_gain_over_the_inputs_is_what_the_state_knows_beyond_them():
    # the inputs hold half of the latent's variance, the state all but a tenth of it
    seen, hidden = noise(0, N), noise(1, N)
    latent = np.sqrt(0.5) * seen + np.sqrt(0.5) * hidden
    states = np.c_[np.sqrt(0.9) * latent + np.sqrt(0.1) * noise(2, N), noise(3, N, 3)]
    probe = prober(seen[:, None]).read("layer", states, quantity(latent))
    assert probe.score == pytest.approx(0.9, abs=0.02)
    assert probe.baseline == pytest.approx(0.5, abs=0.04)
    assert probe.gain_low < 0.4 < probe.gain_high
    assert probe.gain_low > 0.3
    same = prober(states).read("layer", states, quantity(latent))
    assert (same.gain_low, same.gain_high) == (0, 0)


def test_what_training_added_is_what_the_state_knows_beyond_the_untrained_one():
    latent = noise(0, N)
    known = {share: np.c_[np.sqrt(share) * latent + np.sqrt(1 - share) * noise(1, N), noise(2, N, 3)]
             for share in (0.5, 0.9)}  # fmt: skip
    judge = prober(noise(3, N, 1))
    probe = judge.read("layer", known[0.9], quantity(latent), known[0.5])
    assert probe.score == pytest.approx(0.9, abs=0.02)
    assert probe.untrained == pytest.approx(0.5, abs=0.04)
    assert 0.3 < probe.learned_low < 0.4 < probe.learned_high
    nothing = judge.read("layer", known[0.5], quantity(latent), known[0.9])
    assert nothing.learned_high < -0.3
    same = judge.read("layer", known[0.9], quantity(latent), known[0.9])
    assert (same.untrained, same.learned_low, same.learned_high) == (same.score, 0, 0)
    alone = judge.read("layer", known[0.9], quantity(latent))
    assert (alone.untrained, alone.learned_low, alone.learned_high) == (None, None, None)
    assert alone.score == probe.score == judge.score(known[0.9], quantity(latent))


def test_a_score_alone_is_refused_where_nothing_varies():
    with pytest.raises(LstmkitError, match="latent: it is constant"):
        prober(noise(0, N, 1)).score(noise(1, N, 2), quantity(np.ones(N)))


def test_the_control_memorises_as_a_regression_on_nothing_does():
    # 400 windows to fit on and 100 units: chance alone explains 100/400 of what is independent from window to window
    n = 600
    states = noise(0, n, 100)
    latent = states @ noise(1, 100)
    probe = prober(noise(2, n, 1), gap="20h").read("layer", states, quantity(latent))
    assert probe.score > 0.999
    assert probe.memorised == pytest.approx(0.25, abs=0.04)
    assert probe.control < -0.1  # and that answer is worse than none in other windows


def test_overlapping_windows_do_not_leak_into_what_is_held_out():
    # states and latent are independent but slow: neighbours in a random split give it away, later days do not
    random = np.random.default_rng(4)
    rhythms = 2 * np.pi * random.uniform(0.2, 1, (40, 1)) / 24 / 3
    states = np.sin(rhythms * np.arange(N) + random.uniform(0, 6, (40, 1))).T
    latent = np.cumsum(noise(5, N)) / 30
    chosen = np.random.default_rng(0).permutation(N)
    design = np.c_[np.ones(N), states, np.cumsum(noise(6, N, 60), axis=0)]
    fit, rest = chosen[: N // 2], chosen[N // 2 :]
    weights = np.linalg.lstsq(design[fit], latent[fit], rcond=None)[0]
    assert r2_score(latent[rest], design[rest] @ weights) > 0.8
    assert prober(noise(7, N, 1)).read("layer", design[:, 1:], quantity(latent)).score < 0.2


def test_neither_penalty_nor_weights_know_the_held_out_truth():
    # were the answers the same, errors of truths moved far up and far down add up to twice the move
    states, latent = noise(0, 1000, 30), noise(1, 1000)
    judge = prober(noise(2, 1000, 1))
    held_out = judge.split[1]
    errors = []
    for move in (1e3, -1e3):
        moved = latent.copy()
        moved[held_out] += move
        errors.append(judge.read("layer", states, quantity(moved)).error)
    assert sum(errors) == pytest.approx(2e3, rel=1e-12)


def test_an_hour_is_read_around_midnight():
    # answers are turned by a constant 20 minutes, across midnight as elsewhere
    hour = np.tile(np.arange(24), 200).astype("float64")
    late = Concept("hour of day", clock(hour + 1 / 3), "h")
    probe = prober(noise(0, N, 1)).read("layer", np.c_[clock(hour), noise(1, N, 2)], late)
    assert probe.score == pytest.approx(1, abs=1e-3)  # a turn of the plane is linear
    assert probe.error < 0.05
    fixed = Concept("hour of day", clock(hour), "h")
    windows = np.arange(48)
    assert fixed.error(windows, clock(hour[:48] + 1 / 3)) == pytest.approx(1 / 3)
    assert fixed.error(windows, 0.1 * clock(hour[:48] - 23)) == pytest.approx(1)
    assert fixed.error(windows, fixed.constant(windows, 48)) == pytest.approx(6)


def test_a_class_is_read_and_scored_per_class():
    kind = (np.arange(N) // 24 % 7 >= 5).astype(int)
    states = np.c_[kind + 0.05 * noise(0, N), noise(1, N, 3)]
    probe = prober(noise(2, N, 1)).read("layer", states, classes(kind))
    assert (probe.score, probe.error, probe.constant_error) == (1, 0, 50)
    assert abs(probe.baseline) < 0.1
    assert abs(probe.control) < 0.3  # 60 held-out days
    assert probe.measure == "balanced accuracy above chance"
    assert probe_words(probe) == "kind with none misjudged (by chance 50 %)"


def test_three_classes_in_a_row_are_told_apart_by_straight_cuts():
    level = noise(0, N)
    kind = np.digitize(level, [-0.5, 0.5])
    probe = prober(level[:, None]).read("layer", np.c_[level, noise(1, N, 2)], classes(kind))
    assert probe.score > 0.9  # least squares on three indicators would lose the class in the middle
    assert probe.constant_error == pytest.approx(200 / 3)


def test_scores_are_those_of_scikit_learn_with_and_without_weights():
    random = np.random.default_rng(0)
    windows, weights = np.arange(50), random.integers(0, 4, size=(3, 50)).astype("float64")
    truth, predicted = 1e4 + noise(1, 50, 2) * [1, 3], 1e4 + noise(2, 50, 2)
    got = Concept("latent", truth, "ppm").scores(windows, predicted, weights)
    expected = [r2_score(truth, predicted, sample_weight=w, multioutput="variance_weighted") for w in weights]
    np.testing.assert_allclose(got, expected, rtol=1e-9)
    kind, guess = random.integers(0, 3, 50).astype("float64"), random.integers(0, 3, 50).astype("float64")
    got = classes(kind).scores(windows, guess[:, None], weights)
    expected = [balanced_accuracy_score(kind, guess, sample_weight=w, adjusted=True) for w in weights]
    np.testing.assert_allclose(got, expected, rtol=1e-12)
    error = 100 * (1 - balanced_accuracy_score(kind, guess))
    assert classes(kind).error(windows, guess[:, None]) == pytest.approx(error)


def test_draws_in_which_nothing_varies_have_no_score():
    concept, weights = quantity(np.array([1.0, 1, 2, 3])), np.array([[1.0, 1, 0, 0], [1, 1, 1, 1]])
    got = concept.scores(np.arange(4), np.zeros((4, 1)), weights)
    assert np.isnan(got[0])
    assert np.isfinite(got[1])
    kind = classes(np.array([0.0, 0, 1, 1]))
    assert np.isnan(kind.scores(np.arange(4), np.zeros((4, 1)), weights)[0])


def test_the_interval_is_one_of_days():
    # errors are common to all hours of a day: a day counts once, not 24 times
    by_day = np.repeat(noise(0, 200), 24)
    states = np.sqrt(0.5) * by_day[:, None]
    latent = states[:, 0] + np.sqrt(0.5) * np.repeat(noise(1, 200), 24)
    probe = prober(noise(2, N, 1)).read("layer", states, quantity(latent))
    assert prober(noise(2, N, 1)).n_days == 60
    # R² = ρ² with ρ² = 0.5; its standard error over 60 days is 2ρ(1 − ρ²)/√60
    width = 2 * 1.96 * 2 * np.sqrt(0.5) * 0.5 / np.sqrt(60)
    assert probe.high - probe.low == pytest.approx(width, rel=0.4)


@pytest.mark.parametrize(("days", "held_out"), [(13, 4), (16, 5)])
def test_an_interval_needs_five_held_out_days(days, held_out):
    n = 24 * days
    judge = prober(noise(0, n, 1))
    assert judge.n_days == held_out
    probe = judge.read("layer", noise(1, n, 2), quantity(noise(2, n)))
    ends = (probe.low, probe.high, probe.gain_low, probe.gain_high)
    assert [end is None for end in ends] == [held_out < 5] * 4
    assert np.isfinite([probe.score, probe.baseline, probe.control, probe.error]).all()


@pytest.mark.parametrize(
    ("concept", "match"),
    [
        (quantity(np.full(N, 7.0)), "latent: it is constant in the windows"),
        (quantity(np.r_[noise(0, N - 2000), np.zeros(2000)]), "latent: it is constant in the windows"),
        (classes(np.r_[np.arange(N - 2000) % 2, np.zeros(2000)]), "kind: a class is missing in the windows"),
        (classes(np.r_[np.zeros(N - 1000), np.arange(1000) % 2]), "kind: a class is missing in the windows"),
        (classes(np.zeros(N)), "kind: a class is missing"),
    ],
)
def test_what_does_not_vary_in_both_parts_is_refused(concept, match):
    with pytest.raises(LstmkitError, match=match):
        prober(noise(0, N, 1)).read("layer", noise(1, N, 2), concept)


def test_constant_units_and_inputs_are_no_obstacle():
    states = np.c_[noise(0, 800), np.full(800, 0.1)]
    judge = prober(np.ones((800, 2)))
    probe = judge.read("layer", states, quantity(states[:, 0]))
    assert probe.score == pytest.approx(1, abs=1e-3)
    assert probe.baseline == pytest.approx(0, abs=0.02)
    kind = judge.read("layer", states, classes((states[:, 0] > 0).astype(int)))
    assert kind.score > 0.9
    assert kind.baseline == 0  # one answer for all


def test_where_no_fold_has_every_class_the_penalty_is_not_tuned():
    kind = np.zeros(1000)
    kind[[*range(100, 130), *range(800, 830)]] = 1  # in one of the three stretches to fit on
    states = np.c_[kind + 0.01 * noise(0, 1000), noise(1, 1000)]
    probe = prober(noise(2, 1000, 1)).read("layer", states, classes(kind))
    assert probe.score > 0.95


def test_the_same_seed_gives_the_same_probe():
    states, latent = noise(0, 800, 3), noise(1, 800)
    first, again, other = (
        prober(noise(2, 800, 1), seed=s).read("layer", states, quantity(latent)) for s in (1, 1, 2)
    )
    assert first == again
    assert first.control != other.control


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (0, "0 h"),
        (0.00004, "0.000 h"),
        (0.0123, "0.012 h"),
        (0.456, "0.46 h"),
        (9.96, "10.0 h"),
        (104.4, "104 h"),
    ],
)
def test_errors_are_written_with_two_digits_and_no_exponent(error, words):
    assert error_words(made(error=float(error))) == words


def test_selectivity_is_the_score_above_control_or_constant_answer():
    assert made(score=0.8, control=0.3).selectivity == pytest.approx(0.5)
    assert made(score=0.8, control=-0.3).selectivity == 0.8


def test_differences_have_intervals_where_both_ends_are_known():
    known = made(score=0.8, baseline=0.3, gain_low=0.4, gain_high=0.6, untrained=0.9)
    assert (known.gain, known.gain_interval) == (pytest.approx(0.5), (0.4, 0.6))
    assert known.learned == pytest.approx(-0.1)
    unknown = made(gain_low=None, gain_high=None, untrained=None, learned_low=None, learned_high=None)
    assert (unknown.gain_interval, unknown.learned, unknown.learned_interval) == (None, None, None)


def test_of_classes_what_is_not_misjudged_is_right():
    probe = made(error=10.0, constant_error=60.0, baseline=0.5)
    assert (probe.right_percent, probe.chance_percent, probe.baseline_percent) == (90, 40, 70)


def made(**changed: float | None) -> Probe:
    scores = dict.fromkeys((f.name for f in fields(Probe) if f.type in (float, float | None)), 0.5)
    return Probe(**{"stage": "s", "concept": "c", "measure": "R²", "unit": "h"} | scores | changed)


def test_a_concept_that_is_known_in_some_windows_is_read_from_these():
    states = noise(0, N, 6)
    truth = states[:, 0].copy()
    lost = noise(1, N) > 0.5
    truth[lost] = np.nan
    own = Prober(hours()[~lost], noise(2, N, 1)[~lost], pd.Timedelta("24h"), 0)
    whole = prober(noise(2, N, 1))
    expected = own.read("layer", states[~lost], quantity(truth[~lost]), states[~lost])
    assert whole.read("layer", states, quantity(truth), states) == expected
    assert whole.score(states, quantity(truth)) == own.score(states[~lost], quantity(truth[~lost])) > 0.99


@pytest.mark.parametrize(
    ("n_known", "said"),
    [(0, "latent: it is known in no window"), (10, "latent, where it is known: 10 windows from")],
)
def test_a_concept_that_is_hardly_known_is_refused(n_known, said):
    truth = np.full(N, np.nan)
    truth[:n_known] = np.arange(n_known)
    for read in (lambda *given: prober(noise(0, N, 1)).read("layer", *given), prober(noise(0, N, 1)).score):
        with pytest.raises(LstmkitError, match=said):
            read(noise(1, N, 2), quantity(truth))
