"""Every change of a checked file is noticed, and results belong to one model."""

import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmkit.errors import LstmkitError
from lstmkit.storage.checksums import (
    checksum,
    file_sha256,
    read_checked,
    read_result,
    write_checked,
    write_result,
)

CONTENT = {
    "rmse": {"all_steps": 20.25, "last_step": None},
    "unit": "µg/m³",
    "test_windows": 12,
    "skill": [1e-9],
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers().map(lambda n: n / 7) | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def path(tmp_path):
    write_checked(tmp_path / "metrics.json", CONTENT)
    return tmp_path / "metrics.json"


@settings(max_examples=50, deadline=None)
@given(content=st.dictionaries(st.text(), json_values, max_size=4))
def test_a_round_trip(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("round") / "a.json"
    write_checked(path, content)
    assert read_checked(path) == content


def test_the_checksum_is_that_of_the_content_whatever_the_order():
    one, other = {"a": 1, "b": (2.5, None)}, {"b": [2.5, None], "a": 1}
    assert checksum(one) == checksum(other) != checksum(one | {"a": 2})
    # printf '{"a": 1}' | sha256sum
    assert checksum({"a": 1}) == "f9d86028c6e0d64e225186f96acb69338b2c59764df79162107f5c4bb34d1310"


def test_numbers_that_count_as_zero_elsewhere_damage_no_file(path):
    """A process that flushes subnormal numbers reads zero where another wrote a p-value of 1e-310."""
    flushing = float("1e-310") == 0
    try:
        torch.set_flush_denormal(False)
        write_checked(path, {"p": float("1e-310")})
        torch.set_flush_denormal(True)
        assert read_checked(path) == {"p": 0.0}
    finally:
        torch.set_flush_denormal(flushing)


def test_the_hash_of_a_file(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    # FIPS 180-2, appendix B.1
    assert file_sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_file_cut_off_anywhere_is_named_in_one_line(path):
    content = path.read_bytes().rstrip()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(LstmkitError, match="is damaged") as error:
            read_checked(path)
        assert str(path) in str(error.value)
        assert "\n" not in str(error.value)


def test_no_flipped_bit_goes_unnoticed(path):
    """What remains of the file is refused, taken for one of an earlier version, or the same content."""
    content = bytearray(path.read_bytes())
    for position in range(len(content)):
        for bit in (0, 2, 5):
            content[position] ^= 1 << bit
            path.write_bytes(content)
            try:
                assert read_checked(path) in (None, CONTENT)
            except LstmkitError as error:
                assert str(path) in str(error)
                assert "\n" not in str(error)
            content[position] ^= 1 << bit


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        "3",
        '"text"',
        "[" * 100_000,
        "\xff\xfe",
        '{"content_sha256": "0"}',
        '{"a": NaN, "content_sha256": 1}',
    ],
)
def test_what_is_no_checked_object_is_damaged(path, text):
    path.write_bytes(text.encode("latin1"))
    with pytest.raises(LstmkitError, match=r"metrics\.json is damaged \(.*\); what to do$"):
        read_checked(path, "what to do")


def test_what_cannot_be_read_is_named(path):
    path.unlink()
    path.mkdir()
    with pytest.raises(LstmkitError, match=r"metrics\.json cannot be read: Is a directory; delete it"):
        read_checked(path)
    path.rmdir()
    path.symlink_to(path)
    with pytest.raises(LstmkitError, match=r"metrics\.json cannot be read: Too many levels"):
        read_checked(path)


def test_nothing_and_files_of_earlier_versions_are_none(path):
    path.write_text(json.dumps(CONTENT))
    assert read_checked(path) is None
    path.unlink()
    assert read_checked(path) is None
    path.symlink_to(path.parent / "nowhere")
    assert read_checked(path) is None


def test_a_result_belongs_to_one_model(path):
    write_result(path, CONTENT, "one")
    assert read_result(path, "one") == CONTENT
    assert read_result(path, "another") is None
    write_checked(path, CONTENT)
    assert read_result(path, "one") is None


def test_nan_is_not_written(path):
    with pytest.raises(ValueError, match="JSON"):
        write_checked(path, {"a": float("nan")})
    assert read_checked(path) == CONTENT
