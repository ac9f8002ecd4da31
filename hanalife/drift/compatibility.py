"""Whether rows can be compared with a reference: columns, types, segments and the order of dependent rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hanalife.dataframe.frame import DataFrame
from hanalife.drift import bins
from hanalife.drift.reference import Reference
from hanalife.drift.row_order import GROUP, RowOrder
from hanalife.errors import InvalidArgumentError

_NUMBERS = ("INT", "DOUBLE", "DECIMAL", "REAL", "FLOAT", "NUMERIC")
_MOMENTS = ("DATE", "TIMESTAMP")


def require_segments(reference: Reference, segment: str | None = None) -> Reference:
    """Return a reference that has segments exactly if a column of these is given."""
    if (segment is None) == (list(reference.segments) == [""]):
        return reference
    if segment is None:
        segments = ", ".join(reference.segments)
        raise InvalidArgumentError(
            f"reference: has the segments {segments}; compare by them with conn.drift.segments or create_drift_task."
        )
    raise InvalidArgumentError(
        f"segment_column_name: the reference was not learned by {segment}; give its rows, a DataFrame, as reference, "
        "or learn it with segment_column_name."
    )


def require_order(reference: Reference, order: RowOrder | None) -> None:
    """Refuse an order of rows that a reference was not learned with; by default its own holds."""
    if order is None or order == reference.order:
        return
    learned = "without it" if reference.order is None else f"with {reference.order.argument}={reference.order.column!r}"
    raise InvalidArgumentError(
        f"{order.argument}: got {order.column!r}, but the reference was learned {learned}. Learn it with "
        f"{order.argument}={order.column!r}, or give its rows, a DataFrame."
    )


def require_order_column(reference: Reference, data: DataFrame) -> None:
    """Refuse current rows without the column by which the reference rows depend on each other."""
    if reference.order is None:
        return
    if not data.has(reference.order.column):
        raise InvalidArgumentError(
            f"new_data: has no column {reference.order.column}, by which the reference rows depend on each other. Add "
            f"it, or learn a reference without {reference.order.argument}."
        )
    reference.order.check(data)


def refuse_rows_of_groups(reference: Reference, rows: int) -> None:
    """Refuse windows of so many rows if rows are read by groups."""
    if reference.order is not None and reference.order.by == GROUP:
        raise InvalidArgumentError(
            f"rows: rows are read by {reference.order.column}, whose groups are no windows of {rows} rows; give "
            "time_column and every."
        )


def shared_columns(reference: Reference, data: DataFrame) -> list[str]:
    """Return the watched columns that current rows have.

    Raises
    ------
    InvalidArgumentError
        They have none, or one of another type.
    """
    shared = [name for name in reference.roles if data.has(name)]
    if not shared:
        raise InvalidArgumentError(f"new_data: has none of the watched columns {', '.join(reference.roles)}.")
    _refuse_retyped(reference, data, shared)
    return shared


def _refuse_retyped(reference: Reference, data: DataFrame, shared: Sequence[str]) -> None:
    for name, kind in column_types(data, shared).items():
        if family(kind) != family(reference.types[name]):
            raise InvalidArgumentError(
                f"new_data: {name} is {kind}, but {reference.types[name]} in the reference. "
                "Cast it, or fit a new reference."
            )


def family(kind: str) -> str:
    """Return whether a column type holds numbers, moments or categories."""
    if any(word in kind for word in _NUMBERS):
        return bins.NUMBER
    return bins.MOMENT if any(word in kind for word in _MOMENTS) else bins.CATEGORY


def column_types(data: DataFrame, columns: Iterable[str]) -> dict[str, str]:
    """Return the types of some columns in SAP HANA's words, of those that the rows have."""
    wanted = set(columns)
    return {spec.name: spec.type for spec in data.specs if spec.name in wanted}
