"""The algorithms by name: what ``func`` may be, and which of them work."""

from __future__ import annotations

from dataclasses import dataclass

from hanalife.errors import ArgumentTypeError, InvalidArgumentError, NotSupportedError


@dataclass(frozen=True, slots=True)
class Func:
    """One algorithm: its name, its short code, whether it works already."""

    name: str
    code: str
    works: bool = False


CLASSIFICATION = (
    Func("HybridGradientBoostingTree", "HGBT", works=True),
    Func("DecisionTree", "DT"),
    Func("RandomDecisionTree", "RDT"),
    Func("RandomForest", "RDT"),
    Func("LogisticRegression", "LOGR"),
    Func("MLP", "MLP"),
    Func("NaiveBayes", "NB"),
    Func("SVM", "SVM"),
    Func("MLP_MultiTask", "MLP_M_TASK"),
)


def find_func(func: str) -> Func:
    """Return the algorithm of a name, in any case.

    Raises
    ------
    ArgumentTypeError
        The name is not a text.
    InvalidArgumentError
        There is no such algorithm.
    NotSupportedError
        There is, but it does not work yet.

    Examples
    --------
    >>> find_func("hybridgradientboostingtree").code
    'HGBT'
    """
    if not isinstance(func, str):
        raise ArgumentTypeError(f"func: expected a str, got {func!r}.")
    found = next((known for known in CLASSIFICATION if known.name.lower() == func.lower()), None)
    if found is None:
        names = ", ".join(known.name for known in CLASSIFICATION)
        raise InvalidArgumentError(f"func: {func!r} is not an algorithm for classification; use one of {names}.")
    if not found.works:
        working = ", ".join(known.name for known in CLASSIFICATION if known.works)
        raise NotSupportedError(f"func: {found.name!r} is not supported yet; what works is: {working}.")
    return found
