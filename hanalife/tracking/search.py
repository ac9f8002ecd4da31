"""Finding runs: a search in words, answered as a frame with one row a run."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa

from hanalife.conditions import ATTRIBUTES, Columns, Field, Kind, Search, fields
from hanalife.database import run_search, run_tables
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import InvalidArgumentError
from hanalife.tracking import grammar, identity

if TYPE_CHECKING:
    import pandas as pd

    from hanalife.dataframe.context import ConnectionContext

#: The columns that every answer begins with, unless others are asked for.
DEFAULT_COLUMNS = ("run_id", "experiment", "name", "status", "owner", "created", "duration")


class FoundRuns(DataFrame):
    """The runs that a search found: a frame like any other, whose rows are collected in bulk.

    As SQL, each value is a query of its own for each run; :meth:`collect` reads all values in
    the order in which they are stored instead, and gives the same rows.
    """

    _found: sa.Select[Any] | None = None  # None in a frame made of this one, such as by filter()
    _wanted: Columns

    @classmethod
    def of(cls, context: ConnectionContext, found: sa.Select[Any], columns: Columns) -> Self:
        """Make the frame of a search with columns."""
        frame = cls.from_query(context, found)
        frame._found, frame._wanted = found, columns  # noqa: SLF001
        frame.__dict__.pop("query")
        return frame

    @functools.cached_property
    def query(self) -> sa.Select[Any]:  # type: ignore[override] # made when it is first asked for
        """The search as SQL."""
        assert self._found is not None
        with self.connection_context.database.read() as connection:
            known, types = run_tables.value_types(connection, self._found, self._wanted)
        fields = self._wanted.resolve(known)
        return run_search.columns(self._found, {field: run_tables.type_of(field, types) for field in fields})

    def collect(self, *_: Any, **__: Any) -> pd.DataFrame:
        """Return all rows as a pandas frame of shape ``(n_runs, n_columns)``."""
        if self._found is None:
            return super().collect()
        from hanalife.tracking import run_columns

        return run_columns.collect(self.connection_context, self._found, self._wanted)


def search_runs(
    connection_context: ConnectionContext,
    text: str = "",
    experiment_ids: str | Sequence[str] | None = None,
    columns: str | Sequence[str] | None = None,
    *,
    all_attempts: bool = False,
) -> FoundRuns:
    """Find runs.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store.
    text : str, default ''
        The search, such as ``"metrics.AUC > 0.8 and not status = 'FAILED' order by metrics.AUC
        desc limit 50"``; its language is that of :mod:`hanalife.tracking.grammar`. Empty finds
        every run.
    experiment_ids : str or sequence of str, optional
        Only runs of these experiments; of all by default.
    columns : str or sequence of str, optional
        Fields to return, such as ``"name"``, ``"metrics.AUC"``, ``"params.*"``, or ``"*"`` for all.
        By default :data:`DEFAULT_COLUMNS` and the fields that the search names.
    all_attempts : bool, default False
        Also find earlier attempts of a run name; else its newest only.

    Returns
    -------
    FoundRuns
        A lazy frame, one row a run, newest first unless ordered otherwise. A column is named as
        the field is written. Metrics, and parameters and tags of which each value is a number,
        are DOUBLE with NULL for what is missing or NaN; other parameters and tags are NVARCHAR.

    Raises
    ------
    SearchError
        The search or a column is not of the grammar; the message points at the character.
    ArgumentTypeError, InvalidArgumentError
        An argument is not a text that can be stored.

    Examples
    --------
    >>> from hanalife import ConnectionContext, search_runs
    >>> conn = ConnectionContext("sqlite://")
    >>> search_runs(conn, "metrics.AUC > 0.8 order by metrics.AUC desc").columns
    ['run_id', 'experiment', 'name', 'status', 'owner', 'created', 'duration', 'metrics.AUC']
    """
    search = grammar.parse(text)
    chosen = Columns(tuple(_items(columns))) if columns is not None else _default(search)
    experiments = _experiments(experiment_ids)
    connection_context.database.migrate()  # the tables must exist even if nothing was ever recorded
    found = _query(search, experiments, connection_context.dialect, all_attempts)
    return FoundRuns.of(connection_context, found, chosen)


@functools.lru_cache(maxsize=128)  # making a statement can take as long as answering it
def _query(
    search: Search, experiment_ids: tuple[str, ...] | None, dialect: sa.Dialect, all_attempts: bool
) -> sa.Select[Any]:
    return run_search.numbers(search, experiment_ids, dialect, all_attempts=all_attempts)


def _experiments(given: str | Sequence[str] | None) -> tuple[str, ...] | None:
    if given is None:
        return None
    names = [given] if isinstance(given, str) else list(given)
    return tuple(identity.require_experiment_id(name, "experiment_ids") for name in names)


def _default(search: Search) -> Columns:
    return Columns((*map(grammar.field, DEFAULT_COLUMNS), *fields(search)))


def _items(columns: str | Sequence[str]) -> Iterator[Field | Kind]:
    texts = [columns] if isinstance(columns, str) else list(columns)
    if not texts:
        raise InvalidArgumentError("columns: no column; write fields such as 'name' and 'metrics.AUC', or '*'.")
    for text in texts:
        if text in _WILDCARDS:
            yield from _WILDCARDS[text]
        else:
            yield grammar.field(text)


_ALL_ATTRIBUTES = tuple(Field(Kind.ATTRIBUTE, name) for name in ATTRIBUTES)
_WILDCARDS: dict[str, tuple[Field | Kind, ...]] = {
    "*": (*_ALL_ATTRIBUTES, *run_tables.KINDS),
    "attributes.*": _ALL_ATTRIBUTES,
    **{f"{kind}.*": (kind,) for kind in run_tables.KINDS},
}
