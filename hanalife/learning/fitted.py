"""What a fit leaves behind."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hanalife.errors import InvalidArgumentError
from hanalife.learning.encoding import Encoding
from hanalife.learning.engines.engine import Engine
from hanalife.learning.evaluation.calibration import Calibration
from hanalife.learning.functions import Func
from hanalife.learning.missing import Imputation
from hanalife.learning.results.tables import Table
from hanalife.observation import ColumnSpec
from hanalife.training_keys import TrainingKeys

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[Any]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained estimator and all that is known of it."""

    func: Func
    estimator: Any
    encoding: Encoding
    key: ColumnSpec | None
    parameters: Mapping[str, Any]  #: in force, with what the search chose
    chosen: Mapping[str, Any]  #: by the search
    tables: Mapping[str, Table]  #: by attribute
    imputation: Imputation | None = None  #: None: missing values are left to the algorithm
    calibration: Calibration | None = None  #: None: probabilities are the engine's own
    background: Array | None = None  #: features of training rows that stand for what is usual, for explanations
    seeds: Mapping[str, int] = field(default_factory=dict)  #: given or drawn, under the keywords that repeat the fit
    training_keys: TrainingKeys | None = None  #: of the rows trained on; None: saved before these were stored

    @property
    def engine(self) -> Engine:
        """What trains and predicts."""
        return self.func.engine_for(self.encoding.problem)

    @property
    def key_name(self) -> str | None:
        """The name of the key of the fit, if it had one."""
        return None if self.key is None else self.key.name

    @property
    def importance(self) -> dict[str, float]:
        """Each feature's importance, the largest first; empty where the algorithm has none."""
        return dict(self.tables["importance_"].rows)

    def outputs(self, rows: pd.DataFrame) -> tuple[Array, Array]:
        """Return the features of rows, missing values filled, and the engine's outputs for them."""
        engine = self.engine
        features = self.encoding.matrix(rows, engine.precision)
        if self.imputation is not None:
            features = self.imputation.filled(features, self.encoding)
        found = engine.outputs(self.estimator, features)
        return features, found if self.calibration is None else self.calibration.applied(found)

    def rows_to_read(self, rows: pd.DataFrame, own: Mapping[str, Any], *, scores: bool = False) -> pd.DataFrame:
        """Return rows as ``handle_missing`` wants them: without those that lack a feature, or with zeros.

        Raises
        ------
        InvalidArgumentError
            A score would have no row left.
        """
        method, names = own.get("handle_missing"), list(self.encoding.feature_names)
        if method == "fill_zero":
            numbers = [name for name in names if name not in self.encoding.categories]
            return rows.assign(**{name: rows[name].where(rows[name].notna(), 0) for name in numbers})
        if method != "skip":
            return rows
        there = rows[names].notna().all(axis=1)
        if not there.all():
            logger.info("handle_missing: %d of %d rows lack a feature and are skipped.", (~there).sum(), len(rows))
        if scores and not there.any():
            raise InvalidArgumentError("handle_missing: every row lacks a feature; use 'fill_zero', or leave it out.")
        return rows[there]
