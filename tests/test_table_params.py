"""The settings of a file's table: what is accepted, and what each refusal says to write."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from lstmkit.params import Column, DataParams, ReadParams, TimeColumn, load_params

AWAIR = Path(__file__).parents[1] / "params" / "awair.yml"
COLUMN = {"column": "a", "unit": "V"}


def refused(schema: type, settings: dict, key: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        schema(**settings)
    errors = caught.value.errors()
    assert len(errors) == 1, errors
    assert errors[0]["loc"][:1] == ((key,) if key else ())
    assert said in errors[0]["msg"]


@pytest.mark.parametrize(
    "given", [[1], [2, 1], [1, 1], [0, float("inf")], ["a", "b"], [True, 2], "all", 5, {"low": 0}]
)
def test_a_range_is_two_rising_numbers_or_none(given):
    refused(Column, COLUMN | {"range": given}, "range", "for example [-40, 120], or none")


@pytest.mark.parametrize("given", [-9999, "?", [[1]], [True], [float("nan")], {"a": 1}, [None]])
@pytest.mark.parametrize("schema", [Column, DataParams])
def test_missing_is_a_list_of_numbers_and_words_or_none(schema, given):
    settings = COLUMN if schema is Column else {"source": "a.csv", "target": "a", "columns": {"a": COLUMN}}
    refused(schema, settings | {"missing": given}, "missing", "for example [-9999, '?'], or none")


def test_what_is_accepted_is_kept():
    column = Column(**COLUMN, range=[-40, 120.5], missing=[-9999, " ? "], where={"place": 7, "kind": "x"})
    assert column.range == (-40, 120.5)
    assert column.missing == (-9999, "?")
    assert column.where == {"place": 7, "kind": "x"}
    assert Column(**COLUMN, range="none", missing="none").range == "none"
    assert TimeColumn(column="when").column == ("when",)
    assert ReadParams(skip_lines=3).skip_lines == (1, 2, 3)


def test_a_quantity_is_one_of_those_with_a_range():
    refused(
        Column, COLUMN | {"quantity": "radon"}, "quantity", "'co2', 'air_temperature' or 'relative_humidity'"
    )


@pytest.mark.parametrize("given", [True, 1.5, None])
def test_a_condition_holds_text_or_a_whole_number(given):
    with pytest.raises(ValidationError, match="valid string"):
        Column(**COLUMN, where={"place": given})


@pytest.mark.parametrize(
    ("settings", "key", "said"),
    [
        ({"separator": ";;"}, "separator", "one character, such as ';', or one of tab, space, whitespace"),
        ({"separator": "x"}, "separator", "one character"),
        ({"separator": '"'}, "separator", "one character"),
        ({"separator": "\n"}, "separator", "one character"),
        ({"separator": "."}, "separator", "one character"),
        ({"decimal": ";"}, "decimal", "'.' or ','"),
        ({"comment": "##"}, "comment", "one character, such as '#'"),
        ({"encoding": "utf-9"}, "encoding", "'utf-9' is no encoding of text"),
        ({"encoding": "hex"}, "encoding", "'hex' is no encoding of text"),
        ({"encoding": "rot13"}, "encoding", "'rot13' is no encoding of text"),
        ({"encoding": "a\0b"}, "encoding", "is no encoding of text"),
        ({"skip_lines": -1}, "skip_lines", "how many lines to skip (at most 1000)"),
        ({"skip_lines": 10**9}, "skip_lines", "how many lines to skip (at most 1000)"),
        ({"skip_lines": True}, "skip_lines", "how many lines to skip"),
        ({"skip_lines": [0]}, "skip_lines", "or their numbers from 1"),
        ({"skip_lines": [1.5]}, "skip_lines", "or their numbers from 1"),
        ({"header": 3}, "header", "valid boolean"),
        ({"header": False}, "", "a file without a header needs `names`"),
        ({"names": ["a", "b", "a"]}, "names", "'a' is named twice"),
        ({"seperator": ";"}, "seperator", "not permitted"),
    ],
)
def test_what_cannot_be_a_way_of_writing(settings, key, said):
    refused(ReadParams, settings, key, said)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("%d.%m. %H:%M", "needs a year"),
        ("%Y-%y-%m-%d", "needs a year"),
        ("%Y %d", "month (%m) and day (%d)"),
        ("%Y %m %j", "day of the year (%j)"),
        ("%Y %m %b %d", "month (%m)"),
        ("%Y-%m-%d %I:%M", "%I and %p, of a clock with twelve hours, belong together"),
        ("%Y-%m-%d %H:%M %p", "%I and %p"),
        ("%Y-%m-%d %M", "%M needs the hour"),
        ("%Y-%m-%d %H:%S", "%S the minute"),
        ("%Y-%m-%d %H:%M .%f", "%f, the fraction of a second"),
        ("%Y-%m-%d %d", "twice"),
        ("%Y-%m-%d %Q", "'%Q' is not supported"),
        ("%Y-%m-%d %Z", "'%Z' is not supported"),  # names of zones are ambiguous
        ("%Y-%m-%d %", "'%' is not supported"),
        ("%x", "'%x' is not supported"),
        ("", "needs a year"),
    ],
)
def test_a_format_that_leaves_a_part_to_guess_is_refused(written, said):
    refused(TimeColumn, {"format": written}, "format", said)


@pytest.mark.parametrize(
    "written", ["%Y", "%Y-%m", "%d.%m.%Y", "%Y%j", "%m/%d/%y %I:%M %p", "%a %d %B %Y %H:%M:%S.%f%z %%"]
)
def test_formats_that_are_complete(written):
    assert TimeColumn(format=written).format == written


@pytest.mark.parametrize(("given", "said"), [([], "at least 1"), (["a", "a"], "'a' is named twice")])
def test_columns_of_a_time_stamp(given, said):
    refused(TimeColumn, {"column": given}, "column", said)


@pytest.mark.parametrize("given", [[], [1], 5, None, {"a": "b"}])
def test_a_source_is_a_name_or_paths(given):
    refused(
        DataParams,
        {"source": given, "target": "a", "columns": {"a": COLUMN}},
        "source",
        "a path, a pattern such as",
    )


@pytest.mark.parametrize("key", [{"missing": [-1]}, {"read": {"separator": ";"}}, {"latents": {"a": COLUMN}}])
def test_the_simulated_office_is_no_file(key):
    refused(
        DataParams, {"source": "simulated", **key}, "", "describe a file; the simulated office needs none"
    )


def test_a_simulator_beside_files_is_refused_as_it_is_not_used():
    settings = {"source": "a.csv", "target": "a", "columns": {"a": COLUMN}, "simulator": {"days": 3}}
    refused(DataParams, settings, "", "`simulator` is not used, as `source` names files: remove it, or write")


def test_every_key_that_the_pattern_of_a_study_shows_is_one(tmp_path):
    text = AWAIR.read_text()
    keys = "|".join(
        [
            "subject",
            "format",
            "latents",
            "people",
            "missing",
            "read",
            "variant",
            "clock",
            *ReadParams.model_fields,
        ]
    )
    shown = re.sub(rf"(?m)^( *)# (( {{2}})?({keys}):)", r"\1\2", text)
    (tmp_path / "mine.yml").write_text(shown)
    params = load_params(tmp_path / "mine.yml")
    data = params.data
    assert (data.subject, params.variant, params.clock) == ("the gym", "preproc_D", True)
    assert data.latents["people"].column == "badge_count"
    assert data.missing == (-9999, "?")
    assert data.time.format == "%d.%m.%Y %H:%M"
    assert data.read.model_fields_set == set(ReadParams.model_fields)
    assert data.read.skip_lines == (1, 3, 4)
