"""The summary says what the sections found, and leaves out what they did not."""

import json

import pytest

from lstmkit.findings.run_results import RunResults
from lstmkit.report.summary import summarise
from tests.hand_made import THREE, claims, facts, metrics, network, of_networks


@pytest.fixture
def runs():
    near = RunResults("1 h", "h1", metrics(20.0, 25.0), facts(0.4, 0.5, 80.0))
    far = RunResults("24 h", "h24", metrics(70.0, 65.0), facts(12.0, 12.0, 30.0))
    return [near, far]


def test_every_sentence_is_from_the_numbers_and_linked(runs):
    answers = summarise("LSTM", runs).answers
    assert answers["Is the forecast worth explaining?"] == (
        "[1 h ahead](h1/01_training.html): **not surely better than ridge, +20.0 %** (95 % interval −1.0 to +20.0 %; "
        "one seed). RMSE 20.0 ppm, ridge 25.0 ppm.",
        "[24 h ahead](h24/01_training.html): **no better than ridge, −7.7 %** (95 % interval −1.0 to +20.0 %; one "
        "seed). RMSE 70.0 ppm, ridge 65.0 ppm.",
    )
    memory = answers["How long does it remember?"]
    assert memory[0].endswith(
        "by its forget gate, the median cell has lost all but 1/e of what it holds after 12 min in layer 1; the "
        "longest of all cells 24 min."
    )
    assert "in the median window the newest 12 h lead" in memory[3]
    assert memory[3].startswith("[24 h](h24/C_hidden_states.html)")
    drivers = answers["What does it look at?"][1]
    assert "the gradient gives humidity 70 %, CO₂ 30 %; half of it lies in the newest 30 min." in drivers
    assert drivers.endswith(
        "4 of 5 methods name CO₂ first (median rank correlation of their maps, on the cells that matter, 0.81)."
    )
    failures = answers["Where does it fail?"]
    assert "High values hold 80 % of the squared error in 30 % of the windows" in failures[0]
    assert "2023-11-20 (RMSE 121 ppm)" in failures[0]
    assert "the errors keep no rhythm above the noise" in failures[2]


def test_differences_between_the_horizons(runs):
    error, gradient, memory = summarise("LSTM", runs).answers["How do the horizons differ?"]
    assert "3.5 times as large at 24 h as at 1 h (70.0 and 20.0 ppm)" in error
    assert "humidity gains most (+50 points, to 70 %) and CO₂ loses most (−50 points)" in gradient
    assert memory == (
        "[Memory](h24/C_hidden_states.html): the median final state needs 12 h of history instead of 30 min."
    )


def test_every_difference_is_linked(runs):
    assert all("](" in told for told in summarise("LSTM", runs).answers["How do the horizons differ?"])


def test_what_is_equal_at_both_horizons_is_said_once(runs):
    far = RunResults("24 h", "h24", runs[1].metrics, facts(0.4, 0.5, 30.0))
    *_, memory = summarise("LSTM", [runs[0], far]).answers["How do the horizons differ?"]
    assert (
        memory
        == "[Memory](h24/C_hidden_states.html): the median final state needs 30 min of history at both."
    )


def test_shares_that_stay_are_said_to_stay(runs):
    far = RunResults("24 h", "h24", runs[1].metrics, {"attribution": runs[0].facts["attribution"]})
    _, gradient = summarise("LSTM", [runs[0], far]).answers["How do the horizons differ?"]
    assert gradient.endswith(
        "no feature's share moves by half a point; half of it lies in the newest 30 min, at both."
    )


def test_a_share_that_gains_nothing_is_not_said_to_gain(runs):
    shares = runs[0].facts["attribution"]["gradient"]["shares"]
    runs[1].facts["attribution"]["gradient"]["shares"] = dict.fromkeys(shares, 0.0)
    _, gradient, _ = summarise("LSTM", runs).answers["How do the horizons differ?"]
    assert "from 1 h to 24 h CO₂ loses most (−80 points); half" in gradient


def test_one_week_is_not_the_hardest(runs):
    runs[0].facts["predictions"]["weeks"]["weeks"] = 1
    near, far, *_ = summarise("LSTM", runs).answers["Where does it fail?"]
    assert "hardest week" not in near
    assert "The hardest week begins on 2023-11-20 (RMSE 121 ppm)." in far


def test_what_was_not_executed_is_left_out_and_said(runs):
    bare = [RunResults("1 h", "h1", runs[0].metrics, {})]
    summary = summarise("LSTM", bare)
    assert "How do the horizons differ?" not in summary.answers
    assert summary.answers["How long does it remember?"] == ()
    assert "**How long does it remember?**\n\n- *Not executed yet.*" in summary.to_markdown()


@pytest.mark.parametrize(
    ("gain", "low", "high", "said"),
    [
        (1.69, 0.1, 3.13, "RMSE is 1.7 ppm higher (90 % of resampled test parts: +0.1 to +3.1 ppm)."),
        (
            -0.03,
            -0.2,
            0.19,
            "lower (90 % of resampled test parts: −0.20 to +0.19 ppm), so this test part cannot tell",
        ),
    ],
)
def test_what_convolutions_add(runs, gain, low, high, said):
    known = {
        "gain_over_no_convolutions": gain,
        "gain_low": low,
        "gain_high": high,
        "unit": "ppm",
        "confidence": 0.9,
    }
    with_convolutions = RunResults("1 h", "h1", runs[0].metrics, {"convolutions": known})
    assert said in summarise("CNN-LSTM", [with_convolutions]).answers["What do its convolutions add?"][0]
    assert "What do its convolutions add?" not in summarise("LSTM", runs).answers


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            {"residual_peaks": 0, "residual_daily_p": 0.2, "residual_daily_amplitude": 1.0},
            "keep no rhythm above",
        ),
        (
            {
                "residual_peaks": 0,
                "residual_daily_p": 0.01,
                "residual_daily_amplitude": 10.2,
                "residual_unit": "ppm",
            },
            "alone (amplitude 10.2 ppm)",
        ),
        (
            {"rmse": 20.0},
            "the test part is too short to look for rhythms in the errors, or the errors never change.",
        ),
        (
            {"residual_peaks": 1, "residual_rhythm_percent": 0.4, "residual_strongest_hours": 24.0},
            "1 rhythm in the errors rises above the noise, with less than 1 % of their variance; the strongest has a "
            "period of 24 h.",
        ),
    ],
)
def test_rhythms_of_the_errors(runs, found, said):
    run = RunResults("1 h", "h1", runs[0].metrics, {"temporal": found})
    assert said in summarise("LSTM", [run]).answers["Where does it fail?"][0]


def test_features_that_hold_next_to_nothing_are_not_named(runs):
    shares = {"co2": 99.7, "humidity": 0.2, "hour_sin": 0.1}
    for run in runs:
        run.facts["attribution"]["gradient"]["shares"] = shares
    assert (
        "the gradient gives CO₂ more than 99 %; half"
        in summarise("LSTM", runs).answers["What does it look at?"][0]
    )


def test_a_method_that_does_not_add_up_is_named(runs):
    runs[0].facts["attribution"]["agreement"]["not_counted"] = "Integrated gradients"
    assert (
        summarise("LSTM", runs)
        .answers["What does it look at?"][0]
        .endswith(
            "(median rank correlation of their maps, on the cells that matter, 0.81); integrated gradients does not "
            "add up and is not counted."
        )
    )


def test_a_history_that_cannot_be_shortened_is_said(runs):
    run = RunResults("1 h", "h1", runs[0].metrics, facts(0.4, None, 50.0))
    assert (
        summarise("LSTM", [run])
        .answers["How long does it remember?"][1]
        .endswith(": no shorter history that was tried leads near to the final state of the whole lookback.")
    )


def test_the_history_that_is_needed_is_that_of_the_median_and_of_most_windows(runs):
    remembered = summarise("LSTM", runs).answers["How long does it remember?"]
    assert remembered[2].endswith(
        ": in the median window the newest 30 min lead to within a quarter of the states' spread of where the whole "
        "lookback leads; nine windows in ten need 1 h."
    )
    del runs[0].facts["trajectories"]["needed_by_most"]
    remembered = summarise("LSTM", runs).answers["How long does it remember?"]
    assert remembered[2].endswith("; the newest 20 h are too few for nine windows in ten.")


def test_a_state_that_never_varies_is_said(runs):
    run = RunResults(
        "1 h", "h1", runs[0].metrics, facts(0.4, None, 50.0) | {"trajectories": {"followed": 256}}
    )
    assert (
        summarise("LSTM", [run])
        .answers["How long does it remember?"][1]
        .endswith(": every window ends in the same state, whatever its lookback holds.")
    )


def switched_off(run: RunResults) -> RunResults:
    """The same run with a network that does nothing; what was kept of it stays."""
    return RunResults(run.ahead, run.folder, run.metrics | network(gain=0.0, spread=0.0), run.facts)


def test_a_network_that_is_switched_off_is_not_explained(runs):
    summary = summarise("LSTM", [switched_off(runs[0]), runs[1]])
    nothing = "1 h: the network is switched off; there is nothing to explain."
    for question in ("How long does it remember?", "What does it look at?"):
        first, *others = summary.answers[question]
        assert first == nothing
        assert others
        assert all("(h24/" in other for other in others)
    assert any("(h1/E_predictions.html)" in told for told in summary.answers["Where does it fail?"])
    assert len(summary.answers["How do the horizons differ?"]) == 1  # the errors alone


def test_cautions_and_the_verdict_come_first(runs):
    sure = RunResults("1 h", "h1", metrics(20.0, 25.0, 0.01, 0.2), {})
    label, verdict = summarise("LSTM", [sure]).banner().split("\n\n")
    assert label == "**LSTM.**"
    assert verdict.startswith("- [1 h ahead](h1/01_training.html): **better than every baseline, by 20.0 %**")
    summary = summarise("LSTM", [switched_off(runs[0]), runs[1]])
    notice, label, verdicts = summary.banner().split("\n\n")
    first, second = notice.split("\n>\n")  # two paragraphs of one notice
    assert first.startswith("> **Caution.** 1 h ahead: The network is switched off: its gain")
    assert second.startswith(
        "> **Caution.** 24 h ahead: This model forecasts no better than ridge: RMSE 70.0 ppm"
    )
    assert label == "**LSTM.**"
    assert len(verdicts.splitlines()) == 2
    assert verdicts not in summary.to_markdown()  # stands there once


def test_the_json_holds_everything(runs):
    content = json.loads(json.dumps(summarise("LSTM", runs).to_json(), allow_nan=False))
    assert content["horizons"]["h24"]["metrics"]["rmse"]["all_steps"] == 70.0
    assert content["horizons"]["h1"]["facts"]["gates"]["layers"][0]["timescale_hours"]["longest"] == 0.4
    assert next(iter(content["answers"])) == "Is the forecast worth explaining?"


def told(run: RunResults, question: str) -> list[str]:
    """The answers to a question, without their links."""
    sentences = summarise("LSTM", [run]).answers[question]
    return [sentence.replace("\\", "").partition(": ")[2] for sentence in sentences]


def test_every_claim_carries_its_spread_over_seeds_and_the_untrained_network(runs):
    room = {"occupancy_score": 0.92, "occupancy_baseline": 0.8, "occupancy_control": 0.01}
    kept = runs[0].facts | {"probes": room, "history": {"hours": 6.0, "low": 5.0, "high": 7.0}}
    run = RunResults("1 h", "h1", runs[0].metrics | network(), kept, THREE)
    assert told(run, "What does it look at?")[0].startswith(
        "the gradient gives CO₂ 80 % (76 to 82 %; untrained 40 to 50 %), humidity 20 % (18 to 24 %; untrained 50 to 60 "
        "%); half of it lies in the newest 30 min (in every seed; untrained similar, 30 min)."
    )
    needed, held, _ = told(run, "How long does it remember?")
    assert needed == (
        "the newest 6 h (4 to 8 h) of input give 95 % of what the network gains on the last value (95 % interval of "
        "the network that is explained: 5 to 7 h); the newest 4 h (in every seed; untrained similar, 4 h) determine "
        "95 % of its output."
    )
    assert held == (
        "by its forget gate, the median cell has lost all but 1/e of what it holds after 12 min (12 to 13 min; "
        "untrained similar, 11 to 12 min) in layer 1; the longest of all cells 2 h (2 to 2.1 h; untrained similar, "
        "1.9 to 2 h). No median is apart from the untrained ones by a tenth: the median cell learned no longer memory. "
        "Of the gates' values, nearly open or shut are 20 % (in every seed; untrained similar, 20 %) in layer 1."
    )
    probed, dimension = told(run, "What do its states know?")
    assert probed == (
        "a linear probe of the final state scores, out of 1 and on held-out windows: occupancy 0.92 (0.91 to 0.93; "
        "untrained similar, 0.90 to 0.92), newest inputs alone 0.80, control 0.01. On none of these does "
        "every trained network score higher than every untrained one."
    )
    assert dimension.startswith(
        "the states of the last layer vary in an effective dimension of 3.0 (in every seed;"
    )


def test_what_training_changed_is_said_to_be_learned(runs):
    learned = of_networks(
        (claims(80.0, 6.0, 2.0, 0.92), claims(40.0, None, 0.2, 0.5)),
        (claims(80.0, 6.0, 1.5, 0.95), claims(40.0, None, 0.2, 0.6)),
    )
    run = RunResults("1 h", "h1", runs[0].metrics | network(), {}, learned)
    held = told(run, "How long does it remember?")[1]
    assert "after 2 h (1.5 to 2 h; untrained 12 min) in layer 1; the longest" in held
    assert "no longer memory" not in held
    assert told(run, "What do its states know?")[0].endswith(
        "occupancy 0.92 (0.92 to 0.95; untrained 0.50 to 0.60). Every trained network scores higher than "
        "every untrained one on it."
    )


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ((6.0, None), "1 of 2 seeds does not surely gain"),
        ((None, 6.0, None), "2 of 3 seeds do not surely gain"),
        ((None, None), "none of 2 seeds surely gains"),
        ((None,), "the network does not surely gain"),
    ],
)
def test_a_seed_without_a_gain_leaves_the_history_open(runs, hours, said):
    some = of_networks(*((claims(80.0, each, 0.2, 0.9), claims(40.0, None, 0.2, 0.9)) for each in hours))
    kept = {"history": {"hours": 6.0, "output_hours": 4.0}}
    run = RunResults("1 h", "h1", runs[0].metrics | network(), kept, some)
    assert told(run, "How long does it remember?")[0].startswith(
        f"{said} on the last value in the windows that were measured, so how much history a gain needs is not stated; "
        "the newest 4 h"
    )


def test_what_some_probes_owe_to_training_is_told_apart(runs):
    trained, untrained = claims(80.0, 6.0, 2.0, 0.9), claims(40.0, None, 0.2, 0.5)
    trained["probes"] |= {"co2": 0.8, "hour_of_day": 0.6, "ventilation": 0.7}
    untrained["probes"] |= {"co2": 0.7, "hour_of_day": 0.9, "ventilation": 0.7}
    run = RunResults("1 h", "h1", runs[0].metrics, {}, of_networks((trained, untrained)))
    assert told(run, "What do its states know?")[0].endswith(
        "Every trained network scores higher than every untrained one on occupancy and CO₂, not on the others."
    )


def test_without_claims_the_sections_tell_of_the_explained_network_alone(runs):
    runs[0].facts["gates"]["layers"][0]["timescale_hours"]["untrained"] = 0.19
    runs[0].facts["attribution"]["untrained"] = {
        "shares": {"co2": 40.0, "humidity": 60.0},
        "hours_of_half": 0.25,
    }
    probes = {"occupancy_score": 0.92, "occupancy_untrained": 0.5}
    run = RunResults(
        "1 h", "h1", runs[0].metrics, runs[0].facts | {"probes": probes, "history": {"hours": 6.0}}
    )
    assert told(run, "What does it look at?")[0].startswith(
        "the gradient gives CO₂ 80 % (untrained 40 %), humidity 20 % (untrained 60 %); half of it lies in the "
        "newest 30 "
        "min (untrained 15 min)."
    )
    needed, held, _ = told(run, "How long does it remember?")
    assert needed == "the newest 6 h of input give 95 % of what the network gains on its residual baseline."
    assert "after 12 min (untrained similar, 11 min) in layer 1; the longest of all cells 24 min." in held
    assert (
        "occupancy 0.92 (untrained 0.50). Every trained network scores higher than every untrained one on it."
        in told(run, "What do its states know?")[0]
    )


def test_a_shift_between_horizons_is_held_against_the_seeds(runs):
    far = of_networks(
        *((claims(share, 12.0, 0.2, 0.9), claims(40.0, None, 0.2, 0.9)) for share in (60.0, 70.0, 90.0))
    )
    horizons = [
        RunResults(run.ahead, run.folder, run.metrics, {}, found)
        for run, found in zip(runs, (THREE, far), strict=False)
    ]
    _, gradient, memory = summarise("LSTM", horizons).answers["How do the horizons differ?"]
    assert "CO₂ loses most (−20 points, no more than the seeds differ)" in gradient
    assert memory.endswith(
        ": 95 % of the network's gain needs the newest 12 h at 24 h, not 6 h, in every seed."
    )


def test_claims_of_a_network_that_is_switched_off_are_not_told(runs):
    off = runs[0].metrics | network(gain=0.0, spread=0.0)
    summary = summarise("LSTM", [RunResults("1 h", "h1", off, {}, THREE)])
    nothing = ("1 h: the network is switched off; there is nothing to explain.",)
    assert summary.answers["What does it look at?"] == nothing
    assert summary.answers["How long does it remember?"] == nothing
    assert summary.answers["What do its states know?"] == nothing
