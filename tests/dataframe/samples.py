"""Random tables, and what it means that a frame's rows equal pandas' rows."""

from __future__ import annotations

import math

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TYPES = {
    "ID": "INT",
    "K": "INT",
    "A": "INT",
    "X": "DOUBLE",
    "S": "NVARCHAR(20)",
    "OK": "BOOLEAN",
    "AT": "TIMESTAMP",
}

_EXAMPLES = {"sqlite": 15, "postgresql": 4}

_texts = st.text(st.sampled_from("abAB,%_'\"éß 1"), max_size=4)
_moments = st.datetimes(
    min_value=pd.Timestamp("2020-01-01").to_pydatetime(), max_value=pd.Timestamp("2020-03-31").to_pydatetime()
)
_rows = st.lists(
    st.fixed_dictionaries(
        {
            "K": st.integers(0, 2),
            "A": st.none() | st.integers(-3, 3),
            "X": st.none() | st.integers(-16, 16).map(lambda eighths: eighths / 8),
            "S": st.none() | _texts,
            "OK": st.none() | st.booleans(),
            "AT": st.none() | _moments.map(lambda moment: moment.replace(microsecond=0)),
        }
    ),
    max_size=12,
)


def table(rows):
    """Make a pandas frame of the declared types, ``ID`` counting the rows."""
    kinds = {"ID": "int64", "K": "int64", "A": "Int64", "X": "float64", "S": object, "OK": "boolean"}
    kinds["AT"] = "datetime64[us]"
    numbered = [{"ID": place, **row} for place, row in enumerate(rows)]
    return pd.DataFrame({name: pd.Series([row[name] for row in numbered], dtype=kinds[name]) for name in TYPES})


def on_random_rows(store, check, *, at_least=0):
    """Run ``check(frame, data)`` on random tables, the same rows in the database and in pandas."""

    @settings(
        max_examples=_EXAMPLES[store.dialect.name],
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(_rows.filter(lambda rows: len(rows) >= at_least))
    def run(rows):
        data = table(rows)
        check(store.create_from_pandas(data, "T", TYPES), data)

    run()


def plain(value):
    """Return a value without the differences between pandas' and the database's types."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return None if math.isnan(value) else float(f"{value:.9g}") + 0.0
    return value


def rows_of(data, *, ordered=False):
    """Return the rows as tuples of plain values; in a fixed order unless their own counts."""
    rows = [tuple(map(plain, row)) for row in data.astype(object).itertuples(index=False, name=None)]
    return rows if ordered else sorted(rows, key=lambda row: [(v is not None, str(type(v)), str(v)) for v in row])


def assert_same(frame, expected, *, ordered=False):
    """Check that a frame has the columns and the rows of a pandas frame."""
    found = frame.collect()
    assert list(found.columns) == [str(name) for name in expected.columns]
    assert rows_of(found, ordered=ordered) == rows_of(expected, ordered=ordered)
