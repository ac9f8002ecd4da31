"""Frames made of what is not in the database yet: pandas frames and files."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import sqlalchemy as sa

from hanalife.dataframe import arguments, relations, transfer
from hanalife.dataframe import columns as names
from hanalife.dataframe.context import ConnectionContext
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, NotSupportedError, TableNotFoundError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

logger = logging.getLogger(__name__)

_SHORT_TEXT = 5_000
_INT_RANGE = range(-(2**31), 2**31)


def create_dataframe_from_pandas(
    connection_context: ConnectionContext,
    pandas_df: pd.DataFrame,
    table_name: str,
    schema: str | None = None,
    force: bool = False,
    replace: bool = False,
    object_type_as_bin: bool = False,
    table_structure: Mapping[str, str] | None = None,
    drop_exist_tab: bool = True,
    allow_bigint: bool = False,
    geo_cols: Any = None,
    srid: int = 4326,  # noqa: ARG001
    primary_key: str | Sequence[str] | None = None,
    not_nulls: Sequence[str] | None = None,
    chunk_size: int = transfer.BATCH_ROWS,
    disable_progressbar: bool = False,
    upsert: bool = False,
    append: bool = False,
    table_type: str = "",  # noqa: ARG001
) -> DataFrame:
    """Write a pandas frame to a table and return a frame over it; all rows are written, or none.

    Parameters
    ----------
    connection_context : ConnectionContext
        The open connection.
    pandas_df : pandas.DataFrame
        The rows; the index is ignored. NaN, NaT and None become NULL.
    table_name : str
        Name of the table; one that begins with ``#`` lives as long as the connection.
    schema : str, optional
        Default: the current schema.
    force : bool, default False
        Replace an existing table, or its rows only if ``drop_exist_tab`` is False.
    replace : bool, default False
        In the frame that is returned numbers are 0 where the table has NULL.
    object_type_as_bin : bool, default False
        Store columns of dtype object as BLOB.
    table_structure : mapping of str to str, optional
        HANA types of some columns, such as ``{"NAME": "NVARCHAR(20)"}``; the others are chosen
        by their values: whole numbers and booleans INT (BIGINT if they need it), floats DOUBLE,
        moments TIMESTAMP, days DATE, decimals DECIMAL, bytes BLOB, all else NVARCHAR(5000), or
        NCLOB if longer.
    drop_exist_tab : bool, default True
        False keeps an existing table and adds the rows; with ``force`` it is emptied first.
    allow_bigint : bool, default False
        Make every whole number of 64 bits a BIGINT, whatever its values are.
    primary_key : str or list of str, optional
        Key of a new table, and of ``upsert``.
    not_nulls : list of str, optional
        Columns of a new table that may not be NULL.
    chunk_size : int, default 50_000
        Rows sent at once.
    disable_progressbar : bool, default False
        Show no bar; one comes only where writing takes longer than a second.
    upsert : bool, default False
        Rows of an existing table with the same key are replaced, others added.
    append : bool, default False
        Add the rows to an existing table.
    geo_cols, srid, table_type
        Of SAP HANA only.

    Raises
    ------
    InvalidArgumentError
        The table exists and nothing says what to do with it, or a value does not fit.
    UnknownColumnError
        A name is not a column.

    Examples
    --------
    >>> import pandas as pd
    >>> from hanalife import ConnectionContext
    >>> conn = ConnectionContext("sqlite://")
    >>> frame = create_dataframe_from_pandas(conn, pd.DataFrame({"ID": [1, 2], "X": [0.5, None]}), "T")
    >>> frame.dtypes()[1][:2], frame.count()
    (('X', 'DOUBLE'), 2)
    """
    import pandas as pd

    if not isinstance(pandas_df, pd.DataFrame):
        raise ArgumentTypeError(f"pandas_df: expected a pandas.DataFrame, got {type(pandas_df).__name__}.")
    if geo_cols:
        raise NotSupportedError("geo_cols: spatial columns work inside SAP HANA only; store them as text.")
    data = pandas_df.rename(columns=str)
    columns = list(data.columns)
    if not columns or len(set(columns)) < len(columns):
        raise InvalidArgumentError(f"pandas_df: expected columns with names of their own, got {columns}.")
    keys = [primary_key] if isinstance(primary_key, str) else list(primary_key or ())
    names.require(keys, columns, "primary_key")
    names.require(list(not_nulls or ()), columns, "not_nulls")
    names.require(list(table_structure or ()), columns, "table_structure")
    target = _existing(connection_context, table_name, schema)
    if target is not None and not (force or append or upsert) and drop_exist_tab:
        raise InvalidArgumentError(
            f"table_name: {table_name!r} exists; use force=True to replace it, append=True to add the rows "
            "or upsert=True to replace the rows with the same key."
        )
    options: dict[str, Any] = {"size": chunk_size, "disable_progressbar": disable_progressbar}
    if target is None or (force and drop_exist_tab):
        types = _types(data, table_structure or {}, keys, binary=object_type_as_bin, wide=allow_bigint)
        fresh = [sa.column(name, names.type_from_name(kind)) for name, kind in types.items()]
        new = relations.new_table(table_name, fresh, schema, keys, list(not_nulls or ()))
        transfer.write_pandas(connection_context, new, data, create=True, **options)
    else:
        names.require(columns, [column.name for column in target.columns], "pandas_df")
        part = _part(target, columns)
        if upsert:
            _upsert(connection_context, target, part, data, keys, options)
        else:
            with connection_context.session(writes=True):
                if force:
                    connection_context.truncate_table(table_name, schema)
                transfer.write_pandas(connection_context, part, data, **options)
    frame = connection_context.table(table_name, schema)
    return _without_null_numbers(frame) if replace else frame


def _existing(context: ConnectionContext, table: str, schema: str | None) -> sa.Table | None:
    def read(connection: sa.Connection) -> sa.Table | None:
        if not relations.exists(connection, table, schema):
            return None
        return relations.named(table, schema, autoload_with=connection)

    return context.reading(read)


def _part(target: sa.Table, columns: Sequence[str]) -> sa.Table:
    """Return the table as far as the data has columns for it."""
    wanted = [sa.column(name, target.columns[name].type) for name in columns]
    return relations.new_table(target.name, wanted, target.schema)


def _upsert(
    context: ConnectionContext,
    target: sa.Table,
    part: sa.Table,
    data: pd.DataFrame,
    keys: Sequence[str],
    options: Mapping[str, Any],
) -> None:
    keys = keys or [column.name for column in target.primary_key.columns]
    if not keys:
        raise InvalidArgumentError(
            f"primary_key: table {target.name!r} has no key to find rows by; name its columns in primary_key=."
        )
    names.require(keys, [column.name for column in part.columns], "primary_key")
    staging = relations.new_table("#hl_upsert", [sa.column(c.name, c.type) for c in part.columns], None)
    same = sa.and_(*(target.c[key] == staging.c[key] for key in keys))
    with context.session(writes=True) as connection:
        transfer.write_pandas(context, staging, data, create=True, **options)
        connection.execute(target.delete().where(sa.exists().where(same)))
        rows = sa.select(*staging.columns)
        try:
            connection.execute(part.insert().from_select([column.name for column in part.columns], rows))
        except sa.exc.IntegrityError as error:
            raise InvalidArgumentError(
                f"table {target.name!r} refused the rows: {str(error.orig).strip()}. Nothing was written."
            ) from error
        staging.drop(connection)


def _without_null_numbers(frame: DataFrame) -> DataFrame:
    inner = frame.query.subquery()
    columns = [
        sa.func.coalesce(column, 0).label(str(column.key)) if isinstance(column.type, arguments.NUMBERS) else column
        for column in inner.columns
    ]
    return DataFrame.from_query(frame.connection_context, sa.select(*columns))


# --- types --------------------------------------------------------------------------------------


def _types(
    data: pd.DataFrame, given: Mapping[str, str], keys: Sequence[str], *, binary: bool, wide: bool
) -> dict[str, str]:
    """Return the HANA type of each column."""
    found = {}
    for name in data.columns:
        if name in given:
            found[name] = given[name]
        elif binary and data[name].dtype == object:
            found[name] = "BLOB"
        else:
            found[name] = _type(data[name], wide=wide, key=name in keys)
    return found


def _type(series: pd.Series[Any], *, wide: bool, key: bool) -> str:
    import pyarrow as pa

    try:
        array = pa.Array.from_pandas(series)
    except (pa.ArrowException, OverflowError):
        return _text_type(series.dropna().astype(str), key=key)
    kind = type_name(array.type)
    if kind == "BIGINT":
        present = series.dropna()
        small = present.empty or (int(present.min()) in _INT_RANGE and int(present.max()) in _INT_RANGE)
        return "INT" if small and not (wide and pa.types.is_int64(array.type)) else "BIGINT"
    if kind == "BOOLEAN":
        return "INT"
    return _text_type(series.dropna().astype(str), key=key) if kind == "NCLOB" else kind


def _text_type(texts: pd.Series[Any], *, key: bool) -> str:
    if key:
        return "NVARCHAR(255)"
    longest = 0 if texts.empty else int(texts.str.len().max())
    return "NVARCHAR(5000)" if longest <= _SHORT_TEXT else "NCLOB"


def type_name(kind: pa.DataType) -> str:
    """Return HANA's word for an Arrow type."""
    import pyarrow as pa

    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    words = (
        (pa.types.is_boolean, "BOOLEAN"),
        (pa.types.is_integer, "BIGINT"),
        (pa.types.is_floating, "DOUBLE"),
        (pa.types.is_timestamp, "TIMESTAMP"),
        (pa.types.is_date, "DATE"),
        (pa.types.is_binary, "BLOB"),
        (pa.types.is_large_binary, "BLOB"),
    )
    return next((word for is_kind, word in words if is_kind(kind)), "NCLOB")


# --- files --------------------------------------------------------------------------------------


def _refused(function: str, remedy: str) -> Callable[..., NoReturn]:
    """Return a function that says what to use instead of it."""

    def refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
        """Say what to use instead; it is not supported."""
        raise NotSupportedError(f"{function}: not supported; {remedy}.")

    refuse.__name__ = refuse.__qualname__ = function
    return refuse


create_dataframe_from_spark = _refused(
    "create_dataframe_from_spark", "pass spark_df.toPandas() to create_dataframe_from_pandas()"
)
create_dataframe_from_shapefile = _refused(
    "create_dataframe_from_shapefile", "store shapes as text with create_dataframe_from_pandas()"
)
export_into = _refused("export_into", "write collect() or batches() to a file")
import_from = _refused("import_from", "use read_parquet() or import_csv_from()")
data_manipulation = _refused("data_manipulation", "the database itself decides what it keeps in memory")


def read_pickle(*_args: Any, **_kwargs: Any) -> NoReturn:
    """Not supported: a pickle can run any code when it is read.

    Raises
    ------
    NotSupportedError
        Always; the message names the ways that are safe.
    """
    raise NotSupportedError(
        "read_pickle: a pickle can run any code when it is read. Where the file was made, save it as Parquet "
        "(pandas_df.to_parquet(path)) or CSV and use read_parquet() or import_csv_from() here; or build the pandas "
        "frame yourself and pass it to create_dataframe_from_pandas()."
    )


def read_parquet(
    connection_context: ConnectionContext,
    path: str | Path,
    table_name: str,
    schema: str | None = None,
    force: bool = False,
    disable_progressbar: bool = False,
) -> DataFrame:
    """Write the rows of a Parquet file to a new table, a portion at a time.

    Raises
    ------
    InvalidArgumentError
        The file cannot be read, or the table exists and ``force`` was not given.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from hanalife.dataframe.transfer import progress, types, writing

    if connection_context.has_relation(table_name, schema) and not force:
        raise InvalidArgumentError(f"table_name: {table_name!r} exists; use force=True to replace it.")
    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise InvalidArgumentError(f"path: cannot read {str(path)!r} as Parquet: {error}.") from error
    with file:
        columns = [sa.column(f.name, names.type_from_name(type_name(f.type))) for f in file.schema_arrow]
        target = relations.new_table(table_name, columns, schema)
        fields = [types.field_of(column) for column in target.columns]
        batches = (_recast(batch, fields) for batch in file.iter_batches(transfer.BATCH_ROWS))
        rows = file.metadata.num_rows
        shown = progress.shown(batches, f"writing {table_name}", rows, disable=disable_progressbar)
        writing.write_batches(connection_context, target, shown, create=True)
    return connection_context.table(table_name, schema)


def import_csv_from(
    connection_context: ConnectionContext,
    directory: str | Path,
    table: str,
    schema: str | None = None,
    threads: int = 1,
    record_delimiter: str | None = None,
    field_delimiter: str = ",",
    escape_character: str | None = None,
    column_list_first_row: bool = True,
    credential: str | None = None,
    disable_progressbar: bool = False,
) -> DataFrame:
    """Add the rows of a CSV file to an existing table, a portion at a time; all rows or none.

    Parameters
    ----------
    connection_context : ConnectionContext
        The open connection.
    directory : str or path
        Path of the file, on this machine.
    table, schema : str
        The table; its columns say what the fields are.
    threads, record_delimiter
        Accepted for compatibility: the file is read in parallel, a line end of any system ends
        a record.
    field_delimiter : str, default ','
        What stands between two fields.
    escape_character : str, optional
        What takes the meaning from the character after it; a quote within quotes may always be
        doubled.
    column_list_first_row : bool, default True
        The first line names the columns; otherwise the fields stand in the table's order.
    credential
        Of SAP HANA only.
    disable_progressbar : bool, default False
        Show no bar.

    Raises
    ------
    TableNotFoundError
        There is no such table; :meth:`ConnectionContext.create_table` makes one.
    InvalidArgumentError
        The file cannot be read, or a field is not of its column's type.
    """
    import pyarrow as pa

    from hanalife.dataframe.transfer import progress, writing

    if credential is not None:
        raise NotSupportedError("credential: SAP HANA reads files of a cloud with it; fetch the file first.")
    if record_delimiter not in (None, "\n", "\r\n"):
        raise InvalidArgumentError(
            f"record_delimiter: {record_delimiter!r} is not supported; a line end ends a record."
        )
    arguments.whole_number(threads, 1, "threads")
    target = _existing(connection_context, table, schema)
    if target is None:
        raise TableNotFoundError(f"table: {table!r} does not exist; make it with create_table() first.")
    try:
        reader, present = _csv_reader(
            Path(directory), target, field_delimiter, escape_character, header=column_list_first_row
        )
        shown = progress.shown(reader, f"writing {table}", disable=disable_progressbar)
        writing.write_batches(connection_context, _part(target, present), shown)
    except (OSError, pa.ArrowException) as error:
        raise InvalidArgumentError(f"directory: cannot read {str(directory)!r} as CSV: {error}.") from error
    return connection_context.table(table, schema)


def _csv_reader(
    path: Path, target: sa.Table, delimiter: str, escape: str | None, *, header: bool
) -> tuple[Iterator[pa.RecordBatch], list[str]]:
    import pyarrow as pa
    import pyarrow.csv

    from hanalife.dataframe.transfer import types

    fields = {column.name: types.field_of(column) for column in target.columns}
    # What CSV cannot be parsed to directly is read as text first.
    direct = {n: f.type for n, f in fields.items() if pa.types.is_primitive(f.type) and not pa.types.is_boolean(f.type)}
    reader = pa.csv.open_csv(
        path,
        pa.csv.ReadOptions(column_names=None if header else list(fields)),
        pa.csv.ParseOptions(delimiter=delimiter, escape_char=escape or False, newlines_in_values=True),
        pa.csv.ConvertOptions(
            column_types={name: direct.get(name, pa.string()) for name in fields},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    present = list(reader.schema.names)
    names.require(present, list(fields), "directory")
    return (_recast(batch, [fields[name] for name in present]) for batch in reader), present


def _recast(batch: pa.RecordBatch, fields: Sequence[pa.Field]) -> pa.RecordBatch:
    import pyarrow as pa

    from hanalife.dataframe.transfer import types

    arrays = [types.cast(batch.column(field.name), field) for field in fields]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))
