"""Searches that the store keeps, as seen from any process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanalife.database import searches

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext
    from hanalife.records import Search, SearchScore


def cancel_search(connection_context: ConnectionContext, progress_indicator_id: str) -> bool:
    """Ask a search to stop; it ends with ``SearchCancelledError`` once its present trainings are done.

    Parameters
    ----------
    connection_context : ConnectionContext
        To the database of the frame that is fitted.
    progress_indicator_id : str
        As the model was given it; followed by a stroke and a group's name, the search of that group
        alone, which then is one of those that failed.

    Returns
    -------
    bool
        Whether there was something to stop. What the search found is kept: a fit with the same id
        goes on from there.

    Raises
    ------
    SearchNotFoundError
        No search of that id is kept.

    Examples
    --------
    >>> from hanalife import ConnectionContext
    >>> with ConnectionContext("sqlite://") as conn:
    ...     cancel_search(conn, "nightly")
    Traceback (most recent call last):
    hanalife.errors.SearchNotFoundError: progress_indicator_id: no search 'nightly' is kept; ...
    """
    with connection_context.database.write() as connection:
        searches.get(connection, progress_indicator_id)
        return searches.request_cancel(connection, progress_indicator_id)


def search_progress(connection_context: ConnectionContext, progress_indicator_id: str) -> Search:
    """Return how far a search has come: status, candidate folds done and in all, the last sign of life.

    Of a model with ``massive=True`` it counts groups; ``'<id>/<group>'`` tells of one of them.

    Raises
    ------
    SearchNotFoundError
        No search of that id is kept.
    """
    with connection_context.database.read() as connection:
        return searches.get(connection, progress_indicator_id)


def search_scores(connection_context: ConnectionContext, progress_indicator_id: str) -> list[SearchScore]:
    """Return what a search has found so far, by rung, candidate and fold; of a group as in :func:`search_progress`.

    Raises
    ------
    SearchNotFoundError
        No search of that id is kept.
    """
    with connection_context.database.read() as connection:
        searches.get(connection, progress_indicator_id)
        return searches.scores(connection, progress_indicator_id)
