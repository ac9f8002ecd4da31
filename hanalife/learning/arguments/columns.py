"""Columns that a call names, checked against the frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hanalife.dataframe import columns as names
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import ArgumentTypeError
from hanalife.observation import ColumnSpec


def check_frame(data: Any) -> DataFrame:
    """Return ``data`` if it is a frame of a database."""
    if not isinstance(data, DataFrame):
        raise ArgumentTypeError(
            f"data: expected a hanalife DataFrame, such as conn.table('NAME'), got {type(data).__name__}."
        )
    return data


def check_column(frame: DataFrame, name: str, argument: str) -> None:
    """Refuse a name that is no column of the frame."""
    names.require([name], [spec.name for spec in frame.specs], argument)


def column(specs: Mapping[str, ColumnSpec], name: Any, argument: str) -> str | None:
    """Return the name of one column, or None if none is named."""
    if name is None:
        return None
    if not isinstance(name, str):
        raise ArgumentTypeError(f"{argument}: expected the name of a column, got {name!r}.")
    names.require([name], list(specs), argument)
    return name


def columns(value: Any, specs: Mapping[str, ColumnSpec], argument: str) -> list[str]:
    """Return the names of columns, each once; one name alone may stand for a list of it."""
    wanted = name_list(value, argument)
    names.require(wanted, list(specs), argument)
    return wanted


def name_list(value: Any, argument: str) -> list[str]:
    """Return what may be names of columns, each once."""
    wanted = [value] if isinstance(value, str) else value
    if not isinstance(wanted, (list, tuple)) or not all(isinstance(name, str) for name in wanted):
        raise ArgumentTypeError(f"{argument}: expected a column name or a list of them, got {value!r}.")
    return list(dict.fromkeys(wanted))
