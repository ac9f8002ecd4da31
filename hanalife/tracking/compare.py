"""Comparing two recorded runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hanalife.errors import DataNotFoundError
from hanalife.tracking import comparison, data_identity, run_data, run_facts

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext
    from hanalife.tracking.run_facts import RunFacts


def compare_runs(
    connection_context: ConnectionContext, a: str, b: str, *, rows: bool = True
) -> comparison.RunComparison:
    """Return what is different between two runs.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store.
    a, b : str
        Run ids, or ``experiment/name`` for the newest attempt of a name.
    rows : bool, default True
        Where the runs saw different data and the rows of both can still be had, read them and
        count what was added, removed and changed by the key of the fit. All rows are in memory.

    Returns
    -------
    RunComparison
        Parameters, data, environment, code, metrics, curves, tags; printable, shown as a table in
        a notebook, and as JSON by ``to_json()``.

    Raises
    ------
    RunNotFoundError
        One of the runs is not recorded.
    """
    left, right = (run_facts.find(connection_context, run) for run in (a, b))
    found = comparison.compare(left, right)
    if rows and not found.data.is_same and data_identity.is_order_free(left) != data_identity.is_order_free(right):
        found = replace(found, data=_with_one_hash(connection_context, found.data, left, right))
    if not rows or found.data.is_same:
        return found
    return replace(found, data=_with_rows(connection_context, found.data, left, right))


def _with_one_hash(
    connection_context: ConnectionContext, data: comparison.DataChange, left: RunFacts, right: RunFacts
) -> comparison.DataChange:
    """Hash both data sets in one way: that of older runs depends on the order of rows. As recorded if one is gone."""
    try:
        hashes = [run_data.content_hash_of(run_data.find(connection_context, facts)) for facts in (left, right)]
    except DataNotFoundError:
        return data
    return replace(data, left_hash=hashes[0], right_hash=hashes[1])


def _with_rows(
    connection_context: ConnectionContext, data: comparison.DataChange, left: RunFacts, right: RunFacts
) -> comparison.DataChange:
    try:
        before, after = (run_data.find(connection_context, facts).collect() for facts in (left, right))
    except DataNotFoundError:
        return data
    key = left.params.get("KEY")
    has_key = isinstance(key, str) and key == right.params.get("KEY") and key in before and key in after
    changes = run_data.row_changes(before, after, str(key)) if has_key else None
    return replace(data, rows=changes, shifts=run_data.column_shifts(before, after))
