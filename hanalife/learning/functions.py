"""The algorithms by name: what ``func`` may be, what each takes, and which engine runs it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hanalife.errors import ArgumentTypeError, InvalidArgumentError, NotSupportedError
from hanalife.learning.engines.bayes import NaiveBayes
from hanalife.learning.engines.boosting import Boosting
from hanalife.learning.engines.engine import Engine
from hanalife.learning.engines.forest import Forest
from hanalife.learning.engines.formulas import Exponential, Geometric, Logarithmic, Polynomial
from hanalife.learning.engines.glm import Glm
from hanalife.learning.engines.least_squares import LeastSquares
from hanalife.learning.engines.logistic import Logistic, TwoClasses
from hanalife.learning.engines.neural import Network
from hanalife.learning.engines.svm import SupportVectors
from hanalife.learning.engines.tree import Tree
from hanalife.learning.parameters import bayes, boosting, formulas, linear, neural, svm, tree
from hanalife.learning.parameters.parameter import Parameter
from hanalife.learning.parameters.selection import SELECTION
from hanalife.learning.problem import Problem


@dataclass(frozen=True, slots=True)
class Func:
    """One algorithm for one kind of problem."""

    name: str
    code: str
    engine: Callable[[Problem], Engine] | None = None  #: makes what trains and predicts; None: see ``instead``
    parameters: tuple[Parameter, ...] = ()  #: of the algorithm itself
    selection: tuple[Parameter, ...] = SELECTION  #: model evaluation and search
    fit_parameters: tuple[Parameter, ...] = ()  #: keywords of ``fit`` that only it has
    read_parameters: tuple[Parameter, ...] = ()  #: keywords of ``score`` and ``predict`` that only it has
    instead: str = ""  #: the algorithm does not work here; what to use

    @property
    def table(self) -> tuple[Parameter, ...]:
        """All keywords of the constructor."""
        return self.parameters + self.selection

    def engine_for(self, problem: Problem) -> Engine:
        """Return what trains and predicts."""
        assert self.engine is not None, "find_func gives only those that work"
        return self.engine(problem)


_FOREST = ("RandomDecisionTree", "RandomForest")  # one algorithm, two names
_MULTI_TASK = Func("MLP_MultiTask", "MLP_M_TASK", instead="one model a label, such as func='MLP'")

CLASSIFICATION = (
    Func(
        "HybridGradientBoostingTree",
        "HGBT",
        Boosting,
        boosting.CLASSIFICATION,
        fit_parameters=boosting.CLASSIFICATION_FIT,
    ),
    Func("DecisionTree", "DT", Tree, tree.CLASSIFICATION, fit_parameters=tree.CLASSIFICATION_FIT),
    *(
        Func(name, "RDT", Forest, tree.FOREST_CLASSIFICATION, fit_parameters=tree.FOREST_CLASSIFICATION_FIT)
        for name in _FOREST
    ),
    Func("MLP", "MLP", Network, neural.CLASSIFICATION),
    Func("NaiveBayes", "NB", NaiveBayes, bayes.CLASSIFICATION),
    Func("SVM", "SVM", SupportVectors, svm.CLASSIFICATION),
    Func(
        "LogisticRegression",
        "LOGR",
        Logistic,
        linear.LOGISTIC,
        fit_parameters=linear.CLASS_MAP,
        read_parameters=linear.CLASS_MAP,
    ),
    _MULTI_TASK,
)

REGRESSION = (
    Func("HybridGradientBoostingTree", "HGBT", Boosting, boosting.REGRESSION),
    Func("DecisionTree", "DT", Tree, tree.REGRESSION, fit_parameters=tree.REGRESSION_FIT),
    *(Func(name, "RDT", Forest, tree.FOREST_REGRESSION) for name in _FOREST),
    Func("MLP", "MLP", Network, neural.REGRESSION),
    Func("SVM", "SVM", SupportVectors, svm.REGRESSION),
    Func(
        "LinearRegression",
        "MLR",
        LeastSquares,
        linear.LINEAR,
        fit_parameters=linear.FITTING,
        read_parameters=linear.READING,
    ),
    Func("GLM", "GLM", Glm, linear.GLM, fit_parameters=linear.FITTING, read_parameters=linear.READING),
    Func("PolynomialRegression", "POL", Polynomial, formulas.POLYNOMIAL),
    Func("GeometricRegression", "GEO", Geometric, formulas.FORMULA, selection=()),
    Func("ExponentialRegression", "EXP", Exponential, formulas.FORMULA, selection=()),
    Func("LogarithmicRegression", "LOG", Logarithmic, formulas.FORMULA, selection=()),
    _MULTI_TASK,
)

#: Forms of an algorithm by its code and by what ``multi_class`` says; not said, it goes by the label.
_BY_MULTI_CLASS = {
    ("LOGR", True): Func(
        "LogisticRegression",
        "M_LOGR",
        Logistic,
        linear.MULTI_LOGISTIC,
    ),
    ("LOGR", False): Func(
        "LogisticRegression",
        "LOGR",
        TwoClasses,
        linear.LOGISTIC,
        fit_parameters=linear.CLASS_MAP,
        read_parameters=linear.CLASS_MAP,
    ),
}


def of_multi_class(found: Func, multi_class: bool | None) -> Func:
    """Return the form of an algorithm for two classes (False), or for any number (True); most have one form."""
    return found if multi_class is None else _BY_MULTI_CLASS.get((found.code, multi_class), found)


def find_func(func: str, known: Sequence[Func], kind: str) -> Func:
    """Return the algorithm of a name, in any case.

    Raises
    ------
    ArgumentTypeError
        The name is not a text.
    InvalidArgumentError
        There is no such algorithm.
    NotSupportedError
        There is, but only inside SAP HANA; the message names the alternative.

    Examples
    --------
    >>> find_func("hybridgradientboostingtree", CLASSIFICATION, "classification").code
    'HGBT'
    """
    if not isinstance(func, str):
        raise ArgumentTypeError(f"func: expected a str, got {func!r}.")
    by_name = {one.name.lower(): one for one in known}
    found = by_name.get(func.lower())
    if found is None:
        near = difflib.get_close_matches(func.lower(), by_name, n=3)
        hint = " or ".join(by_name[name].name for name in near) or ", ".join(one.name for one in known)
        raise InvalidArgumentError(f"func: {func!r} is not an algorithm for {kind}; use {hint}.")
    if found.instead:
        raise NotSupportedError(f"func: {found.name!r} is not supported; use {found.instead}.")
    return found
