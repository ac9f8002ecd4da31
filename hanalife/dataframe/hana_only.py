"""What only SAP HANA can do: refused with the way to do it here; mere tuning is accepted."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NoReturn, Self

from hanalife.dataframe.base import Frame
from hanalife.errors import NotSupportedError

logger = logging.getLogger(__name__)


def refused(method: str, remedy: str) -> Callable[..., NoReturn]:
    """Return a method that says what to use instead of it."""

    def refuse(_self: object, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Say what to use instead; it works inside SAP HANA only."""
        raise NotSupportedError(f"{method}: works inside SAP HANA only; {remedy}.")

    refuse.__name__ = refuse.__qualname__ = method
    return refuse


class HanaOnly(Frame):
    """Methods of hana_ml that have no meaning elsewhere."""

    to_pickle = refused("to_pickle", "a pickle can run code when it is read; use save(), or collect().to_parquet()")
    save_nativedisktable = refused("save_nativedisktable", "use save()")
    generate_table_type = refused("generate_table_type", "use get_table_structure()")

    @property
    def geometries(self) -> list[str]:
        """The spatial columns: there are none."""
        return []

    @property
    def srids(self) -> dict[str, int]:
        """The reference systems of the spatial columns: there are none."""
        return {}

    def _tuned(self, method: str) -> Self:
        logger.debug("%s: tuning of SAP HANA, ignored here.", method)
        return self

    def apply_with_hint(self, *_args: Any, **_kwargs: Any) -> Self:
        """Accept a hint of SAP HANA and ignore it."""
        return self._tuned("apply_with_hint")

    def disable_validate_columns(self) -> Self:
        """Accept the wish not to check column names; they are known anyway."""
        return self._tuned("disable_validate_columns")

    def enable_validate_columns(self) -> Self:
        """Accept the wish to check column names; they always are."""
        return self._tuned("enable_validate_columns")

    def declare_lttab_usage(self, *_args: Any, **_kwargs: Any) -> Self:
        """Accept a note about temporary tables and ignore it."""
        return self._tuned("declare_lttab_usage")
