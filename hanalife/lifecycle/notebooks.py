"""Notebooks as tasks: executed with parameters, their output kept.

A notebook is a file in the worker's folder for notebooks, which ``HANALIFE_NOTEBOOKS`` names:
what the database holds is only its name there. Parameters go into a cell after the one with the
tag ``parameters``, or before all others.
"""

from __future__ import annotations

import keyword
import os
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from hanalife.dataframe.context import URL_VARIABLE
from hanalife.errors import Error, InvalidArgumentError, NotSupportedError

VARIABLE = "HANALIFE_NOTEBOOKS"
#: The name of a notebook among the outputs of a job.
OUTPUT = "notebook"


class NotebookFailedError(Error):
    """A cell has raised an error; the notebook with it is kept."""

    def __init__(self, message: str, content: str) -> None:
        super().__init__(message)
        self.content = content


def check_name(name: object) -> str:
    """Return the name of a notebook in the worker's folder.

    Raises
    ------
    InvalidArgumentError
        It is not relative, leads out of the folder, or is not known to the folder if that is
        on this machine.
    """
    path = PurePosixPath(name) if isinstance(name, str) else None
    if path is None or path.suffix != ".ipynb" or path.is_absolute() or ".." in path.parts:
        raise InvalidArgumentError(
            f"notebook: expected the name of an .ipynb file within the worker's folder {VARIABLE}, got {name!r}."
        )
    if os.environ.get(VARIABLE):
        find(str(path))
    return str(path)


def check_parameters(names: Collection[str]) -> None:
    """Refuse names that no variable can have.

    Raises
    ------
    InvalidArgumentError
        The message names the first.
    """
    for name in names:
        if not name.isidentifier() or keyword.iskeyword(name):
            raise InvalidArgumentError(f"parameters: {name!r} cannot be a variable of a notebook; rename it.")


def find(name: str) -> Path:
    """Return the file of a notebook.

    Raises
    ------
    InvalidArgumentError
        This worker has no folder for notebooks, or not this one.
    """
    folder = os.environ.get(VARIABLE)
    if not folder:
        raise InvalidArgumentError(
            f"notebook: this worker executes none; start it with --notebooks FOLDER, or set {VARIABLE}."
        )
    root = Path(folder).resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise InvalidArgumentError(f"notebook: there is no {name!r} in {root}; put it there or create the task anew.")
    return path


def execute(name: str, parameters: Mapping[str, Any], due: datetime, job_id: int, url: str) -> str:
    """Execute a notebook and return it with its outputs, as the text of a file.

    Parameters
    ----------
    name : str
        Within the worker's folder.
    parameters : mapping
        Become variables, beside ``job_id`` and ``due`` (text, UTC).
    url : str
        The database's; the notebook's ``ConnectionContext()`` opens it.

    Raises
    ------
    NotebookFailedError
        A cell has raised an error.
    NotSupportedError
        nbclient is not installed.
    """
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError
    except ModuleNotFoundError as error:
        raise NotSupportedError(f"Notebooks need the package {error.name}: pip install 'hanalife[lab]'.") from None
    check_parameters(parameters)  # they come from the database
    path = find(check_name(name))
    notebook = nbformat.read(path, as_version=4)
    _inject(notebook, {"job_id": job_id, "due": due.isoformat(), **parameters})
    client = NotebookClient(notebook, timeout=None, resources={"metadata": {"path": str(path.parent)}})
    try:
        client.execute(env={**os.environ, URL_VARIABLE: url})
    except CellExecutionError as error:
        raise NotebookFailedError(f"{name}: {error.ename}: {error.evalue}", nbformat.writes(notebook)) from None
    return str(nbformat.writes(notebook))


def _inject(notebook: Any, values: Mapping[str, Any]) -> None:
    from nbformat.v4 import new_code_cell

    text = "\n".join(f"{name} = {value!r}" for name, value in values.items())  # JSON values: Python reads its own repr
    cell = new_code_cell(text, metadata={"tags": ["injected-parameters"]})
    tags = [cell.metadata.get("tags", []) for cell in notebook.cells]
    place = next((place + 1 for place, found in enumerate(tags) if "parameters" in found), 0)
    notebook.cells.insert(place, cell)
