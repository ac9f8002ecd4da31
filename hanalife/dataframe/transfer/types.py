"""From SQLAlchemy's column types to Arrow's, and from a driver's values to Arrow arrays.

All integers travel as 64 bits, all floats as doubles, so that a column has one type on every
database. A decimal whose scale nobody declared travels with 38 digits on either side of the
point, which is exact for what databases give.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from hanalife.errors import InvalidArgumentError

#: A DECIMAL of any size.
ANY_DECIMAL = pa.decimal256(76, 38)

# A double keeps this many decimal digits.
_DOUBLE_DIGITS = 15

# What a conversion may raise; ArrowException is not one family with ValueError and TypeError.
_REFUSALS = (pa.ArrowException, ValueError, TypeError, ArithmeticError)

_PLAIN: tuple[tuple[type[sa.types.TypeEngine[Any]], pa.DataType], ...] = (
    (sa.Boolean, pa.bool_()),
    (sa.Integer, pa.int64()),
    (sa.Float, pa.float64()),
    (sa.Date, pa.date32()),
    (sa.Time, pa.time64("us")),
    (sa.String, pa.large_string()),
    (sa.LargeBinary, pa.large_binary()),
)

# Types that are built on one of the above but hold something else.
_OTHERS = (sa.Enum, sa.Interval)


def arrow_type(kind: sa.types.TypeEngine[Any]) -> pa.DataType | None:
    """Return the Arrow type of a column type, or None if Arrow has none (it then travels as text)."""
    if isinstance(kind, _OTHERS):
        return None
    if isinstance(kind, sa.types.TypeDecorator):
        return arrow_type(kind.impl_instance)
    if isinstance(kind, sa.Numeric) and not isinstance(kind, sa.Float):
        return _decimal(kind.precision, kind.scale)
    if isinstance(kind, sa.DateTime):
        return pa.timestamp("us", tz="UTC" if kind.timezone else None)
    return next((arrow for cls, arrow in _PLAIN if isinstance(kind, cls)), None)


def _decimal(precision: int | None, scale: int | None) -> pa.DataType:
    if precision is None or precision > 38:
        return ANY_DECIMAL
    return pa.decimal128(precision, scale or 0)


def is_undeclared(kind: sa.types.TypeEngine[Any]) -> bool:
    """Say whether nothing is known of a column, so that its values must tell."""
    return isinstance(kind, sa.types.NullType)


def declared_fields(query: sa.Select[Any]) -> list[pa.Field]:
    """Return name and Arrow type of each column of a query; type null where the values must tell."""
    return [field_of(column) for column in query.selected_columns]


def field_of(column: sa.ColumnElement[Any]) -> pa.Field:
    """Return name and Arrow type of a column; type null where the values must tell."""
    return pa.field(str(column.key), _type_of(column))


def _type_of(column: sa.ColumnElement[Any]) -> pa.DataType:
    if is_undeclared(column.type):
        return pa.null()
    arrow = arrow_type(column.type) or pa.large_string()
    if pa.types.is_decimal(arrow) and not all(isinstance(base, sa.Column) for base in column.base_columns):
        # The scale of a product or an average is not that of its parts, whatever its type says.
        return ANY_DECIMAL
    return arrow


def portable(query: sa.Select[Any]) -> sa.Select[Any]:
    """Return the query with the columns that Arrow has no type for cast to text, all as they are stored."""
    if all(_is_plain(column.type) for column in query.selected_columns):
        return query
    return sa.select(*(_plain(column) for column in query.subquery().columns))


def _is_plain(kind: sa.types.TypeEngine[Any]) -> bool:
    return is_undeclared(kind) or (arrow_type(kind) is not None and not isinstance(kind, sa.types.TypeDecorator))


def _plain(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    if _is_plain(column.type):
        return column
    if isinstance(column.type, sa.types.TypeDecorator) and arrow_type(column.type):
        return sa.type_coerce(column, column.type.impl_instance).label(str(column.key))
    return sa.cast(column, sa.Text()).label(str(column.key))


def settled(field: pa.Field, found: pa.DataType) -> pa.Field:
    """Return the field with a type: its own, or for an undeclared column the one its values have."""
    return field if not pa.types.is_null(field.type) else field.with_type(_widest(found))


def _widest(found: pa.DataType) -> pa.DataType:
    kinds = (
        (pa.types.is_boolean, pa.bool_()),
        (pa.types.is_integer, pa.int64()),
        (pa.types.is_floating, pa.float64()),
        (pa.types.is_decimal, ANY_DECIMAL),
        (pa.types.is_timestamp, pa.timestamp("us", getattr(found, "tz", None) and "UTC")),
        (pa.types.is_date, pa.date32()),
        (pa.types.is_time, pa.time64("us")),
        (pa.types.is_binary, pa.large_binary()),
        (pa.types.is_large_binary, pa.large_binary()),
    )
    return next((kind for is_kind, kind in kinds if is_kind(found)), pa.large_string())


def array_of(values: Sequence[object], field: pa.Field) -> pa.Array:
    """Return a driver's values as an array of the field's type.

    Raises
    ------
    InvalidArgumentError
        A value is not of the declared type; the message names the column and shows the value.
    """
    convert = _CONVERTERS.get(field.type.id, _natural)
    try:
        return convert(values, field.type)  # type: ignore[no-untyped-call]
    except _REFUSALS as error:
        raise _misfit(values, field, convert) from error


def cast(array: pa.Array, field: pa.Field) -> pa.Array:
    """Return an array in the field's type, exactly; an array that came from Arrow already.

    Raises
    ------
    InvalidArgumentError
        A value does not fit the declared type.
    """
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if array.type == field.type:
        return array
    try:
        return array.cast(field.type)
    except _REFUSALS as error:
        raise InvalidArgumentError(
            f"{field.name}: values do not fit the declared type {field.type}: {error}"
        ) from error


def _misfit(values: Sequence[object], field: pa.Field, convert: Callable[..., pa.Array]) -> InvalidArgumentError:
    shown = next((value for value in values if not _fits(value, field.type, convert)), values[0])
    return InvalidArgumentError(
        f"{field.name}: the column is declared as {field.type} but holds {str(shown)[:80]!r}; "
        "cast it in the query, or declare the column as what it holds."
    )


def _fits(value: object, kind: pa.DataType, convert: Callable[..., pa.Array]) -> bool:
    try:
        convert([value], kind)
    except _REFUSALS:
        return False
    return True


def _natural(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    return pa.array(values, kind)


def _inferred(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    # Given a type, Arrow cuts 2.5 to 2 without a word; a cast refuses.
    found = pa.array(values)
    return found if found.type == kind else found.cast(kind)


def _doubles(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except _REFUSALS:
        return pa.array([None if value is None else float(value) for value in values], kind)  # type: ignore[arg-type]


def _booleans(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except pa.ArrowInvalid:
        return pa.array(values, pa.int8()).cast(kind)


def _decimals(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if all(value is None or isinstance(value, (Decimal, int)) for value in values):
        return pa.array(values, kind)
    if kind.precision <= _DOUBLE_DIGITS and not any(isinstance(value, str) for value in values):
        return pa.array(values, pa.float64()).cast(kind)
    exact = [value if value is None or isinstance(value, Decimal) else Decimal(str(value)) for value in values]
    scale = Decimal(1).scaleb(-kind.scale)
    return pa.array([value if value is None else _rounded(value, scale) for value in exact], kind)


def _rounded(value: Decimal, scale: Decimal) -> Decimal:
    return value.quantize(scale) if value.as_tuple().exponent < scale.as_tuple().exponent else value  # type: ignore[operator]


def _texts(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except pa.ArrowTypeError:
        return pa.array([value if value is None or isinstance(value, str) else str(value) for value in values], kind)


def _moments(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    if any(isinstance(value, str) for value in values):
        return pa.array(values, pa.string()).cast(kind)
    return pa.array(values, kind)


def _days(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    if any(isinstance(value, str) for value in values):
        # Through a timestamp, because an expression may give a day with its midnight.
        return pa.array(values, pa.string()).cast(pa.timestamp("us")).cast(kind)
    return pa.array(values, kind)


def _times(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    return pa.array([dt.time.fromisoformat(value) if isinstance(value, str) else value for value in values], kind)


def _bytes(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    return pa.array([bytes(value) if isinstance(value, memoryview) else value for value in values], kind)


_CONVERTERS: dict[int, Callable[[Sequence[Any], pa.DataType], pa.Array]] = {
    pa.int64().id: _inferred,
    pa.float64().id: _doubles,
    pa.bool_().id: _booleans,
    pa.decimal128(1).id: _decimals,
    pa.decimal256(1).id: _decimals,
    pa.large_string().id: _texts,
    pa.timestamp("us").id: _moments,
    pa.date32().id: _days,
    pa.time64("us").id: _times,
    pa.large_binary().id: _bytes,
}


def pieces(batch: pa.RecordBatch, size: int) -> Iterator[pa.RecordBatch]:
    """Cut a batch so that no piece has more than ``size`` rows; an empty one stays as it is."""
    for start in range(0, max(batch.num_rows, 1), size):
        yield batch.slice(start, size)
