"""Which values of a metric count as evidence: keys, base names, order of sources, directions. Pure.

A metric is stored under the name that the call gave it, and with the source of the rows it was measured
on. Several stored names can be the same measurement: a fit calls it ``AUC``, a score after the fit
``SCORE_AUC``, a search ``TEST_AUC.MEAN``. Their *base name* is ``AUC``, and ``AUC@test`` names the base
name with one source.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple, TypeVar

from hanalife.errors import InvalidArgumentError
from hanalife.observation import MetricSource

V = TypeVar("V")

#: All sources, in the order in which a metric without a named source is looked up.
SOURCES: Final = tuple(MetricSource)

#: What may rank runs and versions, mark the best, or stand beside an offer to promote.
HELD_OUT: Final = (MetricSource.TEST, MetricSource.VALIDATION, MetricSource.CV)

#: Before a base name: the call, the part of a fit or the search that measured it. The first in the
#: order of preference where several stored names of one source have the same base name.
_PREFIXES: Final = ("SCORE_", "TEST_", "CV_", "TRAINING_", "training_", "VALIDATION_", "SEARCH_")
#: What the scores of a search are stored under, before the metric.
SEARCH_PREFIX: Final = "SEARCH_"
_OF_FOLDS: Final = ("TEST_", "CV_")  # of a search; the number that counts among them is the mean
_MEAN: Final = ".MEAN"
_VARIANCE: Final = ".VAR"


class MetricKey(NamedTuple):  # not a dataclass: a table of runs holds hundreds of thousands
    """The key of a recorded metric in its run: its stored name and its source.

    >>> str(MetricKey("SCORE_AUC", MetricSource.TEST)), MetricKey("SCORE_AUC", MetricSource.TEST).metric
    ('AUC@test', 'AUC')
    """

    name: str
    source: MetricSource

    @property
    def metric(self) -> str:
        """The base name."""
        return base_name(self.name, self.source)

    @property
    def rank(self) -> int:
        """The place in the order of evidence among metrics of the same base name; the lowest counts."""
        return _rank(self.name, self.source)

    def __str__(self) -> str:
        return f"{self.metric}@{self.source}"


@functools.lru_cache(maxsize=65_536)
def base_name(name: str, source: MetricSource) -> str:
    """Return the name of a metric without the prefix of the call that measured it.

    Names that were logged by hand stay as they are. Of the statistics of folds, the mean alone is
    the metric.

    >>> base_name("TEST_AUC.MEAN", MetricSource.CV), base_name("TEST_AUC.VAR", MetricSource.CV)
    ('AUC', 'TEST_AUC.VAR')
    >>> base_name("SCORE_AUC", MetricSource.USER)
    'SCORE_AUC'
    """
    prefix = _prefix(name)
    if not prefix or source is MetricSource.USER:
        return name
    if source is MetricSource.CV and prefix in _OF_FOLDS:
        return name.removeprefix(prefix).removesuffix(_MEAN) if name.endswith(_MEAN) else name
    return name.removeprefix(prefix)


def is_stored_name(name: str) -> bool:
    """Say whether a name begins like one that a call has given: it then stands for itself alone.

    >>> is_stored_name("SCORE_AUC"), is_stored_name("AUC")
    (True, False)
    """
    return bool(_prefix(name))


def _prefix(name: str) -> str:
    return next((prefix for prefix in _PREFIXES if name.startswith(prefix) and len(name) > len(prefix)), "")


@functools.lru_cache(maxsize=65_536)
def _rank(name: str, source: MetricSource) -> int:
    prefix = "" if base_name(name, source) == name else _prefix(name)
    return SOURCES.index(source) * (len(_PREFIXES) + 1) + (_PREFIXES.index(prefix) + 1 if prefix else 0)


# --- choice -----------------------------------------------------------------------------------


def by_metric(values: Mapping[MetricKey, V]) -> dict[MetricKey, V]:
    """Return the values by base name and source, in that order; of several stored names the first counts.

    >>> by_metric({MetricKey("SCORE_AUC", MetricSource.TEST): 0.7, MetricKey("AUC", MetricSource.TRAIN): 0.9})
    {MetricKey(name='AUC', source=<MetricSource.TEST: 'test'>): 0.7, \
MetricKey(name='AUC', source=<MetricSource.TRAIN: 'train'>): 0.9}
    """
    by_key: dict[MetricKey, V] = {}
    for key in sorted(values, key=lambda key: (key.metric, key.rank)):
        by_key.setdefault(MetricKey(key.metric, key.source), values[key])
    return by_key


def is_meant(key: MetricKey, name: str, source: MetricSource | None = None) -> bool:
    """Say whether a key is meant by a name, base or stored, and perhaps a source.

    >>> is_meant(MetricKey("SCORE_AUC", MetricSource.TEST), "AUC", MetricSource.TEST)
    True
    """
    is_named = key.name == name if is_stored_name(name) else key.metric == name
    return is_named and source in (None, key.source)


def labels(keys: Iterable[MetricKey]) -> dict[MetricKey, str]:
    """Return a text for each key of a run: its stored name, and the source where that name has several.

    >>> labels([MetricKey("SCORE_AUC", MetricSource.TEST), MetricKey("SCORE_AUC", MetricSource.TRAIN)])
    {MetricKey(name='SCORE_AUC', source=<MetricSource.TEST: 'test'>): 'SCORE_AUC', \
MetricKey(name='SCORE_AUC', source=<MetricSource.TRAIN: 'train'>): 'SCORE_AUC@train'}
    """
    names: set[str] = set()
    texts: dict[MetricKey, str] = {}
    for key in sorted(keys, key=lambda key: (key.name, key.rank)):
        texts[key] = f"{key.name}@{key.source}" if key.name in names else key.name
        names.add(key.name)
    return texts


def by_label(values: Mapping[MetricKey, V]) -> dict[str, V]:
    """Return the values of a run under the texts of :func:`labels`, in their order."""
    return {text: values[key] for key, text in labels(values).items()}


def parse_metric(text: str, argument: str) -> tuple[str, MetricSource | None]:
    """Return name and source of a text such as ``AUC@test`` or ``AUC``.

    Raises
    ------
    InvalidArgumentError
        The name is empty, or what stands after ``@`` is not a source.

    Examples
    --------
    >>> parse_metric("AUC@test", "primary_metric"), parse_metric("AUC", "primary_metric")
    (('AUC', <MetricSource.TEST: 'test'>), ('AUC', None))
    """
    name, at, source_name = text.rpartition("@")
    if not at:
        name = text
    if not name.strip():
        raise InvalidArgumentError(f"{argument}: got {text!r}; give the name of a metric such as 'AUC' or 'AUC@test'.")
    return name, source(source_name, argument) if at else None


def source(value: object, argument: str) -> MetricSource:
    """Return a source that is given as text.

    Raises
    ------
    InvalidArgumentError
        There is no such source.
    """
    if isinstance(value, str) and value in SOURCES:
        return MetricSource(value)
    raise InvalidArgumentError(f"{argument}: {value!r} is not a source of metrics; use one of {', '.join(SOURCES)}.")


# --- direction --------------------------------------------------------------------------------


class Direction(StrEnum):
    """Which values of a metric are better."""

    HIGHER = "higher"
    LOWER = "lower"


#: Parts of names of metrics that are better the lower, or the higher, they are.
LOWER_IS_BETTER: Final = frozenset(
    [
        "aic",
        "bic",
        "brier",
        "crossentropy",
        "deviance",
        "entropy",
        "error",
        "gamma",
        "hamming",
        "hinge",
        "huber",
        "l1",
        "l2",
        "logloss",
        "loss",
        "mae",
        "mape",
        "merror",
        "mlogloss",
        "mse",
        "msle",
        "nll",
        "nloglik",
        "perplexity",
        "pinball",
        "poisson",
        "quantile",
        "rae",
        "rmse",
        "rmsle",
        "rse",
        "smape",
        "tweedie",
        "wape",
        "wer",
    ]
)
HIGHER_IS_BETTER: Final = frozenset(
    [
        "acc",
        "accuracy",
        "ap",
        "auc",
        "aucpr",
        "auprc",
        "auroc",
        "bleu",
        "dice",
        "evar",
        "explained",
        "f1",
        "fbeta",
        "gini",
        "iou",
        "jaccard",
        "kappa",
        "map",
        "mcc",
        "ndcg",
        "precision",
        "r2",
        "recall",
        "roc",
        "rouge",
        "score",
        "sensitivity",
        "silhouette",
        "specificity",
    ]
)
_OF_CLASSES = ("recall_", "precision_", "f1_score_")  # a class may be called "error"


@functools.lru_cache(maxsize=4_096)
def direction(metric: str) -> Direction | None:
    """Return which values of a metric are better, as its name tells; None if it does not.

    The last part of the name that is known decides: ``validation_0-logloss`` is a loss. Scores of scikit-learn
    that begin with ``neg_`` are better the higher they are.

    >>> direction("SCORE_AUC"), direction("VALIDATION_RMSE"), direction("neg_mean_squared_error"), direction("rows")
    (<Direction.HIGHER: 'higher'>, <Direction.LOWER: 'lower'>, <Direction.HIGHER: 'higher'>, None)
    """
    if metric.endswith(_VARIANCE):
        return None
    parts = re.findall(r"[a-z]+[0-9]*", metric.lower())
    if "neg" in parts or metric.removeprefix(_prefix(metric)).lower().startswith(_OF_CLASSES):
        return Direction.HIGHER
    for part in reversed(parts):
        if part in LOWER_IS_BETTER or part in HIGHER_IS_BETTER:
            return Direction.LOWER if part in LOWER_IS_BETTER else Direction.HIGHER
    return None
