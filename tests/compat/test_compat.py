"""The import paths of hana_ml."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from hanalife import compat, errors


@pytest.fixture
def hana_ml(monkeypatch):
    """Install the aliases for one test."""
    for path in compat._PATHS:
        monkeypatch.delitem(sys.modules, path, raising=False)
    compat.install_as_hana_ml()
    yield
    for path in compat._PATHS:
        sys.modules.pop(path, None)


def test_every_name_of_every_path_is_there(hana_ml):
    for path, homes in compat._PATHS.items():
        module = importlib.import_module(path)
        for name in homes:
            assert callable(getattr(module, name)), f"{path}.{name}"
        assert set(dir(module)) == set(homes)


def test_the_imports_of_a_notebook(hana_ml):
    code = (
        "import hana_ml\n"
        "import hana_ml.dataframe as dataframe\n"
        "from hana_ml import dataframe as same\n"
        "from hana_ml.algorithms.pal.utility import DataSets\n"
        "from hana_ml.artifacts.tracking.tracking import MLExperiments, delete_experiment_log\n"
        "assert dataframe is same and isinstance(hana_ml.__version__, str)\n"
    )
    exec(compile(code, "notebook", "exec"), {})


def test_installing_twice_changes_nothing(hana_ml):
    before = sys.modules["hana_ml"]
    compat.install_as_hana_ml()
    assert sys.modules["hana_ml"] is before


def test_an_unknown_name_is_an_import_error(hana_ml):
    with pytest.raises(ImportError, match="NoSuchClass"):
        exec("from hana_ml.dataframe import NoSuchClass", {})
    with pytest.raises(AttributeError, match="its names are: ConnectionContext, DataFrame, create_dataframe"):
        sys.modules["hana_ml.dataframe"].NoSuchClass  # noqa: B018


def test_the_real_package_is_not_replaced(monkeypatch):
    monkeypatch.setitem(sys.modules, "hana_ml", type(sys)("hana_ml"))
    with pytest.raises(errors.Error, match="restart the kernel"):
        compat.install_as_hana_ml()


def test_installing_loads_nothing():
    code = (
        "import sys, hanalife; hanalife.install_as_hana_ml(); import hana_ml.dataframe\n"
        "print([name for name in ('pandas', 'sqlalchemy', 'xgboost', 'ipywidgets') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
