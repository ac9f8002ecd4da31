"""Column types: SQLAlchemy's, HANA's words for them, and how names in SQL text find a column."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from hanalife.errors import InvalidArgumentError, UnknownColumnError
from hanalife.observation import ColumnSpec

C = TypeVar("C")

_TYPES: dict[str, type[sa.types.TypeEngine[Any]]] = {
    "INT": sa.Integer,
    "INTEGER": sa.Integer,
    "SMALLINT": sa.SmallInteger,
    "TINYINT": sa.SmallInteger,
    "BIGINT": sa.BigInteger,
    "DOUBLE": sa.Double,
    "FLOAT": sa.Double,
    "DECIMAL": sa.Numeric,
    "BOOLEAN": sa.Boolean,
    "VARCHAR": sa.String,
    "NVARCHAR": sa.String,
    "NCLOB": sa.Text,
    "CLOB": sa.Text,
    "DATE": sa.Date,
    "TIMESTAMP": sa.DateTime,
    "BLOB": sa.LargeBinary,
}

_TYPE_TEXT = re.compile(r"\s*([A-Za-z]+)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*")


def type_from_name(text: str) -> sa.types.TypeEngine[Any]:
    """Return the type of a HANA type name such as ``NVARCHAR(20)`` or ``DECIMAL(7, 3)``.

    Raises
    ------
    InvalidArgumentError
        The name is not a known type.
    """
    match = _TYPE_TEXT.fullmatch(text)
    kind = _TYPES.get(match[1].upper()) if match else None
    if match is None or kind is None:
        raise InvalidArgumentError(f"type: {text!r} is not a column type; use one of {', '.join(sorted(_TYPES))}.")
    sizes = [int(size) for size in match.groups()[1:] if size]
    takes_size = kind is sa.String or kind is sa.Numeric
    return kind(*sizes) if takes_size else kind()


def name_of_type(kind: sa.types.TypeEngine[Any]) -> str:
    """Return HANA's word for a type, such as ``INT`` or ``NVARCHAR``."""
    # Order matters: the narrower class first.
    words: tuple[tuple[type[sa.types.TypeEngine[Any]], str], ...] = (
        (sa.Boolean, "BOOLEAN"),
        (sa.BigInteger, "BIGINT"),
        (sa.SmallInteger, "SMALLINT"),
        (sa.Integer, "INT"),
        (sa.Float, "DOUBLE"),
        (sa.Numeric, "DECIMAL"),
        (sa.Text, "NCLOB"),
        (sa.String, "NVARCHAR"),
        (sa.DateTime, "TIMESTAMP"),
        (sa.Date, "DATE"),
        (sa.LargeBinary, "BLOB"),
    )
    return next((word for cls, word in words if isinstance(kind, cls)), "NVARCHAR")


def sized_name_of_type(kind: sa.types.TypeEngine[Any]) -> str:
    """Return HANA's word for a type with its size, such as ``NVARCHAR(20)`` or ``DECIMAL(7, 3)``."""
    word = name_of_type(kind)
    if isinstance(kind, sa.String) and kind.length and not isinstance(kind, sa.Text):
        return f"{word}({kind.length})"
    if word == "DECIMAL" and isinstance(kind, sa.Numeric) and kind.precision:
        return f"{word}({kind.precision}, {kind.scale or 0})"
    return word


def specs(columns: Sequence[sa.ColumnElement[object]]) -> tuple[ColumnSpec, ...]:
    """Return name and HANA type of each column."""
    return tuple(ColumnSpec(str(column.key), name_of_type(column.type)) for column in columns)


def require(names: Sequence[str], columns: Sequence[str], argument: str) -> None:
    """Raise :class:`UnknownColumnError` unless all names are columns, exactly as spelt."""
    unknown = [name for name in names if name not in columns]
    if unknown:
        raise UnknownColumnError(unknown, columns, argument)


def resolve(name: str, *, quoted: bool, columns: Mapping[str, C], argument: str) -> C:
    """Find the column that a name in SQL text means.

    The exact spelling counts first; an unquoted name is then tried in upper case, as SAP
    HANA folds it, and at last in any case if only one column fits.
    """
    if name in columns:
        return columns[name]
    if not quoted:
        if name.upper() in columns:
            return columns[name.upper()]
        alike = [column for column in columns if column.upper() == name.upper()]
        if len(alike) == 1:
            return columns[alike[0]]
    raise UnknownColumnError([name], columns, argument)


def quotename(name: str) -> str:
    """Return a name in double quotes, as SQL writes it.

    >>> quotename('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def smart_quote(name: str) -> str:
    """Return a name, or a schema and a name with a dot between them, in double quotes unless it has them.

    >>> smart_quote("S.T"), smart_quote('"S.T"')
    ('"S"."T"', '"S.T"')
    """
    if name.startswith('"') and name.endswith('"'):
        return name
    return ".".join(part if part.startswith('"') else quotename(part) for part in name.split(".", 1))
