"""What ``score`` and ``predict`` are given, checked before anything is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hanalife.errors import ArgumentTypeError, InvalidArgumentError
from hanalife.learning.arguments.columns import check_frame, column, name_list
from hanalife.learning.arguments.keywords import or_default, said_yes, warn_of_the_useless
from hanalife.learning.encoding import Encoding
from hanalife.learning.parameters.parameter import Parameter
from hanalife.learning.signature import Conformity, read_policy
from hanalife.observation import ColumnSpec

ATTRIBUTIONS = ("tree-shap", "saabas", "no")
_NTILES = Parameter("ntiles", int, minimum=1, maximum=10_000)
_TOP = Parameter("top_k_attributions", int, 10, minimum=0)
_METHOD = Parameter("attribution_method", str, "tree-shap", choices=ATTRIBUTIONS)
_ROWS = Parameter("max_result_num", int, minimum=0)
_TOP_CLASSES = Parameter("verbose_top_n", int, 0, minimum=0)
_IGNORES = Parameter("ignore_unknown_category", bool)
_POSITIVE_ONLY = Parameter("shap_value_for_positive_only", bool, default=True)
_SAMPLE_SIZE = Parameter("sample_size", int, 0, minimum=0, maximum=100_000)
_SAMPLING_SEED = Parameter("random_state", int, 0, minimum=0, maximum=2**31 - 1)


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
    key = column(specs, given["key"], "key")
    if key is None:
        raise ArgumentTypeError("key: name the column that identifies a row; it is copied to the result.")
    if key in results:
        raise InvalidArgumentError(f"key: {key!r} is also a column of the result; give it another name with select().")
    _check_same_features(given["features"], encoding)
    encoding.check_class_map(own)
    label = column(specs, given["label"] or encoding.label.name, "label") if score else None
    _check_same_categories(given.get("categorical_variable"), encoding)
    policy = read_policy(given["signature_policy"])
    ignores = or_default(_IGNORES, given)
    if ignores is not None:
        policy["unseen"] = "ignore" if ignores else "error"
    Conformity(encoding, policy).check_columns(frame.specs, others=(key, label, encoding.label.name))
    positive = given.get("positive_label")
    if positive is not None and str(positive) not in encoding.class_names:
        raise InvalidArgumentError(
            f"positive_label: {positive!r} is not a class; the classes are: {', '.join(encoding.class_names)}."
        )
    return ReadArguments(
        key=specs[key],
        label=label,
        ntiles=or_default(_NTILES, given),
        positive=None if positive is None else str(positive),
        top_k_attributions=or_default(_TOP, given),
        attribution_method=or_default(_METHOD, given),
        max_result_num=or_default(_ROWS, given),
        own=own,
        policy=policy,
        sample_size=or_default(_SAMPLE_SIZE, given),
        sampling_seed=or_default(_SAMPLING_SEED, given),
        every_class=_every_class(given),
        positive_only=or_default(_POSITIVE_ONLY, given),
    )


def _every_class(given: Mapping[str, Any]) -> int | None:
    most: int = or_default(_TOP_CLASSES, given)
    if said_yes(given, "verbose"):
        return most
    warn_of_the_useless(given, (_TOP_CLASSES.name,), "verbose=True")
    return None


def _check_same_features(given: Any, encoding: Encoding) -> None:
    if given is None:
        return
    wanted = set(name_list(given, "features"))
    if wanted != set(encoding.feature_names):
        raise InvalidArgumentError(
            f"features: the model was fitted on {', '.join(encoding.feature_names)}; leave features out, or name these."
        )


def _check_same_categories(given: Any, encoding: Encoding) -> None:
    wanted = [] if given is None else name_list(given, "categorical_variable")
    strange = [name for name in wanted if name not in encoding.categories]
    if strange:
        known = ", ".join(encoding.categories) or "none"
        raise InvalidArgumentError(
            f"categorical_variable: {', '.join(map(str, strange))} was no category at fit; those are: {known}."
        )
