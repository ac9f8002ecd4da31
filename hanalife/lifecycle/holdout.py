"""Which rows judge and do not train: a row stays on its side, whatever rows come and go beside it."""

from __future__ import annotations

import hashlib
from typing import Any

import pandas as pd
import sqlalchemy as sa

from hanalife.dataframe.creation import create_dataframe_from_pandas
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import InvalidArgumentError
from hanalife.training_keys import text_of

_HELD = "#HL_HELD"


def split(data: DataFrame, key: str, share: float, seed: int) -> tuple[DataFrame, DataFrame]:
    """Return the rows to learn from and those held out, about the share of them.

    A row is held out if the hash of its key's text is below the share. So it is by its key alone,
    on every database.

    Raises
    ------
    InvalidArgumentError
        A key is missing.
    """
    keys = data.select(key).drop_duplicates().collect()[key]
    if keys.isna().any():
        raise InvalidArgumentError(f"key: {key} is NULL in some rows; leave these out, or name another column.")
    chosen = [value for value in keys.tolist() if draw(value, seed) < share]
    kinds = {spec.name: spec.type for spec in data.specs if spec.name == key}
    held = create_dataframe_from_pandas(
        *(data.connection_context, pd.DataFrame({key: pd.Series(chosen, dtype=keys.dtype)}), _HELD),
        force=True,
        table_structure=kinds,
        disable_progressbar=True,
    )
    rows, among = data.query.subquery(), sa.select(held.query.subquery().c[key])
    sides = (rows.c[key].not_in(among), rows.c[key].in_(among))
    train, judges = (DataFrame.from_query(data.connection_context, sa.select(rows).where(side)) for side in sides)
    return train, judges


def draw(key: Any, seed: int) -> float:
    """Return a number from 0 to 1 that is the key's own; a number and its text have the same.

    >>> draw("7", 1) == draw(7, 1)
    True
    """
    digest = hashlib.sha256(f"hanalife hold-out {seed} {text_of(key)}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
