"""ZIP archives: one text file is read, whatever else is in them is named."""

import warnings
from pathlib import Path
from zipfile import ZipFile

import pytest

from lstmkit.data.reading.compressed import bare_name, kind_of
from tests.data.recordings import PLAIN, as_plain, data_block, refusal


def archive(folder: Path, *names: str, content: str = PLAIN) -> Path:
    path = folder / "logger.zip"
    with ZipFile(path, "w") as written, warnings.catch_warnings(action="ignore"):
        for name in names:
            written.writestr(name, content)
    return path


@pytest.mark.parametrize("name", ["logger.csv", "a/b/logger.TXT", "logger.dat"])
def test_the_one_text_file_of_an_archive_is_read(tmp_path, name):
    as_plain(archive(tmp_path, name), data_block())
    as_plain(archive(tmp_path, f"__MACOSX/._{name}", ".DS_Store", "a/", name), data_block())


def test_the_way_of_writing_counts_in_an_archive_as_well(tmp_path):
    text = "# logger 7\n" + PLAIN.replace(",", ";").replace("3.5", "3,5")
    path = archive(tmp_path, "logger.csv", content=text)
    as_plain(path, data_block(read={"separator": ";", "decimal": ",", "comment": "#"}))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (
            ["a.csv", "b.csv"],
            "the archive holds 2 files ('a.csv', 'b.csv'); one text file can be read from it",
        ),
        ([], "the archive holds 0 files; one text file"),
        (["a.xlsx"], "the archive holds 'a.xlsx', whose name does not end in .csv, .txt, .tsv, .dat"),
        (["a.csv.gz"], "the archive holds 'a.csv.gz'"),
        (["x" * 500, "\x07"], "the archive holds 2 files"),
    ],
)
def test_other_archives_are_refused_with_what_they_hold(tmp_path, names, said):
    message = refusal(archive(tmp_path, *names), data_block())
    assert said in message
    assert "unpack it, and name what to read in `source`" in message


def test_an_encrypted_file_is_refused(tmp_path):
    path = archive(tmp_path, "logger.csv")
    content = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # of the file, and of the directory
        content[content.index(signature) + flags] |= 1
    path.write_bytes(content)
    assert "'logger.csv' is encrypted in the archive: unpack it" in refusal(path, data_block())


def test_what_is_no_archive_is_refused(tmp_path):
    path = tmp_path / "logger.zip"
    path.write_bytes(PLAIN.encode())
    assert "not readable as a ZIP archive" in refusal(path, data_block())


@pytest.mark.parametrize(
    ("name", "kind", "bare"),
    [
        ("a.csv", ".csv", "a"),
        ("a.b.TSV", ".tsv", "a.b"),
        ("a.parquet", ".parquet", "a"),
        ("a.b.csv.xz", ".csv", "a.b"),
        ("a.csv.zip", ".csv", "a"),
        ("a.b.zip", ".zip", "a.b"),
        ("a.gz", None, "a"),
        ("a.parquet.gz", None, "a.parquet"),
        ("a.csv.7z", None, "a.csv"),
        ("a", None, "a"),
    ],
)
def test_what_a_name_promises(name, kind, bare):
    assert kind_of(Path(name)) == kind
    assert bare_name(Path(name)) == bare
