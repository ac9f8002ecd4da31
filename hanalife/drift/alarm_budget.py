"""How many false alarms a schedule of checks may raise. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

from hanalife.errors import InvalidArgumentError

DAYS_PER_YEAR = 365.25
#: Days of the periods that a budget may be for.
PERIODS = {"year": DAYS_PER_YEAR, "quarter": DAYS_PER_YEAR / 4, "month": DAYS_PER_YEAR / 12, "week": 7.0, "day": 1.0}


@dataclass(frozen=True, slots=True)
class AlarmBudget:
    """A bound on the mean number of false alarms over all columns, segments and checks of a period.

    Parameters
    ----------
    per : {'year', 'quarter', 'month', 'week', 'day'}, default 'year'
        The period.
    false_alarms : float, default 1
        False alarms of a period in the mean, at most, if no column moves by more than the minimum effect.
    checks_per_year : float, optional
        Checks with new rows that a year has. Default: by the schedule of the task, or by its windows of time.

    Examples
    --------
    >>> AlarmBudget(per="month", false_alarms=0.5).false_alarms_per_year
    6.0
    """

    per: str = "year"
    false_alarms: float = 1.0
    checks_per_year: float | None = None

    def __post_init__(self) -> None:
        if self.per not in PERIODS:
            raise InvalidArgumentError(f"per: expected one of {', '.join(PERIODS)}, got {self.per!r}.")
        _check_positive("false_alarms", self.false_alarms)
        if self.checks_per_year is not None:
            _check_positive("checks_per_year", self.checks_per_year)

    @property
    def false_alarms_per_year(self) -> float:
        """The bound for a year."""
        return self.false_alarms * DAYS_PER_YEAR / PERIODS[self.per]

    @property
    def days(self) -> float:
        """The days of the period."""
        return PERIODS[self.per]


def _check_positive(argument: str, value: Any) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and isfinite(value) and value > 0):
        raise InvalidArgumentError(f"{argument}: expected a number above 0, got {value!r}.")
