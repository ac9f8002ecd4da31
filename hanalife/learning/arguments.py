"""What ``fit``, ``score`` and ``predict`` are given, checked before anything is read."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hanalife.dataframe import columns as names
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, NotSupportedError
from hanalife.learning.encoding import INTEGERS, NUMBERS, TEXTS, Encoding
from hanalife.learning.functions import Func
from hanalife.learning.parameters import parameter as parameters
from hanalife.learning.parameters.parameter import Parameter
from hanalife.observation import ColumnSpec

logger = logging.getLogger(__name__)

_PARTITIONS = {"no": "no", "predefined": "predefined", "user_defined": "predefined"}
PARTITIONS_OF_CLASSES = _PARTITIONS | {"stratified": "stratified"}
PARTITIONS_OF_NUMBERS = _PARTITIONS | {"random": "random"}
ATTRIBUTIONS = ("tree-shap", "saabas", "no")

# Keywords of hana_ml that only steer its server, and those that ask for something not there yet.
_TUNING = frozenset({"thread_ratio", "block_size"})
_COMMON_LATER = frozenset(
    {
        "group_key",
        "group_params",
        "impute",
        "strategy",
        "strategy_by_col",
        "als_factors",
        "als_lambda",
        "als_maxit",
        "als_randomstate",
        "als_exit_threshold",
        "als_exit_interval",
        "als_linsolver",
        "als_cg_maxit",
        "als_centering",
        "als_scaling",
    }
)
_READING_LATER = frozenset(
    {
        "model",
        "class_map1",
        "class_map0",
        "alpha",
        "missing_replacement",
        "categorical_variable",
        "sample_size",
        "random_state",
        "ignore_unknown_category",
        "ignore_correlation",
        "interval_type",
        "handle_missing",
        "prediction_type",
        "shap_value_for_positive_only",
        "significance_level",
    }
)
_LATER = {
    "fit": _COMMON_LATER
    | frozenset(
        {
            "training_size",
            "background_size",
            "background_random_state",
            "build_report",
            "meta_data",
            "permutation_importance",
            "permutation_evaluation_metric",
            "permutation_n_repeats",
            "permutation_seed",
            "permutation_n_samples",
            "evaluation_variable",
        }
    ),
    "score": _COMMON_LATER | _READING_LATER | {"evaluation_variable"},
    "predict": _COMMON_LATER | _READING_LATER | {"verbose", "verbose_top_n"},
}

_SHARE = Parameter("training_percent", float, 0.8, above=0, maximum=1)
_SEED = Parameter("partition_random_state", int, 0, minimum=0, maximum=2**31 - 1)
_NTILES = Parameter("ntiles", int, minimum=1, maximum=10_000)
_TOP = Parameter("top_k_attributions", int, 10, minimum=0)
_METHOD = Parameter("attribution_method", str, "tree-shap", choices=ATTRIBUTIONS)
_ROWS = Parameter("max_result_num", int, minimum=0)
_PARTITION = {
    True: Parameter("partition_method", str, "no", choices=tuple(PARTITIONS_OF_CLASSES)),
    False: Parameter("partition_method", str, "no", choices=tuple(PARTITIONS_OF_NUMBERS)),
}


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
    ntiles: int | None  #: None: by the number of rows
    keep_partition: bool
    own: Mapping[str, Any]  #: keywords that only this algorithm has

    @property
    def class_weights(self) -> dict[str, float]:
        """How much a row of a class counts, by the class's name; 1 for those not named."""
        if "scale_weight" in self.own:
            return {str(self.own["scale_weight_target"]): self.own["scale_weight"]}
        return {}

    @property
    def class_weights_given_as(self) -> str:
        """The keyword that names the classes."""
        return "scale_weight_target"

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
            words["TRAINING_PERCENT"] = self.training_percent
            words["PARTITION_RANDOM_STATE"] = self.partition_random_state
        if self.ntiles is not None:
            words["NTILES"] = self.ntiles
        return words | {name.upper(): value for name, value in self.own.items()}


@dataclass(frozen=True, slots=True)
class ReadArguments:
    """What to score or predict, and how to explain it."""

    key: ColumnSpec
    label: str | None  #: None: predict
    ntiles: int | None
    positive: str | None  #: class named by the caller
    top_k_attributions: int
    attribution_method: str
    max_result_num: int | None
    own: Mapping[str, Any]  #: keywords that only this algorithm has

    def in_words(self) -> dict[str, Any]:
        """Return them under hana_ml's names in upper case, as JSON values; what is not given is left out."""
        words = {**asdict(self), "key": self.key.name, "positive_label": self.positive, **self.own, "own": None}
        return {name.upper(): value for name, value in words.items() if value is not None and name != "positive"}


def fit_arguments(data: Any, given: Mapping[str, Any], func: Func, draw_seed: Any, *, classifies: bool) -> FitArguments:
    """Check what ``fit`` is given and fill in the defaults; an argument that a kind of model lacks is missing.

    Raises
    ------
    ArgumentTypeError, InvalidArgumentError, UnknownColumnError
        Something is missing, of the wrong type, does not fit together or is no column.
    """
    frame = check_frame(data)
    specs = {spec.name: spec for spec in frame.specs}
    key = _column(specs, given["key"], "key")
    label = _label(specs, given["label"], key, classifies=classifies)
    method, purpose, stratum = _partition(specs, given, classifies=classifies)
    features = _features(specs, given["features"], unusable=(key, label, purpose))
    own = {row.name: given[row.name] for row in func.fit_parameters if given.get(row.name) is not None}
    if "scale_weight" in own and "scale_weight_target" not in own:
        raise InvalidArgumentError("scale_weight: say of which class in scale_weight_target.")
    return FitArguments(
        key=specs[key] if key else None,
        features=features,
        label=specs[label],
        categorical=_categorical(features, specs, given["categorical_variable"]),
        partition_method=method,
        purpose=purpose,
        stratified_column=stratum,
        partition_random_state=_or_default(_SEED, given) or draw_seed(),
        training_percent=_or_default(_SHARE, given),
        ntiles=_or_default(_NTILES, given),
        keep_partition=bool(given["output_partition_result"]),
        own=own,
    )


def read_arguments(
    data: Any,
    encoding: Encoding,
    given: Mapping[str, Any],
    results: Sequence[str],
    own: Mapping[str, Any],
    *,
    score: bool,
) -> ReadArguments:
    """Check what ``score`` or ``predict`` is given and fill in the defaults; ``results`` are its columns.

    ``own`` are checked keywords that only this algorithm has.

    Raises
    ------
    ArgumentTypeError, InvalidArgumentError, UnknownColumnError
        Something is missing, of the wrong type, not what was fitted, or no column.
    """
    frame = check_frame(data)
    specs = {spec.name: spec for spec in frame.specs}
    key = _column(specs, given["key"], "key")
    if key is None:
        raise ArgumentTypeError("key: name the column that identifies a row; it is copied to the result.")
    if key in results:
        raise InvalidArgumentError(f"key: {key!r} is also a column of the result; give it another name with select().")
    encoding.check_columns(frame.specs)
    _check_same_features(given["features"], encoding)
    encoding.check_class_map(own)
    label = _column(specs, given["label"] or encoding.label.name, "label") if score else None
    positive = given.get("positive_label")
    if positive is not None and str(positive) not in encoding.class_names:
        raise InvalidArgumentError(
            f"positive_label: {positive!r} is not a class; the classes are: {', '.join(encoding.class_names)}."
        )
    return ReadArguments(
        key=specs[key],
        label=label,
        ntiles=_or_default(_NTILES, given),
        positive=None if positive is None else str(positive),
        top_k_attributions=_or_default(_TOP, given),
        attribution_method=_or_default(_METHOD, given),
        max_result_num=_or_default(_ROWS, given),
        own=own,
    )


def check_rest(method: str, rest: Mapping[str, Any], func: Func) -> dict[str, Any]:
    """Refuse keywords of a call that do nothing here; return those that only this algorithm has.

    Raises
    ------
    NotSupportedError
        hana_ml knows it, hanalife not yet.
    UnknownParameterError
        Nobody knows it.
    """
    own = func.fit_parameters if method == "fit" else func.read_parameters
    later = _LATER[method] - {parameter.name for parameter in own}
    known = [*own, *(Parameter(name, str) for name in sorted(later | _TUNING))]
    found: dict[str, Any] = {}
    for name, value in rest.items():
        parameter = parameters.find(known, name, f"{method}() of {func.name}")
        if parameter in own and value is not None:
            found[name] = parameters.check_value(parameter, value)
            parameters.weigh(parameter, found[name], func.name)
        elif value is None or value is False:
            continue
        elif name in later:
            raise NotSupportedError(f"{name}: {method}({name}={value!r}) is not supported yet; leave it out.")
        else:
            logger.debug("%s(%s=%r) is accepted and has no effect here.", method, name, value)
    return found


def check_frame(data: Any) -> DataFrame:
    """Return ``data`` if it is a frame of a database."""
    if not isinstance(data, DataFrame):
        raise ArgumentTypeError(
            f"data: expected a hanalife DataFrame, such as conn.table('NAME'), got {type(data).__name__}."
        )
    return data


def _or_default(parameter: Parameter, given: Mapping[str, Any]) -> Any:
    value = given.get(parameter.name)
    return parameter.default if value is None else parameters.check_value(parameter, value)


def _column(specs: Mapping[str, ColumnSpec], name: Any, argument: str) -> str | None:
    if name is None:
        return None
    if not isinstance(name, str):
        raise ArgumentTypeError(f"{argument}: expected the name of a column, got {name!r}.")
    names.require([name], list(specs), argument)
    return name


def _label(specs: Mapping[str, ColumnSpec], name: Any, key: str | None, *, classifies: bool) -> str:
    label = _column(specs, name, "label") or [column for column in specs if column != key][-1:]
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


def _columns(value: Any, specs: Mapping[str, ColumnSpec], argument: str) -> list[str]:
    wanted = [value] if isinstance(value, str) else value
    if not isinstance(wanted, (list, tuple)) or not all(isinstance(name, str) for name in wanted):
        raise ArgumentTypeError(f"{argument}: expected a column name or a list of them, got {value!r}.")
    names.require(wanted, list(specs), argument)
    return list(dict.fromkeys(wanted))


def _features(specs: Mapping[str, ColumnSpec], given: Any, unusable: Sequence[str | None]) -> tuple[ColumnSpec, ...]:
    wanted = [name for name in specs if name not in unusable] if given is None else _columns(given, specs, "features")
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
    declared = [] if given is None else _columns(given, specs, "categorical_variable")
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
    method = known[_or_default(_PARTITION[classifies], given)]
    purpose = _column(specs, given["purpose"], "purpose")
    stratum = _column(specs, given.get("stratified_column"), "stratified_column")
    if method == "predefined" and purpose is None:
        raise ArgumentTypeError("purpose: partition_method='predefined' needs the column that holds 1 and 2.")
    if method == "stratified" and stratum is None:
        raise InvalidArgumentError("stratified_column: partition_method='stratified' needs it; usually the label.")
    return method, purpose, stratum if method == "stratified" else None


def _check_same_features(given: Any, encoding: Encoding) -> None:
    if given is None:
        return
    wanted = {given} if isinstance(given, str) else set(given)
    if wanted != set(encoding.feature_names):
        raise InvalidArgumentError(
            f"features: the model was fitted on {', '.join(encoding.feature_names)}; leave features out, or name these."
        )
