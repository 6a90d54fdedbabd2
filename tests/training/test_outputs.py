"""Outputs of a model are kept once, and made again unless they are byte for byte what the model puts out."""

import numpy as np
import pytest
import torch

from lstmkit.errors import LstmkitError
from lstmkit.models.lstm import LSTMForecaster
from lstmkit.training.outputs import HASHES, PREDICTIONS, STATES, ensure_outputs
from tests.analysis.several_lstms import EncoderDecoder
from tests.analysis.tiny import make_test_windows, state_of, stirred

FILES = (PREDICTIONS, STATES, HASHES)


class Counted(LSTMForecaster):
    """Counts the batches that it forecasts."""

    batches = 0

    def forward(self, x):
        self.batches += 1
        return super().forward(x)


@pytest.fixture
def model():
    return stirred(Counted(2, 2, hidden=3))


@pytest.fixture
def windows():
    return make_test_windows(n=9)


@pytest.fixture
def kept(tmp_path, model, windows):
    """A folder with outputs, and what its files hold."""
    ensure_outputs(tmp_path, model, windows, "card")
    return tmp_path, {name: (tmp_path / name).read_bytes() for name in FILES}


def test_the_files_are_numpys_own(kept, model, windows):
    folder, _ = kept
    x, _ = windows.gather(torch.arange(9))
    with torch.inference_mode():
        _, (final, _) = model.lstm(x)
        predicted = windows.to_units(model(x))
    with np.load(folder / PREDICTIONS, allow_pickle=False) as stored:
        assert list(stored) == ["origin", "predicted", "observed"]
        assert stored["predicted"].shape == stored["observed"].shape == (9, 2, 1)
        np.testing.assert_allclose(stored["predicted"], predicted, rtol=1e-6)
        np.testing.assert_allclose(stored["observed"], windows.observed(), rtol=1e-6)
        assert stored["origin"].tolist() == windows.origin.tz_localize(None).to_numpy().tolist()
    np.testing.assert_allclose(np.load(folder / STATES), final.transpose(0, 1), rtol=1e-6)


def test_they_are_the_same_bytes_each_time(kept, tmp_path_factory, model, windows):
    _, content = kept
    other = tmp_path_factory.mktemp("other")
    ensure_outputs(other, model, windows, "card")
    assert {name: (other / name).read_bytes() for name in FILES} == content
    assert not list(other.glob(".outputs-*"))


def test_they_are_made_once(kept, model, windows):
    folder, _ = kept
    made = model.batches
    ensure_outputs(folder, model, windows, "card")
    assert model.batches == made > 0
    ensure_outputs(folder, model, windows, "another card")
    assert model.batches == 2 * made


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_off_anywhere_is_made_again(kept, model, windows, name):
    folder, content = kept
    for length in range(0, len(content[name]) - 1, max(1, len(content[name]) // 40)):
        (folder / name).write_bytes(content[name][:length])
        ensure_outputs(folder, model, windows, "card")
        assert {file: (folder / file).read_bytes() for file in FILES} == content


@pytest.mark.parametrize("name", [PREDICTIONS, STATES])
def test_a_flipped_bit_is_found(kept, model, windows, name):
    folder, content = kept
    rng = np.random.default_rng(0)
    for position in rng.integers(len(content[name]), size=40):
        changed = bytearray(content[name])
        changed[position] ^= 1 << rng.integers(8)
        (folder / name).write_bytes(changed)
        ensure_outputs(folder, model, windows, "card")
        assert {file: (folder / file).read_bytes() for file in FILES} == content


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "instead", ["nothing", "empty", "another model's", "other windows'", "link to nowhere"]
)
def test_what_is_not_the_models_own_is_made_again(kept, tmp_path_factory, model, windows, name, instead):
    folder, content = kept
    other = tmp_path_factory.mktemp("other")
    ensure_outputs(other, stirred(LSTMForecaster(2, 2, hidden=3), seed=5), windows, "another card")
    wider = tmp_path_factory.mktemp("wider")
    ensure_outputs(wider, model, make_test_windows(n=12), "another card")
    (folder / name).unlink()
    if instead == "link to nowhere":
        (folder / name).symlink_to(folder / "nowhere")
    elif instead != "nothing":
        foreign = {"empty": b"", "another model's": (other / name).read_bytes()}
        (folder / name).write_bytes(foreign.get(instead, (wider / name).read_bytes()))
    ensure_outputs(folder, model, windows, "card")
    assert {file: (folder / file).read_bytes() for file in FILES} == content
    assert not (folder / name).is_symlink()


@pytest.mark.parametrize("name", FILES)
def test_a_folder_in_their_place_is_named(kept, model, windows, name):
    folder, _ = kept
    (folder / name).unlink()
    (folder / name).mkdir()
    with pytest.raises(LstmkitError, match=f"{name} cannot be written: is a directory; move away what is in"):
        ensure_outputs(folder, model, windows, "card")


class Reshaped(LSTMForecaster):
    """Puts out what a function makes of its forecasts."""

    def __init__(self, change, horizon: int = 2):
        super().__init__(2, horizon, hidden=3, dropout=0.5)
        self.change = change

    def forward(self, x):
        return self.change(LSTMForecaster.forward.__wrapped__(self, x))


@pytest.mark.parametrize(
    ("horizon", "change", "said"),
    [
        (
            1,
            lambda ahead: ahead[:, 0, 0],
            r"puts out the shape \(9,\); \(9, 1, 1\) is expected: windows, steps ahead, targets",
        ),
        (2, lambda ahead: ahead[:, 0, 0], r"puts out the shape \(9,\); \(9, 2, 1\) is expected"),
        (2, lambda ahead: ahead[..., None], r"puts out the shape \(9, 2, 1, 1\); \(9, 2, 1\) is expected"),
        (2, lambda ahead: ahead[:, 0], r"puts out the shape \(9, 1\); \(9, 2, 1\) is expected"),
        (2, lambda ahead: ahead[:, :1], r"puts out the shape \(9, 1, 1\); \(9, 2, 1\) is expected"),
        (
            2,
            lambda ahead: ahead.expand(-1, -1, 2),
            r"puts out the shape \(9, 2, 2\); \(9, 2, 1\) is expected",
        ),
        (
            2,
            lambda ahead: ahead.mean(dim=0, keepdim=True),
            r"puts out the shape \(1, 2, 1\); \(9, 2, 1\) is expected",
        ),
        (
            2,
            lambda ahead: ahead[..., 0].mean(dim=0, keepdim=True),
            r"puts out the shape \(1, 2\); \(9, 2, 1\) is expected",
        ),
        (2, lambda ahead: (ahead,), r"puts out a tuple; a tensor of shape \(9, 2, 1\) is expected"),
    ],
)
def test_outputs_that_would_be_broadcast_are_refused_and_nothing_is_written(tmp_path, horizon, change, said):
    with pytest.raises(LstmkitError, match=f"^Reshaped {said}"):
        ensure_outputs(tmp_path, Reshaped(change, horizon), make_test_windows(n=9, horizon=horizon), "card")
    assert [path.name for path in tmp_path.iterdir() if path.name != ".outputs.lock"] == []


def test_a_model_without_an_axis_for_its_only_target_is_taken_as_one_with_it(tmp_path, windows):
    with_axis, without = (stirred(Reshaped(change)) for change in (lambda y: y, lambda y: y[..., 0]))
    ensure_outputs(tmp_path / "with", with_axis, windows, "card")
    ensure_outputs(tmp_path / "without", without, windows, "card")
    for name in FILES:
        assert (tmp_path / "with" / name).read_bytes() == (tmp_path / "without" / name).read_bytes()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_forecasts_that_are_no_numbers_are_refused_with_the_first_window(tmp_path, windows, value):
    def spoil(ahead):
        ahead = ahead.clone()
        ahead[[4, 6], 1] = value
        return ahead

    said = f"^Reshaped forecasts NaN or infinity for the window {windows.origin[4]}: its weights or inputs"
    with pytest.raises(LstmkitError, match=said.replace("+", r"\+")):
        ensure_outputs(tmp_path, Reshaped(spoil), windows, "card")
    assert [path.name for path in tmp_path.iterdir() if path.name != ".outputs.lock"] == []


def test_a_model_left_in_training_mode_puts_out_what_it_does_in_evaluation(tmp_path, windows):
    model = stirred(Reshaped(lambda ahead: ahead))
    ensure_outputs(tmp_path / "evaluation", model, windows, "card")
    model.train().lstm.eval()
    before = state_of(model)
    ensure_outputs(tmp_path / "training", model, windows, "card")
    assert state_of(model) == before
    for name in FILES:
        assert (tmp_path / "training" / name).read_bytes() == (tmp_path / "evaluation" / name).read_bytes()


def test_a_model_that_never_calls_its_lstm_is_refused(tmp_path, windows):
    model = Reshaped(lambda ahead: ahead)
    model.forward = lambda x: x[:, 0]  # its LSTM is there, and not used
    with pytest.raises(LstmkitError, match=r"^Reshaped never calls its nn\.LSTM lstm$"):
        ensure_outputs(tmp_path, model, windows, "card")


class InBfloat16(Reshaped):
    def forward(self, x):
        return super().forward(x.bfloat16())


def test_outputs_in_bfloat16_are_written_in_single_precision(tmp_path, windows):
    model = stirred(InBfloat16(lambda ahead: ahead)).to(torch.bfloat16)
    ensure_outputs(tmp_path, model, windows, "card")
    x, _ = windows.gather(torch.arange(9))
    with torch.inference_mode():
        _, (final, _) = model.lstm(x.bfloat16())
    np.testing.assert_array_equal(np.load(tmp_path / STATES), final.transpose(0, 1).float())


def test_states_are_those_of_the_chosen_lstm_and_made_again_for_another(tmp_path, windows):
    model = stirred(EncoderDecoder(ahead=2))
    ensure_outputs(tmp_path, model, windows, "card")
    x, _ = windows.gather(torch.arange(9))
    with torch.inference_mode():
        _, (encoded, _) = model.encoder(x)
        np.testing.assert_allclose(np.load(tmp_path / STATES), encoded.transpose(0, 1), rtol=1e-5, atol=1e-6)
        ensure_outputs(tmp_path, model, windows, "card", "decoder")
        decoded = torch.from_numpy(np.load(tmp_path / STATES))[:, -1]
        torch.testing.assert_close(model.head(decoded)[:, 0], model(x)[:, -1])
    ensure_outputs(tmp_path, model, windows, "card")
    np.testing.assert_allclose(np.load(tmp_path / STATES), encoded.transpose(0, 1), rtol=1e-5, atol=1e-6)
    with pytest.raises(LstmkitError, match=r"has no nn\.LSTM 'memory'; it has decoder, unused, encoder"):
        ensure_outputs(tmp_path, model, windows, "card", "memory")
