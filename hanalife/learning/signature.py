"""A model's signature: what it takes and gives, and what becomes of rows that do not conform."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import ArgumentTypeError, InvalidArgumentError
from hanalife.learning.encoding import Encoding
from hanalife.observation import ColumnSpec, Signature

if TYPE_CHECKING:
    import pandas as pd

    from hanalife.learning.fitted import Fitted

logger = logging.getLogger(__name__)

ACTIONS = ("error", "warn", "ignore")

#: What happens if a caller says nothing. A missing column, or text for a number, is always an error.
DEFAULT_POLICY = {"extra": "ignore", "retyped": "ignore", "unseen": "warn", "out_of_range": "ignore"}

#: So many strange values are named in a message.
MOST_NAMED = 5


def read_policy(given: Any) -> dict[str, str]:
    """Return what is to happen on each deviation from the signature.

    >>> read_policy({"unseen": "error"})["unseen"]
    'error'

    Raises
    ------
    ArgumentTypeError, InvalidArgumentError
        It is neither one of 'error', 'warn', 'ignore' nor a dict of such.
    """
    if given is None:
        return dict(DEFAULT_POLICY)
    if isinstance(given, str):
        given = dict.fromkeys(DEFAULT_POLICY, given)
    if not isinstance(given, Mapping):
        raise ArgumentTypeError(f"signature_policy: expected a str or a dict, got {given!r}.")
    for name, action in given.items():
        if name not in DEFAULT_POLICY:
            raise InvalidArgumentError(
                f"signature_policy: {name!r} is no deviation; name one of {', '.join(DEFAULT_POLICY)}."
            )
        if action not in ACTIONS:
            raise InvalidArgumentError(f"signature_policy: expected one of {', '.join(ACTIONS)}; got {action!r}.")
    return {**DEFAULT_POLICY, **given}


class Conformity:
    """Holds frames and rows against the signature; tells of deviations as the policy says."""

    def __init__(self, encoding: Encoding, policy: Mapping[str, str]) -> None:
        self._encoding = encoding
        self._policy = policy
        self._unseen: dict[str, Counter[str]] = {}
        self._outside: Counter[str] = Counter()

    def check_columns(self, specs: Sequence[ColumnSpec], others: Iterable[str | None]) -> None:
        """Check a frame's columns; ``others`` are those that are no features by intent, such as the key.

        Raises
        ------
        UnknownColumnError
            A feature is missing.
        InvalidArgumentError
            Text where training saw numbers or the other way round; a deviation that the policy refuses.
        """
        self._encoding.check_columns(specs)
        expected = {*self._encoding.feature_names, *others}
        extra = [spec.name for spec in specs if spec.name not in expected]
        if extra:
            self._tell("extra", f"the model does not know column {', '.join(map(repr, extra))}; deselect it")
        types = {spec.name: spec.type for spec in specs}
        for spec in self._encoding.features:
            if types[spec.name] != spec.type:
                self._tell(
                    "retyped", f"column {spec.name!r} is {types[spec.name]}, but was {spec.type} at fit; cast it"
                )

    def check_rows(self, rows: pd.DataFrame) -> None:
        """Check a batch of rows; what is only warned of is told by :meth:`close`.

        Raises
        ------
        InvalidArgumentError
            A deviation that the policy refuses.
        """
        if self._policy["unseen"] != "ignore":
            for name, known in self._encoding.categories.items():
                strange = rows[name][~rows[name].isin(known) & rows[name].notna()]
                self._unseen.setdefault(name, Counter()).update(strange.map(str))
        if self._policy["out_of_range"] != "ignore":
            for name, (low, high) in self._encoding.ranges.items():
                values = rows[name].to_numpy(dtype=np.float64, na_value=np.nan)
                self._outside[name] += int(((values < low) | (values > high)).sum())
        if "error" in (self._policy["unseen"], self._policy["out_of_range"]):
            self.close("error")

    def close(self, action: str = "warn") -> None:
        """Tell of what was seen in all batches, for the deviations with this action."""
        for name, counts in self._unseen.items():
            if counts and self._policy["unseen"] == action:
                named = ", ".join(repr(value) for value, _ in counts.most_common(MOST_NAMED))
                more = f" and {len(counts) - MOST_NAMED} more" if len(counts) > MOST_NAMED else ""
                self._tell(
                    "unseen",
                    f"column {name!r} holds {named}{more} in {counts.total()} rows, unknown to training and taken as "
                    "missing; fit the model anew, or filter them out",
                )
        for name, count in self._outside.items():
            if count and self._policy["out_of_range"] == action:
                low, high = self._encoding.ranges[name]
                self._tell(
                    "out_of_range", f"column {name!r} is outside {low} to {high}, what training saw, in {count} rows"
                )

    def _tell(self, deviation: str, what: str) -> None:
        action = self._policy[deviation]
        if action == "error":
            raise InvalidArgumentError(f"data: {what}, or pass signature_policy={{{deviation!r}: 'warn'}}.")
        if action == "warn":
            logger.warning("data: %s.", what)


def signature_of(fitted: Fitted, outputs: Iterable[tuple[str, str]]) -> Signature:
    """Return what the model takes and gives; ``outputs`` are the columns of a prediction."""
    encoding = fitted.encoding
    of_classes = {"CLASSES": list(encoding.classes), "POSITIVE_LABEL": "".join(encoding.class_names[-1:])}
    return Signature(
        properties={
            "FUNCTION": fitted.func.name,
            "TASK": "classification" if encoding.classes else "regression",
            "LABEL": encoding.label.name,
            "LABEL_TYPE": encoding.label.type,
            **(of_classes if encoding.classes else {}),
            "KEY": fitted.key.name if fitted.key else None,
        },
        inputs=encoding.features,
        outputs=tuple(ColumnSpec(name, kind) for name, kind in outputs),
        parameters={
            parameter.name: {
                "TYPE": parameter.kind.__name__,
                "DEFAULT": parameter.default,
                "VALUE": fitted.parameters[parameter.name],
            }
            for parameter in fitted.func.table
            if parameter.name in fitted.parameters
        },
        seen={name: _seen(encoding, name) for name in encoding.feature_names},
    )


def _seen(encoding: Encoding, name: str) -> dict[str, Any]:
    if name in encoding.categories:
        return {"CATEGORIES": list(encoding.categories[name])}
    if name in encoding.ranges:
        low, high = encoding.ranges[name]
        return {"MINIMUM": low, "MAXIMUM": high}
    return {}


def signature_json(signature: Signature) -> Mapping[str, Any]:
    """Return a signature as JSON values."""
    return {
        "properties": dict(signature.properties),
        "inputs": [[spec.name, spec.type] for spec in signature.inputs],
        "outputs": [[spec.name, spec.type] for spec in signature.outputs],
        "parameters": {name: dict(value) for name, value in signature.parameters.items()},
        "seen": {name: dict(value) for name, value in signature.seen.items()},
    }
