"""Tables with one row per value, and series that several files hold together."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lstmkit.data.reading.files import read_measurements
from tests.data.recordings import as_plain, data_block, read, refusal, write

# Long tables

LONG = (
    "when,place,parameter,value\n"
    "2025-06-05 18:00,A,wind,3.5\n2025-06-05 18:00,A,gas,400\n2025-06-05 18:00,B,wind,9\n"
    "2025-06-05 18:05,B,wind,9\n2025-06-05 18:05, A ,wind,4\n2025-06-05 18:10,A,wind,\n2025-06-05 18:10,A,gas,402\n"
)


def long_block(place: str | int, **parameters) -> object:
    columns = {
        name: {"column": "value", "unit": "V", "where": {"parameter": parameter}}
        for name, parameter in parameters.items()
    }
    return data_block(columns=columns, read={"where": {"place": place}})


def test_a_long_table_becomes_a_column_for_each_name(tmp_path):
    path = write(tmp_path, LONG)
    as_plain(path, long_block("A", wind="wind"))
    frame, units = read_measurements(path, long_block("A", gas="gas", wind="wind"))
    assert list(frame) == ["gas", "wind"]
    assert units == {"gas": "V", "wind": "V"}
    np.testing.assert_array_equal(frame, [[400, 3.5], [np.nan, 4], [402, np.nan]])


def test_several_places_of_one_table_become_columns(tmp_path):
    columns = {
        place: {"column": "value", "unit": "V", "where": {"place": place, "parameter": "wind"}}
        for place in ("A", "B")
    }
    frame, _ = read_measurements(write(tmp_path, LONG), data_block(columns=columns))
    np.testing.assert_array_equal(frame, [[3.5, 9], [4, 9], [np.nan, np.nan]])


def test_rows_of_a_long_table_keep_their_numbers_in_messages(tmp_path):
    path = write(tmp_path, LONG + "2025-06-05 18:10,A,gas,403\n")
    message = refusal(path, long_block("A", gas="gas"))
    assert "row 7 (line 9 of the file): '2025-06-05 18:10' is a duplicate" in message


def test_blocks_of_rows_one_after_the_other(tmp_path):
    lines = sorted(LONG.splitlines()[1:], key=lambda line: [part.strip() for part in line.split(",")[1:3]])
    as_plain(write(tmp_path, "\n".join(["when,place,parameter,value", *lines])), long_block("A", wind="wind"))


def test_what_no_row_holds_is_refused_with_what_there_is(tmp_path):
    message = refusal(write(tmp_path, LONG), long_block("C", wind="wind"))
    assert "no row holds 'C' in column 'place' and 'wind' in column 'parameter'" in message
    assert "'place' holds 'A', 'B'" in message
    message = refusal(write(tmp_path, LONG.replace("place,", "spot,")), long_block("A", wind="wind"))
    assert "there is no column 'place'" in message


def test_numbers_as_names_of_places(tmp_path):
    path = write(tmp_path, LONG.replace(",A,", ",7,").replace(", A ,", ",7,"))
    for place in (7, "7"):
        as_plain(path, long_block(place, wind="wind"))
    table = {
        "when": ["2025-06-05", "2025-06-05"],
        "place": [7, 8],
        "parameter": ["wind", "wind"],
        "value": [1.5, 2],
    }
    pq.write_table(pa.table(table), tmp_path / "logger.parquet")
    assert read(tmp_path / "logger.parquet", long_block(7, wind="wind"))[1] == [1.5]


# Several files


def test_files_that_follow_each_other_in_any_order(tmp_path):
    texts = {
        "a.csv": "when,wind\n2025-06-07 00:00,5\n2025-06-07 01:00,6\n",
        "b.csv": "when,wind\n2025-06-05 00:00,1\n2025-06-05 01:00,\n",
        "c.csv": "when,note,wind\n2025-06-06 00:00,x,3\n",
    }
    files = [write(tmp_path, text, name) for name, text in texts.items()]
    for order in (files, files[::-1]):
        stamps, values = read(order, data_block())
        assert stamps == ["06-05 00:00", "06-05 01:00", "06-06 00:00", "06-07 00:00", "06-07 01:00"]
        np.testing.assert_array_equal(values, [1, np.nan, 3, 5, 6])


def test_text_and_parquet_may_follow_each_other(tmp_path):
    pq.write_table(pa.table({"when": ["2025-06-06"], "wind": [2]}), tmp_path / "later.parquet")
    files = [tmp_path / "later.parquet", write(tmp_path, "when,wind\n2025-06-05,1\n")]
    assert read(files, data_block())[1] == [1, 2]


@pytest.mark.parametrize("first", ["2025-06-05 01:00", "2025-06-05 00:30", "2025-06-04 23:00"])
def test_files_that_overlap_are_refused_by_name(tmp_path, first):
    earlier = write(tmp_path, "when,wind\n2025-06-05 00:00,1\n2025-06-05 01:00,2\n", "earlier.csv")
    later = write(tmp_path, f"when,wind\n\n{first},3\n2025-06-07 01:00,4\n", "later.csv")
    message = refusal([earlier, later], data_block())
    assert "earlier.csv" in message
    assert "later.csv" in message
    assert "files that belong together follow each other in time" in message


def test_what_is_wrong_in_the_second_file_is_named_there(tmp_path):
    files = [
        write(tmp_path, f"when,wind\n2025-06-0{day} 00:00,{value}\n", f"{day}.csv")
        for day, value in ((5, 1), (6, "x"))
    ]
    message = refusal(files, data_block())
    assert message.startswith(f"{files[1]}: column 'wind', row 0 (line 2 of the file): 'x'")


def test_a_column_may_be_empty_in_one_of_several_files_and_codes_are_judged_by_all(tmp_path):
    files = [
        write(tmp_path, "when,wind\n2025-06-05 00:00,\n2025-06-05 01:00,\n", "a.csv"),
        write(tmp_path, "when,wind\n2025-06-06 00:00,-999\n2025-06-06 01:00,-999\n", "b.csv"),
        write(tmp_path, "when,wind\n2025-06-07 00:00,3\n2025-06-07 01:00,4\n", "c.csv"),
    ]
    message = refusal(files, data_block())
    assert (
        f"{files[1]}: column 'wind', row 0 (line 2 of the file): '-999' looks like a logger's code" in message
    )
    _, values = read(files, data_block(missing=[-999]))
    np.testing.assert_array_equal(values, [np.nan] * 4 + [3, 4])


def test_a_place_may_be_in_some_of_the_files_alone(tmp_path):
    other = LONG.replace("06-05", "06-06").replace(",A,", ",C,").replace(", A ,", ",C,")
    as_plain([write(tmp_path, LONG), write(tmp_path, other, "other.csv")], long_block("A", wind="wind"))
