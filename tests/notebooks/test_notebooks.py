"""The tutorials run from top to bottom, in a folder of their own."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))

# jupyter_client opens the kernel's sockets in ways that newer Python versions complain about.
pytestmark = pytest.mark.filterwarnings("default")


#: What each tutorial prints, if all of it worked.
PRINTED = {"01_lifecycle": "week 21: drift", "02_models": "n_estimators", "03_loop": "Promoted version"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_tutorial_runs_twice_on_the_same_database(path, tmp_path):
    for _ in range(2):
        notebook = nbformat.read(path, as_version=4)
        NotebookClient(notebook, timeout=180, resources={"metadata": {"path": str(tmp_path)}}).execute()
        printed = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", ()))
        assert PRINTED[path.stem] in printed


def test_the_tutorials_say_nothing_of_the_machine():
    for path in NOTEBOOKS:
        text = path.read_text(encoding="utf-8")
        assert "/home/" not in text
        assert "/tmp/" not in text


def test_there_is_a_tutorial():
    assert [path.stem for path in NOTEBOOKS] == [*PRINTED]
