"""What ``fit`` is given, checked before anything is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hanalife.errors import ArgumentTypeError, InvalidArgumentError
from hanalife.learning.arguments.columns import check_frame, column, columns
from hanalife.learning.arguments.keywords import or_default, said_yes, warn_of_the_useless
from hanalife.learning.class_weights import ClassWeights
from hanalife.learning.encoding import INTEGERS, NUMBERS, TEXTS
from hanalife.learning.explanation import permutation
from hanalife.learning.functions import Func
from hanalife.learning.missing import Strategy, read_strategy
from hanalife.learning.parameters.parameter import Parameter
from hanalife.observation import ColumnSpec

_PARTITIONS = {"no": "no", "predefined": "predefined", "user_defined": "predefined"}
PARTITIONS_OF_CLASSES = _PARTITIONS | {"stratified": "stratified"}
PARTITIONS_OF_NUMBERS = _PARTITIONS | {"random": "random"}
_PARTITION = {
    True: Parameter("partition_method", str, "no", choices=tuple(PARTITIONS_OF_CLASSES)),
    False: Parameter("partition_method", str, "no", choices=tuple(PARTITIONS_OF_NUMBERS)),
}
_SHARE = Parameter("training_percent", float, 0.8, above=0, maximum=1)
_SIZE = Parameter("training_size", int, minimum=1)
_SEED = Parameter("partition_random_state", int, 0, minimum=0, maximum=2**31 - 1)
_NTILES = Parameter("ntiles", int, minimum=1, maximum=10_000)
_BACKGROUND = Parameter("background_size", int, 0, minimum=0, maximum=10_000)
_BACKGROUND_SEED = Parameter("background_random_state", int, 0, minimum=0, maximum=2**31 - 1)
_PERMUTATION_METRICS = {True: ("accuracy", "auc", "kappa", "mcc"), False: ("rmse", "mae", "mape")}
_REPEATS = Parameter("permutation_n_repeats", int, 5, minimum=1)
_PERMUTATION_SEED = Parameter("permutation_seed", int, 0, minimum=0, maximum=2**31 - 1)
_SAMPLES = Parameter("permutation_n_samples", int, minimum=1)


#: Keywords that are seeds; one that is not given is drawn (the partition's) or 0, which is a seed like any other.
_SEEDS = ("PARTITION_RANDOM_STATE", "BACKGROUND_RANDOM_STATE", "PERMUTATION_SEED", "ALS_RANDOMSTATE")


@dataclass(frozen=True, slots=True)
class FitArguments:
    """What to fit on, defaults resolved."""

    key: ColumnSpec | None
    features: tuple[ColumnSpec, ...]
    label: ColumnSpec
    categorical: tuple[str, ...]
    partition_method: str
    purpose: str | None
    stratified_column: str | None
    partition_random_state: int
    training_percent: float
    training_size: int | None  #: number of training rows; None: by ``training_percent``
    ntiles: int | None  #: None: by the number of rows
    missing: Strategy | None  #: None: missing values are left to the algorithm
    keep_partition: bool
    calibrate: bool
    permutation: permutation.Settings | None  #: how to shuffle columns; None: not at all
    background_size: int  #: training rows to keep for explanations by sampling
    background_seed: int
    own: Mapping[str, Any]  #: keywords that only this algorithm has
    class_weights: ClassWeights | None  #: None: all rows count the same

    def in_words(self) -> dict[str, Any]:
        """Return them under hana_ml's names in upper case, as JSON values; what plays no part is left out."""
        words: dict[str, Any] = {
            "KEY": self.key.name if self.key else None,
            "FEATURES": [spec.name for spec in self.features],
            "LABEL": self.label.name,
            "CATEGORICAL_VARIABLE": list(self.categorical),
            "PARTITION_METHOD": self.partition_method,
        }
        if self.partition_method == "predefined":
            words["PURPOSE"] = self.purpose
        if self.stratified_column is not None:
            words["STRATIFIED_COLUMN"] = self.stratified_column
        if self.partition_method in ("stratified", "random"):
            percent = {"TRAINING_PERCENT": self.training_percent}
            words |= {"TRAINING_SIZE": self.training_size} if self.training_size else percent
            words["PARTITION_RANDOM_STATE"] = self.partition_random_state
        if self.ntiles is not None:
            words["NTILES"] = self.ntiles
        if self.missing is not None:
            words |= {name.upper(): value for name, value in self.missing.in_words().items()}
        words |= {"CALIBRATE": True} if self.calibrate else {}
        if self.background_size:
            words |= {"BACKGROUND_SIZE": self.background_size, "BACKGROUND_RANDOM_STATE": self.background_seed}
        if self.permutation is not None:
            words |= {name.upper(): value for name, value in self.permutation.in_words().items()}
        return words | {name.upper(): value for name, value in self.own.items()}

    def seeds(self) -> dict[str, int]:
        """Return the seeds that play a part in the fit, given or drawn, under the keywords that repeat it."""
        words = self.in_words()
        return {name.lower(): words[name] for name in _SEEDS if name in words}


def fit_arguments(data: Any, given: Mapping[str, Any], func: Func, draw_seed: Any, *, classifies: bool) -> FitArguments:
    """Check what ``fit`` is given and fill in the defaults; an argument that a kind of model lacks is missing.

    Raises
    ------
    ArgumentTypeError, InvalidArgumentError, UnknownColumnError
        Something is missing, of the wrong type, does not fit together or is no column.
    """
    frame = check_frame(data)
    specs = {spec.name: spec for spec in frame.specs}
    key = column(specs, given["key"], "key")
    label = _label(specs, given["label"], key, classifies=classifies)
    method, purpose, stratum = _partition(specs, given, classifies=classifies)
    features = _features(specs, given["features"], unusable=(key, label, purpose))
    own = {row.name: given[row.name] for row in func.fit_parameters if given.get(row.name) is not None}
    categorical = _categorical(features, specs, given["categorical_variable"])
    feature_names = [spec.name for spec in features]
    return FitArguments(
        key=specs[key] if key else None,
        features=features,
        label=specs[label],
        categorical=categorical,
        missing=read_strategy(given, feature_names, categorical, classifies=classifies),
        partition_method=method,
        purpose=purpose,
        stratified_column=stratum,
        partition_random_state=or_default(_SEED, given) or draw_seed(),
        training_percent=or_default(_SHARE, given),
        training_size=None if given["training_percent"] is not None else or_default(_SIZE, given),
        ntiles=or_default(_NTILES, given),
        keep_partition=said_yes(given, "output_partition_result"),
        calibrate=said_yes(given, "calibrate"),
        permutation=_permutation(given, method, classifies=classifies),
        background_size=or_default(_BACKGROUND, given),
        background_seed=or_default(_BACKGROUND_SEED, given),
        own=own,
        class_weights=ClassWeights.asked_for(own),
    )


def _label(specs: Mapping[str, ColumnSpec], name: Any, key: str | None, *, classifies: bool) -> str:
    label = column(specs, name, "label") or [column for column in specs if column != key][-1:]
    found = label if isinstance(label, str) else (label[0] if label else None)
    if found is None:
        raise InvalidArgumentError("label: the frame has no column beside the key.")
    if found == key:
        raise InvalidArgumentError(f"label: {found!r} is the key; name another column.")
    if classifies and specs[found].type not in INTEGERS | TEXTS:
        raise InvalidArgumentError(
            f"label: column {found!r} is {specs[found].type}; classes are INT, BOOLEAN or text; derive one."
        )
    if not classifies and specs[found].type not in NUMBERS - {"BOOLEAN"}:
        raise InvalidArgumentError(
            f"label: column {found!r} is {specs[found].type}; regression predicts a number; "
            "use UnifiedClassification, or derive a number."
        )
    return found


def _features(specs: Mapping[str, ColumnSpec], given: Any, unusable: Sequence[str | None]) -> tuple[ColumnSpec, ...]:
    wanted = [name for name in specs if name not in unusable] if given is None else columns(given, specs, "features")
    taken = [name for name in wanted if name in unusable]
    if taken:
        raise InvalidArgumentError(f"features: {', '.join(taken)} is key, label or purpose; leave it out.")
    if not wanted:
        raise InvalidArgumentError("features: no column is left to learn from.")
    for name in wanted:
        if specs[name].type not in NUMBERS | TEXTS:
            raise InvalidArgumentError(
                f"features: column {name!r} is {specs[name].type}; numbers and text can be learnt from. "
                "Leave it out with deselect(), or derive a number with select()."
            )
    return tuple(specs[name] for name in wanted)


def _categorical(features: Sequence[ColumnSpec], specs: Mapping[str, ColumnSpec], given: Any) -> tuple[str, ...]:
    declared = [] if given is None else columns(given, specs, "categorical_variable")
    for name in declared:
        if specs[name].type not in INTEGERS | TEXTS:
            raise InvalidArgumentError(
                f"categorical_variable: column {name!r} is {specs[name].type}; only INT and text can be categories."
            )
    return tuple(spec.name for spec in features if spec.type in TEXTS or spec.name in declared)


def _partition(
    specs: Mapping[str, ColumnSpec], given: Mapping[str, Any], *, classifies: bool
) -> tuple[str, str | None, str | None]:
    known = PARTITIONS_OF_CLASSES if classifies else PARTITIONS_OF_NUMBERS
    method = known[or_default(_PARTITION[classifies], given)]
    purpose = column(specs, given["purpose"], "purpose")
    stratum = column(specs, given.get("stratified_column"), "stratified_column")
    if method == "predefined" and purpose is None:
        raise ArgumentTypeError("purpose: partition_method='predefined' needs the column that holds 1 and 2.")
    if method == "stratified" and stratum is None:
        raise InvalidArgumentError("stratified_column: partition_method='stratified' needs it; usually the label.")
    if method in ("no", "predefined"):
        names = ("stratified_column", _SEED.name, _SHARE.name, _SIZE.name)
        warn_of_the_useless(given, names, f"partition_method={'stratified' if classifies else 'random'!r}")
    if method == "no":
        warn_of_the_useless(given, ("output_partition_result", "purpose"), "a partition_method")
    return method, purpose, stratum if method == "stratified" else None


def _permutation(given: Mapping[str, Any], method: str, *, classifies: bool) -> permutation.Settings | None:
    choices = _PERMUTATION_METRICS[classifies]
    metric = Parameter("permutation_evaluation_metric", str, choices[0], choices=choices)
    settings = permutation.Settings(
        metric=or_default(metric, given),
        repeats=or_default(_REPEATS, given),
        seed=or_default(_PERMUTATION_SEED, given),
        samples=or_default(_SAMPLES, given),
    )
    if not said_yes(given, "permutation_importance"):
        names = (metric.name, _REPEATS.name, _PERMUTATION_SEED.name, _SAMPLES.name)
        warn_of_the_useless(given, names, "permutation_importance=True")
        return None
    if method == "no":
        raise InvalidArgumentError(
            "permutation_importance: it is measured on validation rows; add a partition_method other than 'no'."
        )
    return settings
