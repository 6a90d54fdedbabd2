"""Reads columns of a Parquet file."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lstmkit.data.tables import Table, check_columns, reading
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
        stored = _without_decimals(file.read(columns=wanted).select(wanted))
        frame = stored.to_pandas(ignore_metadata=True, date_as_object=False)
    return Table(path, frame, names, first_line=None)


_DEFAULT = ReadParams().model_dump()


def _without_decimals(stored: pa.Table) -> pa.Table:
    is_decimal = pa.types.is_decimal
    fields = [field.with_type(pa.float64()) if is_decimal(field.type) else field for field in stored.schema]
    return stored.cast(pa.schema(fields))
