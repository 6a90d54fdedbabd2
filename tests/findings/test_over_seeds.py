"""What a claim says of its spread over seeds, and of the untrained network."""

import pytest

from lstmkit.findings.over_seeds import OverSeeds, between, over_seeds
from lstmkit.wording import duration, plain


def two(value: float) -> str:
    return plain(value)


@pytest.mark.parametrize(
    ("trained", "untrained", "learned", "higher"),
    [
        ((0.9, 0.8, 0.85), (0.5, 0.6, 0.79), True, True),
        (
            (0.9, 0.8, 0.85),
            (0.5, 0.6, 0.8),
            False,
            False,
        ),  # the worst is no better than the best untrained one
        ((0.9, 0.8, 0.85), (0.5, 0.6, 0.83), False, False),
        ((0.2, 0.3), (0.5, 0.6), True, False),
        ((0.2, 0.5), (0.5, 0.6), False, False),
        ((0.9,), (0.5,), True, True),
        ((0.934,), (0.926,), False, False),  # both are printed as 0.93
        ((0.9, 0.8), (), None, None),
    ],
)
def test_what_is_learned_lies_apart_from_every_untrained_network(trained, untrained, learned, higher):
    measure = OverSeeds(trained, untrained)
    assert measure.is_learned(two) is learned
    assert measure.is_higher(two) is higher


@pytest.mark.parametrize(
    ("trained", "untrained", "said"),
    [
        ((6.0, 4.0, 8.0), (1.0, 2.0, 1.5), "6 h (4 to 8 h; untrained 1 to 2 h)"),
        ((6.0, 4.0, 8.0), (5.0, 2.0, 1.5), "6 h (4 to 8 h; untrained similar, 1.5 to 5 h)"),
        ((6.0, 6.0, 6.0), (1.0,), "6 h (in every seed; untrained 1 h)"),
        ((6.0,), (1.0,), "6 h (untrained 1 h)"),
        ((6.0, 0.5), (), "6 h (30 min to 6 h)"),
        ((6.0,), (), "6 h"),
    ],
)
def test_the_first_value_stands_beside_its_range_and_the_untrained_network(trained, untrained, said):
    assert OverSeeds(trained, untrained).words(duration) == said


@pytest.mark.parametrize(
    ("trained", "untrained", "said"),
    [
        ((6.0, 4.0, 8.0), (1.0, 2.0, 1.5), "4 to 8 h (untrained 1 to 2 h)"),
        ((6.0, 4.0, 8.0), (5.0, 2.0, 1.5), "4 to 8 h (as untrained)"),
        ((6.0,), (1.0,), "6 h (untrained 1 h)"),
        ((6.0,), (), "6 h"),
    ],
)
def test_the_range_stands_beside_that_of_the_untrained_networks(trained, untrained, said):
    assert OverSeeds(trained, untrained).range(duration) == said


@pytest.mark.parametrize(
    ("values", "said"),
    [((0.1, 0.2), "6 to 12 min"), ((0.5, 2.0), "30 min to 2 h"), ((2.0, 2.0), "2 h"), ((2.0,), "2 h")],
)
def test_a_unit_is_named_once(values, said):
    assert between(values, duration) == said


def test_a_range_without_units():
    assert between((0.912, 0.934), two) == "0.91 to 0.93"


def test_what_was_not_measured_of_every_seed_is_that_of_the_explained_network():
    def of(*pairs):
        return [
            {"trained": {"hours": trained}, "untrained": {"hours": untrained}} for trained, untrained in pairs
        ]

    def hours(claim):
        return claim["hours"]

    known = OverSeeds((5.0,), (1.0,))
    assert over_seeds(of((6.0, 1.0), (4.0, 2.0)), hours, known) == OverSeeds((6.0, 4.0), (1.0, 2.0))
    assert over_seeds(of((6.0, None), (4.0, 2.0)), hours, known) == OverSeeds((6.0, 4.0))
    assert over_seeds(of((6.0, 1.0), (None, 2.0)), hours, known) == known
    assert over_seeds([], hours, known) == known
    assert over_seeds([], hours) is None
