"""Results as small tables, and tables as frames of the database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from hanalife.clock import new_id
from hanalife.confidence.interval import Interval, Withheld
from hanalife.learning.cross_validation import Judgement
from hanalife.learning.evaluation.by_name import spelt

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext
    from hanalife.dataframe.frame import DataFrame

# NVARCHAR without a length: a class name or a list over many folds is never cut.
IMPORTANCE = (("VARIABLE_NAME", "NVARCHAR"), ("IMPORTANCE", "DOUBLE"))
PERMUTATION = (("VARIABLE_NAME", "NVARCHAR"), ("IMPORTANCE", "DOUBLE"), ("DEVIATION", "DOUBLE"))
OPTIMAL = (("PARAM_NAME", "NVARCHAR"), ("INT_VALUE", "INT"), ("DOUBLE_VALUE", "DOUBLE"), ("STRING_VALUE", "NVARCHAR"))
MODEL = (("ROW_INDEX", "INT"), ("PART_INDEX", "INT"), ("MODEL_CONTENT", "NCLOB"))
SEARCH = (
    ("CANDIDATE", "INT"),
    ("PARAMETERS", "NCLOB"),
    ("METRIC", "NVARCHAR"),
    ("FOLD", "INT"),
    ("SCORE", "DOUBLE"),
    ("RUNG", "INT"),
    ("RESOURCE", "DOUBLE"),
)

#: The statistic that says which rows the others are of: training or validation.
PARTITION = "PARTITION"

#: Why a statistic has no interval; not in ``statistics_`` itself, whose values programs read as numbers.
INTERVAL_NOTES = "interval_notes_"
NOTES = (("STAT_NAME", "NVARCHAR"), ("CLASS_NAME", "NVARCHAR"), ("REASON", "NVARCHAR"))

#: After a statistic's name: the ends of its 95 % interval.
SIDES = ("LOW", "HIGH")

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under typed columns, ``(name, HANA type)``."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, columns: Sequence[tuple[str, str]], rows: Iterable[Row]) -> Self:
        """Make a table of any rows."""
        return cls(tuple(columns), tuple(rows))

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"columns": [list(column) for column in self.columns], "rows": [list(row) for row in self.rows]}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_json` wrote."""
        return cls(tuple((name, kind) for name, kind in found["columns"]), tuple(tuple(row) for row in found["rows"]))

    def to_frame(self, connection_context: ConnectionContext, kind: str) -> DataFrame:
        """Write the rows to a table that lives as long as the connection; return a frame over it."""
        import pandas as pd

        names = [name for name, _ in self.columns]
        data = pd.DataFrame(list(self.rows), columns=names, dtype="object")
        return connection_context.create_from_pandas(data, table_name(kind), dict(self.columns))


def interval_rows(name: str, found: Interval | Withheld) -> list[tuple[str, str]]:
    """Return the rows of ``statistics_`` that hold a number's interval, as text that gives it back exactly.

    >>> interval_rows("AUC", (0.75, 0.9))
    [('AUC.LOW', '0.75'), ('AUC.HIGH', '0.9')]
    """
    if isinstance(found, Withheld):
        return []
    return [(f"{name}.{side}", repr(bound)) for side, bound in zip(SIDES, found, strict=True)]


def table_name(kind: str) -> str:
    """Return a new name of a table that lives as long as the connection; PostgreSQL takes 63 characters."""
    return f"#PAL_{kind}_{new_id()}"


def of_judgement(judgement: Judgement, prefix: str) -> dict[str, float | str]:
    """Return the best candidate's ``<prefix>_<METRIC>`` (one value a fold), mean and sample variance.

    ``timeout`` is there, and TRUE, if not all candidates were tried; ``RUNG_<n>`` says of each round
    of a race how many took part and what each had; ``FAILED_<candidate>`` says why one could not be
    trained. The scores are of the last rung.
    """
    found: dict[str, float | str] = {"timeout": "TRUE"} if judgement.timed_out else {}
    found |= {f"RUNG_{number}": text for number, text in enumerate(judgement.rungs, 1)}
    found |= {f"FAILED_{one.number}": one.failure for one in judgement.judged if one.failure}
    for metric, scores in judgement.best.scores.items():
        name = f"{prefix}_{spelt(metric)}"
        found[name] = ", ".join("" if score is None else repr(score) for score in scores)
        mean, variance = judgement.best.mean(metric), judgement.best.variance(metric)
        if mean is not None:
            found[f"{name}.MEAN"] = mean
        if variance is not None:
            found[f"{name}.VAR"] = variance
    return found


def is_of_folds(name: str) -> bool:
    """Say whether a statistic is one that :func:`of_judgement` gives."""
    return name == "timeout" or name.startswith(("RUNG_", "FAILED_", "TEST_", "CV_"))


def search_results(judgement: Judgement | None) -> Table:
    """Return every candidate's score on every fold; candidates and folds count from 1."""
    rows = [
        (one.number, json.dumps(one.candidate), spelt(metric), fold, score, one.rung, one.amount)
        for one in (judgement.judged if judgement else ())
        for metric, scores in one.scores.items()
        for fold, score in enumerate(scores, 1)
    ]
    return Table.of(SEARCH, rows)


def importance(by_name: Mapping[str, float]) -> Table:
    """Return features and their importance."""
    return Table.of(IMPORTANCE, by_name.items())


def optimal_parameters(chosen: Mapping[str, Any]) -> Table:
    """Return what a search chose, each value in the column of its type; lists as JSON text."""
    kinds = (int, float, str)
    plain = {name: value if type(value) in kinds else json.dumps(value) for name, value in chosen.items()}
    return Table.of(
        OPTIMAL, [(name, *(value if type(value) is kind else None for kind in kinds)) for name, value in plain.items()]
    )


def model_content(texts: Sequence[str]) -> Table:
    """Return a model's texts: the header under PART_INDEX -1, then the trees."""
    return Table.of(MODEL, [(row, row - 1, text) for row, text in enumerate(texts)])


def partition(keys: Sequence[Any], key_type: str, training: Iterable[bool]) -> Table:
    """Return the part of each row: 1 training, 2 validation."""
    marks = ((one, 1 if trains else 2) for one, trains in zip(keys, training, strict=True))
    return Table.of((("ID", key_type), ("TYPE", "INT")), marks)


def is_number(text: str) -> bool:
    """Say whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
