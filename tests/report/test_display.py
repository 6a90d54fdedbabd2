"""What a notebook shows."""

import numpy as np
import pandas as pd
from pytest import CaptureFixture

from lstmkit.report.display import show_banner, show_finding, show_table


def test_a_table_has_words_for_headings_three_digits_and_true_minus_signs(capsys: CaptureFixture):
    table = pd.DataFrame(
        {
            "period_hours": [168.04, np.nan],
            "near_zero_percent": [-0.012345, 99.96],
            "standard_deviation": [7, 1234],
        },
        index=pd.Index(["a_1", "b"], name="series"),
    )
    show_table(table)
    assert capsys.readouterr().out.split() == [
        *("period", "(h)", "near", "zero", "(%)", "standard", "deviation"),
        "series",
        *("a_1", "168", "−0.0123", "7"),
        *("b", "–", "100", "1,234"),
    ]


def shown(capsys: CaptureFixture) -> str:
    return capsys.readouterr().out


def test_a_reader_without_markdown_gets_plain_text(capsys: CaptureFixture):
    show_banner("A rule forecasts the *same*.", "LSTM, 1 h ahead, a_b.csv")
    assert shown(capsys) == "Caution. A rule forecasts the *same*.\n\nLSTM, 1 h ahead, a_b.csv.\n"
    show_banner(None, "LSTM")
    assert shown(capsys) == "LSTM.\n"
    show_finding("The unit is m**2.")
    assert shown(capsys) == "This run. The unit is m**2.\n"
