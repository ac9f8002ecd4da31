"""What ``fit``, ``score`` and ``predict`` are given, checked before anything is read."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hanalife.dataframe import columns as names
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, NotSupportedError
from hanalife.learning.class_weights import ClassWeights
from hanalife.learning.encoding import INTEGERS, NUMBERS, TEXTS, Encoding
from hanalife.learning.explanation import permutation
from hanalife.learning.functions import Func
from hanalife.learning.missing import Strategy, read_strategy
from hanalife.learning.parameters import imputation
from hanalife.learning.parameters import parameter as parameters
from hanalife.learning.parameters.parameter import Parameter
from hanalife.learning.signature import Conformity, read_policy
from hanalife.observation import ColumnSpec

logger = logging.getLogger(__name__)

_PARTITIONS = {"no": "no", "predefined": "predefined", "user_defined": "predefined"}
PARTITIONS_OF_CLASSES = _PARTITIONS | {"stratified": "stratified"}
PARTITIONS_OF_NUMBERS = _PARTITIONS | {"random": "random"}
ATTRIBUTIONS = ("tree-shap", "saabas", "no")

#: Keywords of hana_ml that steer its server, or what its engine does with missing values at prediction.
_NO_EFFECT = frozenset({"thread_ratio", "block_size", "missing_replacement"})

#: Those that do nothing here, and what to do instead.
_INSTEAD: dict[str, str] = {
    "alpha": "give it to the constructor, smoothing is part of the fit",
    "class_map0": "it names the two classes of func='LogisticRegression'",
    "class_map1": "it names the two classes of func='LogisticRegression'",
    **dict.fromkeys(
        ("handle_missing", "ignore_correlation", "interval_type", "prediction_type", "significance_level"),
        "leave it out, only func='LinearRegression' and 'GLM' have it",
    ),
    "group_params": "give it to the constructor",
    "meta_data": "give a frame with one column a feature (pivot_table())",
    "model": "load the model with ModelStorage, or use the fitted object",
    "evaluation_variable": "score() the rows in question with a filter",
}

#: Those of them that ``fit`` has never had.
_OF_READING = {"alpha", "class_map0", "class_map1", "model"}

_PERMUTATION_METRICS = {True: ("accuracy", "auc", "kappa", "mcc"), False: ("rmse", "mae", "mape")}
_REPEATS = Parameter("permutation_n_repeats", int, 5, minimum=1)
_PERMUTATION_SEED = Parameter("permutation_seed", int, 0, minimum=0, maximum=2**31 - 1)
_SAMPLES = Parameter("permutation_n_samples", int, minimum=1)
_BACKGROUND = Parameter("background_size", int, 0, minimum=0, maximum=10_000)
_BACKGROUND_SEED = Parameter("background_random_state", int, 0, minimum=0, maximum=2**31 - 1)
_SAMPLE_SIZE = Parameter("sample_size", int, 0, minimum=0, maximum=100_000)
_SAMPLING_SEED = Parameter("random_state", int, 0, minimum=0, maximum=2**31 - 1)
_SHARE = Parameter("training_percent", float, 0.8, above=0, maximum=1)
_SIZE = Parameter("training_size", int, minimum=1)
_SEED = Parameter("partition_random_state", int, 0, minimum=0, maximum=2**31 - 1)
_NTILES = Parameter("ntiles", int, minimum=1, maximum=10_000)
_TOP = Parameter("top_k_attributions", int, 10, minimum=0)
_METHOD = Parameter("attribution_method", str, "tree-shap", choices=ATTRIBUTIONS)
_ROWS = Parameter("max_result_num", int, minimum=0)
_TOP_CLASSES = Parameter("verbose_top_n", int, 0, minimum=0)
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
    policy: Mapping[str, str]  #: what happens to rows that do not conform to the signature
    sample_size: int  #: orders of an explanation by sampling; 0: as many as are usual
    sampling_seed: int
    every_class: int | None  #: one row a class, so many of the most probable (0: all); None: the predicted one
    positive_only: bool  #: reasons of two classes are those of the positive one, not of the predicted

    def in_words(self) -> dict[str, Any]:
        """Return them under hana_ml's names in upper case, as JSON values; what is not given is left out."""
        words = {**asdict(self), "key": self.key.name, "positive_label": self.positive, "signature_policy": self.policy}
        words |= {"verbose_top_n": self.every_class, **self.own}
        own_names = ("positive", "policy", "every_class", "positive_only", "sampling_seed", "own")
        return {name.upper(): value for name, value in words.items() if value is not None and name not in own_names}


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
        partition_random_state=_or_default(_SEED, given) or draw_seed(),
        training_percent=_or_default(_SHARE, given),
        training_size=None if given["training_percent"] is not None else _or_default(_SIZE, given),
        ntiles=_or_default(_NTILES, given),
        keep_partition=bool(given["output_partition_result"]),
        calibrate=bool(given.get("calibrate")),
        permutation=_permutation(given, method, classifies=classifies),
        background_size=_or_default(_BACKGROUND, given),
        background_seed=_or_default(_BACKGROUND_SEED, given),
        own=own,
        class_weights=ClassWeights.asked_for(own),
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
    _check_same_features(given["features"], encoding)
    encoding.check_class_map(own)
    label = _column(specs, given["label"] or encoding.label.name, "label") if score else None
    _check_same_categories(given.get("categorical_variable"), encoding)
    policy = read_policy(given["signature_policy"])
    if given.get("ignore_unknown_category") is not None:
        policy["unseen"] = "ignore" if given["ignore_unknown_category"] else "error"
    Conformity(encoding, policy).check_columns(frame.specs, others=(key, label, encoding.label.name))
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
        policy=policy,
        sample_size=_or_default(_SAMPLE_SIZE, given),
        sampling_seed=_or_default(_SAMPLING_SEED, given),
        every_class=_or_default(_TOP_CLASSES, given) if given.get("verbose") else None,
        positive_only=given.get("shap_value_for_positive_only") is not False,
    )


def check_rest(method: str, rest: Mapping[str, Any], func: Func) -> dict[str, Any]:
    """Refuse keywords of a call that do nothing here; return those that only this algorithm has.

    Raises
    ------
    NotSupportedError
        hana_ml knows it; the message names what to use here.
    UnknownParameterError
        Nobody knows it.
    """
    own = (*func.fit_parameters, *imputation.ALS) if method == "fit" else func.read_parameters
    others = {*_NO_EFFECT, *_INSTEAD} - {parameter.name for parameter in own}
    others -= _OF_READING if method == "fit" else set()
    known = [*own, *(Parameter(name, str) for name in sorted(others))]
    found: dict[str, Any] = {}
    for name, value in rest.items():
        parameter = parameters.find(known, name, f"{method}() of {func.name}")
        if parameter in own and value is not None:
            found[name] = parameters.check_value(parameter, value)
            parameters.weigh(parameter, found[name], func.name)
        elif value is None or value is False:
            continue
        elif name in _INSTEAD:
            raise NotSupportedError(f"{name}: {method}({name}={value!r}) is not supported; {_INSTEAD[name]}.")
        else:
            logger.debug("%s(%s=%r) is accepted and has no effect here.", method, name, value)
    return found


def check_imputation(rest: Mapping[str, Any], *, imputes: bool) -> dict[str, Any]:
    """Return a call's other keywords; those on missing values must not ask for what the fit did not learn.

    Raises
    ------
    InvalidArgumentError
        The model was fitted without ``impute=True``.
    """
    asked = [name for name in imputation.NAMES if rest.get(name)]
    if asked and not imputes:
        raise InvalidArgumentError(
            f"{asked[0]}: the model was fitted without impute=True; fit it with impute=True, "
            "then what it learnt fills missing values by itself."
        )
    if asked:
        logger.debug("%s: what the fit learnt fills missing values.", ", ".join(asked))
    return {name: value for name, value in rest.items() if name not in imputation.NAMES}


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


def check_column(frame: DataFrame, name: str, argument: str) -> None:
    """Refuse a name that is no column of the frame."""
    names.require([name], [spec.name for spec in frame.specs], argument)


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


def _permutation(given: Mapping[str, Any], method: str, *, classifies: bool) -> permutation.Settings | None:
    if not given["permutation_importance"]:
        return None
    if method == "no":
        raise InvalidArgumentError(
            "permutation_importance: it is measured on validation rows; add a partition_method other than 'no'."
        )
    choices = _PERMUTATION_METRICS[classifies]
    metric = Parameter("permutation_evaluation_metric", str, choices[0], choices=choices)
    return permutation.Settings(
        metric=_or_default(metric, given),
        repeats=_or_default(_REPEATS, given),
        seed=_or_default(_PERMUTATION_SEED, given),
        samples=_or_default(_SAMPLES, given),
    )


def _check_same_features(given: Any, encoding: Encoding) -> None:
    if given is None:
        return
    wanted = {given} if isinstance(given, str) else set(given)
    if wanted != set(encoding.feature_names):
        raise InvalidArgumentError(
            f"features: the model was fitted on {', '.join(encoding.feature_names)}; leave features out, or name these."
        )


def _check_same_categories(given: Any, encoding: Encoding) -> None:
    wanted = [given] if isinstance(given, str) else list(given or ())
    strange = [name for name in wanted if name not in encoding.categories]
    if strange:
        known = ", ".join(encoding.categories) or "none"
        raise InvalidArgumentError(
            f"categorical_variable: {', '.join(map(str, strange))} was no category at fit; those are: {known}."
        )
