"""Reads columns of a Parquet file."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lstmkit.data.reading.tables import Table, check_columns, reading
from lstmkit.errors import LstmkitError
from lstmkit.params import ReadParams
from lstmkit.wording import one_line


def read_parquet_file(path: Path, wanted: list[str], read: ReadParams) -> Table:
    """Read columns as the file has them.

    Args:
        path: of the file.
        wanted: the columns' names.
        read: of which only `where` can be stated for a Parquet file.

    Raises:
        LstmkitError: the file is no Parquet, or a column is not there once.
    """
    if stated := {
        key for key in ReadParams.model_fields if key != "where" and getattr(read, key) != _DEFAULT[key]
    }:
        said = f"a Parquet file needs no `{min(stated)}`: remove it from `read` in the YAML"
        raise LstmkitError(f"{one_line(path)}: {said}")
    with reading(path, "Parquet"):
        names = pq.read_schema(path).names
    check_columns(path, wanted, names)
    with reading(path, "Parquet"), pq.ParquetFile(path) as file:
        stored = _as_plain_types(file.read(columns=wanted).select(wanted))
        frame = stored.to_pandas(ignore_metadata=True, date_as_object=False)
    return Table(path, frame, names, first_line=None)


_DEFAULT = ReadParams().model_dump()


def _as_plain_types(stored: pa.Table) -> pa.Table:
    return stored.cast(pa.schema([field.with_type(_plain_type(field.type)) for field in stored.schema]))


def _plain_type(stored: pa.DataType) -> pa.DataType:
    """Decimals as floats; moments in UTC, as the zone in which a file shows them may be one that does not exist."""
    if pa.types.is_decimal(stored):
        return pa.float64()
    is_aware = pa.types.is_timestamp(stored) and stored.tz is not None
    return pa.timestamp(stored.unit, "UTC") if is_aware else stored
