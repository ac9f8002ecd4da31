"""Where a run comes from."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import subprocess
import sys
from types import SimpleNamespace

import pytest

from hanalife.database.shared_records import address
from hanalife.tracking import provenance


def content(shared):
    assert shared.sha256 == address(shared.kind, shared.content)
    return json.loads(shared.content)


def git(folder, *words):
    identity = ("-c", "user.name=ann", "-c", "user.email=ann@example.org")
    return subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    git(tmp_path, "init", "--initial-branch", "main")
    (tmp_path / "model.py").write_text("depth = 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    return tmp_path


def test_the_commit_and_what_differs_from_it(repository):
    commit = git(repository, "rev-parse", "HEAD").strip()
    assert content(provenance._find_code())["GIT"] == {"COMMIT": commit, "BRANCH": "main"}
    (repository / "model.py").write_text("depth = 2  # Größe\n")
    found = content(provenance._find_code())["GIT"]
    assert found["COMMIT"] == commit
    assert "-depth = 1\n+depth = 2  # Größe\n" in found["DIFF"]
    assert found["DIFF_LEFT_OUT"] == 0


def test_a_large_difference_is_cut_and_bytes_that_are_no_text_do_no_harm(repository):
    (repository / "model.py").write_bytes(b"\xff\xfe line\n" * 50_000)
    found = content(provenance._find_code())["GIT"]
    assert len(found["DIFF"]) == provenance.MOST_DIFF_CHARACTERS
    assert found["DIFF_LEFT_OUT"] > 100_000
    assert len(found["DIFF_SHA256"]) == 64


def test_outside_a_repository_and_without_git_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert content(provenance._find_code())["GIT"] == {}
    monkeypatch.setenv("PATH", str(tmp_path))
    assert content(provenance._find_code())["GIT"] == {}


def test_the_packages_are_a_lock_of_what_is_installed():
    found = content(provenance.environment())
    assert found["PYTHON"] == platform.python_version()
    assert f"sqlalchemy=={importlib.metadata.version('sqlalchemy')}" in found["PACKAGES"]
    assert found["PACKAGES"] == sorted(found["PACKAGES"])
    assert found["MACHINE"]["CPUS"] >= 1
    assert provenance.environment() is provenance.environment()  # found out once


@pytest.fixture
def notebook(monkeypatch):
    """Give the list of cells of a pretended notebook; number 0 is none."""
    cells = [""]
    shell = SimpleNamespace(history_manager=SimpleNamespace(input_hist_raw=cells))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    return cells


def test_the_executed_cells_are_kept_in_order(notebook):
    assert provenance.cells() is None
    notebook += ["import hanalife", "  ", "model.fit(data)"]
    assert content(provenance.cells()) == {
        "CELLS": [{"NUMBER": 1, "SOURCE": "import hanalife"}, {"NUMBER": 3, "SOURCE": "model.fit(data)"}],
        "LEFT_OUT": 0,
    }


def test_of_very_many_cells_the_latest_are_kept(notebook):
    notebook += [f"{number:05}" * 2_000 for number in range(1, 31)]
    found = content(provenance.cells())
    assert [cell["NUMBER"] for cell in found["CELLS"]] == list(range(21, 31))
    assert found["LEFT_OUT"] == 20


def test_a_real_notebook_records_its_cells():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        shell.run_cell("number = 6 * 7", store_history=True)
        sources = [cell["SOURCE"] for cell in content(provenance.cells())["CELLS"]]
    finally:
        shell.history_manager.end_session()
        InteractiveShell.clear_instance()
    assert sources == ["number = 6 * 7"]


def test_outside_a_notebook_there_are_no_cells():
    assert provenance.cells() is None
