"""Estimators to bytes and back: what is kept, and what is refused without being executed."""

from __future__ import annotations

import copy
import inspect
import io
import json
import operator
import pickle
import subprocess
import sys
import warnings
import zipfile
from functools import partial

import numpy as np
import pytest
import scipy.sparse
import xgboost
from sklearn import base, exceptions
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import CategoricalNB, GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.utils import all_estimators

from hanalife import errors
from hanalife.storage import allowed_types, formats

X, Y = make_classification(60, 6, n_informative=4, random_state=0)
POSITIVE = np.abs(X)
PARTS_OF_OTHERS = {
    "estimator": LogisticRegression(),
    "estimators": [("a", LogisticRegression()), ("b", GaussianNB())],
}
PARTS_OF_REGRESSORS = {"estimator": Ridge(), "estimators": [("a", Ridge()), ("b", Ridge(2.0))]}


def path(cls):
    return f"{cls.__module__}.{cls.__qualname__}"


def make(cls):
    """Return an estimator of a class, made to be fitted on little data."""
    names = inspect.signature(cls).parameters
    special = {
        "ColumnTransformer": {"transformers": [("a", StandardScaler(), [0, 1])]},
        "FeatureUnion": {"transformer_list": [("a", StandardScaler())]},
        "GridSearchCV": {"param_grid": {"C": [0.1, 1.0]}, "cv": 2},
        "HalvingGridSearchCV": {"param_grid": {"C": [0.1, 1.0]}, "cv": 2},
        "HalvingRandomSearchCV": {"param_distributions": {"C": [0.1, 1.0]}, "cv": 2},
        "Pipeline": {"steps": [("a", StandardScaler()), ("b", LogisticRegression())]},
        "RandomizedSearchCV": {"param_distributions": {"C": [0.1, 1.0]}, "n_iter": 2, "cv": 2},
        "SelfTrainingClassifier": {"estimator": LogisticRegression()},
        "SparseCoder": {"dictionary": np.eye(6)},
        "SparseRandomProjection": {"n_components": 2},
        "GaussianRandomProjection": {"n_components": 2},
        "TSNE": {"perplexity": 5.0},
        "DummyClassifier": {"strategy": "prior"},
        "FrozenEstimator": {"estimator": LogisticRegression().fit(POSITIVE, Y)},
        "PatchExtractor": {"patch_size": (2, 2)},
    }
    others = PARTS_OF_REGRESSORS if issubclass(cls, base.RegressorMixin) else PARTS_OF_OTHERS
    given = {
        name: value
        for name, value in others.items()
        if name in names and names[name].default is inspect.Parameter.empty
    }
    given |= {"random_state": 0} if "random_state" in names else {}
    given |= {"n_estimators": 3} if "n_estimators" in names else {}
    return cls(**given | special.get(cls.__name__, {}))


DATA = (
    (POSITIVE, Y),
    (X[:, 0], Y),
    (X, np.c_[Y, 1 - Y]),
    ([{"a": 1.0, "b": float(value)} for value in Y], Y),
    (["one two", "two three"] * 30,),
    (Y,),
    ([["a"], ["b", "c"]],),
    (X @ X.T,),
    (np.zeros((2, 4, 4)),),
    (POSITIVE, Y + 0.5),
)


def fit(estimator):
    """Fit an estimator on the first data that it accepts; return that."""
    for data in DATA:
        try:
            estimator.fit(*data)
            results(estimator, data[0])
        except (ValueError, TypeError, AttributeError, IndexError):
            continue
        return copy.deepcopy(data)  # rows that are the training rows themselves take other paths in BLAS
    raise AssertionError(f"no data for {estimator}")


def results(estimator, rows):
    """Return all that an estimator says about rows, as arrays."""
    found = {}
    for method in ("predict", "predict_proba", "decision_function", "transform"):
        if hasattr(estimator, method):
            value = getattr(estimator, method)(rows)
            found[method] = value.toarray() if scipy.sparse.issparse(value) else np.asarray(value)
    return found


@pytest.mark.filterwarnings("ignore")  # sklearn's, on data as small as this
@pytest.mark.parametrize("cls", [cls for _, cls in all_estimators() if path(cls) in allowed_types.ESTIMATORS])
def test_every_estimator_predicts_as_it_did(cls):
    estimator = make(cls)
    rows = fit(estimator)[0]
    name, data = formats.encode(estimator)
    loaded = formats.decode(name, data)
    assert type(loaded) is cls
    assert formats.encode(loaded) == (name, data), "equal models have equal bytes"
    expected, found = results(estimator, rows), results(loaded, rows)
    for method, value in expected.items():
        np.testing.assert_array_equal(found[method], value, err_msg=method)


def test_the_list_is_of_the_installed_scikit_learn():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import sklearn.experimental.enable_halving_search_cv
        import sklearn.experimental.enable_iterative_imputer  # noqa: F401
    public = {path(cls) for _, cls in all_estimators()}
    assert public - allowed_types.ESTIMATORS == {"sklearn.cluster._birch.Birch"}
    assert public >= allowed_types.ESTIMATORS


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(StandardScaler(), xgboost.XGBClassifier(n_estimators=3)),
        xgboost.XGBRegressor(n_estimators=3),
        VotingClassifier([("a", xgboost.XGBClassifier(n_estimators=2)), ("b", LogisticRegression())]),
    ],
)
def test_xgboost_within_scikit_learn(estimator):
    estimator.fit(X, Y)
    name, data = formats.encode(estimator)
    loaded = formats.decode(name, data)
    np.testing.assert_array_equal(loaded.predict(X), estimator.predict(X))
    assert formats.encode(loaded) == (name, data)


def test_containers_of_estimators_and_arrays():
    kept = {
        "gaussian": GaussianNB().fit(X, Y),
        "categorical": CategoricalNB().fit((X > 0).astype(int), Y),
        "booster": xgboost.train({}, xgboost.DMatrix(X, Y), 2),
        "background": X,
        "names": ["a", "b"],
        "pair": (1, 2.5, None, True, float("inf")),
        "by number": {1: "one", 2: "two"},
        "sparse": scipy.sparse.csr_array(np.eye(3)),
        "objects": np.array(["x", None, 3], dtype=object),
        "scalar": np.float32(0.1),
    }
    name, data = formats.encode(kept)
    assert name == formats.SKOPS
    loaded = formats.decode(name, data)
    assert list(loaded) == list(kept)
    np.testing.assert_array_equal(loaded["gaussian"].predict_proba(X), kept["gaussian"].predict_proba(X))
    np.testing.assert_array_equal(loaded["background"], X)
    np.testing.assert_array_equal(
        loaded["booster"].predict(xgboost.DMatrix(X)), kept["booster"].predict(xgboost.DMatrix(X))
    )
    assert (loaded["names"], loaded["pair"], loaded["by number"]) == (kept["names"], kept["pair"], kept["by number"])
    np.testing.assert_array_equal(loaded["sparse"].toarray(), np.eye(3))
    assert loaded["objects"].tolist() == ["x", None, 3]
    assert loaded["scalar"] == np.float32(0.1)
    assert type(loaded["scalar"]) is np.float32


def test_bytes_depend_on_the_model_alone():
    code = (
        "import hashlib, warnings; warnings.simplefilter('ignore')\n"
        "from sklearn.ensemble import RandomForestClassifier; from sklearn.datasets import make_classification\n"
        "from hanalife.storage import formats\n"
        "x, y = make_classification(60, 6, n_informative=4, random_state=0)\n"
        "kept = {'forest': RandomForestClassifier(5, random_state=0).fit(x, y), 'set': {'b', 'a', 'c'}}\n"
        "print(hashlib.sha256(formats.encode(kept)[1]).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


# --- what is not kept -------------------------------------------------------------------------


class Mine(base.BaseEstimator):
    """A class of the user's own."""


@pytest.mark.parametrize(
    ("estimator", "named"),
    [
        (Mine(), "Mine"),
        (make_pipeline(Mine()), "Mine"),
        (FunctionTransformer(eval), "builtins.eval"),
        (FunctionTransformer(lambda x: x), "<lambda>"),
        (FunctionTransformer(partial(np.clip, a_min=0)), "functools.partial"),
        (FunctionTransformer(operator.attrgetter("x")), "operator.attrgetter"),
        (FunctionTransformer("abc".upper), ".upper"),
        (FunctionTransformer(np.load), "numpy.load"),
        (Pipeline([("a", StandardScaler())], memory="cache"), "memory"),
        ({True: 1}, "builtins.bool"),
        ({1: "a", "1": "b"}, "look alike"),
        ({(1, 2): "a"}, "tuple"),
        (subprocess.Popen, "subprocess.Popen"),
        (object(), "object"),
    ],
)
def test_what_could_run_code_is_not_kept(estimator, named):
    with pytest.raises(errors.ModelStorageError, match="cannot be kept") as raised:
        formats.encode(estimator)
    assert named in str(raised.value)


def test_functions_of_the_list_are_kept():
    estimator = FunctionTransformer(np.log1p, inverse_func=np.expm1).fit(POSITIVE)
    loaded = formats.decode(*formats.encode(estimator))
    np.testing.assert_array_equal(loaded.transform(POSITIVE), np.log1p(POSITIVE))


def test_what_contains_itself_is_not_kept():
    kept = []
    kept.append(kept)
    with pytest.raises(errors.ModelStorageError, match="cannot be kept"):
        formats.encode(kept)


# --- what is not read -------------------------------------------------------------------------


def archive(schema, files=(), compression=zipfile.ZIP_STORED):
    """Return a skops archive written by hand."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as made:
        for name, data in files:
            made.writestr(name, data)
        made.writestr("schema.json", json.dumps({"protocol": 2} | schema))
    return buffer.getvalue()


def entry(loader, module, name, **parts):
    return {"__loader__": loader, "__module__": module, "__class__": name, **parts}


def text(value):
    return entry("JsonNode", "builtins", "str", content=json.dumps(value), is_json=True)


def listing(*items, loader="ListNode", name="list"):
    return entry(loader, "builtins", name, content=list(items))


def arguments(*items):
    return listing(*items, loader="TupleNode", name="tuple")


NO_KEYWORDS = entry("DictNode", "builtins", "dict", key_types=listing(), content={})
COMMAND = "touch {}"


def planted(command):
    """Return entries that would run a command, each by another door of the format."""
    system = entry("FunctionNode", "os", "system")
    run = arguments(text(command))
    return {
        "function": system,
        "posix": entry("FunctionNode", "posix", "system"),
        "old function": entry("FunctionNode", "os", "system", content={"module_path": "os", "function": "system"}),
        "eval": entry("FunctionNode", "builtins", "eval"),
        "type": entry("TypeNode", "subprocess", "Popen"),
        "constructor": entry("ConstructorFromReduceNode", "os", "system", content=run),
        "popen": entry("ConstructorFromReduceNode", "subprocess", "Popen", content=run),
        "partial": entry(
            "PartialNode", "functools", "partial",
            content={"func": system, "args": run, "kwds": NO_KEYWORDS, "namespace": text(None)},
        ),
        "operator": entry("OperatorFuncNode", "operator", "attrgetter", attrs=arguments(text("__class__"))),
        "methodcaller": entry("OperatorFuncNode", "operator", "methodcaller", attrs=run),
        "method": entry("MethodNode", "builtins", "str", content={"func": "format", "obj": text("{}")}),
        "object": entry("ObjectNode", "subprocess", "Popen", content=NO_KEYWORDS),
        "list": entry("ListNode", "os", "system", content=[text(command)]),
        "dict": entry("DictNode", "os", "system", key_types=listing(), content={}),
        "array": entry("NdArrayNode", "os", "system", type="numpy", file="0.npy"),
        "reduce": entry("TreeNode", "os", "system", __reduce__={"args": run}, content=NO_KEYWORDS),
        "loss": entry("LossNode", "os", "system", __reduce__={"args": run}, content=NO_KEYWORDS),
        "generator": entry("RandomGeneratorNode", "os", "system", content={}),
        "state": entry("RandomStateNode", "os", "system", content=NO_KEYWORDS),
        "default": entry(
            "DefaultDictNode", "collections", "defaultdict",
            content={"main": NO_KEYWORDS, "default_factory": system},
        ),
        "namedtuple": entry("TupleNode", "subprocess", "Popen", content=[text(command)]),
        "map": entry("ListNode", "builtins", "map", content=[]),
        "within": listing(
            entry("ObjectNode", "sklearn.preprocessing._function_transformer", "FunctionTransformer",
                content=entry("DictNode", "builtins", "dict",
                    key_types=listing(entry("TypeNode", "builtins", "str")), content={"func": system})),
        ),
        "user": entry("ObjectNode", "tests.storage.test_formats", "Mine", content=NO_KEYWORDS),
        "quantile": entry("QuantileForestNode", "os", "system", content=NO_KEYWORDS),
    }  # fmt: skip


@pytest.mark.parametrize("door", planted("x"))
@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_planted_types_are_refused_and_nothing_runs(door, protocol, tmp_path):
    trace = tmp_path / "trace"
    data = archive(planted(f"touch {trace}")[door] | {"protocol": protocol}, [("0.npy", b"")])
    with pytest.raises(errors.CorruptModelError, match="refused: expected scikit-learn"):
        formats.decode(formats.SKOPS, data)
    assert not trace.exists()


class Bomb:
    """What a pickle can do."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return eval, (f"__import__('pathlib').Path({str(self.trace)!r}).touch()",)


def test_planted_pickles_are_refused_and_nothing_runs(tmp_path):
    trace = tmp_path / "trace"
    pickled = pickle.dumps(Bomb(trace))
    objects = io.BytesIO()
    np.save(objects, np.array([Bomb(trace)], dtype=object), allow_pickle=True)
    sparse = io.BytesIO()
    np.savez(sparse, format=np.array([Bomb(trace)], dtype=object))
    array = entry("NdArrayNode", "numpy", "ndarray", type="numpy", file="0.npy")
    matrix = entry("SparseMatrixNode", "scipy.sparse._csr", "csr_matrix", type="scipy", file="0.npz")
    for name, data in (
        (formats.SKOPS, pickled),
        (formats.UBJ, pickled),
        (formats.SKOPS, archive(array, [("0.npy", pickled)])),
        (formats.SKOPS, archive(array, [("0.npy", objects.getvalue())])),
        (formats.SKOPS, archive(matrix, [("0.npz", sparse.getvalue())])),
    ):
        with pytest.raises(errors.CorruptModelError, match="expected"):
            formats.decode(name, data)
    assert not trace.exists()
    pickle.loads(pickled)
    assert trace.exists(), "the bomb is a real one"


def head(shape):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return buffer.getvalue()


def test_bombs_do_not_unfold():
    array = entry("NdArrayNode", "numpy", "ndarray", type="numpy", file="0.npy")
    matrix = entry("SparseMatrixNode", "scipy.sparse._csr", "csr_matrix", type="scipy", file="0.npz")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as inner:
        inner.writestr("data.npy", head((10**6,)) + bytes(8 * 10**6))
    for data, named in (
        (archive(array, [("0.npy", bytes(10**7))], zipfile.ZIP_DEFLATED), "compressed"),
        (archive(array, [("0.npy", head((10**12,)))]), "bytes for"),
        (archive(array, [("0.npy", head((-1,)))]), "bytes for"),
        (archive(array, [("0.npy", head((2**40, 2**40)))]), "bytes for"),
        (archive(matrix, [("0.npz", packed.getvalue())]), "compressed"),
    ):
        with pytest.raises(errors.CorruptModelError, match=named):
            formats.decode(formats.SKOPS, data)
    laughs = listing(text(1), text(2))
    for number in range(1, 60):
        laughs = listing(laughs | {"__id__": number}, listing() | {"__id__": number})
    with pytest.raises(errors.CorruptModelError, match="two entries of number"):
        formats.decode(formats.SKOPS, archive(laughs))
    nested = archive({}).replace(b'{"protocol": 2}', b"")  # a schema that is not there
    deep = io.BytesIO()
    with zipfile.ZipFile(deep, "w") as made:
        made.writestr("schema.json", "[" * 10**6)
    for data in (nested, deep.getvalue()):
        with pytest.raises(errors.CorruptModelError, match="expected"):
            formats.decode(formats.SKOPS, data)


@pytest.fixture(scope="module")
def kept():
    """Give the bytes of one model of each format."""
    booster = xgboost.train({}, xgboost.DMatrix(X, Y), 2)
    model = make_pipeline(
        ColumnTransformer([("a", StandardScaler(), [0, 1]), ("b", OneHotEncoder(handle_unknown="ignore"), [2])]),
        RandomForestClassifier(2, random_state=0),
    ).fit(X.round(), Y)
    return [formats.encode(booster), formats.encode(model)]


def test_damaged_bytes(kept):
    for name, data in kept:
        for damaged in (b"", b"\x00", data[: len(data) // 2], data[:-1], data[100:]):
            with pytest.raises(errors.CorruptModelError, match="expected"):
                formats.decode(name, damaged)
    (ubj, trees), (skops, archived) = kept
    for name, foreign in ((ubj, archived), (skops, trees), (skops, b'{"a": 1}')):
        with pytest.raises(errors.CorruptModelError, match="expected"):
            formats.decode(name, foreign)
    with pytest.raises(errors.ModelStorageError, match="'pickle' is unknown"):
        formats.decode("pickle", b"")


def test_a_model_of_another_scikit_learn_says_so(kept):
    _, (name, data) = kept
    import sklearn

    version = sklearn.__version__.encode()
    other = data.replace(b'\\"' + version, b'\\"' + b"0" * len(version))
    with zipfile.ZipFile(io.BytesIO(data)) as original:
        schema = original.read("schema.json").replace(version, b"0" * len(version))
        files = [(item, original.read(item)) for item in original.namelist() if item != "schema.json"]
    assert other != data
    with pytest.warns(exceptions.InconsistentVersionWarning, match="version 0"):
        formats.decode(name, archive(json.loads(schema), files))
