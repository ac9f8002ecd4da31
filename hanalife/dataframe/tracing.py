"""The SQL that a connection sends, kept for reading when it is asked for."""

from __future__ import annotations

import logging
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from hanalife.dataframe.settings import level_of

logger = logging.getLogger(__name__)


class SqlTracer:
    """What was sent to the database: statements with placeholders, never their values.

    Examples
    --------
    >>> from hanalife import ConnectionContext
    >>> conn = ConnectionContext("sqlite://")
    >>> conn.sql_tracer.enable_trace_history(True)
    >>> conn.has_schema("main")
    True
    >>> conn.sql_tracer.get_sql_trace()
    ['BEGIN DEFERRED', 'PRAGMA database_list']
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.last_statement: str | None = None
        self._is_logging = False
        self._is_keeping = False
        self._history: list[str] = []
        event.listen(engine, "before_cursor_execute", self._sent)

    def _sent(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self.record(statement)

    def record(self, statement: str) -> None:
        """Take note of a statement that is about to be sent."""
        self.last_statement = statement
        if self._is_logging:
            logger.info("%s", statement)
        if self._is_keeping:
            self._history.append(statement)

    def enable_sql_trace(self, enable: bool) -> None:
        """Log each statement, or stop doing so."""
        self._is_logging = bool(enable)

    def enable_trace_history(self, enable: bool) -> None:
        """Keep the statements for :meth:`get_sql_trace`, or stop doing so."""
        self._is_keeping = bool(enable)

    def get_sql_trace(self) -> list[str]:
        """Return the statements that were kept, the oldest first."""
        return list(self._history)

    def clean_trace_history(self) -> None:
        """Forget the statements that were kept."""
        self._history.clear()

    def set_sql_trace(self, *_args: Any, **_kwargs: Any) -> None:
        """Accept an entry of hana_ml's own trace and ignore it; statements are traced as they are sent."""
        logger.debug("set_sql_trace: statements are traced as they are sent; ignored here.")

    def set_log_level(self, level: str = "info") -> None:
        """Set the level of this log: 'debug', 'info', 'warn' or 'error'."""
        logger.setLevel(level_of(level))
