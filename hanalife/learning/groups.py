"""Groups of rows, and what is told of all of them: tables under the name of the group."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hanalife.clock import format_utc, utc_now
from hanalife.errors import Error
from hanalife.learning.results.tables import Table

if TYPE_CHECKING:
    import pandas as pd

    from hanalife.learning.fitted import Fitted

GROUP_ID = "GROUP_ID"
ERRORS = (
    (GROUP_ID, "NVARCHAR"),
    ("ERROR_TIMESTAMP", "NVARCHAR"),
    ("ERRORCODE", "NVARCHAR"),
    ("MESSAGE", "NVARCHAR"),
)


@dataclass(frozen=True, slots=True)
class FittedGroups:
    """What a fit of groups leaves behind."""

    group_key: str
    groups: Mapping[str, Fitted]  #: by the group's value as text
    tables: Mapping[str, Table]  #: by attribute, all groups' rows under GROUP_ID

    @classmethod
    def of(cls, group_key: str, groups: Mapping[str, Fitted]) -> FittedGroups:
        """Gather the groups' tables."""
        names = dict.fromkeys(name for fitted in groups.values() for name in fitted.tables)
        return cls(group_key, groups, {name: _gathered(groups, name) for name in names})

    @property
    def any(self) -> Fitted:
        """One of the groups, for what all have in common: columns, key, label."""
        return next(iter(self.groups.values()))


def by_group(rows: pd.DataFrame, group_key: str) -> dict[str, pd.DataFrame]:
    """Return the rows of each group without the column that tells them apart, in the order of the groups."""
    groups = rows.groupby(group_key, sort=True)
    return {str(name): part.drop(columns=group_key).reset_index(drop=True) for name, part in groups}


def error_table(errors: Mapping[str, Error]) -> Table:
    """Return the errors of groups as hana_ml tells them."""
    now = format_utc(utc_now())
    return Table.of(ERRORS, [(name, now, type(error).__name__, str(error)) for name, error in errors.items()])


def _gathered(groups: Mapping[str, Fitted], kind: str) -> Table:
    return under_group_id({name: fitted.tables[kind] for name, fitted in groups.items() if kind in fitted.tables})


def under_group_id(parts: Mapping[str, Table]) -> Table:
    """Return one table of many: each row begins with its group's name."""
    columns = next(iter(parts.values())).columns
    rows = [(name, *row) for name, table in parts.items() for row in table.rows]
    return Table.of(((GROUP_ID, "NVARCHAR"), *columns), rows)


def stacked(parts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all groups; each begins with its group's name."""
    import pandas as pd

    for name, part in parts.items():
        part.insert(0, GROUP_ID, name)
    return pd.concat(parts.values())


def means(found: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the mean of each number over those who have it."""
    values: dict[str, list[float]] = {}
    for one in found:
        for name, value in one.items():
            if isinstance(value, (int, float)):
                values.setdefault(name, []).append(float(value))
    return {name: math.fsum(numbers) / len(numbers) for name, numbers in values.items()}
